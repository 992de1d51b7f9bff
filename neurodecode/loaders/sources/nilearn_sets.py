"""Sets that nilearn fetches: Haxby's object categories and the movie of the development study.

Files are looked up, and fetched where they are missing, by nilearn itself: in
``NILEARN_SHARED_DATA``, ``NILEARN_DATA`` or ``~/nilearn_data``.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.dependencies import need
from neurodecode.core.errors import CardError, DataError, DownloadError
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.loaders.downloading import OFFLINE, is_offline
from neurodecode.loaders.reading import read

TR_HAXBY, TR_DEVELOPMENT = 2.5, 2.0  # s between volumes; the images' headers do not say


def read_recordings(card: Card, subjects: list[str] | None) -> list[Recording] | Study:
    """Recordings of the set that `source.set` of the card names.

    Raises
    ------
    MissingDependency : nilearn is not installed.
    DownloadError : files are missing and cannot be fetched.
    """
    sets = {"haxby": haxby_runs, "development-fmri": development_study}
    name = card.source.get("set", "")
    if name not in sets:
        raise CardError(f"{card.name}: no such set", found=repr(name), expected=", ".join(sets))
    people = subjects or card.subjects
    if is_offline() and not all(_has(card, each) for each in people):
        raise _absent(card, f"{OFFLINE} forbids the network")
    return sets[name](card, people)


def haxby_runs(card: Card, subjects: list[str]) -> list[Recording]:
    """Twelve runs of each person: voxels of ventral temporal cortex, blocks as events.

    The file holds all runs one after the other; each becomes a recording, because leaving runs
    out is the only honest split.
    """
    bunch = _fetch(card, "fetch_haxby", subjects=[int(each) for each in subjects])
    recordings = []
    for i, subject in enumerate(subjects):
        whole = cast(Recording, read(bunch.func[i], mask=bunch.mask_vt[i], tr=TR_HAXBY))
        labels = pd.read_csv(bunch.session_target[i], sep=r"\s+")
        if len(labels) != whole.n_times:
            raise DataError(
                f"{Path(bunch.session_target[i]).name} does not fit its image",
                found=f"{len(labels)} labels, {whole.n_times} volumes",
            )
        words = labels["labels"].to_numpy(dtype=str)
        chunks = labels["chunks"].to_numpy(dtype=np.int64)
        for chunk in np.unique(chunks).tolist():
            rows = np.flatnonzero(chunks == chunk)
            part = whole.with_data(whole.read(int(rows[0]), int(rows[-1]) + 1))
            ids = {"subject": subject, "run": str(chunk + 1)}
            ids["recording"] = f"{card.name} sub-{subject} run-{ids['run']}"
            recordings.append(part.with_events(blocks(words[rows])).with_ids(**ids))
    return recordings


def blocks(words: np.ndarray) -> pd.DataFrame:
    """Events of a run from one label a volume: a row where the label changes, rest left out.

    Parameters
    ----------
    words : array of str, shape (n_volumes,)

    Examples
    --------
    >>> blocks(np.array(["rest", "face", "face", "rest", "cat"]))["onset"].tolist()
    [2.5, 10.0]
    """
    starts = np.flatnonzero(np.concatenate([[True], words[1:] != words[:-1]]))
    stops = np.append(starts[1:], len(words))
    frame = pd.DataFrame(
        {
            "onset": starts * TR_HAXBY,
            "duration": (stops - starts) * TR_HAXBY,
            "label": words[starts],
        }
    )
    return frame.loc[frame["label"] != "rest"].reset_index(drop=True)


def development_study(card: Card, subjects: list[str]) -> Study:
    """One run a person while a movie plays; the one event of each is the person's group."""
    bunch = _fetch(card, "fetch_development_fmri", n_subjects=len(card.subjects))
    people = pd.DataFrame(bunch.phenotypic)
    people["subject"] = people["participant_id"].astype(str).str.extract(r"(\d+)$")[0]
    rows = people.loc[people["subject"].isin(subjects)]
    openers = [
        functools.partial(_movie, bunch.func[i], bunch.confounds[i], str(people["Child_Adult"][i]))
        for i in rows.index
    ]
    columns = ["subject", *(name for name in ("Age", "Child_Adult", "Gender") if name in people)]
    return Study(openers, rows[columns].reset_index(drop=True))


def _movie(image: str, confounds: str, group: str) -> Recording:
    from nilearn import datasets
    from nilearn.image import resample_to_img

    # One mask for all: masks of single people would give everybody other voxels.
    mask = resample_to_img(
        datasets.load_mni152_brain_mask(resolution=4), image, interpolation="nearest",
        force_resample=True, copy_header=True,
    )  # fmt: skip
    recording = cast(Recording, read(image, mask=mask, tr=TR_DEVELOPMENT, confounds=confounds))
    return recording.with_events(pd.DataFrame({"onset": [0.0], "label": [group]}))


def _fetch(card: Card, function: str, **options: Any) -> Any:
    datasets = need("nilearn.datasets", extra="fmri", why=card.name)
    try:
        return getattr(datasets, function)(verbose=0, **options)
    except Exception as error:  # requests, urllib and nilearn raise many kinds
        raise _absent(card, f"{type(error).__name__}: {str(error)[:200]}") from error


def _absent(card: Card, reason: str) -> DownloadError:
    return DownloadError(
        f"{card.name} is not on this machine and could not be fetched",
        found=reason,
        expected=f"nilearn's files in {folders()[0] / card.source['folder']}",
        fix=f"nilearn.datasets.{card.source['fetcher']}() on a machine with network, then copy the "
        "folder; NILEARN_DATA names another place",
    )


def folders() -> list[Path]:
    """Folders in which nilearn looks, in its order."""
    found = []
    for key in ("NILEARN_SHARED_DATA", "NILEARN_DATA"):
        found += [Path(each) for each in os.environ.get(key, "").split(os.pathsep) if each]
    return [*found, Path.home() / "nilearn_data"]


def _has(card: Card, subject: str) -> bool:
    wanted = card.source["files"].format(subject=int(subject))
    return any(any((each / card.source["folder"]).glob(wanted)) for each in folders())


def is_present(card: Card) -> bool:
    """Whether nilearn's folders hold every person of the card."""
    return all(_has(card, each) for each in card.subjects)
