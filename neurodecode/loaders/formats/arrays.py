"""Arrays in ``.npy``, ``.npz`` and MATLAB files: one named variable, its axes told by the user.

Nothing is unpickled: object arrays are refused. MATLAB 7.3 files (HDF5) give the axes as MATLAB
shows them, like the older ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.loaders.formats.damage import damage_told
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.in_memory import build, check_not_swapped
from neurodecode.loaders.formats.scans import check_options

NAME = "array"
AXES = ("channels", "times", "trials", "runs")
OPTIONS = ("variable", "axes", "sfreq", "channels", "kind", "unit")
# What NumPy says at arrays that would have to be unpickled.
_PICKLED = ("allow_pickle", "Object arrays", "objects in dtype")
# Variables that files of arrays use for what describes the signal.
_RATES = ("sfreq", "fs", "sf", "srate", "sampling_rate", "Fs")
_NAMES = ("ch_names", "channels", "channel_names", "chan", "labels")


def read_file(
    path: Path, events: Any, options: dict[str, Any], ids: Mapping[str, str]
) -> Recording | None:
    """Recording of one array of a file.

    Parameters
    ----------
    path : ``.npy``, ``.npz`` or ``.mat``
    events : as `read_events` takes them, or None
    options
        variable: name in the file ("a.b" for a field of a MATLAB structure), default the only
        signal in it; axes: "channels times" or "times channels", default the former; sfreq (Hz)
        and channels (names), default from variables called fs, ch_names or the like; kind,
        default "eeg"; unit, default the natural one.

    Returns
    -------
    recording : Recording; None for a ``.mat`` file without options, which MNE may know

    Raises
    ------
    DataError
        No such variable, other axes than stated, no rate, or pickled content.
    """
    if path.suffix.lower() == ".mat" and not set(options) & set(OPTIONS):
        return None
    check_options(options, OPTIONS, path.name)
    variable = options.get("variable") or _only_signal(path)
    data = arrange(load_array(path, variable), options.get("axes"), "channels times", path.name)
    if "axes" not in options:
        check_not_swapped(data)
    sfreq, names, notes = _described(path, options)
    table = None
    if events is not None:
        table = read_events(events, sfreq, 0, data.shape[1])
    return build(
        data, sfreq=sfreq, channels=names, kind=options.get("kind", "eeg"),
        unit=options.get("unit"), events=table, source=str(path), notes=notes, **ids,
    )  # fmt: skip


def load_array(path: Path, variable: str | None = None) -> np.ndarray:
    """One numeric array of a file.

    Parameters
    ----------
    path : ``.npy``, ``.npz``, or MATLAB file of any version
    variable : name in the file; not needed for ``.npy``

    Raises
    ------
    DataError
        The file is damaged, has no such variable, or holds pickled or nested content there.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> np.savez(path, x=np.zeros((2, 5)))
    >>> load_array(path, "x").shape
    (2, 5)
    """
    with _readable(path):
        array = _load(path, variable)
    if array.dtype.kind not in "fiubUS":
        raise DataError(
            f"{path.name}: {variable or 'the array'} holds no plain numbers",
            found=f"{array.dtype}, shape {array.shape}",
            expected="an array; fields of a MATLAB structure by 'structure.field'",
            fix="cells and nested structures: open it with scipy.io.loadmat and build "
            "nd.Recording(...)",
        )
    return array


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what readers raise at damaged or pickled files into our error."""
    with damage_told(path):
        try:
            yield
        except ValueError as error:
            if not any(
                word in str(error) for word in ("allow_pickle", "Object arrays", "objects in")
            ):
                raise
            raise DataError(
                f"{path.name} holds pickled objects, which are not opened: they could run code",
                found=str(error).splitlines()[0],
                expected="arrays of numbers or text",
                fix="save it again with numpy.savez(path, x=array)",
            ) from error


def _load(path: Path, variable: str | None) -> np.ndarray:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return np.load(path, allow_pickle=False, mmap_mode="r")
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            return file[_known(variable, file.files, path)]
    if _is_hdf5(path):
        return _load_hdf5(path, variable)
    from scipy.io import loadmat, whosmat

    top, *fields = (variable or "").split(".")
    content = loadmat(path, variable_names=[_known(top, [w[0] for w in whosmat(path)], path)])[top]
    for field in fields:
        if content.dtype.names is None or content.size != 1:
            raise DataError(f"{path.name}: no structure before .{field}", found=str(content.dtype))
        content = content[_known(field, list(content.dtype.names), path)].ravel()[0]
    return np.asarray(content)


def _is_hdf5(path: Path) -> bool:
    """MATLAB 7.3 files start with a text of 512 bytes."""
    with path.open("rb") as handle:
        head = handle.read(520)
    return head[:8] == b"\x89HDF\r\n\x1a\n" or head[512:520] == b"\x89HDF\r\n\x1a\n"


def _load_hdf5(path: Path, variable: str | None) -> np.ndarray:
    h5py = need("h5py", extra="spikes", why="a MATLAB 7.3 file")
    with h5py.File(path, "r") as file:
        group: Any = file
        for part in (variable or "").split("."):
            group = group[_known(part, [key for key in group if not key.startswith("#")], path)]
        if isinstance(group, h5py.Group):
            raise DataError(
                f"{path.name}: {variable} is a structure",
                found=", ".join(group),
                fix=f'variable="{variable}.{next(iter(group))}"',
            )
        return np.asarray(group[()]).T  # HDF5 keeps MATLAB's columns as rows  # fmt: skip


