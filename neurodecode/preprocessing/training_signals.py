"""What a step learns from: good stretches of a recording, or training trials, in one shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.checks import check_finite
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.intervals import good_spans
from neurodecode.core.recording import Recording


@dataclass(frozen=True)
class TrainingSignals:
    """Stretches of signal without BAD spans, gaps and margins.

    Parameters
    ----------
    segments : list of float64 arrays, shape (n_channels, n_times of that stretch)
    channels : Channels
    sfreq : float, Hz
    rank : int
        Rank of the good brain channels, as the steps before have left it.
    continuous : bool
        True for a recording, whose stretches are long enough to filter.

    Examples
    --------
    >>> signals = training_signals(Recording(np.zeros((2, 50)), channels=["C3", "C4"], sfreq=10))
    >>> len(signals.segments), signals.rank, signals.continuous
    (1, 2, True)
    """

    segments: list[np.ndarray]
    channels: Channels
    sfreq: float
    rank: int
    continuous: bool

    def joined(self) -> np.ndarray:
        """All stretches side by side, each without its mean, shape (n_channels, n_times)."""
        centred = [each - each.mean(axis=1, keepdims=True) for each in self.segments]
        return np.concatenate(centred, axis=1)

    def to_raw(self) -> Any:
        """`mne.io.RawArray` of the joined stretches, SI units; joints are marked BAD."""
        import mne

        from neurodecode.core.mne_epochs import info_from_channels, si_factors

        info = info_from_channels(self.channels, self.sfreq)
        data = self.joined() * si_factors(self.channels)[:, None]
        with mne.utils.use_log_level("ERROR"):
            raw = mne.io.RawArray(data, info, copy=None)
            joints = np.cumsum([each.shape[1] for each in self.segments])[:-1] / self.sfreq
            raw.set_annotations(mne.Annotations(joints, 0.0, "BAD joint"))
        return raw


def training_signals(source: Epochs | Recording) -> TrainingSignals:
    """Signals of training trials, or of a recording's stretches outside BAD spans.

    Raises
    ------
    DataError
        Values that are not finite, or no stretch that is not BAD.
    """
    channels = source.channels
    if isinstance(source, Epochs):
        segments = list(np.asarray(source.data, dtype=np.float64))
        other = source.shape[1] - len(channels.good_brain())
        rank = None if source.rank is None else source.rank - other
    else:
        every = source.intervals.assign(kind="gap")  # BAD spans break like gaps
        spans = good_spans(every, source.sfreq, source.n_times)
        segments = [source.read(*span).astype(np.float64) for span in spans]
        for segment in segments:
            check_finite(segment[None], channels.names)
        rank = source.rank
    if not segments:
        raise DataError(
            "nothing to learn from",
            found="a recording that is BAD from end to end",
            fix="rec.with_intervals(...) unmarks spans",
        )
    brain = len(channels.good_brain())
    return TrainingSignals(
        segments,
        channels,
        source.sfreq,
        brain if rank is None else min(rank, brain),
        not isinstance(source, Epochs),
    )
