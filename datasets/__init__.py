"""Data set cards, one TOML file each, named after the card in lower case."""
