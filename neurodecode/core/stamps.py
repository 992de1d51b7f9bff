"""Stamps: hashes that decide whether two things are the same. Caches key on nothing else."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError


def canonical_json(obj: Any) -> str:
    """JSON with one spelling for one meaning: sorted keys, no blanks, ASCII, floats by `repr`.

    Parameters
    ----------
    obj : dict, list, tuple, str, int, float, bool or None, nested

    Raises
    ------
    DataError
        NaN, infinity, or an object JSON has no word for (a function, an array).

    Examples
    --------
    >>> canonical_json({"b": 1.0, "a": [True, None]})
    '{"a":[true,null],"b":1.0}'
    """
    return json.dumps(
        _plain(obj), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def _plain(obj: Any) -> Any:
    if obj is None or isinstance(obj, (str, bool, int)):
        return obj
    if isinstance(obj, np.generic):
        return _plain(obj.item())
    if isinstance(obj, float):
        if not math.isfinite(obj):
            raise DataError(
                "a stamp needs finite numbers", found=repr(obj), fix="use None for 'no value'"
            )
        return obj
    if isinstance(obj, Mapping):
        return {str(key): _plain(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return [_plain(value) for value in obj]
    raise DataError(
        "an object without a stable text cannot be stamped",
        found=f"{type(obj).__name__}",
        expected="numbers, text, lists, dicts",
        fix="name the thing in a registry, or pass its parameters",
    )


def digest(obj: Any) -> str:
    """SHA-256 of the canonical JSON of a plain object, as hex.

    Examples
    --------
    >>> digest({"a": 1})[:8]
    '015abd7f'
    """
    return hashlib.sha256(canonical_json(obj).encode("ascii")).hexdigest()


def array_digest(array: np.ndarray) -> str:
    """SHA-256 of an array's type, shape and bytes, as hex.

    Object arrays are hashed through their text, so labels of any kind have a stamp.

    Examples
    --------
    >>> array_digest(np.arange(3)) == array_digest(np.arange(3).copy())
    True
    """
    array = np.asarray(array)
    if array.dtype.kind in "OUT":
        return digest(["text", list(array.shape), [str(value) for value in array.ravel()]])
    state = BlockDigest()
    state.update(array)
    return state.hexdigest(array.dtype, array.shape)


class BlockDigest:
    """`array_digest` of an array that comes in blocks along its first axis.

    Type and shape count last: how many blocks come need not be known.

    Examples
    --------
    >>> state = BlockDigest()
    >>> state.update(np.arange(2)), state.update(np.arange(2, 5))
    (None, None)
    >>> state.hexdigest(np.arange(5).dtype, (5,)) == array_digest(np.arange(5))
    True
    """

    def __init__(self) -> None:
        self._bytes = hashlib.sha256()

    def update(self, block: np.ndarray) -> None:
        """Take the next block."""
        flat = np.ascontiguousarray(block).reshape(-1)
        if flat.size:
            self._bytes.update(flat.view(np.uint8).data)

    def hexdigest(self, dtype: np.dtype, shape: tuple[int, ...]) -> str:
        """Digest of all blocks as one array of this type and shape."""
        return hashlib.sha256(self._bytes.digest() + f"{dtype.str}{shape}".encode()).hexdigest()


def frame_digest(frame: pd.DataFrame) -> str:
    """SHA-256 of a table's column names and values (its index does not count), as hex.

    Examples
    --------
    >>> frame_digest(pd.DataFrame({"a": [1, 2]})) == frame_digest(pd.DataFrame({"a": [1, 3]}))
    False
    """
    return digest([[str(name), array_digest(frame[name].to_numpy())] for name in frame.columns])
