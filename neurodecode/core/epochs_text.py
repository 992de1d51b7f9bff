"""How epochs describe themselves: units, rate, and what time zero is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurodecode.core.words import html_table

if TYPE_CHECKING:
    from neurodecode.core.epochs import Epochs


def text(epochs: Epochs) -> str:
    """One line for terminals and notebooks."""
    return " · ".join(_parts(epochs))


def html(epochs: Epochs) -> str:
    """A small table for notebooks."""
    rows = {
        "trials": f"{len(epochs)}" + _of_whom(epochs),
        "channels": epochs.channels.text(),
        "time": _window(epochs),
        "targets": _targets(epochs),
    }
    if epochs.rank is not None:
        rows["rank"] = str(epochs.rank)
    title = (epochs.name or "Epochs") + (" (simulated)" if epochs.simulated else "")
    return html_table(title, [(key, value) for key, value in rows.items() if value])


def _parts(epochs: Epochs) -> list[str]:
    parts = [f"{len(epochs)} trials", epochs.channels.text(), _window(epochs), _targets(epochs)]
    if "part" in epochs._all_trials:
        parts.append("published split")
    if epochs.simulated:
        parts.append("simulated")
    return [part for part in parts if part]


def _window(epochs: Epochs) -> str:
    low, high = (f"{value:.4g}".replace("-", "−") for value in (epochs.tmin, epochs.tmax))
    return f"{low} to {high} s at {epochs.sfreq:g} Hz, 0 = {epochs.zero}"


def _targets(epochs: Epochs) -> str:
    if epochs.y is None:
        return "no targets"
    if epochs.y.dtype.kind == "f":
        width = " x ".join(map(str, epochs.y.shape[1:])) or "1"
        return f"continuous targets ({width})"
    return f"{len(epochs.classes)} classes"


def _of_whom(epochs: Epochs) -> str:
    people = len(set(epochs.groups("subject")))
    sessions = len({*zip(epochs.groups("subject"), epochs.groups("session"), strict=True)})
    return f", {people} subject(s), {sessions} session(s)"
