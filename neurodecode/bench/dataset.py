"""What a benchmark runs over: a card, epochs, or recordings with the window to cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from neurodecode.bench.cells import describe
from neurodecode.bench.published import is_repaired, published_scores
from neurodecode.bench.recipes import build_recording_steps
from neurodecode.core.card import Card
from neurodecode.core.channels import KIND_WORDS, Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs
from neurodecode.core.recipe import Recipe
from neurodecode.core.study import Study
from neurodecode.evaluation import Splitter
from neurodecode.evaluation import split as make_split

RECORDING_NOTE = "recording steps ran on epochs"
WHOLE_NOTE = "recording steps learned from whole recordings, test trials included"


@dataclass(eq=False)
class BenchData:
    """One data set of a benchmark.

    Parameters
    ----------
    name : str
    cut : Epochs as cut without any recipe's wishes, or what cuts them when first asked
    card : Card or None
    recordings : Recording or Study or None, where the user gave them
    request : dict, arguments of `nd.load` of a card, or of `recordings.epoch`
    """

    name: str
    cut: Epochs | Callable[[], Epochs]
    card: Card | None = None
    recordings: Any = None
    request: Mapping[str, Any] = field(default_factory=dict)
    _cuts: list[tuple[Any, Epochs]] = field(default_factory=list, repr=False)

    # Whose conventions folds, cut and metric follow ("" is ours), and which outputs are scores.
    convention: ClassVar[str] = ""
    note: ClassVar[str] | property = ""
    responses: ClassVar[tuple[str, ...]] = ("predict_proba", "decision_function")

    @cached_property
    def epochs(self) -> Epochs:
        """Trials as cut without any recipe's wishes.

        Raises
        ------
        DataError : they have no targets.
        """
        epochs = self.cut() if callable(self.cut) else self.cut
        if epochs.y is None:
            raise DataError(
                f"{self.name}: nothing to predict",
                found="epochs without targets",
                expected="labels or continuous targets, one per trial",
                fix="epochs.with_y(labels)",
            )
        return epochs

    def for_recipe(self, recipe: Recipe | None) -> tuple[Epochs, list[tuple[str, Any]], str]:
        """Epochs as a recipe wants them, the steps that must still run on them, and a note.

        Where recordings exist, the recipe's recording steps run on them before the cut. On sets
        that exist only as epochs they act on epochs, and the note says so.
        """
        if recipe is None:
            return self.epochs, [], ""
        steps = build_recording_steps(recipe)
        if not self.is_recut(bool(steps)):
            return self._cropped(recipe.window), steps, RECORDING_NOTE if steps else ""
        # Recipes that ask for the same cut share it, and all that is computed from it.
        key = (describe([step for _, step in steps]), recipe.window)
        cut = next((epochs for known, epochs in self._cuts if known == key), None)
        if cut is None:
            cut = self._cut([step for _, step in steps], recipe.window)
            self._cuts.append((key, cut))
        learned = any(_scope_on_recordings(step) != "trial" for _, step in steps)
        return cut, [], WHOLE_NOTE if learned else ""

    def is_recut(self, has_steps: bool) -> bool:
        """Whether recipes get a cut of their own: there are recordings that steps run on."""
        return self.recordings is not None or (has_steps and _is_continuous(self.card))

    def _cut(self, steps: list[Any], window: tuple[float | None, float | None]) -> Epochs:
        """Steps on the recordings, then the cut."""
        if self.recordings is None:
            return self._cut_card(steps, window)
        return self._cut_recordings(steps, window)

    def _cut_card(self, steps: list[Any], window: Any, **changes: Any) -> Epochs:
        from neurodecode.loaders import load

        arguments: dict[str, Any] = {**self.request, **_ends(window), **changes}
        arguments["steps"] = [*arguments.get("steps", ()), *steps]
        return load(self.name, **arguments)

    def _cut_recordings(self, steps: list[Any], window: Any, **changes: Any) -> Epochs:
        recordings = self.recordings
        for step in steps:
            recordings = step.transform(recordings)
        return recordings.epoch(**{**self.request, **_ends(window), **changes})

    def _cropped(self, window: tuple[float | None, float | None]) -> Epochs:
        """Epochs inside the recipe's window, as far as the data reach."""
        epochs = self.epochs
        tmin = epochs.tmin if window[0] is None else max(window[0], epochs.tmin)
        tmax = epochs.tmax if window[1] is None else min(window[1], epochs.tmax)
        if (tmin, tmax) == (epochs.tmin, epochs.tmax) or tmin >= tmax:
            return epochs
        cropped = next((cut for known, cut in self._cuts if known == (tmin, tmax)), None)
        if cropped is None:
            cropped = epochs.crop(tmin, tmax)
            self._cuts.append(((tmin, tmax), cropped))
        return cropped

    @property
    def classes(self) -> tuple[Any, ...]:
        """Sorted labels; empty for continuous targets."""
        y = np.asarray(self.epochs.y)
        return () if y.dtype.kind == "f" else tuple(self.epochs.classes.tolist())

    @property
    def main_metric(self) -> str:
        """The metric that leads where none is asked for."""
        return "balanced-accuracy" if self.classes else "r2"

    def splitter(self, kind: str, k: int, n_calibration: int = 0) -> Splitter:
        """Splitter of a kind: trials that the card calls one unit stay on one side."""
        unit = str(self.card.split["unit"]) if self.card else "trial"
        # Wider kinds of split keep these together by themselves.
        if kind != "within-session" or unit in ("subject", "session"):
            unit = "trial"
        return make_split(kind, k=k, unit=unit, n_calibration=n_calibration)

    def info(self, split: str, metric: str) -> dict[str, Any]:
        """What tables and the report say about the data."""
        epochs, card = self.epochs, self.card
        known = not bool((epochs.channels.positions != epochs.channels.positions).all())
        return {
            "classes": [str(label) for label in self.classes],
            "modality": card.modality if card else epochs.channels.kinds[0],
            "n_trials": len(epochs),
            "n_channels": epochs.shape[1],
            "channel_text": channel_words(epochs.channels),
            "channel_names": list(epochs.channels.names),
            "positions": epochs.channels.positions.tolist() if known else None,
            "sfreq": epochs.sfreq,
            "tmin": epochs.tmin,
            "tmax": epochs.tmax,
            "n_subjects": len(set(epochs.groups("subject"))),
            "parts": _part_counts(epochs),
            "simulated": epochs.simulated,
            "split": split,
            "metric": metric,
            "convention": self.convention,
            "published": published_scores(card, split, self.request) if card else [],
            "repaired": card is not None and is_repaired(card, self.request),
            **self._faults(),
        }

    def _faults(self) -> dict[str, str | None]:
        """What the card knows against the data: faults with their repair, and remarks."""
        flaws = self.card.flaws if self.card else []
        as_distributed = bool(self.request.get("as_distributed"))
        faults = [
            flaw.text + (f" Repaired: {flaw.repair}." if flaw.repair and not as_distributed else "")
            for flaw in flaws
            if flaw.kind != "other"
        ]
        remarks = [flaw.text for flaw in flaws if flaw.kind == "other"]
        return {"flaw": " ".join(faults) or None, "remark": " ".join(remarks) or None}


