"""API pages: a comment naming a room becomes the documentation of all its public names."""

import importlib
import inspect
import re
from typing import Any

ROOM = re.compile(r"<!-- public names: ([\w.]+) -->")
TUPLE = re.compile(r"(<td>\s*<code>)\(((?:(?!</?code>|\n).)*)\)(?=</code>)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs with the text of every page."""
    return ROOM.sub(lambda found: "\n\n".join(_directives(found[1])), markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Called with every page rendered: types are words again.

    Griffe reads the type "array, shape (n,)" as a Python tuple and prints "(array, shape(n))".
    """
    return TUPLE.sub(_words_of, html)


def _words_of(found: re.Match[str]) -> str:
    return found[1] + re.sub(r"\bshape\(", "shape (", found[2])


def _directives(room: str) -> list[str]:
    """One directive a public function or class, headed by the name that users write."""
    package = importlib.import_module(room)
    face = importlib.import_module("neurodecode")
    directives = []
    for name in package.__all__:
        value = getattr(package, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        home = "nd" if name in face.__all__ else room.replace("neurodecode", "nd")
        directives.append(
            f"::: {value.__module__}.{name}\n"
            f"    options:\n"
            f"      heading: {home}.{name}\n"
            f'      toc_label: "{name}"'  # quoted: YAML takes On for true
        )
    return directives
