"""What the samples of a recording say about its channels: amplitudes, faults, spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, detrend, sosfiltfilt

from neurodecode.core.channels import BRAIN_KINDS
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording

BLOCK = 4.0  # s; long enough for a spectrum of 0.25 Hz, short enough to forget slow drifts
FEWEST = 64  # samples of a block: volumes of fMRI are seconds apart
MOST_VALUES = 24_000_000  # samples x channels looked at: 100 MB
# Median standard deviation that recordings of a kind usually have, in natural units.
USUAL_SD = {
    "eeg": (3.0, 60.0), "seeg": (5.0, 300.0), "ecog": (5.0, 300.0),
    "mag": (50.0, 5000.0), "grad": (10.0, 500.0),
}  # fmt: skip
LOUD, QUIET_SHARE, FLAT_SHARE, CLIPPED_SHARE = 5.0, 0.1, 0.05, 0.01
POSSIBLE_MICROVOLTS = (1.0, 200.0)  # median s.d. of EEG above 1 Hz, whatever the amplifier
COPY = 0.9999  # |r| above which two channels are one
MOST_COMPARED = 2000  # channels of a kind: all pairs of voxels would fill the memory


@dataclass(frozen=True)
class Amplitude:
    """Median over channels of the standard deviation within blocks, and what is usual."""

    kind: str
    median_sd: float
    unit: str
    usual: tuple[float, float] | None

    @property
    def ok(self) -> bool:
        """True inside the usual range, or where none is known."""
        return self.usual is None or self.usual[0] <= self.median_sd <= self.usual[1]


@dataclass(frozen=True)
class Suspect:
    """A channel to look at, and why."""

    channel: str
    reason: str


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Power spectral density, median over brain channels of one kind.

    `frequencies` Hz, shape (n,); `power` unit^2/Hz, shape (n,); `mains` Hz or None where no peak
    stands out by 6 dB; `mains_db` its height above the neighbours.
    """

    kind: str
    unit: str
    frequencies: np.ndarray
    power: np.ndarray
    mains: float | None
    mains_db: float


