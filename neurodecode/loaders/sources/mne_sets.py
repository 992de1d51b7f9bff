"""Sets that MNE-Python fetches: EEGBCI, the sample set, and the sleep cassettes of PhysioNet.

Files that already lie in MNE's folders are used as they are; only what is missing is fetched, by
MNE, and what, from where and how much is said before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.errors import CardError, DataError, DownloadError
from neurodecode.core.montage import electrode_name
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.loaders.downloading import OFFLINE, is_offline
from neurodecode.loaders.reading import read
from neurodecode.loaders.sources.mne_folders import borrowed_settings, mne_folder

_STAGES = {
    "Sleep stage W": "W", "Sleep stage 1": "N1", "Sleep stage 2": "N2", "Sleep stage 3": "N3",
    "Sleep stage 4": "N3", "Sleep stage R": "R",
}  # fmt: skip
PAGE = 30.0  # s that one stage is given for
AROUND_SLEEP = 1800.0  # s of wake kept before and after: the recordings last a day


def read_recordings(card: Card, subjects: list[str] | None) -> Study:
    """Study of the wanted people of the card.

    Raises
    ------
    DownloadError : files are missing and cannot be fetched.
    DataError : a file has another rate than the card says, when it is opened.
    """
    people = subjects or card.subjects
    missing = [each for each in people if not _has(card, each)]
    if missing:
        _fetch(card, missing)
    open_one = _OPENERS[_set(card)]
    openers, rows = [], []
    for subject in people:
        for path in _paths(card, subject):
            openers.append(functools.partial(open_one, path, card))
            rows.append({"subject": subject, **_ids(card, path), "file": str(path)})
    return Study(openers, pd.DataFrame(rows))


def files(card: Card, subjects: list[str] | None) -> list[Path]:
    """Files of the card that are here, for the epoch store."""
    return [path for each in subjects or card.subjects for path in _paths(card, each)]


def is_present(card: Card) -> bool:
    """Whether MNE's folder holds every person of the card."""
    return all(_has(card, each) for each in card.subjects)


def _set(card: Card) -> str:
    name = card.source.get("set", "")
    if name not in _OPENERS:
        raise CardError(f"{card.name}: no such set", found=repr(name), expected=", ".join(_OPENERS))
    return name


def _paths(card: Card, subject: str) -> list[Path]:
    """Recordings of one person that are here."""
    folder = mne_folder(card.source["sign"])
    found: list[Path] = []
    for pattern in card.source["files"]:
        found += sorted(folder.glob(pattern.format(subject=int(subject))))
    return found


def _has(card: Card, subject: str) -> bool:
    folder = mne_folder(card.source["sign"])
    return all(
        any(folder.glob(pattern.format(subject=int(subject)))) for pattern in card.source["files"]
    )


def _ids(card: Card, path: Path) -> dict[str, str]:
    """Recording, session and run, as the file names of each set tell them."""
    name = path.name
    if card.source["set"] == "eegbci":
        return {"recording": path.stem, "session": "1", "run": str(int(name[5:7]))}
    if card.source["set"] == "sleep-cassette":
        return {"recording": name[:6], "session": name[5], "run": "1"}
    return {"recording": path.stem, "session": "1", "run": "1"}


def _fetch(card: Card, subjects: list[str]) -> None:
    """Have MNE fetch what is missing."""
    import mne

    first = card.source["files"][0].format(subject=int(subjects[0]))
    place = mne_folder(card.source["sign"]) / first
    if is_offline():
        raise _absent(card, place, f"{OFFLINE} forbids the network")
    numbers = [int(each) for each in subjects]
    size = f", {card.source['megabytes']} MB for all" if "megabytes" in card.source else ""
    mne.utils.logger.info(f"{card.name}: {len(numbers)} people from {card.source['host']}{size}")
    with borrowed_settings(card.source["sign"]) as folder:
        try:
            _FETCHERS[_set(card)](card, numbers, str(folder))
        except Exception as error:  # pooch and requests raise many kinds; all mean the same here
            raise _absent(card, place, str(error)) from error


def _absent(card: Card, place: Path, reason: str) -> DownloadError:
    return DownloadError(
        f"{card.name} is not on this machine and could not be fetched",
        found=reason,
        expected=str(place),
        fix=f"the files are at {card.source['host']}; put them there, or set MNE_DATA to the "
        "folder that holds them",
    )


