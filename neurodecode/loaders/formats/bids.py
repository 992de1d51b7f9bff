"""BIDS folders: a study of their recordings, and what the tables beside each say of it.

Read here are the tables that decide what the data mean: ``events.tsv``, ``channels.tsv`` (kinds and
bad channels), ``electrodes.tsv`` with ``coordsystem.json`` (places and their frame),
``participants.tsv`` (columns of the study's table) and the line frequency and reference of the
recording's own JSON. Which files there are is in `bids_files`, which tables belong to one in
`bids_tables`. The signals come from the same readers as any file.

Source: Gorgolewski et al. 2016, doi:10.1038/sdata.2016.44; Pernet et al. 2019,
doi:10.1038/s41597-019-0104-8 (EEG); bids-specification.readthedocs.io, version 1.9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError
from neurodecode.core.words import join_words
from neurodecode.loaders.formats.bids_files import (
    IDS,
    BidsFile,
    derivatives_folder,
    entities,
    find_files,
)
from neurodecode.loaders.formats.bids_tables import (
    beside,
    participants,
    read_tsv,
    sidecar,
    tables_of,
)
from neurodecode.loaders.formats.damage import damage_told

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording
    from neurodecode.core.study import Study

# type in channels.tsv -> kind of ours, which is MNE's word too; what is not here stays as it is
_KINDS = {
    "EEG": "eeg", "EOG": "eog", "VEOG": "eog", "HEOG": "eog", "ECG": "ecg", "EMG": "emg",
    "SEEG": "seeg", "ECOG": "ecog", "DBS": "dbs", "TRIG": "stim", "MISC": "misc", "REF": "misc",
    "AUDIO": "misc", "PD": "misc", "PUPIL": "misc", "EYEGAZE": "misc", "GSR": "misc", "PPG": "misc",
    "RESP": "misc", "SYSCLOCK": "misc", "ADC": "misc", "DAC": "misc", "TEMP": "misc",
    "OTHER": "misc",
}  # fmt: skip
_CHANGEABLE = frozenset(("eeg", "eog", "ecg", "emg", "seeg", "ecog", "dbs", "stim", "misc"))
_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
# words of coordsystem.json -> frame; spaces of single subjects other than these have no frame here
_FRAMES = {
    "acpc": r"ACPC",
    "mni": r"MNI|IXI549|ICBM|fsaverage|Talairach|fsLR|Colin27",
    "head": r"CapTrak|Neuromag|ChietiItab|CTF|4DBti|KitYokogawa|EEGLAB",
}
_NOSE_IS_X = r"CTF|4DBti|KitYokogawa|EEGLAB"  # x to the nose, y to the left; ours: x right, y nose


def read_study(
    root: Path,
    *,
    task: str | Sequence[str] | None = None,
    datatype: str | None = None,
    subjects: Iterable[str | int] | None = None,
    sessions: Iterable[str | int] | None = None,
    runs: Iterable[str | int] | None = None,
    derivatives: str | None = None,
    **options: Any,
) -> Study:
    """Study of the recordings in a BIDS folder.

    Parameters
    ----------
    root : Path
    task : str or sequence of str, optional
        Default: all tasks.
    datatype : "eeg", "meg", "ieeg", "nirs" or "func", optional
        Needed where the folder holds several.
    subjects, sessions, runs : ids without "sub-", "ses-", "run-"; None keeps all
    derivatives : str, optional
        Name of a folder under ``derivatives/`` to read in place of the raw data.
    **options
        Passed to the reader of the files.

    Returns
    -------
    study : Study
        Table: recording, subject, session, run, task, file and the columns of participants.tsv.

    Raises
    ------
    DataError
        No recording fits, or several data types do.
    """
    from neurodecode.core.study import Study

    wanted = {"subject": subjects, "session": sessions, "run": runs, "task": task}
    place = root if derivatives is None else derivatives_folder(root, derivatives)
    files = find_files(place, datatype, {k: _texts(v) for k, v in wanted.items() if v is not None})
    table = pd.DataFrame([{**file.words(), "file": str(file.path)} for file in files])
    table.insert(0, "recording", _names(files))
    people = participants(root)
    if len(people):
        new = [name for name in people.columns if name not in table.columns]
        table = table.merge(people[["subject", *new]], on="subject", how="left")
    return Study([_Opener(file, dict(options)) for file in files], table)


def _texts(ids: Any) -> list[str]:
    return [str(each) for each in ([ids] if isinstance(ids, (str, int)) else ids)]


def _names(files: Sequence[BidsFile]) -> list[str]:
    """The names without ending; folders tell those apart that are equal."""
    names = [file.path.name.rpartition("_")[0] for file in files]
    if len(set(names)) < len(names):
        return [file.path.relative_to(file.root).as_posix() for file in files]
    return names


# ---------------------------------------------------------------------- one recording
class _Opener:
    """Opens one recording of a study; a class so that it can be pickled."""

    def __init__(self, file: BidsFile, options: dict[str, Any]):
        self.file, self.options = file, options

    def __call__(self) -> Recording:
        with damage_told(self.file.path):
            return read_recording(self.file, self.options)

    def words(self) -> list[Any]:
        """What decides the recording, for the epoch store."""
        from neurodecode.loaders.store.keys import files_words, plain

        files = [self.file.path, *tables_of(self.file)]
        return [files_words(files), plain(self.options), dict(self.file.entities)]


def read_recording(file: BidsFile, options: dict[str, Any]) -> Recording:
    """One recording with what its tables say.

    Raises
    ------
    DataError
        The file cannot be read, or a table contradicts it.
    """
    from neurodecode.loaders.formats import family_of
    from neurodecode.loaders.formats.mne_files import open_raw
    from neurodecode.loaders.formats.mne_raw import recording_from_raw

    ids = {word: value for word, value in file.words().items() if word in IDS}
    ids["recording"] = file.path.name.rpartition("_")[0]
    about = sidecar(file)
    family = family_of(file.path)
    if family is not None:
        events = beside(file, "events", ".tsv")
        return family.read_file(file.path, events, options, ids)
    raw, notes = open_raw(file.path, options)
    table = beside(file, "channels", ".tsv")
    if table is not None:
        notes += apply_channels(raw, read_tsv(table), table.name)
    events = _events(file, raw)
    if events is None:
        notes.append("no events.tsv: events are those of the file")
    if about.get("PowerLineFrequency") not in (None, "n/a"):
        raw.info["line_freq"] = float(about["PowerLineFrequency"])
    recording = recording_from_raw(raw, events=events, notes=notes, source=str(file.path), **ids)
    return _with_places(recording, file, about)


def _events(file: BidsFile, raw: Any) -> pd.DataFrame | None:
    from neurodecode.loaders.formats.event_files import read_events

    path = beside(file, "events", ".tsv")
    if path is None:
        return None
    table = read_tsv(path)
    table["onset"] = pd.to_numeric(table.get("onset"), errors="coerce")
    table = table.loc[table["onset"].notna()].copy()  # "n/a": nobody knows when
    label = table.get("trial_type")
    if label is None or label.isna().all():
        label = table.get("value", pd.Series("event", index=table.index))
    table["label"] = label.astype(object).where(label.notna(), "n/a")
    if not len(table):
        return pd.DataFrame({"onset": [], "label": []})
    return read_events(table, float(raw.info["sfreq"]), int(raw.first_samp), int(raw.n_times))


def apply_channels(raw: Any, table: pd.DataFrame, where: str) -> list[str]:
    """Set kinds and bad channels of a raw object from the rows of channels.tsv.

    Parameters
    ----------
    raw : mne.io.BaseRaw, changed
    table : DataFrame with columns name, type and maybe status, units
    where : str, the table's name for messages

    Returns
    -------
    notes : list of str, what did not fit

    Raises
    ------
    DataError
        No row bears the name of a channel.
    """
    if "name" not in table:
        raise DataError(f"{where} has no column name", found=", ".join(map(str, table.columns)))
    table = table.assign(name=[str(name) for name in table["name"]])  # an empty name is "nan"
    known = set(raw.ch_names) & set(table["name"])
    if not known:
        raise DataError(
            f"{where} and the recording share no channel",
            found=f"{', '.join(raw.ch_names[:4])}, … and {', '.join(table['name'][:4])}, …",
            expected="the same names in both",
        )
    rows = table.loc[table["name"].isin(sorted(known))].drop_duplicates("name")
    kinds = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    changes = {}
    words = rows.get("type", pd.Series("", index=rows.index))
    for name, word in zip(rows["name"], words, strict=True):
        kind = _KINDS.get(str(word).upper())
        if kind and kind != kinds[name] and kinds[name] in _CHANGEABLE:
            changes[name] = kind
    raw.set_channel_types(changes, on_unit_change="ignore", verbose="error")
    if "status" in rows:
        bad = rows.loc[rows["status"].astype(str).str.lower() == "bad", "name"]
        raw.info["bads"] = sorted({*raw.info["bads"], *bad})
    missing = [name for name in raw.ch_names if name not in known]
    return [f"{where} does not list {join_words(missing[:6])}"] if missing else []


def _with_places(recording: Recording, file: BidsFile, about: Mapping[str, Any]) -> Recording:
    """Recording with the places of electrodes.tsv and the reference of the JSON."""
    channels = recording.channels
    reference = about.get(f"{'iEEG' if file.datatype == 'ieeg' else 'EEG'}Reference")
    if isinstance(reference, str) and reference != "n/a":
        channels = channels.replace(reference=reference)
    # MEG files bring their own places, and those of optodes belong to pairs.
    path = beside(file, "electrodes", ".tsv") if file.datatype in ("eeg", "ieeg") else None
    note = None
    if path is not None:
        positions, frame, note = _positions(path, channels.names)
        if np.isfinite(positions).all(axis=1).any():
            channels = channels.replace(positions=positions, frame=frame, position_from="file")
    if channels == recording.channels and note is None:
        return recording
    return recording.with_data(recording.reader, channels=channels, note=note)


def _positions(path: Path, names: Sequence[str]) -> tuple[np.ndarray, str, str | None]:
    """Places in metres, shape (n, 3), NaN where unknown; their frame; a note."""
    about = _coordinates(path)
    places = np.full((len(names), 3), np.nan)
    frame = next((f for f, p in _FRAMES.items() if re.search(p, about.get("system", ""))), None)
    unit = about.get("units", "")
    if frame is None or unit not in _METRES:
        why = f"system {about.get('system', 'unknown')!r}, unit {unit or 'unknown'!r}"
        return places, "head", f"places of {path.name} are left out: {why}"
    table = read_tsv(path)
    xyz = table.reindex(columns=["x", "y", "z"]).apply(pd.to_numeric, errors="coerce")
    rows = dict(zip(table["name"].astype(str), xyz.to_numpy(np.float64), strict=True))
    for i, name in enumerate(names):
        places[i] = rows.get(name, np.full(3, np.nan)) * _METRES[unit]
    if frame == "head" and re.search(_NOSE_IS_X, about["system"]):
        places = np.column_stack([-places[:, 1], places[:, 0], places[:, 2]])
    return places, frame, None


def _coordinates(electrodes: Path) -> dict[str, str]:
    """Coordinate system and unit that belong to an electrodes table."""
    own = entities(electrodes.name)
    for path in sorted(electrodes.parent.glob("*_coordsystem.json")):
        names = entities(path.name)
        if names.get("space") == own.get("space") and names.items() <= own.items():
            words = json.loads(path.read_text(encoding="utf-8"))
            found = {}
            for key, value in words.items():
                if key.endswith("CoordinateSystem"):
                    found["system"] = str(value)
                elif key.endswith("CoordinateUnits"):
                    found["units"] = str(value)
            return found
    return {}
