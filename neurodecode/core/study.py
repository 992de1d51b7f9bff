"""`Study`: many recordings and one table, opened when they are needed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import chain
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, NeurodecodeError
from neurodecode.core.events import Wanted, check_classes_cut, present_labels
from neurodecode.core.joining import Shelf, check_way
from neurodecode.core.memory import available_memory, check_bytes
from neurodecode.core.recording import Recording
from neurodecode.core.runtime import progress
from neurodecode.core.trials import group_column
from neurodecode.core.words import plural

Opener = Callable[[], Recording]
CutOne = Callable[[int], Epochs]
_IDS = ("recording", "subject", "session", "run")


class CutStore(Protocol):
    """Where the trials of a study are kept, made once and opened ever after."""

    def cut(
        self, study: Study, words: Mapping[str, Any], one: CutOne, on: str, jobs: int
    ) -> Epochs:
        """Trials of all recordings; `one(i)` cuts recording i, `words` says how."""
        ...


class Study:
    """An ordered collection of recordings, lazily opened, with one row a recording.

    Indexing by an integer opens a recording; by a slice, a mask or integers it gives a smaller
    study; so does a condition on the table.

    Parameters
    ----------
    recordings : sequence of Recording or of functions that open one
    table : DataFrame, optional
        One row a recording. Columns recording, subject, session and run become the recording's
        own; further columns (except file) follow into the trial table. Default: the identity of
        the recordings.

    Raises
    ------
    DataError
        The table does not fit, or two recordings would carry the same identity.

    Examples
    --------
    >>> recs = [Recording(np.zeros((1, 200)), channels=["Cz"], sfreq=100) for _ in range(3)]
    >>> study = Study(recs, pd.DataFrame({"subject": ["1", "2", "3"]}))
    >>> study[study.table["subject"] != "2"].windows(length=1, step=1)
    4 trials · 1 EEG (µV) · 0 to 1 s at 100 Hz, 0 = window start · no targets
    """

    def __init__(self, recordings: Sequence[Recording | Opener], table: pd.DataFrame | None = None):
        self._items = list(recordings)
        self.table = _check_table(self._items, table)

    # ------------------------------------------------------------------ as a collection
    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (int, np.integer)):
            return self._open(int(key))
        index = np.arange(len(self))[key if isinstance(key, slice) else np.asarray(key)]
        return Study([self._items[i] for i in index], self.table.iloc[index])

    def __iter__(self) -> Iterator[Recording]:
        return (self._open(i) for i in range(len(self)))

    @property
    def items(self) -> tuple[Recording | Opener, ...]:
        """Recordings in memory, or the functions that open them."""
        return tuple(self._items)

    def groups(self, column: str) -> dict[str, Study]:
        """Studies by the values of a column of the table, in order of appearance.

        Examples
        --------
        >>> recs = [Recording(np.zeros((1, 9)), channels=["Cz"], sfreq=9) for _ in range(2)]
        >>> list(Study(recs, pd.DataFrame({"subject": ["1", "2"]})).groups("subject"))
        ['1', '2']
        """
        values = group_column(self.table, column)
        return {str(value): self[values == value] for value in dict.fromkeys(values)}

    def _open(self, i: int) -> Recording:
        item, row = self._items[i], self.table.iloc[i]
        try:
            recording = item if isinstance(item, Recording) else item()
        except NeurodecodeError as error:
            error.add_note(f"in recording {row['recording']!r} of the study")
            raise
        return recording.with_ids(**{name: str(row[name]) for name in _IDS})

    # ------------------------------------------------------------------ all recordings at once
    def map(self, step: Any) -> Study:
        """Study whose recordings pass through a step when they are opened.

        Parameters
        ----------
        step : Step with `accepts_recording`, or any function Recording -> Recording

        Examples
        --------
        >>> rec = Recording(np.ones((1, 9)), channels=["Cz"], sfreq=9)
        >>> Study([rec]).map(lambda rec: rec.with_data(2 * rec.data))[0].data.max()
        np.float64(2.0)
        """
        apply = step.transform if hasattr(step, "transform") else step
        made = copy.copy(self)
        made._items, made.table = [Mapped(item, apply) for item in self._items], self.table.copy()
        return made

    def epoch(
        self,
        labels: Mapping[Any, Wanted] | Sequence[str | int] | str | None = None,
        tmin: float = 0.0,
        tmax: float = 1.0,
        baseline: tuple[float | None, float | None] | None = None,
        kinds: str | Sequence[str] = "brain",
        reject: Mapping[str, float] | None = None,
        pad: float = 0.0,
        include_tmax: bool = False,
        max_bytes: int | None = None,
        average: bool = False,
        hrf: str | None = None,
        on: str = "same",
        jobs: int = 1,
        store: CutStore | None = None,
    ) -> Epochs:
        """Windows around events of all recordings, in the order of the table.

        Parameters
        ----------
        labels ... hrf : as in `Recording.epoch`; `max_bytes` are those of all recordings
        on : "same", "common" or "apart", default "same"
            "common": keep the channels that all recordings share. "apart": every person keeps
            their own (electrodes that were implanted), for splits within people.
        jobs : int, default 1
            Recordings read and cut at the same time (threads).
        store : neurodecode.loaders.EpochStore, optional
            Keeps the trials on disk: memory holds a few recordings at a time, and the same
            files, steps and cut are never read and filtered again.

        Returns
        -------
        epochs : Epochs; `EpochsApart` with ``on="apart"``
            The trial table carries the columns of the study's table.

        Raises
        ------
        DataError
            As in `Recording.epoch`, naming the recording; or the channels differ; or people apart
            are to be stored, which are not one array.
        """
        cut = {
            "labels": labels, "tmin": tmin, "tmax": tmax, "baseline": baseline, "kinds": kinds,
            "reject": reject, "pad": pad, "include_tmax": include_tmax, "average": average,
            "hrf": hrf,
        }  # fmt: skip

        def one(recording: Recording, limit: int) -> Epochs:
            # A run need not hold all classes; that some run does is checked at the end.
            own = present_labels(recording.events, labels)
            return recording.epoch(**{**cut, "labels": own}, max_bytes=limit)

        epochs = self._cut(one, on, jobs, max_bytes, store, {"epoch": cut})
        check_classes_cut(epochs.y, labels)
        return epochs

    def windows(
        self,
        length: float,
        step: float,
        target: str | None = None,
        kinds: str | Sequence[str] = "brain",
        pad: float = 0.0,
        max_bytes: int | None = None,
        on: str = "same",
        jobs: int = 1,
        store: CutStore | None = None,
    ) -> Epochs:
        """Windows at a steady pace of all recordings; arguments as in `Recording.windows`.

        `on`, `jobs`, `store` and errors as in `Study.epoch`.
        """
        words = {"length": length, "step": step, "target": target, "kinds": kinds, "pad": pad}

        def cut(recording: Recording, limit: int) -> Epochs:
            return recording.windows(length, step, target, kinds, pad, limit)

        return self._cut(cut, on, jobs, max_bytes, store, {"windows": words})

    def _cut(
        self,
        cut: Callable[[Recording, int], Epochs],
        on: str,
        jobs: int,
        max_bytes: int | None,
        store: CutStore | None,
        words: Mapping[str, Any],
    ) -> Epochs:
        from joblib import Parallel, delayed

        check_way(on)
        if not len(self):
            raise DataError("nothing to cut", found="a study without recordings")
        limit = available_memory() // 2 if max_bytes is None else max_bytes
        with progress(len(self), "cutting recordings") as advance:

            def one(i: int) -> Epochs:
                try:
                    part = cut(_one_signal(self._open(i)), limit)
                except NeurodecodeError as error:
                    error.add_note(f"in recording {self.table['recording'].iloc[i]!r}")
                    raise
                advance()
                return self.with_columns(part, i)

            if store is not None and on == "apart":
                raise DataError(
                    "people apart are not stored as one",
                    found='on="apart" with a store',
                    fix="{name: part.epoch(..., store=store) for name, part in "
                    'study.groups("subject").items()}',
                )
            if store is not None:
                return store.cut(self, words, one, on, jobs)
            first = one(0)
            # The others are not read when the first already tells that they will not fit.
            check_bytes(
                first.base.nbytes * len(self),
                f"{plural(len(self), 'recording')} like the first ({len(first)} windows)",
                shrink="(1) fewer recordings: study[:5]; (2) fewer channels or shorter windows; "
                "(3) a lower rate: study.map(nd.preprocessing.Resample(100)); "
                "(4) trials on disk: store=nd.loaders.EpochStore()",
                max_bytes=limit,
            )
            rest = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")(
                delayed(one)(i) for i in range(1, len(self))
            )
            shelf = Shelf(len(first) * len(self))
            parts = [shelf.take(part) for part in chain([first], cast("Iterable[Epochs]", rest))]
        epochs = Epochs.concat(parts, on=on) if len(parts) > 1 else first
        dropped = [part.dropped for part in parts if part.dropped is not None]
        epochs.dropped = pd.concat(dropped, ignore_index=True)
        return epochs

    def with_columns(self, epochs: Epochs, i: int) -> Epochs:
        """Trials of recording `i` with what the study's table knows of it."""
        row = self.table.iloc[i]
        extra = [name for name in self.table.columns if name not in (*_IDS, "file")]
        made = epochs
        if extra:
            made = epochs.with_trials(epochs.trials.assign(**row[extra].to_dict()))
        if epochs.dropped is not None:
            made.dropped = epochs.dropped.assign(recording=row["recording"])
        return made

    # ------------------------------------------------------------------ text
    def __repr__(self) -> str:
        return f"{self._title()}\n{self.table.to_string(max_rows=10)}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._title())}</p>{self.table.to_html(max_rows=10)}"

    def _title(self) -> str:
        sessions = len(self.table[["subject", "session"]].drop_duplicates())
        parts = [
            plural(len(self), "recording"),
            plural(len(set(self.table["subject"])), "subject"),
            plural(sessions, "session"),
        ]
        return " · ".join(parts)


