"""`read`: a file, a folder or a pattern of files in, a `Recording` or a `Study` out."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from neurodecode.core.bundle import Bundle
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.loaders.formats import family_of, fnirs
from neurodecode.loaders.formats.bids import read_study as read_bids_study
from neurodecode.loaders.formats.bids_files import is_bids
from neurodecode.loaders.formats.damage import damage_told
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.in_memory import read_object
from neurodecode.loaders.formats.mne_files import open_raw
from neurodecode.loaders.formats.mne_raw import recording_from_raw
from neurodecode.loaders.formats.plain_fif import open_plain
from neurodecode.loaders.formats.scans import check_options
from neurodecode.loaders.pattern import is_pattern, match_files
from neurodecode.loaders.store.keys import files_words, plain

_IDS = ("subject", "session", "run")
_BIDS = {"subject": "sub", "session": "ses", "run": "run"}
_COMPANIONS = (".vhdr", ".ahdr")  # headers that one of their data or marker files may stand for
# ending -> (what it is, library that opens it, how its array becomes ours)
_OTHER = {
    ".avr": ("a BESA average", "mne (read_evoked_besa)", "nd.Epochs(...)"),
    ".mul": ("a BESA average", "mne (read_evoked_besa)", "nd.Epochs(...)"),
}


def read(path: Any, events: Any = None, **options: Any) -> Recording | Study | Bundle:
    """Open recordings; samples are read when they are needed.

    Parameters
    ----------
    path : path, pattern, mne.io.Raw, array, pandas.DataFrame or xarray.DataArray
        A file (or the folder of formats that are folders) of any format MNE opens: EDF, BDF, GDF,
        BrainVision, EEGLAB, FIF, CNT, EGI, Curry, KIT, CTF, BTi, SNIRF, NIRx and more. A pattern
        such as ``"sub-{subject}_ses-{session}_task-mi.vhdr"`` gives a `Study`; its fields become
        columns of the trial table. A BIDS folder gives a `Study` too; its words are ``task``,
        ``datatype``, ``subjects``, ``sessions``, ``runs`` and ``derivatives``, see
        `neurodecode.loaders.formats.bids.read_study`. XDF, NWB, Neo's formats, tables (CSV, TSV,
        text) and arrays (.npy, .npz, .mat) have modules of their own in
        `neurodecode.loaders.formats`, which list their words; arrays and frames in memory need
        ``sfreq``, see `neurodecode.loaders.formats.in_memory.read_object`.
    events : path, DataFrame or int array of shape (n, 3), optional
        Events that lie apart, in place of those in the file; see
        `neurodecode.loaders.formats.event_files.read_events`. With a pattern, a path may hold
        the same fields.
    **options
        Passed to MNE's reader, ``data_format="int16"`` for a Neuroscan CNT file, say. fNIRS:
        ``fnirs`` and ``ppf``, see `neurodecode.loaders.formats.fnirs.convert`. NIfTI: ``mask``,
        ``atlas``, ``confounds``, ``tr`` and more, see `neurodecode.loaders.formats.nifti`.

    Returns
    -------
    recording : Recording; Study for a pattern; Bundle for a file of several signals
        Natural units (see `Channels`).

    Raises
    ------
    DataError
        No such file, no reader for it, or a file that is no continuous recording.
    MissingDependency
        The format needs a package that is not installed.

    Examples
    --------
    >>> import mne, numpy as np
    >>> info = mne.create_info(["C3", "C4"], 100.0, "eeg")
    >>> raw = mne.io.RawArray(np.zeros((2, 500)), info, verbose="error")
    >>> read(raw)
    rec · 5 s at 100 Hz
      channels   2 EEG (µV)
      events     none
    """
    if hasattr(path, "first_samp") and hasattr(path, "get_data"):
        return _from_raw(path, events, [], {}, options)
    if not isinstance(path, (str, os.PathLike)):
        return read_object(path, events, options)
    text = os.fspath(path)
    if is_pattern(text):
        return _read_study(text, events, options)
    if is_bids(Path(text).expanduser()):
        return _read_bids(Path(text).expanduser(), events, options)
    return _read_file(_existing(Path(text).expanduser()), events, options, {})


def _read_file(
    path: Path, events: Any, options: dict[str, Any], ids: Mapping[str, str]
) -> Recording:
    known = {**_ids_in_name(path), **ids}
    with damage_told(path):
        family = family_of(path)
        if family is not None:
            found = family.read_file(path, events, options, {"recording": path.name, **known})
            if found is not None:
                return found
        words = {"recording": path.name, "source": str(path), **known}
        if not options and (plain := open_plain(path)) is not None:
            return _recording(plain, events, [], words)
        form, rest = fnirs.take_options(options)
        raw, notes = open_raw(path, rest)
        return _from_raw(raw, events, notes, words, form)


def _from_raw(
    raw: Any, events: Any, notes: list[str], words: dict[str, str], form: dict[str, Any]
) -> Recording:
    check_options(form, fnirs.OPTIONS, "a raw object")
    raw, said = fnirs.convert(raw, **form)
    return _recording(raw, events, [*notes, *said], words)


def _recording(raw: Any, events: Any, notes: list[str], words: dict[str, str]) -> Recording:
    table = None
    if events is not None:
        table = read_events(events, raw.info["sfreq"], raw.first_samp, raw.n_times)
    return recording_from_raw(raw, events=table, notes=notes, **words)


def _ids_in_name(path: Path) -> dict[str, str]:
    """Subject, session and run as BIDS writes them in file names."""
    found = {}
    for word, short in _BIDS.items():
        if match := re.search(rf"(?:^|_){short}-([^_.]+)", path.name):
            found[word] = match[1]
    return found


class _Opener:
    """Opens one file of a study; a class so that it can be pickled."""

    def __init__(self, path: Path, events: Any, options: dict[str, Any], ids: dict[str, str]):
        self.path, self.events, self.options, self.ids = path, events, options, ids

    def __call__(self) -> Recording:
        return _read_file(self.path, self.events, self.options, self.ids)

    def words(self) -> list[Any]:
        """What decides the recording, for the epoch store."""
        beside = [self.events, *self.options.values()]
        paths = [each for each in beside if isinstance(each, (str, os.PathLike))]
        files = [self.path, *(each for each in paths if Path(each).exists())]
        return [files_words(files), plain([self.events, self.options]), self.ids]


def _read_study(pattern: str, events: Any, options: dict[str, Any]) -> Study:
    if events is not None and not isinstance(events, (str, os.PathLike)):
        raise DataError(
            "one table of events cannot serve many recordings",
            found=type(events).__name__,
            expected='a pattern with the same fields: events="sub-{subject}-eve.fif"',
        )
    files = match_files(pattern)
    openers, rows = [], []
    for path, fields in files:
        own = None if events is None else os.fspath(events).format(**fields)
        ids = {name: fields[name] for name in _IDS if name in fields}
        filled = {name: _filled(value, fields) for name, value in options.items()}
        openers.append(_Opener(_existing(path), own, filled, ids))
        rows.append({**_ids_in_name(path), **fields, "file": str(path)})
    table = pd.DataFrame(rows)
    for name in set(_IDS) & set(table.columns):
        table[name] = table[name].fillna("1")
    table.insert(0, "recording", _unique_names([path for path, _ in files]))
    return Study(openers, table)


def _filled(value: Any, fields: dict[str, str]) -> Any:
    """A path with the fields of this file in it, such as mask="sub-{subject}_mask.nii.gz"."""
    return value.format(**fields) if isinstance(value, str) and "{" in value else value


def _read_bids(folder: Path, events: Any, options: dict[str, Any]) -> Study:
    if events is not None:
        raise DataError(
            "a BIDS folder brings its events",
            found=f"events={events!r}",
            expected="the events.tsv beside each recording",
            fix="leave events out; a pattern of files takes events of your own",
        )
    return read_bids_study(folder, **options)


def _unique_names(paths: list[Path]) -> list[str]:
    """File names, with as much of the folders as tells them apart."""
    depth = 1
    while True:
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
        depth += 1


def _existing(path: Path) -> Path:
    """The path, or the header that stands for it; refuses what cannot be a recording here."""
    if not path.exists():
        folder = path.parent
        near = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        raise DataError(
            "no such file",
            found=str(path),
            expected=f"a file in {folder}" if near else f"the folder {folder} to exist",
            fix=did_you_mean(path.name, near) or f"give the path as seen from {Path.cwd()}",
        )
    for suffix, (what, library, way) in _OTHER.items():
        if family_of(path) is None and path.name.lower().endswith(suffix):
            raise _other_format(path, what, library, way)
    if path.suffix.lower() in (".eeg", ".vmrk", ".amrk"):
        for suffix in _COMPANIONS:
            if path.with_suffix(suffix).exists():
                return path.with_suffix(suffix)
    return path


def _other_format(path: Path, what: str, library: str, way: str) -> DataError:
    return DataError(
        f"{what} has no reader here yet",
        found=path.name,
        expected="a recording that MNE opens (EDF, BrainVision, FIF, …)",
        fix=f"open it with {library}, then {way}",
    )
