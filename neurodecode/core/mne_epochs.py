"""Epochs to and from MNE: natural units here, SI units there, nothing lost on the way."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import NATURAL_UNITS, OPTICAL_KINDS, Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.epochs_files import describe
from neurodecode.core.errors import DataError

# natural unit -> factor to the SI unit MNE keeps
TO_SI = {"µV": 1e-6, "fT": 1e-15, "fT/cm": 1e-13, "µM": 1e-6}
_MARK = "neurodecode:"
_MNE_KINDS = {"bold": "misc", "spikes": "misc", "calcium": "misc"}
_TARGET = "neurodecode_y"


def si_factors(channels: Channels) -> np.ndarray:
    """Factor from the unit of each channel to MNE's, shape (n_channels,); 1 where unitless."""
    return np.array([TO_SI.get(unit, 1.0) for unit in channels.units])


def kind_from_mne(kind: str) -> str:
    """Our word for one of MNE's channel types; what no decoder reads becomes "misc"."""
    if kind in NATURAL_UNITS:
        return kind
    return {"fnirs_cw_amplitude": "misc", "ref_meg": "misc", "dbs": "seeg"}.get(kind, "misc")


def to_mne(epochs: Epochs) -> Any:
    """Epochs as `mne.EpochsArray`.

    Parameters
    ----------
    epochs : Epochs

    Returns
    -------
    mne.EpochsArray
        SI units; labels as `event_id`; the trial table as `metadata`; what MNE has no field for
        in `info["description"]`, from where `from_mne` reads it back.

    Raises
    ------
    DataError
        Volumes, surfaces, ragged trials or targets of three dimensions.

    Examples
    --------
    >>> epochs = Epochs(np.ones((2, 1, 5)), channels=["Cz"], sfreq=5, y=["a", "b"])
    >>> sorted(to_mne(epochs).event_id)
    ['a', 'b']
    """
    import mne

    if epochs.space is not None or epochs.length is not None:
        raise DataError("MNE has no place for volumes, surfaces or ragged trials")
    channels = epochs.channels
    with mne.utils.use_log_level("ERROR"):
        info = info_from_channels(channels, epochs.sfreq)
        words = describe(epochs) | {"y": None if epochs.y is None else epochs.y.dtype.kind}
        info["description"] = _MARK + json.dumps(words)
        info["line_freq"] = epochs.line_freq
        codes, event_id = _event_codes(epochs)
        # Sample numbers must be unique and rising; true onsets stay in the metadata.
        events = np.column_stack([np.arange(len(epochs)), np.zeros_like(codes), codes])
        data = epochs.padded().astype(np.float64) * si_factors(channels)[None, :, None]
        return mne.EpochsArray(
            data,
            info,
            events=events,
            tmin=epochs.tmin - epochs.pad_samples / epochs.sfreq,
            event_id=event_id,
            metadata=_metadata(epochs),
            proj=False,
        )


def from_mne(epochs: Any) -> Epochs:
    """Epochs from `mne.Epochs`; every sample MNE holds is kept, labels are its event names.

    Parameters
    ----------
    epochs : mne.BaseEpochs

    Returns
    -------
    Epochs
        Natural units, float32 unless `to_mne` had been given float64.

    Examples
    --------
    >>> first = Epochs(np.ones((2, 1, 5)), channels=["Cz"], sfreq=5, y=["a", "b"], tmin=-0.2)
    >>> from_mne(first.to_mne())
    2 trials · 1 EEG (µV) · −0.2 to 0.8 s at 5 Hz, 0 = event · 2 classes
    """
    info = epochs.info
    words = _words(info)
    channels = _read_channels(info, words)
    data = np.asarray(epochs.get_data(copy=False)) / si_factors(channels)[None, :, None]
    names = {code: name for name, code in epochs.event_id.items()}
    labels: Any = np.array([names.get(code, str(code)) for code in epochs.events[:, 2]])
    trials = pd.DataFrame({"onset": epochs.events[:, 0] / info["sfreq"]})
    if epochs.metadata is not None:
        trials = pd.concat([trials, epochs.metadata.reset_index(drop=True)], axis=1)
        trials = trials.loc[:, ~trials.columns.duplicated(keep="last")]
    if words:
        labels, trials = _own_targets(words, labels, trials)
    pad = words.get("pad", 0.0)
    kept = {key: words[key] for key in ("zero", "name", "rank", "simulated") if key in words}
    return Epochs(
        data.astype(np.float32),
        channels=channels,
        sfreq=info["sfreq"],
        tmin=words.get("tmin", float(epochs.tmin)),
        y=labels,
        trials=trials,
        pad=pad,
        line_freq=info["line_freq"],
        **kept,
    )


