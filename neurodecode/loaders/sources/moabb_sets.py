"""Any data set of MOABB through MOABB's own parser, in our units and with our events.

MOABB's parser turns files into `mne.io.Raw`; everything after that is ours. Files that lie where
MOABB looks are used without the network, and the user's MNE settings are left as they are. Three
things differ from MOABB on purpose: events stay at the file's marker (MOABB moves annotations by
the start of the window, but not the trigger channel), sessions come in the order of their numbers,
and the zeros between glued trials are gaps that no window may cross.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, DownloadError, UnknownName, did_you_mean
from neurodecode.core.events import natural_order
from neurodecode.core.files import sha256_of
from neurodecode.loaders.downloading import OFFLINE, is_offline
from neurodecode.loaders.repair import with_microvolts_scaled
from neurodecode.loaders.sources.mne_folders import borrowed_settings, mne_folder

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording

MICROVOLTS = 1e6  # MOABB's factor from the raw object's volts; a few sets have another
GLUE = 20  # samples of zeros in all brain channels that cannot be a signal
_METRICS = {"p300": "roc-auc"}
_NETWORK = ("requests", "urllib3", "httpx", "urllib", "http")  # whose errors are no file's fault


def read_recordings(card: Card, subjects: list[str] | None) -> Iterator[Recording]:
    """Recordings of a set, one subject in memory at a time, ordered by session and run.

    Raises
    ------
    MissingDependency : MOABB is not installed.
    DownloadError : files are missing and cannot be fetched.
    DataError : a file cannot be read, has another checksum, or another unit than volts.
    """
    from neurodecode.loaders.signal_checks import check_microvolts

    _check_checksums(card, subjects)
    missing = _missing(card, subjects or card.subjects)
    if missing and is_offline():
        raise _absent(card, missing, f"{OFFLINE} forbids the network")
    dataset = _dataset(card.source["set"], card.source.get("arguments", {}))
    ids = {str(each): each for each in dataset.subject_list}
    for subject in subjects or list(ids):
        for recording in _subject(card, dataset, ids[subject], missing):
            check_microvolts(recording, card.name)
            yield recording


def is_present(card: Card) -> bool:
    """Whether MOABB's folder holds files of every subject of the card."""
    return bool(card.source.get("files")) and not _missing(card, card.subjects, first=True)


def make_card(name: str, task: str | None, labels: dict[Any, Any] | None) -> Card:
    """A card of any set of MOABB, made of what MOABB says about it.

    Parameters
    ----------
    name : str
        Name of a class of `moabb.datasets`; case does not matter.
    task : None
        MOABB's sets have one task each.
    labels : dict of class -> event name or code, optional
        Default: MOABB's own event names.

    Returns
    -------
    card : Card
        Without rate, channels and counts: MOABB's tables are not trusted, the files tell.

    Raises
    ------
    MissingDependency : MOABB is not installed.
    UnknownName : MOABB has no such set.
    DataError : a task was asked for.
    """
    if task is not None:
        raise DataError(f"moabb:{name} has one task", found=f"task={task!r}", fix="leave it out")
    dataset = _dataset(name, {})
    paradigm = str(dataset.paradigm)
    events = labels or {label: label for label in dataset.event_id}
    start, stop = map(float, dataset.interval)
    return Card(
        name=f"moabb:{type(dataset).__name__}",
        version=1,
        title=f"{type(dataset).__name__}, as MOABB describes it; nobody has checked this card",
        modality="eeg",
        paradigm=paradigm,
        simulated=False,
        source={
            "kind": "moabb", "set": type(dataset).__name__, "sign": dataset.code.upper(),
            "events": events,
        },
        channels={"kind": "eeg"},
        licence="see the source of the data",
        citation=f"doi:{dataset.doi}" if dataset.doi else "see moabb.datasets",
        doi=dataset.doi or "",
        subjects=[str(each) for each in dataset.subject_list],
        classes=list(events),
        zero="marker of the file",
        tmin=start,
        tmax=stop,
        sfreq=float("nan"),
        split={"kind": "within-session", "unit": "session", "k": 5},
        metric=_METRICS.get(paradigm, "balanced-accuracy"),
        expected={},
    )  # fmt: skip