def sample_blocks(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Blocks spread evenly over a recording, never across an edge.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    blocks : float32 array, shape (n_blocks, n_channels, n)
        All of the recording where that is not too much. Shorter than `BLOCK` only where no
        stretch is that long.
    starts : int array, shape (n_blocks,), samples

    Examples
    --------
    >>> rec = Recording(np.zeros((2, 1000)), channels=["a", "b"], sfreq=100.0)
    >>> sample_blocks(rec)[0].shape
    (2, 2, 400)
    """
    spans = recording.good_spans()
    longest = max(stop - start for start, stop in spans)
    n = min(max(FEWEST, round(BLOCK * recording.sfreq)), longest)
    starts = np.concatenate([_tiles(low, high, n) for low, high in spans])
    most = max(1, MOST_VALUES // (n * len(recording.channels)))
    if len(starts) > most:
        starts = starts[np.linspace(0, len(starts) - 1, most).round().astype(int)]
    blocks = np.stack([recording.read(s, s + n) for s in starts.tolist()])
    return blocks.astype(np.float32, copy=False), starts


def _tiles(low: int, high: int, n: int) -> np.ndarray:
    """Starts of neighbouring blocks; a last one overlaps where half a block would be lost."""
    starts = np.arange(low, high - n + 1, n)
    if len(starts) and high - (starts[-1] + n) > n // 2:
        starts = np.append(starts, high - n)
    return starts


def amplitudes(recording: Recording, blocks: np.ndarray) -> list[Amplitude]:
    """Median standard deviation of each kind of signal, codes and unknowns left out."""
    sd = _block_sd(blocks)
    found = []
    for kind in recording.channels.kind_counts():
        if kind in ("stim", "misc"):
            continue
        picks = recording.channels.of_kind(kind)
        unit = recording.channels.units[picks[0]]
        found.append(Amplitude(kind, float(np.median(sd[picks])), unit, USUAL_SD.get(kind)))
    return found


def check_microvolts(recording: Recording, where: str) -> None:
    """Refuse EEG whose unit is wrong: microvolts stored as volts, or volts as microvolts.

    Parameters
    ----------
    recording : Recording
    where : str
        Name of the data set, for the message.

    Raises
    ------
    DataError
        The median standard deviation of the EEG channels above 1 Hz is not between 1 and 200 µV.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(2, 1000)) * 1e7
    >>> check_microvolts(Recording(noise, channels=["C3", "C4"], sfreq=100.0), "mine")
    Traceback (most recent call last):
    neurodecode.core.errors.DataError: mine: EEG of an impossible size
    ...
    """
    picks = recording.channels.of_kind("eeg")
    blocks, _ = sample_blocks(recording)
    if not len(picks) or blocks.shape[-1] < recording.sfreq:  # nothing above 1 Hz could be told
        return
    high_pass = butter(2, 1.0, "highpass", fs=recording.sfreq, output="sos")
    fast = sosfiltfilt(high_pass, detrend(blocks[:, picks].astype(np.float64)))
    sd = float(np.median(fast.std(axis=-1)))
    low, high = POSSIBLE_MICROVOLTS
    if low <= sd <= high:
        return
    raise DataError(
        f"{where}: EEG of an impossible size",
        found=f"{recording.recording}: s.d. {sd:.3g} µV above 1 Hz, median over channels",
        expected=f"{low:g} to {high:g} µV",
        fix="the unit in the file is probably wrong by a power of 1000: a card whose [source] has "
        "scale = 1e-3 (or 1e-6, 1e3) reads it so",
    )


def suspects(recording: Recording, blocks: np.ndarray) -> list[Suspect]:
    """Brain channels that are missing, flat, clipped, far louder or quieter, or copies."""
    found = []
    for kind in BRAIN_KINDS:
        picks = recording.channels.of_kind(kind)
        if len(picks):
            names = [recording.channels.names[i] for i in picks]
            found += _suspects_of_kind(blocks[:, picks], names, recording.channels.units[picks[0]])
    order = {name: i for i, name in enumerate(recording.channels.names)}
    return sorted(found, key=lambda suspect: order[suspect.channel])


def _suspects_of_kind(blocks: np.ndarray, names: list[str], unit: str) -> list[Suspect]:
    finite = np.isfinite(blocks)
    missing = 1 - finite.mean(axis=(0, 2))
    blocks = np.where(finite, blocks, 0)
    sd = blocks.std(axis=-1)  # (n_blocks, n_channels)
    typical = np.median(sd)
    flat = (sd <= 1e-3 * typical).mean(axis=0)
    channel_sd = np.median(sd, axis=0)
    clipped = _clipped_share(blocks)
    found, told = [], set()
    unit = f" {unit}" if unit else ""
    for i, name in enumerate(names):
        reason = None
        if missing[i] > 0:
            reason = f"missing (NaN) for {_share(missing[i])} of the time"
        elif flat[i] > FLAT_SHARE:
            reason = f"flat for {_share(flat[i])} of the time"
        elif clipped[i] > CLIPPED_SHARE:
            reason = f"rests at its own extreme for {_share(clipped[i])} of the time"
        elif len(names) > 3 and channel_sd[i] > LOUD * typical:
            ratio = channel_sd[i] / typical
            reason = f"s.d. {channel_sd[i]:.3g}{unit}, {ratio:.0f} times the median"
        elif len(names) > 3 and channel_sd[i] < QUIET_SHARE * typical:
            ratio = typical / channel_sd[i]
            reason = f"s.d. {channel_sd[i]:.2g}{unit}, the median is {ratio:.0f} times that"
        if reason:
            told.add(i)
            found.append(Suspect(name, reason))
    return found + _copies(blocks, names, told)


def _share(fraction: float) -> str:
    return f"{max(1, round(100 * fraction))} %"


def _clipped_share(blocks: np.ndarray) -> np.ndarray:
    """Largest share of each channel's samples at its own minimum or maximum.

    Below twenty such samples it is 0: coarse steps alone repeat an extreme a few times.
    """
    share = np.zeros(blocks.shape[1])
    for rail in (blocks.min(axis=(0, 2)), blocks.max(axis=(0, 2))):
        share = np.maximum(share, (blocks == rail[:, None]).mean(axis=(0, 2)))
    n = blocks.shape[0] * blocks.shape[2]
    return np.where(share * n < 20, 0.0, share)


def _copies(blocks: np.ndarray, names: list[str], told: set[int]) -> list[Suspect]:
    """Channels that repeat an earlier one; those already under suspicion are left out."""
    if not 2 <= len(names) <= MOST_COMPARED:
        return []
    x = (blocks - blocks.mean(axis=-1, keepdims=True)).transpose(1, 0, 2).reshape(len(names), -1)
    norm = np.sqrt(np.einsum("ij,ij->i", x, x))
    x = x / np.where(norm > 0, norm, 1)[:, None]
    r = x @ x.T
    found = []
    for i in range(1, len(names)):
        if i in told:
            continue
        others = [j for j in range(i) if j not in told and abs(r[i, j]) > COPY]
        if others:
            j = others[0]
            turned = "equal to" if r[i, j] > 0 else "the negative of"
            found.append(Suspect(names[i], f"{turned} {names[j]} at lag 0 (r = {r[i, j]:.3f})"))
    return found


def _block_sd(blocks: np.ndarray) -> np.ndarray:
    """Standard deviation within blocks, median over blocks, shape (n_channels,)."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.median(blocks.std(axis=-1), axis=0))


def spectrum(recording: Recording, blocks: np.ndarray) -> Spectrum | None:
    """Spectrum of the most frequent kind of brain channel; None where there is none.

    Hann-windowed periodograms of the blocks, averaged (Welch 1967, without overlap).
    """
    brain = recording.channels.of_kind("brain")
    if not len(brain) or blocks.shape[-1] < 16:
        return None
    kinds = [recording.channels.kinds[i] for i in brain]
    kind = max(dict.fromkeys(kinds), key=kinds.count)
    picks = recording.channels.of_kind(kind)
    n = blocks.shape[-1]
    window = np.hanning(n).astype(np.float32)
    power = np.zeros((len(picks), n // 2 + 1))
    for block in blocks:  # one at a time: the transform doubles what it is given
        x = np.nan_to_num(block[picks])
        x = (x - x.mean(axis=-1, keepdims=True)) * window
        power += np.abs(np.fft.rfft(x, axis=-1)) ** 2
    power *= 2 / (len(blocks) * recording.sfreq * float((window**2).sum()))
    frequencies = np.fft.rfftfreq(n, 1 / recording.sfreq)
    middle = np.median(power, axis=0)
    mains, height = _mains(frequencies, middle)
    return Spectrum(kind, recording.channels.units[picks[0]], frequencies, middle, mains, height)


def _mains(frequencies: np.ndarray, power: np.ndarray) -> tuple[float | None, float]:
    """The taller of the peaks at 50 and 60 Hz, and its height in dB."""
    best: tuple[float | None, float] = (None, 0.0)
    for candidate in (50.0, 60.0):
        distance = np.abs(frequencies - candidate)
        around = power[(distance > 2) & (distance < 6)]
        if frequencies[-1] < candidate + 2 or not len(around) or np.median(around) <= 0:
            continue
        height = float(10 * np.log10(power[distance <= 1].max() / np.median(around)))
        if height > max(6.0, best[1]):
            best = (candidate, height)
    return best
