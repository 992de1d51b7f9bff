"""Lazy public names: a room lists what it offers, and pays for it at first use."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def attach(
    package: str, names: Mapping[str, str], rooms: tuple[str, ...] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Give a package its lazy `__getattr__`, its `__dir__` and its `__all__`.

    Parameters
    ----------
    package : str
        The package's `__name__`.
    names : mapping of public name to the submodule (relative, dots allowed) that defines it
    rooms : submodules that are public as modules

    Returns
    -------
    getattr, dir, all : what the package assigns to `__getattr__`, `__dir__`, `__all__`

    Examples
    --------
    >>> get, listing, public = attach("neurodecode.core", {"Epochs": "epochs"})
    >>> get("Epochs").__name__, public
    ('Epochs', ['Epochs'])
    """
    public = sorted([*names, *rooms])

    def __getattr__(name: str) -> Any:
        if name in names:
            return getattr(importlib.import_module(f"{package}.{names[name]}"), name)
        if name in rooms:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return __getattr__, lambda: public, public
