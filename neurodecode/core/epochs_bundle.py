"""`EpochsBundle`: the same trials of several members, kept in step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.checks import check_index
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.trials import group_column


class EpochsBundle:
    """Trials of several members, row by row: brain and stimulus, or epochs and their images.

    Takes the place of `X` in scikit-learn's pipelines and splitters; the trial table and the
    targets are those of the first member.

    Parameters
    ----------
    members : dict of name -> Epochs, or array of shape (n_trials, ...)
        The first must be `Epochs`. Arrays hold one entry a trial: features, embeddings.
    dropped : DataFrame, optional
        What the cut left out, and why.

    Raises
    ------
    DataError
        Members of unequal length, or whose targets contradict one another.

    Examples
    --------
    >>> epochs = Epochs(np.zeros((4, 2, 50)), channels=["C3", "C4"], sfreq=100, y=list("abab"))
    >>> pairs = EpochsBundle({"eeg": epochs, "image": np.zeros((4, 768))})
    >>> pairs[pairs.y == "a"]["image"].shape
    (2, 768)
    """

    def __init__(
        self,
        members: Mapping[str, Epochs | np.ndarray],
        *,
        dropped: pd.DataFrame | None = None,
    ):
        self._members = {
            name: each if isinstance(each, Epochs) else np.asarray(each)
            for name, each in members.items()
        }
        self._first = _checked_first(self._members)
        self.dropped = dropped

    # ------------------------------------------------------------------ as X of scikit-learn
    @property
    def shape(self) -> tuple[int, int]:
        """(n_trials, n_members)."""
        return len(self), len(self._members)

    def __len__(self) -> int:
        return len(self._first)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key not in self._members:
                raise no_such_member(key, self.names)
            return self._members[key]
        if isinstance(key, tuple) and all(part is Ellipsis for part in key[1:]):
            key = key[0]  # scikit-learn writes X[indices, ...]
        if isinstance(key, (int, np.integer)):
            return {name: member[int(key)] for name, member in self._members.items()}
        index = key if isinstance(key, slice) else check_index(key, len(self))
        members = {name: member[index] for name, member in self._members.items()}
        return EpochsBundle(members, dropped=self.dropped)

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise DataError(
            "a bundle is no array: its members differ in kind and rate",
            found=", ".join(self.names),
            expected="one of its members",
            fix=f"bundle[{self.names[0]!r}], or On({self.names[0]!r}, step) in a pipeline",
        )

    # ------------------------------------------------------------------ members and tables
    @property
    def members(self) -> dict[str, Epochs | np.ndarray]:
        """Epochs and arrays by name, in order."""
        return dict(self._members)

    @property
    def names(self) -> list[str]:
        """Names of the members."""
        return list(self._members)

    @property
    def y(self) -> np.ndarray | None:
        """Targets of the trials, or None."""
        return self._first.y

    @property
    def trials(self) -> pd.DataFrame:
        """The trial table of the first member."""
        return self._first.trials

    @property
    def name(self) -> str | None:
        """Name of the data set, if it has one."""
        return self._first.name

    @property
    def sfreq(self) -> float:
        """Rate of the first member, Hz."""
        return self._first.sfreq

    @property
    def pad_samples(self) -> int:
        """Samples of margin hidden in the first member; the same seconds as in the others."""
        return self._first.pad_samples

    def groups(self, name: str) -> np.ndarray:
        """One column of the trial table."""
        return group_column(self.trials, name)

    def with_member(self, name: str, value: Epochs | np.ndarray) -> EpochsBundle:
        """Same trials with a member replaced or added.

        Examples
        --------
        >>> epochs = Epochs(np.zeros((4, 1, 5)), channels=["Cz"], sfreq=5)
        >>> EpochsBundle({"eeg": epochs}).with_member("image", np.zeros((4, 3))).names
        ['eeg', 'image']
        """
        return EpochsBundle({**self._members, name: value}, dropped=self.dropped)

    def without_targets(self) -> EpochsBundle:
        """Same trials without targets in any member."""
        members = {
            name: each.without_targets() if isinstance(each, Epochs) else each
            for name, each in self._members.items()
        }
        return EpochsBundle(members, dropped=self.dropped)

    def __repr__(self) -> str:
        width = max(10, *(len(name) for name in self.names))
        lines = [f"{len(self)} trials of {len(self.names)} members"]
        for name, each in self._members.items():
            text = repr(each) if isinstance(each, Epochs) else f"array of shape {each.shape}"
            lines.append(f"  {name:<{width}} {text}")
        return "\n".join(lines)


def no_such_member(name: str, names: Sequence[str]) -> DataError:
    """The error for a name that no member has."""
    return DataError(
        "the bundle has no such member",
        found=repr(name),
        expected="one of " + ", ".join(names),
        fix=did_you_mean(str(name), names),
    )


def _checked_first(members: Mapping[str, Any]) -> Epochs:
    first = next(iter(members.values()), None)
    if not isinstance(first, Epochs):
        raise DataError(
            "the first member must be epochs",
            found="no member" if first is None else type(first).__name__,
            expected="Epochs: its trial table and targets are those of the bundle",
        )
    for name, each in members.items():
        if each.ndim == 0 or len(each) != len(first):
            raise DataError(
                "the members hold different numbers of trials",
                found=f"{name}: {0 if each.ndim == 0 else len(each)}",
                expected=f"{len(first)}",
                fix="bundle.epoch(...) cuts all members at the same markers",
            )
        other = each.y if isinstance(each, Epochs) else None
        if other is not None and first.y is not None and not np.array_equal(other, first.y):
            raise DataError(
                "the members' targets contradict one another: their trials are not in step",
                found=f"{name} and {next(iter(members))}",
                fix="order both alike, or member.with_y(None)",
            )
    return first
