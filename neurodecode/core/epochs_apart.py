"""`EpochsApart`: people whose channels differ, as one data set for splits within people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.checks import check_index
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.trials import group_column
from neurodecode.core.words import plural


class EpochsApart:
    """Trials of several people, each with channels of their own, such as implanted electrodes.

    Takes the place of `X` in scikit-learn's splitters and `cross_val_score`: trials of one person
    are `Epochs`. Trials of several are no array, so that splits that train on some people and
    test on others are refused.

    Parameters
    ----------
    parts : sequence of Epochs
        In order; the rows here are those of the first part, then of the second, and so on.

    Raises
    ------
    DataError
        Unequal rates or windows, a person whose parts have unequal channels, or targets of
        unequal kinds.

    Examples
    --------
    >>> a = Epochs(np.zeros((4, 2, 50)), channels=["LA1", "LA2"], sfreq=100, y=list("abab"))
    >>> b = Epochs(np.zeros((4, 1, 50)), channels=["RH1"], sfreq=100, y=list("abab"))
    >>> b = b.with_trials(b.trials.assign(subject="2"))
    >>> both = EpochsApart([a, b])
    >>> both[both.groups("subject") == "2"].shape
    (4, 1, 50)
    """

    def __init__(self, parts: Sequence[Epochs]):
        if not parts:
            raise DataError("nothing to keep apart", found="no epochs", expected="at least one")
        _check_alike(parts)
        self._people = {
            person: Epochs.concat(own) if len(own) > 1 else own[0]
            for person, own in _by_person(parts).items()
        }
        self.trials = pd.concat([part.trials for part in parts], ignore_index=True)
        self.y = None if parts[0].y is None else np.concatenate([part.y for part in parts])  # type: ignore[misc]
        self._person = group_column(self.trials, "subject").astype(str)
        self._row = pd.Series(self._person).groupby(self._person).cumcount().to_numpy()
        self.dropped: pd.DataFrame | None = None

    # ------------------------------------------------------------------ as X of scikit-learn
    def __len__(self) -> int:
        return len(self._person)

    @property
    def shape(self) -> tuple[int]:
        """(n_trials,): the number of channels differs from person to person."""
        return (len(self),)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple) and all(part is Ellipsis for part in key[1:]):
            key = key[0]  # scikit-learn writes X[indices, ...]
        if isinstance(key, (int, np.integer)):
            return self._people[self._person[key]][int(self._row[key])]
        if not isinstance(key, slice):
            key = check_index(key, len(self))
        person, row = self._person[key], self._row[key]
        if len(set(person)) == 1:
            return self._people[person[0]][row]
        some = object.__new__(EpochsApart)
        some.__dict__.update(
            self.__dict__,
            trials=self.trials.iloc[key].reset_index(drop=True),
            y=None if self.y is None else self.y[key],
            _person=person,
            _row=row,
        )
        return some

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise self.refusal(self._person)

    def check_one_person(self, rows: np.ndarray) -> None:
        """Refuse a fold that trains on some people and tests on others.

        Raises
        ------
        DataError
        """
        if len(set(self._person[rows])) > 1:
            raise self.refusal(self._person[rows])

    def refusal(self, people: np.ndarray) -> DataError:
        """Why trials of several people are no array and cannot train one decoder."""
        names = list(dict.fromkeys(people))
        counts = [f"{name}: {self._people[name].channels.text()}" for name in names[:4]]
        return DataError(
            "people whose channels differ share no decoder",
            found="; ".join(counts) + ("; …" if len(names) > 4 else ""),
            expected="training and test trials of one person",
            fix='nd.split("within-session") or another split within people; a benchmark takes '
            'list(epochs.people.values()), a data set each; on="common" keeps the channels that '
            "all share",
        )

    # ------------------------------------------------------------------ what all parts share
    @property
    def people(self) -> dict[str, Epochs]:
        """Epochs of each person that has trials here, in order of appearance."""
        names = dict.fromkeys(self._person)
        return {name: self._people[name][self._row[self._person == name]] for name in names}

    def groups(self, name: str) -> np.ndarray:
        """One column of the trial table, shape (n_trials,)."""
        return group_column(self.trials, name)

    @property
    def _first(self) -> Epochs:
        return next(iter(self._people.values()))

    @property
    def name(self) -> str | None:
        """Name of the data set."""
        return self._first.name

    @property
    def sfreq(self) -> float:
        """Sampling rate, Hz."""
        return self._first.sfreq

    @property
    def pad_samples(self) -> int:
        """Hidden samples on either side of every trial."""
        return self._first.pad_samples

    def __repr__(self) -> str:
        first, n = self._first, len(set(self._person))
        sizes = sorted({len(part.channels) for part in self.people.values()})
        span = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else str(sizes[0])
        return (
            f"{plural(len(self), 'trial')} · {n} people apart, {span} channels each · "
            f"{first.tmin:g} to {first.tmax:g} s at {first.sfreq:g} Hz, 0 = {first.zero}"
        )


def _by_person(parts: Sequence[Epochs]) -> dict[str, list[Epochs]]:
    found: dict[str, list[Epochs]] = {}
    for part in parts:
        person = part.groups("subject").astype(str)
        for name in dict.fromkeys(person):
            found.setdefault(name, []).append(part[person == name])
    return found


def _check_alike(parts: Sequence[Epochs]) -> None:
    def words(part: Epochs) -> dict[str, Any]:
        return {
            "names of the data set": part.name,
            "sampling rates (Hz)": part.sfreq,
            "first times (s)": part.tmin,
            "samples a trial": part.shape[2],
            "margins (s)": part.pad,
            "events at time zero": part.zero,
            "kinds of targets": None if part.y is None else part.y.dtype.kind,
        }

    first = words(parts[0])
    for i, part in enumerate(parts):
        for what, value in words(part).items():
            if value != first[what]:
                raise DataError(
                    f"{what} differ between epochs 0 and {i}",
                    found=f"{first[what]} and {value}",
                    fix="cut and resample all alike; only channels may differ",
                )
