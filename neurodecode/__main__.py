"""``python -m neurodecode`` is the command line."""

from neurodecode.cli import main

if __name__ == "__main__":
    main()
