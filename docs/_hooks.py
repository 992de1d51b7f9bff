"""API pages: a comment naming a room becomes the documentation of all its public names."""

import importlib
import inspect
import re
from typing import Any

ROOM = re.compile(r"<!-- public names: ([\w.]+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs with the text of every page."""
    return ROOM.sub(lambda found: "\n\n".join(_directives(found[1])), markdown)


def _directives(room: str) -> list[str]:
    """One directive a public function or class, at the module that defines it."""
    package = importlib.import_module(room)
    values = [(name, getattr(package, name)) for name in package.__all__]
    return [
        f"::: {value.__module__}.{name}"
        for name, value in values
        if inspect.isclass(value) or inspect.isfunction(value)
    ]
