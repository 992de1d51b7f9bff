"""`Epochs`: trials of any modality in one shape; what every pipeline takes as `X`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.checks import check_data, check_index, check_length
from neurodecode.core.epochs_base import Base, Parts, PartsWithVal, View
from neurodecode.core.errors import DataError
from neurodecode.core.stamps import digest
from neurodecode.core.time_axis import to_samples
from neurodecode.core.trials import check_targets, check_trials

if TYPE_CHECKING:
    from neurodecode.core.space import Space


class Epochs(View):
    """Trials cut from recordings: a shared array, a row index, and their meaning.

    Indexing gives views: nothing is copied until `.data` of a subset or `numpy.asarray` is
    asked for. Objects behave as scikit-learn's `X`.

    Parameters
    ----------
    data : float array or memory map, shape (n_trials, n_channels, n_times + 2 * pad samples)
        Natural units (see `Channels`); float32 or float64, other types become float32. It is
        not copied: do not change it afterwards.
    channels : Channels or sequence of str
        Names alone mean EEG in microvolts.
    sfreq : float
        Sampling rate, Hz.
    tmin : float, default 0
        Time of the first visible sample, seconds from `zero`. The end is excluded.
    y : array, shape (n_trials,) or (n_trials, k[, n_times]), optional
        Text or integers are labels, floats are continuous targets.
    trials : DataFrame, optional
        One row a trial: recording, onset (s), duration (s), subject, session, run, and more.
    pad : float, default 0
        Seconds of margin hidden on both sides, for filters.
    zero : str, default "event"
        What happens at time zero.
    name : str, optional
        Name of the data set.
    rank : int, optional
        Rank left after preprocessing; None: full.
    line_freq : float, optional
        Mains frequency, Hz.
    space : Space, optional
        Mask and affine, atlas, or surface that the channels sit on.
    length : int array, shape (n_trials,), optional
        Valid samples of ragged trials.
    simulated : bool, default False

    Raises
    ------
    DataError
        Parts that do not fit one another.

    Examples
    --------
    >>> epochs = Epochs(np.zeros((4, 2, 50)), channels=["C3", "C4"], sfreq=100, y=list("abab"))
    >>> epochs
    4 trials · 2 EEG (µV) · 0 to 0.5 s at 100 Hz, 0 = event · 2 classes
    >>> epochs[epochs.y == "a"].shape
    (2, 2, 50)
    """

    dropped: pd.DataFrame | None = None  # what the cut left out, and why; set by the cut

    def __init__(
        self,
        data: np.ndarray,
        *,
        channels: Channels | Sequence[str],
        sfreq: float,
        tmin: float = 0.0,
        y: Any = None,
        trials: pd.DataFrame | None = None,
        pad: float = 0.0,
        zero: str = "event",
        name: str | None = None,
        rank: int | None = None,
        line_freq: float | None = None,
        space: Space | None = None,
        length: np.ndarray | None = None,
        simulated: bool = False,
    ):
        channels = channels if isinstance(channels, Channels) else Channels(channels)
        data = check_data(data, channels, sfreq, pad)
        self._base = Base(
            data, channels, float(sfreq), float(tmin), float(pad), zero, name, rank,
            line_freq, space, simulated, None,
        )  # fmt: skip
        n = len(data)
        self._rows = np.arange(n)
        self._entries = self._rows  # rows of the table, targets and lengths
        self._all_trials = check_trials(trials, n, self.shape[2] / float(sfreq))
        self._all_y = check_targets(y, n)
        self._all_length = check_length(length, n, self.shape[2])

    # ------------------------------------------------------------------ indexing
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):  # scikit-learn writes X[indices, ...]
            if any(part is not Ellipsis for part in key[1:]):
                raise DataError(
                    "epochs are indexed by trial only",
                    found=f"{len(key)} indices",
                    fix=".pick(channels) and .crop(tmin, tmax) select along the other axes",
                )
            key = key[0]
        if key is Ellipsis:
            return self
        if isinstance(key, (int, np.integer)):
            return self._visible(self._base.data[self._rows[key]])
        key = key if isinstance(key, slice) else check_index(key, len(self))
        return self._view(self._rows[key], self._entries[key])

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        from neurodecode.core.sklearn_guard import refuse_two_dimensional

        refuse_two_dimensional(self.shape)
        if copy is False and not self._is_whole:
            raise ValueError("a subset of trials has no array of its own: a copy is needed")
        return np.array(self.data, dtype=dtype, copy=True if copy else None)

    def _view(self, rows: np.ndarray, entries: np.ndarray, **changes: Any) -> Epochs:
        view = object.__new__(Epochs)
        view.__dict__.update(self.__dict__, _rows=rows, _entries=entries, **changes)
        return view

    # ------------------------------------------------------------------ derived epochs
    def with_data(
        self,
        data: np.ndarray,
        *,
        channels: Channels | None = None,
        sfreq: float | None = None,
        tmin: float | None = None,
        pad: float = 0.0,
        rank: int | Literal["same"] | None = "same",
        provenance: str | None = None,
    ) -> Epochs:
        """Same trials with other signals: what a step returns.

        Parameters
        ----------
        data : float array, shape (n_trials, n_channels, n_times + 2 * pad samples)
        channels, sfreq, tmin : default: unchanged
        pad : float, default 0
            Margin that `data` still carries, seconds.
        rank : int, None, or "same"
        provenance : str, optional
            Text that, with this object's stamp, decides the data bit for bit; spares the hash.

        Examples
        --------
        >>> epochs = Epochs(np.ones((2, 1, 4)), channels=["Cz"], sfreq=4, y=[0, 1])
        >>> epochs.with_data(2 * epochs.data).y.tolist()
        [0, 1]
        """
        made = Epochs(
            data,
            channels=self.channels if channels is None else channels,
            sfreq=self.sfreq if sfreq is None else sfreq,
            tmin=self.tmin if tmin is None else tmin,
            y=self.y,
            trials=self.trials,
            pad=pad,
            length=None if sfreq not in (None, self.sfreq) else self.length,
            **self._meaning(rank=self.rank if rank == "same" else rank),
        )
        if provenance is not None:
            made._base = replace(made._base, provenance=digest([self.data_stamp, provenance]))
        return made

    def _meaning(self, **changes: Any) -> dict[str, Any]:
        base = self._base
        return {
            "zero": base.zero, "name": base.name, "rank": base.rank,
            "line_freq": base.line_freq, "space": base.space, "simulated": base.simulated,
        } | changes  # fmt: skip

    def with_y(self, y: Any) -> Epochs:
        """Same trials with other targets (None: none)."""
        return self._with_tables(self.trials, check_targets(y, len(self)))

    def without_targets(self) -> Epochs:
        """Same trials without targets: what a decoder may see of test data."""
        return self.with_y(None)

    def with_trials(self, trials: pd.DataFrame) -> Epochs:
        """Same signals and targets with another trial table."""
        duration = self.shape[2] / self.sfreq
        return self._with_tables(check_trials(trials, len(self), duration), self.y)

    def _with_tables(self, trials: pd.DataFrame, y: np.ndarray | None) -> Epochs:
        tables = {"_all_trials": trials, "_all_y": y, "_all_length": self.length}
        return self._view(self._rows, np.arange(len(self)), **tables)

    def pick(self, channels: str | Sequence[str] | Sequence[int]) -> Epochs:
        """Select channels by name, by position, or by kind ("eeg", "brain"), in the order given.

        Examples
        --------
        >>> Epochs(np.zeros((1, 2, 4)), channels=["C3", "C4"], sfreq=4).pick(["C4"]).channels.names
        ('C4',)
        """
        index = self.channels.select(channels)
        whole = np.array_equal(index, np.arange(self.shape[1]))
        rank = self.rank if self.rank is None or whole else min(self.rank, len(index))
        return self.with_data(
            self.padded()[:, index],
            channels=self.channels.pick(index),
            pad=self.pad,
            rank=rank,
            provenance=f"pick {index.tolist()}",
        )

    def crop(self, tmin: float | None = None, tmax: float | None = None) -> Epochs:
        """Keep tmin <= time < tmax, seconds; what is cut off next to it serves as margin.

        Raises
        ------
        DataError
            The window reaches outside the epochs, or holds no sample of some trial.

        Examples
        --------
        >>> Epochs(np.zeros((1, 1, 10)), channels=["Cz"], sfreq=10).crop(0.2, 0.5).shape
        (1, 1, 3)
        """
        begin = self.tmin if tmin is None else tmin
        start = to_samples(begin - self.tmin, self.sfreq)
        n_times = self.shape[2]
        stop = n_times if tmax is None else start + to_samples(tmax - begin, self.sfreq)
        if not 0 <= start < stop <= n_times:
            raise DataError(
                "this window does not lie inside the epochs",
                found=f"{tmin} to {tmax} s",
                expected=f"within {self.tmin:g} to {self.tmax:g} s, at least one sample",
                fix="cut longer epochs",
            )
        made = self._view(self._rows, self._entries, _all_length=None).with_data(
            self.padded()[..., start : stop + 2 * self.pad_samples],
            tmin=self.tmin + start / self.sfreq,
            pad=self.pad,
            provenance=f"crop {start} {stop}",
        )
        if self.length is not None:
            made._all_length = check_length(
                np.minimum(self.length, stop) - start, len(self), stop - start
            )
        return made

    def split(self, kind: str = "published") -> Parts | PartsWithVal:
        """Parts of the published split that the trial table carries.

        Raises
        ------
        DataError
            There is no published split; `nd.split` makes others.

        Examples
        --------
        >>> trials = pd.DataFrame({"part": ["train", "train", "test"]})
        >>> epochs = Epochs(np.zeros((3, 1, 5)), channels=["Cz"], sfreq=5, trials=trials)
        >>> train, test = epochs.split("published")
        >>> len(train), len(test)
        (2, 1)
        """
        if kind != "published" or "part" not in self._all_trials:
            raise DataError(
                "these epochs carry no such split",
                found=repr(kind) + ("" if "part" in self._all_trials else ", no column 'part'"),
                expected="'published', for data sets that come with one",
                fix="nd.split('within-session', k=5) is a splitter for scikit-learn",
            )
        part = self.groups("part")
        train, test = self[part == "train"], self[part == "test"]
        if (part == "val").any():
            return PartsWithVal(train, self[part == "val"], test)
        return Parts(train, test)

    # ------------------------------------------------------------------ other forms
    @classmethod
    def concat(cls, parts: Sequence[Epochs], on: str = "same") -> Epochs:
        """Join trials of several epochs; see `neurodecode.concat`."""
        from neurodecode.core.joining import concat

        return concat(parts, on=on)

    def to_mne(self) -> Any:
        """As `mne.EpochsArray` in SI units; see `neurodecode.core.mne_epochs`."""
        from neurodecode.core.mne_epochs import to_mne

        return to_mne(self)

    @classmethod
    def from_mne(cls, epochs: Any) -> Epochs:
        """From `mne.Epochs`, in natural units; see `neurodecode.core.mne_epochs`."""
        from neurodecode.core.mne_epochs import from_mne

        return from_mne(epochs)

    def to_image(self, values: Any) -> Any:
        """An image of one value (or row of values) per channel; see `Space.to_image`.

        Raises
        ------
        DataError
            The channels do not come from an image.
        """
        from neurodecode.core.space import image_of

        return image_of(values, self.space, self.channels.names)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write a folder that `Epochs.load` reads back, memory-mapped."""
        from neurodecode.core.epochs_files import save_epochs

        save_epochs(self, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Epochs:
        """Read what `save` wrote; signals stay on disk until asked for."""
        from neurodecode.core.epochs_files import load_epochs

        return load_epochs(folder)

    def __getstate__(self) -> dict[str, Any]:
        # A small subset must not drag its whole base to another process.
        if 2 * len(self) < len(self._base.data):
            compact = self.with_data(self.padded(), pad=self.pad)
            compact._base.stamps["data"] = self.data_stamp
            return compact.__dict__
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._base.data.flags.writeable = False

    def __repr__(self) -> str:
        from neurodecode.core.epochs_text import text

        return text(self)

    def _repr_html_(self) -> str:
        from neurodecode.core.epochs_text import html

        return html(self)
