"""The compiled kernels of this installation, if it has any."""

from __future__ import annotations

import ctypes
import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

SWITCH = "NEURODECODE_NATIVE"

_DOUBLES, _INTEGER = ctypes.c_void_p, ctypes.c_int64
_ARGUMENTS = {
    "eigen": [_DOUBLES, _INTEGER, _INTEGER, _DOUBLES, _DOUBLES],
    "joint": [_DOUBLES, _INTEGER, _INTEGER, ctypes.c_double, _INTEGER, _DOUBLES],
    "logs": [
        *(_DOUBLES, ctypes.c_void_p, _INTEGER, _INTEGER, _DOUBLES),
        *(_DOUBLES, _INTEGER, _DOUBLES, _DOUBLES, _DOUBLES),
    ],
    "sections": [
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, _INTEGER, _INTEGER, _INTEGER),
        *(_DOUBLES, _DOUBLES, _INTEGER),
    ],
    "forward": [
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, _INTEGER, _INTEGER),
        *(_DOUBLES, _DOUBLES, _INTEGER),
    ],
    "samples": [
        *(ctypes.c_void_p, *[_INTEGER] * 5, ctypes.c_void_p, _DOUBLES, _DOUBLES),
        *(_INTEGER, ctypes.c_void_p, _INTEGER),
    ],
    "block_filter": [ctypes.c_void_p] * 9,
    "block_pool": [ctypes.c_void_p] * 6,
    "block_pool_back": [ctypes.c_void_p] * 9,
    "block_filter_back": [ctypes.c_void_p] * 11,
}
_RESULTS = {
    "eigen": ctypes.c_int64,
    "joint": ctypes.c_int64,
    "logs": ctypes.c_int,
    "sections": ctypes.c_int,
    "forward": ctypes.c_int,
    "samples": None,
}


@dataclass(frozen=True)
class Kernels:
    """The kernels in one form: so many doubles side by side."""

    lanes: int
    eigen: Any
    joint: Any
    logs: Any
    sections: Any
    forward: Any
    samples: Any
    block_filter: Any
    block_pool: Any
    block_pool_back: Any
    block_filter_back: Any

    @property
    def name(self) -> str:
        """Instruction set of this form."""
        narrow = "SSE2" if platform.machine().lower() in ("x86_64", "amd64") else "plain C"
        return {2: narrow, 4: "AVX2", 8: "AVX-512"}[self.lanes]


def kernels() -> Kernels | None:
    """Kernels to use: the processor's widest form; None without library, or switched off.

    ``NEURODECODE_NATIVE=0`` in the environment switches them off.

    Examples
    --------
    >>> found = kernels()
    >>> found is None or found.lanes in (2, 4, 8)
    True
    """
    return None if os.environ.get(SWITCH) == "0" else next(iter(forms()), None)


@cache
def forms() -> tuple[Kernels, ...]:
    """Every form that this processor runs, the widest first; empty without the library."""
    library = _load()
    if library is None:
        return ()
    try:
        return tuple(_form(library, n) for n in (8, 4, 2) if n <= library.widest_form())
    except AttributeError:  # built from older sources than these: an update without a build
        return ()


def words() -> str:
    """What a check-up says about the kernels, in one line."""
    found = kernels()
    if found is not None:
        return f"{found.name}, {found.lanes} lanes"
    if forms():
        return f"NumPy and SciPy: {SWITCH}=0"
    return "NumPy and SciPy: none built here; with a C compiler, install neurodecode again"


def _load() -> ctypes.CDLL | None:
    folder = Path(__file__).parent
    for suffix in EXTENSION_SUFFIXES:
        path = folder / f"_kernels{suffix}"
        if path.exists():
            try:
                return ctypes.CDLL(str(path))
            except OSError:  # built for another machine or system: the twins know the rest
                return None
    return None


def _form(library: ctypes.CDLL, lanes: int) -> Kernels:
    functions = {}
    for name, arguments in _ARGUMENTS.items():
        function = getattr(library, f"{name}_{lanes}")
        function.argtypes, function.restype = arguments, _RESULTS.get(name)
        functions[name] = function
    return Kernels(lanes, **functions)
