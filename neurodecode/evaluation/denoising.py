"""The EEGdenoiseNet protocol: clean segments, noise mixed in at a stated level, three metrics.

Zhang, Zhao, Wei, Mantini, Li, Liu 2021, doi:10.1088/1741-2552/ac2bf8.

**Its "dB" is not the usual one.** The benchmark divides amplitudes, not powers, and still takes
10 log10: noise is scaled by RMS(clean) / (RMS(noise) 10^(dB/10)). Its "2 dB" are 4 dB of power,
its "-7 dB" are -14 dB. `definition="power"` has the usual meaning, 10^(dB/20) in that place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.evaluation.scoring import MetricInfo, describe_metric

# Decibels of a ratio of RMS values, by definition: dB = this * log10(ratio)
DECIBELS = {"eegdenoisenet": 10.0, "power": 20.0}


def mix_at_snr(
    clean: np.ndarray, noise: np.ndarray, snr: Any, definition: str = "eegdenoisenet"
) -> np.ndarray:
    """Clean signals plus noise, scaled so that the mixture has a given signal-to-noise ratio.

    Parameters
    ----------
    clean, noise : float arrays, shape (..., n_times), one unit
    snr : float, or array of shape (...,)
        "dB" by `definition`.
    definition : "eegdenoisenet" (default) or "power"
        10 log10 or 20 log10 of RMS(clean) / RMS(scaled noise). Figures of the EEGdenoiseNet
        literature use the first: half of what the number is elsewhere.

    Returns
    -------
    noisy : float array, shape (..., n_times)

    Raises
    ------
    DataError
        No such definition, shapes that do not fit, or noise that is zero throughout.

    Notes
    -----
    RMS as in the published code, the mean included: an offset counts as signal. With noise that
    does not correlate with the signal, doing nothing scores RRMSE = r and CC = 1 / sqrt(1 + r^2)
    with r = RMS(scaled noise) / RMS(clean): 5.01 and .196 at "-7 dB", .631 and .846 at "2 dB".

    Examples
    --------
    >>> clean, noise = np.array([1.0, -1.0, 1.0, -1.0]), np.array([3.0, 3.0, -3.0, -3.0])
    >>> added = mix_at_snr(clean, noise, 10) - clean
    >>> added.round(9).tolist()  # a tenth of the amplitude, a hundredth of the power
    [0.1, 0.1, -0.1, -0.1]
    """
    clean, noise = np.asarray(clean), np.asarray(noise)
    if definition not in DECIBELS:
        raise DataError(
            "no such definition of dB",
            found=repr(definition),
            expected=" or ".join(map(repr, DECIBELS)),
            fix=did_you_mean(str(definition), DECIBELS),
        )
    if clean.shape != noise.shape:
        raise DataError(
            "clean segments and noise differ in shape",
            found=f"{clean.shape} and {noise.shape}",
            expected="one segment of noise for every clean one, equally long",
        )
    level = _rms(noise)
    if not (level > 0).all():
        raise DataError(
            "noise that is zero, or not a number, cannot be scaled",
            found=f"{int((~(level > 0)).sum())} of {level.size} segments",
            fix="leave these segments out",
        )
    gain = _rms(clean) / (level * 10 ** (np.asarray(snr) / DECIBELS[definition]))
    return clean + gain[..., None] * noise


@dataclass(frozen=True)
class NoisyPairs:
    """Noisy segments with their clean originals.

    Attributes
    ----------
    noisy, clean : float arrays, shape (n_pairs, n_times)
    snr : float array, shape (n_pairs,)
    clean_rows, noise_rows : int arrays, shape (n_pairs,)
        Which of the segments given were mixed.

    Examples
    --------
    >>> one = np.ones((1, 4))
    >>> len(NoisyPairs(2 * one, one, np.zeros(1), np.zeros(1, int), np.zeros(1, int)))
    1
    """

    noisy: np.ndarray
    clean: np.ndarray
    snr: np.ndarray
    clean_rows: np.ndarray
    noise_rows: np.ndarray

    def __len__(self) -> int:
        return len(self.snr)


def denoising_pairs(
    clean: np.ndarray,
    noise: np.ndarray,
    *,
    snr: Sequence[float] = tuple(range(-7, 3)),
    redraws: int = 10,
    shares: tuple[float, float] = (0.8, 0.1),
    definition: str = "eegdenoisenet",
    random_state: int = 0,
) -> tuple[NoisyPairs, NoisyPairs, NoisyPairs]:
    """Training, validation and test pairs that share no segment, clean or noise.

    Segments are dealt to the three parts before anything is mixed. Training segments are paired
    anew `redraws` times, each pair at a ratio drawn evenly between the ends of `snr`; validation
    and test segments are paired once, and every pair appears at every ratio of `snr`.

    Parameters
    ----------
    clean, noise : float arrays, shapes (n_clean, n_times), (n_noise, n_times)
    snr : sequence of float, default -7, -6 ... 2
        "dB" by `definition`, see `mix_at_snr`.
    redraws : int, default 10
    shares : (training, validation), default (.8, .1); the rest is the test part
    definition : "eegdenoisenet" (default) or "power"
    random_state : int, default 0

    Returns
    -------
    train, valid, test : NoisyPairs
        Validation and test pairs are ordered by ratio.

    Raises
    ------
    DataError
        A part would be empty, or shapes do not fit.

    Notes
    -----
    Where the published code differs: it evens out the two counts before it splits, dropping clean
    segments for EOG and repeating some for EMG; here the shorter list of each part is repeated,
    inside the part. Segments of EEGdenoiseNet do not tell whom they come from, so parts share
    people: a limit of the data that no code mends.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, valid, test = denoising_pairs(rng.normal(size=(50, 64)), rng.normal(size=(40, 64)))
    >>> len(train), len(valid), len(test), sorted(set(test.snr.tolist()))[:2]
    (400, 50, 50, [-7.0, -6.0])
    """
    clean, noise = np.asarray(clean), np.asarray(noise)
    rng = np.random.default_rng(random_state)
    levels = np.asarray(snr, dtype=np.float64)
    parts = zip(_deal(clean, shares, rng), _deal(noise, shares, rng), strict=True)
    made = []
    for number, (rows, noise_rows) in enumerate(parts):
        n = max(len(rows), len(noise_rows))
        if number == 0:
            rows, noise_rows = (_redrawn(each, n, redraws, rng) for each in (rows, noise_rows))
            ratio = rng.uniform(levels.min(), levels.max(), len(rows))
        else:
            rows, noise_rows = (np.tile(np.resize(e, n), len(levels)) for e in (rows, noise_rows))
            ratio = np.repeat(levels, n)
        noisy = mix_at_snr(clean[rows], noise[noise_rows], ratio, definition)
        made.append(NoisyPairs(noisy, clean[rows], ratio, rows, noise_rows))
    return made[0], made[1], made[2]


def _deal(
    segments: np.ndarray, shares: tuple[float, float], rng: np.random.Generator
) -> list[np.ndarray]:
    """Rows of the three parts, in random order."""
    if segments.ndim != 2:
        raise DataError(
            "segments are rows",
            found=f"shape {segments.shape}",
            expected="(n_segments, n_times), one channel each",
            fix="epochs.data[:, 0] for epochs of one channel",
        )
    n = len(segments)
    first, second = round(shares[0] * n), round((shares[0] + shares[1]) * n)
    if not 0 < first < second < n:
        raise DataError(
            "a part of the split is empty",
            found=f"{n} segments, shares {shares}",
            expected="segments for training, validation and test",
            fix="more segments, or other shares",
        )
    return np.split(rng.permutation(n), [first, second])


def _redrawn(rows: np.ndarray, n: int, redraws: int, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([rng.permutation(np.resize(rows, n)) for _ in range(redraws)])


@describe_metric(MetricInfo("signals", higher_is_better=False, title="RRMSE in time"))
def rrmse_temporal(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """RMS(cleaned - clean) / RMS(clean) of each segment, averaged over segments.

    0 is perfect, 1 is what silence scores. The published code pools the batch instead, which gives
    loud segments more weight.

    Parameters
    ----------
    y_true, y_pred : float arrays, shape (..., n_times), clean and cleaned segments

    Examples
    --------
    >>> rrmse_temporal(np.array([[3.0, -4.0]]), np.array([[0.0, 0.0]]))
    1.0
    """
    clean, cleaned = _segments(y_true), _segments(y_pred)
    return float(np.mean(_ratio(_rms(cleaned - clean), _rms(clean))))


@describe_metric(MetricInfo("signals", higher_is_better=False, title="RRMSE of the spectrum"))
def rrmse_spectral(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """RMS(PSD(cleaned) - PSD(clean)) / RMS(PSD(clean)) of each segment, averaged over segments.

    The PSD is the periodogram of the whole segment, its mean removed; the papers name no
    estimator, and a smoother one gives smaller figures.

    Parameters
    ----------
    y_true, y_pred : float arrays, shape (..., n_times), clean and cleaned segments

    Examples
    --------
    >>> x = np.sin(2 * np.pi * np.arange(16) / 4)[None]
    >>> round(rrmse_spectral(x, 2 * x), 6)  # four times the power where the clean power is
    3.0
    """
    clean, cleaned = _periodogram(_segments(y_true)), _periodogram(_segments(y_pred))
    return float(np.mean(_ratio(_rms(cleaned - clean), _rms(clean))))


@describe_metric(MetricInfo("signals", title="correlation of segments"))
def segment_correlation(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Pearson's r of each segment, averaged over segments (CC); a constant output counts 0.

    Parameters
    ----------
    y_true, y_pred : float arrays, shape (..., n_times), clean and cleaned segments

    Examples
    --------
    >>> round(segment_correlation(np.array([[0.0, 1.0, 2.0]]), np.array([[1.0, 3.0, 5.0]])), 6)
    1.0
    """
    both = _segments(y_true), _segments(y_pred)
    clean, cleaned = (each - each.mean(-1, keepdims=True) for each in both)
    spread = _rms(clean) * _rms(cleaned)
    r = np.mean(clean * cleaned, axis=-1) / np.where(spread > 0, spread, 1)
    return float(np.mean(np.where(_rms(clean) > 0, r, np.nan)))


def _segments(values: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.asarray(values, dtype=np.float64))


def _rms(values: np.ndarray) -> np.ndarray:
    """Root of the mean square along the last axis, in float64."""
    return np.sqrt(np.mean(np.square(values, dtype=np.float64), axis=-1))


def _ratio(error: np.ndarray, size: np.ndarray) -> np.ndarray:
    return np.where(size > 0, error / np.where(size > 0, size, 1), np.nan)


def _periodogram(x: np.ndarray) -> np.ndarray:
    """One-sided power of each frequency above 0, up to a factor that ratios lose."""
    power = np.abs(np.fft.rfft(x - x.mean(-1, keepdims=True)))[..., 1:] ** 2
    twice = np.full(power.shape[-1], 2.0)
    if x.shape[-1] % 2 == 0:
        twice[-1] = 1.0  # half the sampling rate has no twin at negative frequencies
    return twice * power
