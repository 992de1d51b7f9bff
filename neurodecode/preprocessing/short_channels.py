"""Regression of short optical channels, which see the scalp but not the brain."""

from __future__ import annotations

import numpy as np

from neurodecode.core.channels import OPTICAL_KINDS, Channels
from neurodecode.core.errors import DataError
from neurodecode.preprocessing.learned_mixing import LearnedMixing
from neurodecode.preprocessing.training_signals import TrainingSignals


class ShortChannels(LearnedMixing):
    """Subtract from each long optical channel what the nearest short one predicts of it.

    Parameters
    ----------
    longest : float, m, default 0.015
        Channels whose source and detector are at most this far apart are short; 0.008 is usual
        for adults, where light must pass 2 cm of scalp and skull.

    Attributes
    ----------
    matrix_ : float64 array, shape (n_channels, n_channels)
    channel_names_ : tuple of str

    Raises
    ------
    DataError
        No good short channel, none of a wavelength, or short channels only.

    Notes
    -----
    With short signal s and long signal x, both without their mean: x(t) becomes x(t) - b s(t),
    b = s'x / s's, learned from training data. Nearest by the middles of the pairs, among those
    of the same wavelength or chromophore. Short channels are bad channels afterwards where the
    step acts on a recording, and leave epochs: decoders should not read the scalp.

    Source: Saager, Berger 2005, 10.1364/JOSAA.22.001874.

    Examples
    --------
    >>> import neurodecode as nd
    >>> nd.preprocessing.ShortChannels(longest=0.01)
    ShortChannels(longest=0.01)
    """

    def __init__(self, longest: float = 0.015):
        self.longest = longest

    def _references(self, channels: Channels) -> np.ndarray:
        return np.flatnonzero(channels.lengths() <= self.longest)

    def _leaving(self, channels: Channels) -> np.ndarray:
        return self._references(channels)

    def _learn(self, signals: TrainingSignals) -> np.ndarray:
        channels, x = signals.channels, signals.joined()
        good = [i for i in channels.good_brain() if channels.kinds[i] in OPTICAL_KINDS]
        short = np.intersect1d(self._references(channels), good)
        short = short[x[short].std(axis=1) > 0]
        long = np.setdiff1d(good, self._references(channels))
        matrix = np.eye(len(channels))
        for i in long:
            alike = [j for j in short if _colour(channels, j) == _colour(channels, i)]
            if not alike:
                break
            far = np.linalg.norm(channels.positions[alike] - channels.positions[i], axis=1)
            nearest = alike[int(np.argmin(far))]
            matrix[i, nearest] = -(x[nearest] @ x[i]) / (x[nearest] @ x[nearest])
        else:
            if len(long):
                return matrix
        lengths = channels.lengths()[good]
        raise DataError(
            "ShortChannels: no short channel for every long one",
            found=f"{len(long)} long, {len(short)} short channels"
            + (f", {1e3 * lengths.min():.0f} to {1e3 * lengths.max():.0f} mm" if good else ""),
            expected=f"good channels of both sorts; short ones up to {1e3 * self.longest:g} mm",
            fix="ShortChannels(longest=...), or leave the step out for a cap without them",
        )


def _colour(channels: Channels, i: int) -> tuple[str, float]:
    """Chromophore, or wavelength of an optical density: what two channels must share."""
    kind = channels.kinds[i]
    return kind, channels.orientations[i, 6] if kind == "fnirs_od" else 0.0
