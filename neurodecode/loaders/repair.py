"""Faults that arrays show by themselves, and their exact repair.

*Mis-cut*: files written as ``X[c, t] = flat[c * C + t]`` of a channel-major row (C channels of T
samples one after the other), where ``flat[c * T + t]`` was meant. Every row then repeats the one
before it, C samples later, so the row can be rebuilt up to C*(C-1)+T samples, and with it every
electrode that lies whole inside. *Duplicates*: trials equal bit for bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from neurodecode.core.card import Card
from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.montage import with_template_places
from neurodecode.core.recording import Recording


class RepairWarning(UserWarning):
    """The data were changed while loading, because they are flawed as distributed."""


def is_mis_cut(data: np.ndarray) -> bool:
    """Whether every channel leads the one before it by exactly C samples, sample for sample.

    Parameters
    ----------
    data : array, shape (n_trials, C, n_times)

    Examples
    --------
    >>> import numpy as np
    >>> flat = np.random.default_rng(0).normal(size=(5, 3 * 20))
    >>> is_mis_cut(np.stack([flat[:, 3 * c : 3 * c + 20] for c in range(3)], axis=1))
    True
    """
    n_channels, n_times = data.shape[1:]
    if len(data) == 0 or n_channels < 2 or n_times <= n_channels:
        return False
    if np.ptp(data[:, 0]) == 0:  # flat channels agree under any lag and prove nothing
        return False
    return bool(np.array_equal(data[:, 1:, :-n_channels], data[:, :-1, n_channels:]))


def rebuild_rows(data: np.ndarray) -> np.ndarray:
    """The channel-major row behind each mis-cut trial, as far as it is known.

    Parameters
    ----------
    data : array, shape (n_trials, C, T), mis-cut

    Returns
    -------
    rows : array, shape (n_trials, C * (C - 1) + T)
    """
    n_trials, n_channels, n_times = data.shape
    rows = np.empty((n_trials, n_channels * (n_channels - 1) + n_times), dtype=data.dtype)
    for channel in range(n_channels):
        rows[:, channel * n_channels : channel * n_channels + n_times] = data[:, channel]
    return rows


def rebuild_channels(data: np.ndarray) -> np.ndarray:
    """The electrodes that a mis-cut array holds whole.

    Parameters
    ----------
    data : array, shape (n_trials, C, T), mis-cut

    Returns
    -------
    electrodes : array, shape (n_trials, K, T) with K = (C * (C - 1) + T) // T
    """
    rows = rebuild_rows(data)
    n_times = data.shape[2]
    whole = rows.shape[1] // n_times
    return rows[:, : whole * n_times].reshape(len(data), whole, n_times)


def duplicate_groups(data: np.ndarray) -> list[list[int]]:
    """Positions of trials that are equal bit for bit, one list a group, in order.

    Parameters
    ----------
    data : array, shape (n_trials, n_channels, n_times)

    Examples
    --------
    >>> import numpy as np
    >>> duplicate_groups(np.array([[[1.0, 2]], [[3, 4]], [[1, 2]]]))
    [[0, 2]]
    """
    seen: dict[bytes, list[int]] = {}
    for position, trial in enumerate(data):
        seen.setdefault(np.ascontiguousarray(trial).tobytes(), []).append(position)
    return [group for group in seen.values() if len(group) > 1]


def copies_to_drop(groups: Sequence[Sequence[int]], parts: Sequence[str] | None) -> list[int]:
    """Which copies to drop so that no trial occurs twice.

    The rule: a trial that also lies in the test part stays there and leaves the others, so that
    the test part keeps its published size; otherwise the first copy stays.

    Parameters
    ----------
    groups : positions of equal trials, as `duplicate_groups` gives them
    parts : the part of every trial ("train", "val", "test"), or None

    Returns
    -------
    positions : sorted
    """
    drop: list[int] = []
    for group in groups:
        tested = [position for position in group if parts is not None and parts[position] == "test"]
        keep = (tested or list(group))[0]
        drop += [position for position in group if position != keep]
    return sorted(drop)


def repair(epochs: Epochs, card: Card) -> tuple[Epochs, list[str]]:
    """The repaired form of a set, and one sentence for each thing that was done.

    Faults are found in the data, not taken from the card: a card without them changes nothing.

    Parameters
    ----------
    epochs : trials as distributed
    card : names the electrodes that a mis-cut set still holds

    Returns
    -------
    epochs : the same object where nothing had to be repaired
    done : sentences for one warning
    """
    done = []
    n_before = len(epochs)
    if is_mis_cut(epochs.data):
        epochs, sentence = _recut(epochs, card)
        done.append(sentence)
    groups = duplicate_groups(epochs.data)
    if groups:
        parts = epochs.trials["part"].tolist() if "part" in epochs.trials else None
        drop = copies_to_drop(groups, parts)
        epochs = epochs[np.setdiff1d(np.arange(n_before), drop)]
        done.append(
            f"{len(drop)} copies among {n_before} trials were dropped (a copy of a test trial "
            "leaves the training part; otherwise the first one stays)"
        )
    return epochs, done


def repeated_recordings(epochs: Epochs) -> list[tuple[str, str]]:
    """Recordings whose trials are those of an earlier one, bit for bit.

    A recording counts as repeated when more than half of its trials are found again in one other:
    the two would fall on both sides of a split.

    Parameters
    ----------
    epochs : Epochs

    Returns
    -------
    pairs : list of (copy, first), names of the column `recording`, in the order of the trials

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> data = np.random.default_rng(0).normal(size=(3, 1, 5))[[0, 1, 2, 0, 1]]
    >>> trials = pd.DataFrame({"recording": list("aabcc")})
    >>> repeated_recordings(Epochs(data, channels=["Cz"], sfreq=5, trials=trials))
    [('c', 'a')]
    """
    repeats = Repeats()
    repeats.see(epochs)
    return repeats.pairs()


class Repeats:
    """Looks for repeated recordings in trials that come part by part."""

    def __init__(self) -> None:
        self.first_seen: dict[bytes, str] = {}
        self.shared: dict[str, Counter[str]] = {}
        self.sizes: Counter[str] = Counter()

    def see(self, epochs: Epochs) -> None:
        """Take in more trials.

        Counts are left alone: bins without a spike make trials equal that are none.
        """
        if "spikes" in epochs.channels.kinds:
            return
        names = epochs.groups("recording").astype(str).tolist()
        self.sizes.update(names)
        for row, name in enumerate(names):
            # 16 bytes a trial: the set itself may be most of the memory.
            key = blake2b(epochs[[row]].data.tobytes(), digest_size=16).digest()
            other = self.first_seen.setdefault(key, name)
            if other != name:
                self.shared.setdefault(name, Counter())[other] += 1

    def pairs(self) -> list[tuple[str, str]]:
        """(copy, first) of the recordings that repeat another, so far."""
        most = [(name, *others.most_common(1)[0]) for name, others in self.shared.items()]
        return [(name, other) for name, other, count in most if 2 * count > self.sizes[name]]


def with_microvolts_scaled(recording: Recording, factor: float) -> Recording:
    """Recording whose voltages are multiplied: the file's unit is wrong, and its card knows.

    Parameters
    ----------
    recording : Recording
    factor : float; channels in other units than µV stay as they are

    Examples
    --------
    >>> import numpy as np
    >>> from neurodecode.core.recording import Recording
    >>> rec = Recording(np.full((1, 5), 5000.0), channels=["Cz"], sfreq=5)
    >>> float(with_microvolts_scaled(rec, 0.001).data[0, 0])
    5.0
    """
    if factor == 1:
        return recording
    rows = np.array([unit == "µV" for unit in recording.channels.units])
    factors = np.where(rows, factor, 1.0).astype(recording.dtype)
    note = f"multiplied by {factor:g} to µV"
    return recording.with_data(recording.data * factors[:, None], note=note)


def drop_repeated_recordings(
    epochs: Epochs, pairs: Sequence[tuple[str, str]]
) -> tuple[Epochs, list[str]]:
    """Trials without those of recordings that repeat an earlier one, and a sentence a copy."""
    if not pairs:
        return epochs, []
    keep = ~np.isin(epochs.groups("recording").astype(str), [copy for copy, _ in pairs])
    dropped = epochs.dropped
    epochs = epochs[keep]
    epochs.dropped = dropped
    return epochs, [f"{copy} repeats {first} bit for bit and was left out" for copy, first in pairs]


def _recut(epochs: Epochs, card: Card) -> tuple[Epochs, str]:
    n_rows = epochs.data.shape[1]
    data = rebuild_channels(epochs.data)
    known = list(card.channels["names"])
    names = known if len(known) == data.shape[1] else list(epochs.channels.names[: data.shape[1]])
    channels = Channels(names, kinds=epochs.channels.kinds[: len(names)])
    montage = card.channels.get("montage")
    if montage is not None and names == known:
        channels = with_template_places(channels, montage)
    kept = "one whole electrode" if len(names) == 1 else f"{len(names)} whole electrodes"
    sentence = (
        f"its {n_rows} rows are one channel-major row cut with the wrong stride; "
        f"{kept} could be rebuilt ({', '.join(names)})"
    )
    return epochs.with_data(data, channels=channels), sentence
