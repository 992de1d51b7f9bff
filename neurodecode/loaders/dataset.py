"""`load`: the name of a data set becomes `Epochs` (or recordings), by its card.

The path is always the same: card, source, recording steps, cut, choice of trials. Sets that exist
only as epochs are repaired where they are flawed, and take the recording steps on epochs. A name
with a prefix ("moabb:", "bids:", "openneuro:", "dandi:") gets a card made for the occasion.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.checks import check_resamplable
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.events import check_classes_cut
from neurodecode.core.study import Study
from neurodecode.linalg.resampling import rate_ratio, resample_spans, resample_trials
from neurodecode.loaders.card_cut import cut
from neurodecode.loaders.card_sources import Labels, find_card, has_recordings, source_of
from neurodecode.loaders.repair import (
    RepairWarning,
    Repeats,
    drop_repeated_recordings,
    repair,
    repeated_recordings,
)
from neurodecode.loaders.store.corpus import card_words, cut_ahead
from neurodecode.loaders.store.epoch_store import EpochStore
from neurodecode.loaders.store.keys import card_key

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording


class Wishes(TypedDict, total=False):
    """Keyword arguments of `load`, for type checkers."""

    subjects: Iterable[str | int] | None
    sessions: Iterable[str | int] | None
    classes: Sequence[str] | None
    channels: Sequence[str] | None
    tmin: float | None
    tmax: float | None
    sfreq: float | None
    steps: Sequence[Any]
    as_distributed: bool
    task: str | None
    labels: Labels | None
    on: str
    store: bool


@overload
def load(name: str, *, form: Literal["epochs"] = "epochs", **wishes: Unpack[Wishes]) -> Epochs: ...
@overload
def load(
    name: str, *, form: Literal["recording"], **wishes: Unpack[Wishes]
) -> Recording | Study: ...
def load(
    name: str,
    *,
    subjects: Iterable[str | int] | None = None,
    sessions: Iterable[str | int] | None = None,
    classes: Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    tmin: float | None = None,
    tmax: float | None = None,
    sfreq: float | None = None,
    steps: Sequence[Any] = (),
    as_distributed: bool = False,
    task: str | None = None,
    labels: Labels | None = None,
    on: str = "same",
    store: bool = True,
    form: str = "epochs",
) -> Any:
    """Trials of a data set, by the name of its card.

    Parameters
    ----------
    name : name of a card (case does not matter), the path of a TOML card, or one of
        "moabb:NAME" (any set of MOABB), "bids:FOLDER", "openneuro:dsNNNNNN", "dandi:NNNNNN"
    subjects, sessions : ids to keep; None keeps all
    classes : labels to keep; None keeps all
    channels : names to keep, in this order; None keeps all brain channels
    tmin, tmax : float, s from the card's time zero, `tmax` excluded; None: the card's window
    sfreq : float, Hz; resampled as by `neurodecode.preprocessing.Resample`, before the cut where
        there are recordings
    steps : recording steps, applied before the cut; on sets that exist only as epochs, on these
    as_distributed : True skips the repair of flawed sets
    task : the task of a BIDS folder, where it holds several
    labels : class -> event name or code, for names with a prefix; cards know their classes
    on : "same", or "common" to keep the channels that all recordings share
    store : True keeps what is cut from files in the epoch store, and opens it from there the next
        time; False reads and cuts anew, in memory. The trials are the same to the bit
    form : "epochs", or "recording" for the uncut signal (one `Recording`, or a `Study` of several)

    Returns
    -------
    epochs : Epochs, natural units; a flawed set is repaired with one `RepairWarning`

    Raises
    ------
    UnknownName : no such card.
    MissingDependency : the package that brings the data is not installed.
    DataError : a subject, session, class or channel does not exist; the message lists what does.

    Examples
    --------
    >>> import neurodecode as nd
    >>> nd.load("sim-mi", subjects=["1"], channels=["C3", "C4"]).shape
    (100, 2, 192)
    """
    if form not in ("epochs", "recording"):
        raise DataError("unknown form", found=repr(form), expected="'epochs' or 'recording'")
    if on not in ("same", "common"):
        raise DataError(
            "a data set by name is one array",
            found=f"on={on!r}",
            expected="'same' or 'common'",
            fix='nd.load(..., form="recording").epoch(..., on="apart") keeps people apart',
        )
    card = find_card(name, task=task, labels=labels)
    people = _people(subjects, card)
    source = source_of(card)
    continuous = has_recordings(card)
    if form == "recording":
        if not continuous:
            raise DataError(
                f"{card.name} exists only as epochs",
                found="form='recording'",
                expected="form='epochs'",
                fix=f"nd.load({card.name!r})",
            )
        return _as_study(_prepare(source.read_recordings(card, people), sfreq, steps, channels))
    if continuous:
        epochs, pairs = _load_continuous(card, source, people, tmin, tmax, sfreq, steps, on, store)
        if not {"label", "step"} & set(card.source):  # there, some people may have one class only
            check_classes_cut(epochs.y, dict.fromkeys(card.classes))
    else:
        epochs, pairs = source.read_epochs(card), []
    if not as_distributed:  # what is cut here cannot be mis-cut, but files can repeat one another
        epochs, done = (
            drop_repeated_recordings(epochs, pairs) if continuous else repair(epochs, card)
        )
        if done:
            warnings.warn(_repair_text(card, done, continuous), RepairWarning, stacklevel=2)
    epochs = _keep(epochs, card, people, sessions, classes)
    if channels is not None:
        epochs = epochs.pick(list(channels))
    if not continuous:
        epochs = _finish_epochs(epochs, tmin, tmax, sfreq, steps)
    return epochs


def _load_continuous(
    card: Card,
    source: Any,
    people: list[str] | None,
    tmin: float | None,
    tmax: float | None,
    sfreq: float | None,
    steps: Sequence[Any],
    on: str,
    store: bool,
) -> tuple[Epochs, Sequence[tuple[str, str]]]:
    """Trials and repeated recordings among them, from the epoch store where they are there."""
    wishes = {"tmin": tmin, "tmax": tmax, "sfreq": sfreq, "steps": list(steps), "on": on}
    key = card_key(card, source, people, wishes) if store else None
    if key is None:
        recordings = _prepare(source.read_recordings(card, people), sfreq, steps, None)
        epochs = cut(card, recordings, tmin, tmax, on)
        return epochs, repeated_recordings(epochs)
    notes: dict[str, Any] = {}

    def one(recordings: Study | list[Recording]) -> Epochs:
        return cut(card, _prepare(recordings, sfreq, steps, None), tmin, tmax)

    place = EpochStore()

    def parts() -> Iterator[Epochs]:
        repeats = Repeats()
        made = cut_ahead(one, source.read_recordings(card, people))
        for part in made if on == "same" else place.common(made):
            repeats.see(part)
            yield part
        notes["repeated"] = repeats.pairs()

    epochs = place.get_or_make(key, parts, card_words(card, wishes), notes)
    return epochs, place.notes(key)["repeated"]


def _people(subjects: Iterable[str | int] | None, card: Card) -> list[str] | None:
    if subjects is None:
        return None
    if card.subjects:
        return _chosen("subject", subjects, card.subjects, card.name)
    return [str(each) for each in ([subjects] if isinstance(subjects, str | int) else subjects)]


def _prepare(
    recordings: Iterable[Recording],
    sfreq: float | None,
    steps: Sequence[Any],
    channels: Sequence[str] | None,
) -> Iterator[Recording] | Study:
    """Recordings through the steps, one after the other: nobody holds two in memory."""
    way = functools.partial(_prepared, sfreq=sfreq, steps=steps, channels=channels)
    return recordings.map(way) if isinstance(recordings, Study) else map(way, recordings)


def _prepared(
    recording: Recording,
    sfreq: float | None,
    steps: Sequence[Any],
    channels: Sequence[str] | None,
) -> Recording:
    for step in steps:
        recording = step.transform(recording)
    if sfreq is not None:
        recording = _resampled_recording(recording, sfreq)
    return recording if channels is None else recording.pick(list(channels))


def _as_study(recordings: Iterator[Recording] | Study) -> Recording | Study:
    if isinstance(recordings, Study):
        return recordings
    every = list(recordings)
    if len(every) == 1:
        return every[0]
    columns = ("subject", "session", "run")
    rows = [{name: getattr(recording, name) for name in columns} for recording in every]
    return Study(every, pd.DataFrame(rows))


def _finish_epochs(
    epochs: Epochs,
    tmin: float | None,
    tmax: float | None,
    sfreq: float | None,
    steps: Sequence[Any],
) -> Epochs:
    """What happens before the cut elsewhere, on a set that was distributed already cut."""
    for step in steps:
        epochs = step.transform(epochs)
    if sfreq is not None:
        epochs = _resampled(epochs, sfreq)
    if tmin is not None or tmax is not None:
        epochs = epochs.crop(tmin, tmax)
    return epochs


def _resampled(epochs: Epochs, sfreq: float) -> Epochs:
    """Epochs at another rate, as `neurodecode.preprocessing.Resample` makes them."""
    ratio = rate_ratio(epochs.sfreq, sfreq)
    if ratio == 1:
        return epochs
    check_resamplable(epochs.channels, f"sfreq={sfreq:g}")
    data, margin = resample_trials(
        epochs.padded(), ratio, epochs.channels.of_kind("stim"), epochs.pad_samples
    )
    return epochs.with_data(data, sfreq=sfreq, pad=margin / sfreq, provenance=f"Resample {ratio}")


def _resampled_recording(recording: Recording, sfreq: float) -> Recording:
    """A recording at another rate, as `neurodecode.preprocessing.Resample` makes it."""
    ratio = rate_ratio(recording.sfreq, sfreq)
    if ratio == 1:
        return recording
    check_resamplable(recording.channels, f"sfreq={sfreq:g}")
    held = recording.channels.of_kind("stim")
    data = resample_spans(recording.data, ratio, recording.good_spans(), held)
    return recording.with_data(data, sfreq=sfreq, note=f"resampled to {sfreq:g} Hz")


def _keep(
    epochs: Epochs,
    card: Card,
    subjects: list[str] | None,
    sessions: Iterable[str | int] | None,
    classes: Sequence[str] | None,
) -> Epochs:
    """Trials of the wanted subjects, sessions and classes."""
    mask = np.ones(len(epochs), dtype=bool)
    if subjects is not None:
        mask &= np.isin(epochs.groups("subject").astype(str), subjects)
    if sessions is not None:
        present = sorted(set(epochs.groups("session").astype(str)))
        wanted = _chosen("session", sessions, present, card.name)
        mask &= np.isin(epochs.groups("session").astype(str), wanted)
    if classes is not None:
        if not card.classes:
            raise DataError(
                f"{card.name} has continuous targets",
                found=f"classes={list(classes)}",
                expected="classes=None",
                fix="leave `classes` out",
            )
        mask &= np.isin(np.asarray(epochs.y), _chosen("class", classes, card.classes, card.name))
    return epochs if mask.all() else epochs[mask]


def _chosen(word: str, wanted: Iterable[str | int], present: Sequence[str], name: str) -> list[str]:
    """Wanted ids as text; an unknown one raises an error that lists what exists."""
    wanted = [wanted] if isinstance(wanted, str | int) else wanted
    chosen = [str(item) for item in wanted]
    unknown = [item for item in chosen if item not in present]
    if unknown or not chosen:
        raise DataError(
            f"{name} has no such {word}",
            found=", ".join(unknown) or "an empty list",
            expected=", ".join(present),
            fix=(did_you_mean(unknown[0], present) if unknown else "")
            or "choose among those, or leave it out to keep all",
        )
    return chosen


def _repair_text(card: Card, done: Sequence[str], continuous: bool) -> str:
    if continuous:
        return (
            f"{card.name}: {'; '.join(done)}. Copies on both sides of a split would leak; "
            "as_distributed=True keeps them."
        )
    return (
        f"{card.name} is flawed as distributed and was repaired: {'; '.join(done)}. "
        "Scores published on it refer to the flawed form; as_distributed=True gives that one."
    )
