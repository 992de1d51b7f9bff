"""From `mne.io.Raw` to `Recording`: natural units, places, events, edges, bad spans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.mne_epochs import channels_from_info
from neurodecode.core.montage import with_template_places
from neurodecode.core.recording import Recording
from neurodecode.core.words import plural
from neurodecode.loaders.formats.direct import direct_reader
from neurodecode.loaders.formats.mne_events import annotation_tables, stim_events

_VOLT_KINDS = ("eeg", "seeg", "ecog", "eog", "emg", "ecg")
# our kind -> (factor from MNE's SI unit, unit)
_NATURAL = {
    **dict.fromkeys(_VOLT_KINDS, (1e6, "µV")),
    "mag": (1e15, "fT"),
    "grad": (1e13, "fT/cm"),
    "hbo": (1e6, "µM"),
    "hbr": (1e6, "µM"),
}
_VOLTS = {"V", "mV", "uV", "µV", "μV", "nV", "n/a", "NA", ""}
_FIFF_UNITS = {"V": "V", "T": "T", "T_M": "T/m", "RAD": "rad", "S": "S", "CEL": "°C", "PX": "px"}
# Formats without channel types call everything EEG; these names say otherwise.
_NAMED = {"eog": r"[VH]?EOG", "ecg": r"E[CK]G", "emg": r"EMG"}


class RawReader:
    """Samples of an MNE raw object in natural units, read when asked for.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    factors : float array, shape (n_channels,)
        From MNE's SI units to ours.
    """

    def __init__(self, raw: Any, factors: np.ndarray):
        self.raw, self.factors = raw, factors
        self.n_times = int(raw.n_times)
        self.dtype = np.dtype(np.float32)

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Samples start to stop (excluded), shape (n_channels, n), float32."""
        picks = np.arange(len(self.factors)) if channel_indices is None else channel_indices
        if stop == start or not len(picks):
            return np.zeros((len(picks), stop - start), dtype=self.dtype)
        # MNE wants ascending, distinct picks; ours may be in any order.
        unique, back = np.unique(picks, return_inverse=True)
        try:
            data = self.raw.get_data(picks=unique, start=start, stop=stop, verbose="error")
        except Exception as error:  # a file that ends early fails here, in any way
            raise DataError(
                "these samples cannot be read",
                found=f"{type(error).__name__}: {error}".partition("\n")[0],
                expected=f"samples {start} to {stop} of {self.raw.filenames}",
                fix="the file may be cut short or changed since it was opened: get a whole copy",
            ) from error
        signals = np.empty(data.shape, dtype=self.dtype)
        # float64 up to the product: offsets of volts keep their µV
        np.multiply(data, self.factors[unique, None], out=signals, casting="same_kind")
        return signals if np.array_equal(unique, picks) else signals[back]


def recording_from_raw(
    raw: Any,
    *,
    recording: str = "rec",
    subject: str = "1",
    session: str = "1",
    run: str = "1",
    events: pd.DataFrame | None = None,
    source: str | None = None,
    notes: Sequence[str] = (),
) -> Recording:
    """Recording of an MNE raw object; samples stay where they are.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    recording, subject, session, run : str
    events : DataFrame, optional
        As `check_events` takes it, in place of annotations and stim channels.
    source : str, optional
        Path it came from.
    notes : sequence of str

    Raises
    ------
    DataError
        The raw object holds no samples.

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["Cz"], 100.0, "eeg")
    >>> raw = mne.io.RawArray(np.full((1, 200), 5e-6), info, verbose="error")
    >>> recording_from_raw(raw).data.max()
    np.float32(5.0)
    """
    if raw.n_times < 1:
        raise DataError("a recording without samples", found=f"0 samples in {source or recording}")
    if not len(raw.ch_names):
        raise DataError(
            "a recording without channels",
            found=f"annotations only in {source or recording}" if len(raw.annotations) else None,
            fix="nd.read(signals, events=...) takes events that lie in a file of their own",
        )
    sfreq = float(raw.info["sfreq"])
    channels, factors, said = _channels(raw)
    found, intervals, lost = annotation_tables(raw)
    if events is None:
        events = found if len(found) else stim_events(raw)
    low, high = raw.info["highpass"], raw.info["lowpass"]
    return Recording(
        direct_reader(raw, factors) or RawReader(raw, factors),
        channels=channels,
        sfreq=sfreq,
        events=events,
        intervals=intervals,
        recording=recording,
        subject=subject,
        session=session,
        run=run,
        first_sample=int(raw.first_samp),
        line_freq=raw.info["line_freq"],
        source=source,
        notes=[*notes, *said, *lost],
        band=(low or None, high if high and high < sfreq / 2 else None),
    )


