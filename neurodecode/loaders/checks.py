"""Static checks of a data set against its card: what can be seen without training anything.

Each check looks at the data for itself and compares with what the card says, flaws included: a
fault the card does not name fails, and so does a flaw that the data do not show. Checks that train
a baseline (labels shuffled, score not below chance) live in `bench`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy.signal import detrend

from neurodecode.core.card import Card
from neurodecode.core.channels import NATURAL_UNITS
from neurodecode.core.epochs import Epochs
from neurodecode.core.events import natural_order
from neurodecode.loaders.card_sources import SOURCES
from neurodecode.loaders.repair import duplicate_groups, is_mis_cut, repeated_recordings

# Plausible median standard deviation within a trial, linear trend removed, in natural units.
PLAUSIBLE_SD = {
    "eeg": (1.0, 200.0), "seeg": (2.0, 1000.0), "ecog": (2.0, 1000.0),
    "mag": (10.0, 10_000.0), "grad": (1.0, 2000.0),
    "hbo": (0.001, 50.0), "hbr": (0.001, 50.0),
}  # fmt: skip
CLIPPED_SHARE = 0.01  # of a channel's samples at its own largest or smallest value
PROBE = 8  # samples that must agree before a lag is tried on all trials


@dataclass(frozen=True)
class Check:
    """One comparison of data and card: what was found, what was expected, and a reason.

    `ok` is True where both agree.

    Examples
    --------
    >>> Check("trials", found="233", expected="234", ok=False).ok
    False
    """

    name: str
    found: str
    expected: str
    ok: bool
    detail: str = ""


def static_checks(card: Card, epochs: Epochs) -> list[Check]:
    """All checks of a data set that need no training.

    Parameters
    ----------
    card : the data set's card
    epochs : trials as distributed, ``nd.load(card.name, as_distributed=True)``

    Returns
    -------
    checks : list of Check; those that do not apply are left out

    Examples
    --------
    >>> import neurodecode as nd
    >>> from neurodecode.core.card import read_card
    >>> checks = static_checks(read_card("sim-ssvep"), nd.load("sim-ssvep", as_distributed=True))
    >>> all(check.ok for check in checks), checks[-1].name
    (True, 'spectral peaks')
    """
    checks = [*_counts(card, epochs), *_checksums(card), _finite(epochs)]
    if not checks[-1].ok:  # one NaN would spoil every figure below
        return checks
    checks += [_flat(epochs), *_clipped(card, epochs), *_amplitudes(epochs)]
    checks += [_lagged_copies(card, epochs), *_duplicates(card, epochs)]
    if card.frequencies:
        checks += [*_codes_as_frequencies(card, epochs), spectral_peaks(card, epochs)]
    return checks


def _counts(card: Card, epochs: Epochs) -> Iterator[Check]:
    """Trials, channels, samples, people, classes and parts."""
    expected = {**card.expected, **card.expected.get("as_distributed", {})}
    shape = dict(zip(("trials", "channels", "times"), epochs.shape, strict=True))
    for name, count in shape.items():
        if name in expected:
            yield Check(name, str(count), str(expected[name]), count == expected[name])
    if card.subjects:
        people = set(epochs.groups("subject").astype(str))
        found, wanted = (sorted(ids, key=natural_order) for ids in (people, card.subjects))
        yield Check("subjects", ", ".join(found), ", ".join(wanted), found == wanted)
    tables = {}
    if card.classes and epochs.y is not None:
        tables["classes"] = epochs.y.astype(str)
    if "parts" in expected:
        tables["parts"] = epochs.groups("part").astype(str)
    for name, labels in tables.items():
        counts = dict(zip(*np.unique(labels, return_counts=True), strict=True))
        if name in expected:
            yield Check(name, _listed(counts), _listed(expected[name]), counts == expected[name])


def _checksums(card: Card) -> Iterator[Check]:
    """SHA-256 of the source's files."""
    source = importlib.import_module(SOURCES[card.source["kind"]])
    for name, wanted in card.checksums.items():
        path: Path = source.file_path(card, name)
        found = sha256(path.read_bytes()).hexdigest() if path.is_file() else "no such file"
        yield Check(f"checksum {name}", found[:12], wanted[:12], found == wanted, str(path))


