"""Arrays that were published as pickles, read without running what a pickle may hold."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.core.errors import DataError

# All that a pickle of arrays, numbers, texts, lists and dicts needs; anything else is code.
_ALLOWED = frozenset(
    [
        (f"numpy.{core}.multiarray", name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    ]
    + [("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")]
)


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants to run {module}.{name}")
        return super().find_class(module, name)


def load_arrays(path: Path) -> Any:
    """What a pickle (or a .npy file that is one) holds, where that is arrays and nothing else.

    Parameters
    ----------
    path : Path
        Pickles of Python 2 are read as Latin-1.

    Raises
    ------
    DataError
        The file is no pickle, or wants to run something.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "s01.dat"
    >>> _ = path.write_bytes(pickle.dumps({"data": np.ones((2, 3))}))
    >>> load_arrays(path)["data"].shape
    (2, 3)
    """
    try:
        with open(path, "rb") as handle:
            if handle.read(6) == b"\x93NUMPY":
                return _from_npy(handle, path)
            handle.seek(0)
            return _ArrayUnpickler(handle, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, ValueError,
            TypeError, KeyError) as error:  # fmt: skip
        raise DataError(
            f"{path.name} cannot be read as arrays",
            found=str(error) or type(error).__name__,
            expected="a pickle of arrays, numbers and texts",
            fix="do not trust this file: a pickle can run anything",
        ) from error


def _from_npy(handle: io.BufferedReader, path: Path) -> Any:
    handle.seek(0)
    version = np.lib.format.read_magic(handle)
    reader = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    _, _, dtype = reader[version](handle)
    if not dtype.hasobject:
        handle.seek(0)
        return np.load(handle, allow_pickle=False)
    array = _ArrayUnpickler(handle, encoding="latin1").load()
    return array.item() if array.ndim == 0 else array