def _channels(raw: Any) -> tuple[Channels, np.ndarray, list[str]]:
    """Channel table, factor to its units, and what had to be decided."""
    import mne

    info, notes = raw.info, []
    types = [mne.channel_type(info, i) for i in range(len(info["chs"]))]
    table = channels_from_info(info)
    kinds, units = list(table.kinds), list(table.units)
    factors = np.ones(len(kinds))
    original = getattr(raw, "_orig_units", {})  # EDF and BrainVision: the unit in the file
    for i, (kind, name) in enumerate(zip(kinds, table.names, strict=True)):
        unit = str(original.get(name, ""))
        if kind in _VOLT_KINDS and unit not in _VOLTS:
            kinds[i], units[i] = "misc", unit
            notes.append(f"{name} is in {unit}, not in volts: taken as misc")
        elif kind in _NATURAL:
            factors[i], units[i] = _NATURAL[kind]
        elif types[i] in ("ref_meg", "bio"):
            factors[i], units[i] = (1e15, "fT") if types[i] == "ref_meg" else (1e6, "µV")
        elif kind == "misc":
            units[i] = _fiff_unit(info["chs"][i]["unit"])
        if kinds[i] == "eeg" and (named := _kind_in_name(name)):
            kinds[i] = named
            notes.append(f"{name} is taken as {named.upper()}, by its name")
    if intensity := sum(each.startswith("fnirs_cw") for each in types):
        notes.append(f"{plural(intensity, 'channel')} of fNIRS light intensity are taken as misc")
    table = table.replace(kinds=kinds, units=units)
    table, said = _places(table, info)
    return table, factors, _merged(notes) + said


def _fiff_unit(unit: Any) -> str:
    """MNE keeps units as numbers that print their name."""
    match = re.search(r"FIFF_UNIT_(\w+)", repr(unit))
    return _FIFF_UNITS.get(match.group(1), "") if match else ""


def _kind_in_name(name: str) -> str | None:
    for kind, pattern in _NAMED.items():
        if re.match(rf"(EEG[\s_]+)?{pattern}(?![a-z])", name, flags=re.IGNORECASE):
            return kind
    return None


def _merged(notes: list[str]) -> list[str]:
    """At most three notes of a kind, then how many more."""
    groups: dict[str, list[str]] = {}
    for note in notes:
        groups.setdefault(note.partition(" is ")[2] or note, []).append(note)
    merged = []
    for reason, each in groups.items():
        if len(each) <= 1:
            merged += each
            continue
        names = [note.partition(" is ")[0] for note in each]
        listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        merged.append(f"{listed} are {reason}")
    return merged


def _places(table: Channels, info: Any) -> tuple[Channels, list[str]]:
    """One frame for all places; template places where the file gives EEG none."""
    import mne

    meg = table.of_kind(["mag", "grad"])
    known = np.isfinite(table.positions).all(axis=1)
    positions, orientations = table.positions.copy(), table.orientations.copy()
    if len(meg) and table.frame == "head":  # EEG in head, MEG still in device coordinates
        if (to_head := info["dev_head_t"]) is None:
            positions[meg] = orientations[meg] = np.nan
            return table.replace(positions=positions, orientations=orientations), [
                "MEG sensor places are left out: the file does not say where the head was"
            ]
        rotation = to_head["trans"][:3, :3]
        positions[meg] = mne.transforms.apply_trans(to_head, positions[meg])
        axes = orientations[meg].reshape(-1, 3, 3) @ rotation.T
        orientations[meg] = axes.reshape(-1, 9)
        return table.replace(positions=positions, orientations=orientations), []
    if len(table.of_kind("eeg")) and not known.any():
        try:
            return with_template_places(table, "standard_1005"), []
        except DataError:  # names that no montage knows: no places, which is not a fault
            return table, []
    return table, []