def _known(variable: str | None, names: list[str], path: Path) -> str:
    if variable not in names:
        raise DataError(
            f"{path.name} has no such variable",
            found=repr(variable),
            expected="one of " + ", ".join(names),
            fix=did_you_mean(variable or "", names) or "variable=",
        )
    return variable


def variables(path: Path) -> dict[str, tuple[int, ...]]:
    """Names of the arrays in a file and their shapes, axes as `load_array` gives them.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> np.savez(path, x=np.zeros((2, 5)), fs=100.0)
    >>> variables(path)
    {'x': (2, 5), 'fs': ()}
    """
    with _readable(path):
        return _shapes(path)


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return {"": load_array(path).shape}
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            names = list(file.files)
        return {name: load_array(path, name).shape for name in names}
    if _is_hdf5(path):
        h5py = need("h5py", extra="spikes", why="a MATLAB 7.3 file")
        with h5py.File(path, "r") as file:
            return {k: v.shape[::-1] for k, v in file.items() if isinstance(v, h5py.Dataset)}
    from scipy.io import whosmat

    return {name: tuple(shape) for name, shape, _ in whosmat(path)}


def arrange(array: np.ndarray, axes: str | None, wanted: str, where: str) -> np.ndarray:
    """An array with its axes in another order; axes of length one are added or left out.

    Parameters
    ----------
    array : array of any shape
    axes : the words of `AXES`, one an axis, as in "times channels"; None: as `wanted`
    wanted : the words in the order wanted
    where : name for messages

    Raises
    ------
    DataError
        The words do not fit the array, or an axis that is not wanted is longer than one.

    Examples
    --------
    >>> arrange(np.zeros((5, 2)), "times channels", "channels times", "a.npy").shape
    (2, 5)
    """
    words, target = (axes or wanted).split(), wanted.split()
    strange = [word for word in words if word not in AXES]
    if strange or len(set(words)) < len(words):
        raise DataError(f"{where}: unknown axes", found=repr(axes),
                        expected="each of " + ", ".join(AXES) + " at most once",
                        fix=did_you_mean(strange[0], AXES) if strange else None)  # fmt: skip
    if axes is None and array.ndim == 1:
        words = ["times"]
    if len(words) != array.ndim:
        raise DataError(
            f"{where}: the axes do not fit the array",
            found=f"axes {' '.join(words)!r}, shape {array.shape}",
            expected=f"{array.ndim} words of " + ", ".join(AXES),
            fix=f'axes="{wanted}", in the order of the array',
        )
    for word in target:
        if word not in words:
            array, words = array[np.newaxis], [word, *words]
    for word in [word for word in words if word not in target]:
        position = words.index(word)
        if array.shape[position] != 1:
            raise DataError(f"{where}: one more axis than can be used here",
                            found=f"{array.shape[position]} {word}", expected=wanted)  # fmt: skip
        array, words = array.take(0, axis=position), [each for each in words if each != word]
    return np.transpose(array, [words.index(word) for word in target])


def _only_signal(path: Path) -> str | None:
    found = [
        name for name, shape in variables(path).items()
        if sum(size > 1 for size in shape) in (1, 2) and max(shape, default=0) > 1
    ]  # fmt: skip
    tables = [name for name in found if sum(size > 1 for size in variables(path)[name]) == 2]
    choice = "data" if "data" in found else (tables or found or [None])[0]
    if choice is None or (choice != "data" and len(tables or found) > 1):
        raise DataError(
            f"{path.name}: which of its arrays is the signal?",
            found=", ".join(f"{name} {shape}" for name, shape in variables(path).items()),
            fix=f'variable="{choice}"' if choice else "a file with a signal",
        )
    return choice or None


def _described(path: Path, options: Mapping[str, Any]) -> tuple[float, Any, list[str]]:
    """Rate and channel names: what the user says, else what variables of the file say."""
    present = variables(path)
    sfreq, names, notes = options.get("sfreq"), options.get("channels"), []
    if sfreq is None and (found := next((name for name in _RATES if name in present), None)):
        sfreq = float(load_array(path, found).ravel()[0])
        notes.append(f"{sfreq:g} Hz by the variable {found!r}")
    if names is None and (found := next((name for name in _NAMES if name in present), None)):
        names = [str(each).strip() for each in load_array(path, found).ravel()]
        notes.append(f"channel names by the variable {found!r}")
    if sfreq is None:
        raise DataError(
            f"{path.name} does not say its sampling rate",
            found="no variable " + ", ".join(_RATES),
            fix=f'nd.read("{path.name}", sfreq=250.0)',
        )
    return float(sfreq), names, notes


def event_frame(codes: np.ndarray, sfreq: float) -> pd.DataFrame:
    """Events of a channel of codes: one where the code changes to another than zero.

    Parameters
    ----------
    codes : int array, shape (n_times,), 0 between events
    sfreq : float, Hz

    Examples
    --------
    >>> event_frame(np.array([0, 2, 2, 0, 1]), 10.0)[["onset", "code"]].values.tolist()
    [[0.1, 2.0], [0.4, 1.0]]
    """
    codes = np.asarray(codes).ravel()
    changed = np.flatnonzero(np.diff(codes, prepend=0) != 0)
    starts = changed[codes[changed] != 0]
    ends = np.append(changed, len(codes))[np.searchsorted(changed, starts, side="right")]
    return pd.DataFrame(
        {
            "onset": starts / sfreq,
            "duration": (ends - starts) / sfreq,
            "code": np.round(codes[starts]).astype(np.int64),
        }
    )