def _fetch_eegbci(card: Card, subjects: list[int], folder: str) -> None:
    import mne

    for subject in subjects:
        mne.datasets.eegbci.load_data(
            subject, card.source["runs"], path=folder, update_path=False, verbose="info"
        )


def _fetch_sample(card: Card, subjects: list[int], folder: str) -> None:
    import mne

    mne.datasets.sample.data_path(path=folder, update_path=False, verbose="info")


def _fetch_sleep(card: Card, subjects: list[int], folder: str) -> None:
    import mne

    mne.datasets.sleep_physionet.age.fetch_data(
        subjects, recording=(1, 2), path=folder, on_missing="ignore", verbose="info"
    )


def _open_eegbci(path: Path, card: Card) -> Recording:
    recording = cast(Recording, read(path))
    if recording.sfreq != card.sfreq:
        raise DataError(
            f"{path.name} has another rate than the card says",
            found=f"{recording.sfreq:g} Hz",
            expected=f"{card.sfreq:g} Hz",
            fix="leave this person out: nd.load(..., subjects=[...])",
        )
    names = {name: _standard(name) for name in recording.channels.names}
    return recording.rename(names).set_montage(card.channels["montage"])


def _standard(name: str) -> str:
    """The 10-05 spelling of a name in these files: "Fc5." is FC5, "Fpz." is Fpz, "Cz.." is Cz."""
    name = electrode_name(name).upper()
    return name.replace("Z", "z").replace("FP", "Fp")


def _open_sample(path: Path, card: Card) -> Recording:
    # Sample numbers of event files count from the start of acquisition; `read` takes that off.
    return cast(Recording, read(path, events=path.with_name(path.stem + "-eve.fif")))


def _open_sleep(path: Path, card: Card) -> Recording:
    """One night, one event a page of 30 s, from half an hour before sleep to half an hour after."""
    import mne

    # The letter of the scorer differs: SC4001E0-PSG.edf goes with SC4001EC-Hypnogram.edf.
    scored = sorted(path.parent.glob(f"{path.name[:7]}*-Hypnogram.edf"))
    if not scored:
        raise DataError(
            f"{path.name} has no hypnogram beside it",
            found=f"no {path.name[:7]}*-Hypnogram.edf in {path.parent}",
            expected="the stages, which lie in a file of their own",
        )
    recording = cast(Recording, read(path))
    return recording.with_events(pages(mne.read_annotations(scored[0])))


def pages(annotations: Any) -> pd.DataFrame:
    """Events of 30 s from the stages of a hypnogram; movement and unscored time are left out.

    Parameters
    ----------
    annotations : mne.Annotations
        One a stretch of equal stage.

    Returns
    -------
    events : DataFrame with onset (s), duration (s), label W, N1, N2, N3 or R

    Examples
    --------
    >>> import mne
    >>> stages = ["Sleep stage 2", "Sleep stage 4", "Sleep stage ?"]
    >>> pages(mne.Annotations([0, 60, 90], [60, 30, 90], stages))["label"].tolist()
    ['N2', 'N2', 'N3']
    """
    onsets, labels = [], []
    for onset, duration, word in zip(
        annotations.onset, annotations.duration, annotations.description, strict=True
    ):
        if (stage := _STAGES.get(str(word))) is not None:
            starts = onset + PAGE * np.arange(int(duration // PAGE))
            onsets += starts.tolist()
            labels += [stage] * len(starts)
    events = pd.DataFrame({"onset": onsets, "duration": PAGE, "label": labels})
    asleep = events.loc[events["label"] != "W", "onset"]
    if not len(asleep):
        return events
    near = events["onset"].between(asleep.min() - AROUND_SLEEP, asleep.max() + AROUND_SLEEP)
    return events.loc[near].reset_index(drop=True)


_OPENERS: dict[str, Callable[[Path, Card], Recording]] = {
    "eegbci": _open_eegbci, "sample": _open_sample, "sleep-cassette": _open_sleep,
}  # fmt: skip
_FETCHERS: dict[str, Callable[[Card, list[int], str], None]] = {
    "eegbci": _fetch_eegbci, "sample": _fetch_sample, "sleep-cassette": _fetch_sleep,
}  # fmt: skip