def _event_codes(epochs: Epochs) -> tuple[np.ndarray, dict[str, int] | None]:
    if epochs.y is None or epochs.y.dtype.kind == "f":
        return np.ones(len(epochs), dtype=np.int64), None
    if epochs.y.ndim > 1:
        raise DataError("MNE has one label a trial", found=f"targets of shape {epochs.y.shape}")
    classes, codes = np.unique(epochs.y, return_inverse=True)
    return codes + 1, {str(name): i + 1 for i, name in enumerate(classes)}


def _metadata(epochs: Epochs) -> pd.DataFrame:
    frame = epochs.trials
    if epochs.y is not None and epochs.y.dtype.kind == "f":
        if epochs.y.ndim > 2:
            raise DataError("MNE has no place for these targets", found=f"shape {epochs.y.shape}")
        columns = epochs.y.reshape(len(epochs), -1)
        for k in range(columns.shape[1]):
            frame[f"{_TARGET}{k}"] = columns[:, k]
    return frame


def _own_targets(
    words: dict[str, Any], labels: np.ndarray, trials: pd.DataFrame
) -> tuple[Any, pd.DataFrame]:
    columns = [name for name in trials if str(name).startswith(_TARGET)]
    rest = trials.drop(columns=columns)
    if words["y"] is None:
        return None, rest
    if words["y"] == "f":
        values = trials[columns].to_numpy(dtype=np.float64)
        return (values[:, 0] if len(columns) == 1 else values), rest
    return (labels.astype(np.int64) if words["y"] in "iu" else labels), rest


def _words(info: Any) -> dict[str, Any]:
    text = info["description"] or ""
    return json.loads(text.removeprefix(_MARK)) if text.startswith(_MARK) else {}


def info_from_channels(channels: Channels, sfreq: float) -> Any:
    """`mne.Info` of a channel table: names, kinds, places, coil axes or optodes, bads.

    Parameters
    ----------
    channels : Channels
    sfreq : float, Hz

    Examples
    --------
    >>> info_from_channels(Channels(["C3", "EOG"], ["eeg", "eog"]), 100.0).get_channel_types()
    ['eeg', 'eog']
    """
    import mne
    from mne._fiff.constants import FIFF

    kinds = [_MNE_KINDS.get(kind, kind) for kind in channels.kinds]
    info = mne.create_info(list(channels.names), sfreq, kinds, verbose="ERROR")
    info["bads"] = sorted(channels.bads)

    frames = {"head": FIFF.FIFFV_COORD_HEAD, "device": FIFF.FIFFV_COORD_DEVICE}
    for i, place in enumerate(info["chs"]):
        if np.isfinite(channels.positions[i]).all():
            place["loc"][:3] = channels.positions[i]
            place["coord_frame"] = frames.get(channels.frame, FIFF.FIFFV_MNE_COORD_RAS)
        if np.isfinite(channels.orientations[i]).all():
            place["loc"][3:12] = channels.orientations[i]
    return info


def _read_channels(info: Any, words: dict[str, Any]) -> Channels:
    """Channel table of an MNE info; our own words win for what MNE does not keep."""
    channels = channels_from_info(info)
    own = words.get("channels", {})
    if tuple(own.get("names", ())) != channels.names:
        return channels
    return channels.replace(
        kinds=own["kinds"],
        units=own["units"],
        frame=own["frame"],
        position_from=own["position_from"],
        reference=own["reference"],
    )


def channels_from_info(info: Any) -> Channels:
    """Channel table of an `mne.Info`: kinds, natural units, places, coil axes, bads.

    Places of EEG are in the head frame; those of MEG sensors in the device frame.
    """
    import mne

    kinds = [kind_from_mne(mne.channel_type(info, i)) for i in range(len(info["chs"]))]
    loc = np.array([place["loc"][:12] for place in info["chs"]], dtype=np.float64)
    unknown = ~np.isfinite(loc[:, :3]).all(axis=1) | (loc[:, :3] == 0).all(axis=1)
    loc[unknown] = np.nan
    meg = np.isin(kinds, ["mag", "grad"])
    optical = np.isin(kinds, OPTICAL_KINDS)
    loc[optical, 3:] = np.nan_to_num(loc[optical, 3:])  # MNE leaves the last two places empty
    loc[unknown | ~(meg | optical), 3:] = np.nan
    device = meg.any() and not (~meg & ~unknown).any()
    return Channels(
        info["ch_names"],
        kinds=kinds,
        positions=loc[:, :3],
        orientations=loc[:, 3:],
        frame="device" if device else "head",
        position_from="none" if unknown.all() else "file",
        reference="custom" if info.get("custom_ref_applied") else None,
        bads=info["bads"],
    )
