"""Sets that nilearn fetches: Haxby's object categories and the movie of the development study.

Files are looked up, and fetched where they are missing, by nilearn itself: in
``NILEARN_SHARED_DATA``, ``NILEARN_DATA`` or ``~/nilearn_data``.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any, cast

import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.dependencies import need
from neurodecode.core.errors import CardError, DownloadError
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
    sets = {"haxby": haxby_people, "development-fmri": development_study}
    name = card.source.get("set", "")
    if name not in sets:
        raise CardError(f"{card.name}: no such set", found=repr(name), expected=", ".join(sets))
    people = subjects or card.subjects
    if is_offline() and not all(_images(card, each) for each in people):
        raise _absent(card, f"{OFFLINE} forbids the network")
    return sets[name](card, people)


def haxby_people(card: Card, subjects: list[str]) -> list[Recording]:
    """One recording a person: voxels of ventral temporal cortex, blocks as events.

    The file holds twelve runs one after the other: an edge lies between two, and each block knows
    its run, because leaving runs out is the only honest split.
    """
    bunch = _fetch(card, "fetch_haxby", subjects=[int(each) for each in subjects])
    options = card.source.get("options", {})
    recordings = []
    for i, subject in enumerate(subjects):
        labels, mask = bunch.session_target[i], bunch.mask_vt[i]
        whole = read(bunch.func[i], mask=mask, tr=TR_HAXBY, events=labels, **options)
        ids = {"subject": subject, "recording": f"{card.name} sub-{subject}"}
        recordings.append(cast(Recording, whole).with_ids(**ids))
    return recordings


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


def _images(card: Card, subject: str) -> list[Path]:
    """Images of a person in the first of nilearn's folders that has some."""
    wanted = card.source["files"].format(subject=int(subject))
    found = (sorted((each / card.source["folder"]).glob(wanted)) for each in folders())
    return next(filter(None, found), [])


def files(card: Card, subjects: list[str] | None) -> list[Path]:
    """Images that are here and what lies beside them, labels and masks, for the epoch store."""
    images = [path for each in subjects or card.subjects for path in _images(card, each)]
    beside = set()
    for image in images:
        person, mark, _ = image.name.partition("_")  # a folder a person, or a prefix a person
        beside |= {*image.parent.glob(f"{person}_*" if mark else "*")}
        beside |= {*image.parent.glob("participants.tsv")}
    return sorted(path for path in beside if path.is_file())


def is_present(card: Card) -> bool:
    """Whether nilearn's folders hold every person of the card."""
    return all(_images(card, each) for each in card.subjects)