def _dataset(name: str, arguments: dict[str, Any]) -> Any:
    """An object of MOABB's class, by a name in any case."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that MOABB imports
        module = need("moabb.datasets", extra="hub", why="a data set of MOABB")
        base = need("moabb.datasets.base", extra="hub", why="a data set of MOABB").BaseDataset
        sets = {
            key: value
            for key, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, base)
        }
        by_lower = {key.lower(): key for key in sets}
        if name.lower() not in by_lower:
            raise UnknownName(
                "MOABB has no such data set",
                found=repr(name),
                expected=f"one of the {len(sets)} classes of moabb.datasets",
                fix=did_you_mean(name, sets),
            )
        return sets[by_lower[name.lower()]](**arguments)


def _subject(card: Card, dataset: Any, subject: Any, missing: list[str]) -> list[Recording]:
    sessions = _parsed(card, dataset, subject, missing)
    found = []
    for session in sorted(sessions, key=natural_order):
        for run in sorted(sessions[session], key=natural_order):
            ids = {"subject": str(subject), "session": str(session), "run": str(run)}
            ids["recording"] = f"{card.name} sub-{subject} ses-{session} run-{run}"
            scale = card.source.get("scale", 1.0)
            found.append(recording_of(sessions[session][run], dataset, ids, scale))
    return found


def _parsed(
    card: Card, dataset: Any, subject: Any, missing: list[str]
) -> dict[str, dict[str, Any]]:
    """MOABB's raw objects: session -> run -> raw."""
    sign = card.source.get("sign", dataset.code)
    with borrowed_settings(sign), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Not get_data: that one moves annotations and may ask mirrors for files that are here.
            return dataset._get_single_subject_data(subject)
        except Exception as error:  # its parsers and fetchers raise all there is
            if _is_network(error):
                raise _absent(card, missing, str(error).splitlines()[0]) from error
            raise DataError(
                f"MOABB cannot read {card.name}, subject {subject}",
                found=f"{type(error).__name__}: {str(error)[:300]}",
                expected=f"whole files in {mne_folder(sign)}",
                fix="a download that broke leaves a short file, which MOABB takes for whole: "
                "delete the subject's files to have them fetched again",
            ) from error