def _finite(epochs: Epochs) -> Check:
    bad = np.logical_not(np.isfinite(epochs.data).all(axis=(0, 2)))
    return _all_channels("finite", epochs, bad, "hold NaN or infinite values")


def _flat(epochs: Epochs) -> Check:
    flat = np.ptp(epochs.data, axis=(0, 2)) == 0
    return _all_channels("not flat", epochs, flat, "never change")


def _clipped(card: Card, epochs: Epochs) -> Iterator[Check]:
    """Channels that rest at their own extremes; counts and BOLD have no rails."""
    if not set(epochs.channels.kinds) <= set(PLAUSIBLE_SD):
        return
    data = epochs.data
    share = np.zeros(data.shape[1])
    for rail in (data.max(axis=(0, 2)), data.min(axis=(0, 2))):
        share = np.maximum(share, (data == rail[:, None]).mean(axis=(0, 2)))
    check = _all_channels(
        "not clipped",
        epochs,
        share > CLIPPED_SHARE,
        f"rest at an extreme for more than {CLIPPED_SHARE:.0%} of the time",
    )
    yield _against_card(check, card, "clipped")


def _amplitudes(epochs: Epochs) -> Iterator[Check]:
    """Median standard deviation of each kind of channel, or counts that are counts.

    Channels in another unit than their kind's own (a set that states none) are not judged.
    """
    pairs = zip(epochs.channels.kinds, epochs.channels.units, strict=True)
    kinds = np.array([kind if unit == NATURAL_UNITS[kind] else "" for kind, unit in pairs])
    for kind in dict.fromkeys(kinds.tolist()):
        data = epochs.data[:, kinds == kind]
        if kind == "spikes":
            counts = bool((data >= 0).all() and (data == np.round(data)).all())
            found = "counts" if counts else f"{data.min():g} to {data.max():g}"
            yield Check("spikes are counts", found, "counts", counts)
        elif kind in PLAUSIBLE_SD:
            low, high = PLAUSIBLE_SD[kind]
            unit = epochs.channels.units[int(np.flatnonzero(kinds == kind)[0])]
            sd = float(np.median(detrend(data.astype(np.float64)).std(axis=-1)))
            yield Check(
                f"{kind} amplitude",
                f"s.d. {sd:.3g} {unit}",
                f"{low:g} to {high:g} {unit}",
                low <= sd <= high,
                "median over trials and channels, linear trend removed",
            )


def lagged_copies(data: np.ndarray) -> list[tuple[int, int, int]]:
    """Channels that equal another one under a lag, in every trial, sample for sample.

    Parameters
    ----------
    data : array, shape (n_trials, n_channels, n_times)

    Returns
    -------
    copies : list of (channel, other, lag), one for each channel that copies an earlier one:
        ``data[:, channel, t] == data[:, other, t + lag]`` for all t

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(4, 1, 60))
    >>> lagged_copies(np.concatenate([x[..., :50], x[..., 7:57]], axis=1))
    [(1, 0, 7)]
    """
    n_channels, n_times = data.shape[1:]
    copies = []
    if n_times <= 2 * PROBE:
        return copies
    windows = np.lib.stride_tricks.sliding_window_view(data[0], PROBE, axis=-1)  # (C, T', PROBE)
    for channel in range(1, n_channels):
        probe = windows[channel, 0]
        if np.ptp(probe) == 0:  # a constant stretch fits anywhere
            continue
        hits = np.argwhere((windows[:channel] == probe).all(axis=-1))
        for other, lag in hits.tolist():
            overlap = n_times - lag
            if overlap > PROBE and np.array_equal(data[:, channel, :overlap], data[:, other, lag:]):
                copies.append((channel, other, lag))
                break
    return copies


def _lagged_copies(card: Card, epochs: Epochs) -> Check:
    copies = lagged_copies(epochs.data)
    names = epochs.channels.names
    text = ", ".join(f"{names[c]} = {names[o]} {lag} samples on" for c, o, lag in copies[:3])
    more = f" and {len(copies) - 3} more" if len(copies) > 3 else ""
    found = f"{text}{more}" if copies else "none"
    if is_mis_cut(epochs.data):
        found += " (mis-cut: wrong stride of a channel-major row)"
    check = Check("lagged copies of channels", found, "none", not copies)
    return _against_card(check, card, "mis-cut")


