"""Optional packages: imported where they are used, missed with the line that installs them."""

from __future__ import annotations

import importlib
from importlib import metadata
from types import ModuleType

from neurodecode.core.errors import MissingDependency

DISTRIBUTION = "neurodecode-toolkit"


def install_line(extra: str) -> str:
    """Command that installs an extra of this distribution.

    Examples
    --------
    >>> install_line("data")
    'pip install "neurodecode-toolkit[data]"'
    """
    return f'pip install "{DISTRIBUTION}[{extra}]"'


def installed_version(distribution: str) -> str | None:
    """Version of an installed distribution, from its metadata; None where it is absent.

    Examples
    --------
    >>> installed_version("no-such-package") is None
    True
    """
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def need(module: str, *, extra: str, why: str) -> ModuleType:
    """Import an optional module or say which line installs it.

    Parameters
    ----------
    module : str
        Dotted module name.
    extra : str
        The extra of this distribution that brings it.
    why : str
        What it is needed for, as a noun.

    Raises
    ------
    MissingDependency
        The module, or something it imports, cannot be imported; the original error is chained.

    Examples
    --------
    >>> need("json", extra="data", why="cards").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependency(
            f"{why} needs {module}",
            found=str(error),
            expected=f"the extra {extra!r} of {DISTRIBUTION}",
            fix=install_line(extra),
        ) from error