def _scope_on_recordings(step: Any) -> str:
    """What a sample that the step gives depends on, where it acts on a recording."""
    return getattr(step, "scope_on_recordings", None) or getattr(step, "scope", "train")


def _ends(window: tuple[float | None, float | None]) -> dict[str, float]:
    """The window's ends that a recipe names."""
    return {k: v for k, v in zip(("tmin", "tmax"), window, strict=True) if v is not None}


def open_data(datasets: Any, jobs: int = 1) -> list[BenchData]:
    """What the user named; it is cut when first asked for.

    Parameters
    ----------
    datasets : a card's name, Epochs, (name, arguments of nd.load), (Recording or Study,
        arguments of .epoch), or a list of these
    jobs : int, default 1
        Recordings of a study that are read, filtered and cut at the same time.

    Raises
    ------
    DataError : something else, or two data sets of one name.
    """
    entries = datasets if isinstance(datasets, list) else [datasets]
    opened = [_open_one(entry, jobs) for entry in entries]
    _name_apart(opened)
    return opened


def _open_one(entry: Any, jobs: int) -> BenchData:
    request: dict[str, Any] = {}
    if isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], Mapping):
        entry, request = entry[0], dict(entry[1])
    if isinstance(entry, Study):
        request.setdefault("jobs", jobs)
    return _open_named(entry, request)


def _open_named(entry: Any, request: dict[str, Any]) -> BenchData:
    if isinstance(entry, BenchData):
        return entry
    if isinstance(entry, str):
        from neurodecode.loaders import find_card, load

        card = find_card(entry, task=request.get("task"), labels=request.get("labels"))
        return BenchData(card.name, partial(load, entry, **request), card, request=request)
    if hasattr(entry, "epoch"):  # Recording or Study
        name = str(getattr(entry, "name", None) or getattr(entry, "recording", None) or "study")
        cut = partial(entry.epoch, **request)
        return BenchData(name, cut, recordings=entry, request=request)
    epochs = as_epochs(entry)
    return BenchData(epochs.name or "epochs", epochs)


def _name_apart(opened: Sequence[BenchData]) -> None:
    """Number unnamed data; refuse two of one given name."""
    names = [data.name for data in opened]
    for name in dict.fromkeys(names):
        same = [data for data in opened if data.name == name]
        if len(same) > 1 and any(data.card for data in same):
            raise DataError(
                "two data sets of one name",
                found=f"{name!r}, {len(same)} times",
                expected="every data set once",
                fix="name them apart, or join them: nd.concat([a, b])",
            )
        if len(same) > 1:
            for number, data in enumerate(same, start=1):
                data.name = f"{name}-{number}"


def _is_continuous(card: Card | None) -> bool:
    from neurodecode.loaders import has_recordings

    return card is not None and has_recordings(card)


def channel_words(channels: Channels) -> str:
    """Channels by kind, without units.

    Examples
    --------
    >>> channel_words(Channels(["C3", "C4"]))
    '2 EEG'
    """
    return " + ".join(f"{n} {KIND_WORDS[kind]}" for kind, n in channels.kind_counts().items())


def _part_counts(epochs: Epochs) -> dict[str, int]:
    if "part" not in epochs.trials:
        return {}
    return {str(k): int(v) for k, v in epochs.trials["part"].value_counts(sort=False).items()}
