"""Sets that MNE-Python fetches: PhysioNet EEG motor movement/imagery (EEGBCI).

Files that already lie in MNE's folder are used as they are; only what is missing is downloaded, and
what, from where and how much is said before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from neurodecode.core.card import Card
from neurodecode.core.errors import DataError, DownloadError
from neurodecode.core.montage import electrode_name
from neurodecode.core.recording import Recording
from neurodecode.loaders.reading import read

HOST = "physionet.org"


def read_recordings(card: Card, subjects: list[str] | None) -> list[Recording]:
    """One recording a subject and run of the card.

    Raises
    ------
    DownloadError : files are missing and could not be fetched; nothing half-written stays.
    DataError : a file has another rate than the card says.
    """
    recordings = []
    for subject in subjects or card.subjects:
        paths = fetch_eegbci(int(subject), card.source["runs"], card.name)
        for run, path in zip(card.source["runs"], paths, strict=True):
            recordings.append(_open(path, card, subject, str(run)))
    return recordings


def is_present(card: Card) -> bool:
    """Whether MNE's folder holds all files of the card."""
    return all(
        path.is_file()
        for subject in card.subjects
        for path in _paths(int(subject), card.source["runs"])
    )


def fetch_eegbci(subject: int, runs: list[int], name: str) -> list[Path]:
    """Paths of the EDF files of one person, from MNE's folder or the network.

    Raises
    ------
    DownloadError
    """
    import mne

    paths = _paths(subject, runs)
    if all(path.is_file() for path in paths):
        return paths
    folder = _folder()
    missing = [path.name for path in paths if not path.is_file()]
    mne.utils.logger.info(f"{name}: {len(missing)} files from {HOST} (2.6 MB each) to {folder}")
    try:
        found = mne.datasets.eegbci.load_data(
            subject, runs, path=str(folder), update_path=False, verbose="info"
        )
    except Exception as error:  # pooch and requests raise many kinds; all mean the same here
        raise DownloadError(
            f"{name}: {', '.join(missing)} could not be downloaded",
            found=str(error),
            expected=f"{HOST} to answer, or the files in {paths[0].parent}",
            fix="check the network, or copy the files there by hand",
        ) from error
    return [Path(path) for path in found]


def _paths(subject: int, runs: list[int]) -> list[Path]:
    stem = _folder() / f"MNE-eegbci-data/files/eegmmidb/1.0.0/S{subject:03d}"
    return [stem / f"S{subject:03d}R{run:02d}.edf" for run in runs]


def _folder() -> Path:
    """MNE's folder of this set, as MNE itself looks it up, without changing its settings."""
    import mne

    for key in ("MNE_DATASETS_EEGBCI_PATH", "MNE_DATA"):
        place = os.environ.get(key) or mne.get_config(key)
        if place:
            return Path(str(place)).expanduser()
    return Path.home() / "mne_data"


def _open(path: Path, card: Card, subject: str, run: str) -> Recording:
    recording = cast(Recording, read(path)).with_ids(recording=path.stem, subject=subject, run=run)
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