def _is_network(error: BaseException | None) -> bool:
    """Whether an error, or one behind it, comes from a connection rather than from a file."""
    while error is not None:
        module = type(error).__module__.partition(".")[0]
        if module in _NETWORK or isinstance(error, (ConnectionError, TimeoutError)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _missing(card: Card, subjects: list[str], first: bool = False) -> list[str]:
    """Patterns of the card's files that nothing on this machine fits, without importing MOABB."""
    patterns = card.source.get("files", [])
    folder = mne_folder(card.source.get("sign", ""))
    missing = []
    for subject in subjects:
        for pattern in patterns:
            wanted = pattern.format(subject=_number(subject))
            if not any(folder.glob(wanted)):
                missing.append(wanted)
                if first:
                    return missing
    return missing


def files(card: Card, subjects: list[str] | None) -> list[Path]:
    """Files of the card that are here, for the epoch store."""
    folder = mne_folder(card.source.get("sign", ""))
    found = []
    for subject in subjects or card.subjects:
        for pattern in card.source.get("files", []):
            found += folder.glob(pattern.format(subject=_number(subject)))
    return sorted(found)


def _number(subject: str) -> int | str:
    return int(subject) if subject.isdecimal() else subject


def _absent(card: Card, missing: list[str], reason: str) -> DownloadError:
    folder = mne_folder(card.source.get("sign", ""))
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return DownloadError(
        f"{card.name} is not on this machine and could not be fetched",
        found=reason,
        expected=f"{folder / missing[0]}{more}" if missing else f"MOABB's files in {folder}",
        fix=f"files from {card.source.get('host', 'the source that MOABB names')}; put them there, "
        "or set MNE_DATA to the folder that holds them",
    )


def _check_checksums(card: Card, subjects: list[str] | None) -> None:
    """Files that are here are whole; MOABB itself takes a broken download for ever."""
    for name, wanted in card.checksums.items():
        path = file_path(card, name)
        if path.is_file() and (found := sha256_of(path)) != wanted:
            raise DataError(
                f"{path.name} is not the file that the card knows",
                found=f"{path.stat().st_size} bytes, sha256 {found[:12]}…",
                expected=f"sha256 {wanted[:12]}…",
                fix=f"delete {path} to have it fetched again",
            )


def file_path(card: Card, name: str) -> Path:
    """Where a file of the card lies; `name` is relative to MNE's folder."""
    return mne_folder(card.source.get("sign", "")) / name


def recording_of(raw: Any, dataset: Any, ids: dict[str, str], scale: float = 1.0) -> Recording:
    """Recording of one of MOABB's raw objects, events by name.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    dataset : MOABB's object: `event_id`, `unit_factor`
    ids : recording, subject, session, run
    scale : float, default 1
        What the card multiplies the signals by, where files and parser disagree about the unit.
    """
    from neurodecode.loaders.formats.mne_raw import recording_from_raw

    recording = recording_from_raw(raw, events=_events(raw, dataset.event_id), **ids)
    recording = with_microvolts_scaled(recording, scale * dataset.unit_factor / MICROVOLTS)
    gaps = glue_gaps(recording)
    if len(gaps):
        recording = recording.with_intervals(pd.concat([recording.intervals, gaps]))
    return recording


def _events(raw: Any, event_id: dict[str, Any]) -> pd.DataFrame:
    """Events at the file's own marker: the trigger channel where it knows the codes.

    MOABB puts both into some sets, at different instants.
    """
    from neurodecode.loaders.formats.mne_events import annotation_tables, stim_events

    names = {}
    for name, codes in event_id.items():
        for code in codes if isinstance(codes, (list, tuple)) else [codes]:
            names[int(code)] = name
    events = stim_events(raw)
    if "code" not in events or not set(events["code"]) & set(names):
        events = annotation_tables(raw)[0]
        if len(events) == 0:
            raise DataError(
                "MOABB gives no events",
                found="neither a trigger channel with known codes nor annotations",
                expected="codes " + ", ".join(f"{code} ({name})" for code, name in names.items()),
            )
        return events
    # Codes that are no class (trial starts, flashes) keep their number.
    events["label"] = [names.get(int(code), str(code)) for code in events["code"]]
    return events


def glue_gaps(recording: Recording) -> pd.DataFrame:
    """Stretches where all brain channels are exactly zero: what lies between glued trials.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    gaps : DataFrame with onset (s), duration (s), kind "gap"

    Examples
    --------
    >>> import numpy as np
    >>> from neurodecode.core.recording import Recording
    >>> glue = np.concatenate([np.ones((2, 100)), np.zeros((2, 50)), np.ones((2, 100))], axis=1)
    >>> glue_gaps(Recording(glue, channels=["C3", "C4"], sfreq=100.0)).values.tolist()
    [[1.0, 0.5, 'gap']]
    """
    brain = recording.channels.of_kind("brain")
    zero = np.ones(recording.n_times, dtype=bool)
    for channel in brain:  # one at a time, and mostly only one: sets of 1000 Hz are large
        zero &= recording.read(0, recording.n_times, [channel])[0] == 0
        if not zero.any():
            break
    steps = np.diff(np.concatenate([[False], zero, [False]]).astype(np.int8))
    starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    long = stops - starts >= GLUE
    return pd.DataFrame(
        {
            "onset": starts[long] / recording.sfreq,
            "duration": (stops - starts)[long] / recording.sfreq,
            "kind": "gap",
        }
    )