class Mapped:
    """Opens a recording and passes it through a step; picklable where both are."""

    def __init__(self, item: Recording | Opener, apply: Callable[[Recording], Recording]):
        self.item, self.apply = item, apply

    def __call__(self) -> Recording:
        return self.apply(self.item if isinstance(self.item, Recording) else self.item())


def _one_signal(opened: Any) -> Recording:
    """The recording, where it is one: a bundle is cut as a bundle, or by one of its members."""
    if isinstance(opened, Recording):
        return opened
    first = next(iter(opened))
    raise DataError(
        "a study of bundles is cut one member at a time",
        found=f"members {', '.join(opened)}",
        fix=f"study.map(operator.itemgetter({first!r})).epoch(...), or study[0].epoch(...)",
    )


def _check_table(items: list[Recording | Opener], table: pd.DataFrame | None) -> pd.DataFrame:
    if table is None:
        table = pd.DataFrame(index=range(len(items)))
    if len(table) != len(items):
        raise DataError(
            "the table does not fit the recordings",
            found=f"{len(table)} rows",
            expected=f"{len(items)}, one per recording",
        )
    frame = table.reset_index(drop=True).copy()
    for name in ("subject", "session", "run"):
        if name not in frame:
            own = [getattr(item, name) if isinstance(item, Recording) else "1" for item in items]
            frame[name] = pd.Series(own, index=frame.index, dtype=object)
        frame[name] = frame[name].map(str).astype(object)
    if "recording" not in frame:
        frame["recording"] = _names(items, frame)
    frame["recording"] = frame["recording"].map(str).astype(object)
    twice = frame.loc[frame["recording"].duplicated(), "recording"].tolist()
    if len(twice):
        raise DataError(
            "two recordings carry the same identity",
            found=f"recording {twice[0]!r} more than once",
            expected="one name per recording: trials and splits rely on it",
            fix="give the table a column 'recording' of unique names",
        )
    rest = [name for name in frame.columns if name not in _IDS]
    return frame.loc[:, [*_IDS, *rest]]


def _names(items: list[Recording | Opener], frame: pd.DataFrame) -> list[str]:
    """The recordings' own names where those tell them apart, else numbers."""
    own = [item.recording if isinstance(item, Recording) else "" for item in items]
    if all(own) and len(set(own)) == len(own):
        return own
    return [f"rec{i + 1}" for i in range(len(frame))]