def _duplicates(card: Card, epochs: Epochs) -> Iterator[Check]:
    """Trials that occur twice; counts are left out, where equal windows are no copies."""
    if "spikes" in epochs.channels.kinds:
        return
    if len(set(epochs.groups("recording"))) > 1:
        yield _repeats(card, epochs)
    parts = epochs.groups("part").astype(str) if "part" in epochs.trials else None
    within = across = 0
    for group in duplicate_groups(epochs.data):
        places = 1 if parts is None else len(set(parts[group]))
        across += places > 1
        within += len(group) - places
    text = f"{within} within and {across} across parts"
    check = Check("duplicate trials", text, "0 within and 0 across parts", within + across == 0)
    flaw = card.flaw("duplicates")
    if flaw is not None:
        counts = card.expected["as_distributed"]["duplicates"]
        expected = f"{counts['within']} within and {counts['across']} across parts"
        check = Check(check.name, text, expected, text == expected, f"known flaw: {flaw.text}")
    yield check


def _repeats(card: Card, epochs: Epochs) -> Check:
    """Whole recordings that are there twice: the copies would fall on both sides of a split."""
    pairs = repeated_recordings(epochs)
    found = "; ".join(f"{copy} repeats {first}" for copy, first in pairs) or "none"
    check = Check("repeated recordings", found, "none", not pairs, "most of its trials, every bit")
    return _against_card(check, card, "duplicates") if pairs else check


def _codes_as_frequencies(card: Card, epochs: Epochs) -> Iterator[Check]:
    """Frequencies that are the event codes: a table of codes was taken for one of Hz."""
    if "code" not in epochs.trials:
        return
    codes = {
        name: float(epochs.trials["code"].to_numpy()[epochs.y == name][0])
        for name in card.frequencies
        if (epochs.y == name).any()
    }
    same = [name for name, code in codes.items() if card.frequencies[name] == code]
    found = f"{len(same)} of {len(codes)} classes flicker at their event code"
    yield Check("codes are no frequencies", found, "none", len(same) < max(2, len(codes)))


def spectral_peaks(card: Card, epochs: Epochs) -> Check:
    """Whether each class of a steady-state set peaks at its own labelled frequency.

    Power at every labelled frequency and its second harmonic, relative to its mean over all
    classes (which takes the background out), summed over channels.
    """
    names = list(card.frequencies)
    angles = 2j * np.pi * np.arange(epochs.shape[2]) / epochs.sfreq
    data = epochs.data - epochs.data.mean(axis=-1, keepdims=True)
    power = np.zeros((len(names), len(epochs)))
    for row, frequency in enumerate(card.frequencies.values()):
        for harmonic in (1, 2):
            amplitude = data @ np.exp(-angles * harmonic * frequency)  # (n_trials, n_channels)
            line = (np.abs(amplitude) ** 2).sum(axis=1)
            power[row] += line / line.mean()
    peaks = {
        name: names[int(power[:, epochs.y == name].mean(axis=1).argmax())]
        for name in names
        if (epochs.y == name).any()
    }
    found = ", ".join(f"{name} peaks at {peak}" for name, peak in peaks.items())
    ok = all(name == peak for name, peak in peaks.items())
    return Check("spectral peaks", found, "each class at its own frequency", ok)


def _all_channels(name: str, epochs: Epochs, bad: np.ndarray, what: str) -> Check:
    guilty = [each for each, flag in zip(epochs.channels.names, bad, strict=True) if flag]
    found = f"{', '.join(guilty)} {what}" if guilty else "all channels"
    return Check(name, found, "all channels", not guilty)


def _against_card(check: Check, card: Card, kind: str) -> Check:
    """A fault is fine when the card names it; a flaw of the card that is not seen is an error."""
    flaw = card.flaw(kind)
    if flaw is None:
        return check
    return Check(
        check.name,
        check.found,
        f"the known flaw {kind!r}",
        not check.ok,
        f"known flaw: {flaw.text}",
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "any"
