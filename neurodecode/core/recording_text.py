"""How recordings describe themselves: rate, channels, duration, events, gaps, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neurodecode.core.events import event_counts, event_name
from neurodecode.core.intervals import BREAKS
from neurodecode.core.words import html_table, plural

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording

_MOST = 12  # event labels listed before "and more"


def text(recording: Recording) -> str:
    """A few lines for terminals and notebooks."""
    title, rows = _parts(recording)
    return "\n".join([title, *(f"  {word:<10} {value}" for word, value in rows)])


def html(recording: Recording) -> str:
    """A small table for notebooks."""
    title, rows = _parts(recording)
    return html_table(title, rows)


def clock_words(seconds: float) -> str:
    """A place in a recording.

    Examples
    --------
    >>> clock_words(14.2), clock_words(1251), clock_words(5025)
    ('0:14', '20:51', '1:23:45')
    """
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def duration_words(seconds: float) -> str:
    """A length of time to the second, to three digits below a minute.

    Examples
    --------
    >>> duration_words(1274), duration_words(0.85), duration_words(7322)
    ('21 min 14 s', '0.85 s', '2 h 2 min')
    """
    if seconds < 59.5:
        return f"{seconds:.3g} s"
    minutes, second = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {second} s"
    return f"{minutes // 60} h {minutes % 60} min"


def gap_words(recording: Recording) -> str:
    """Edges and gaps in a sentence; an empty text where there are none."""
    breaks = recording.intervals.loc[recording.intervals["kind"].isin(BREAKS)]
    if breaks.empty:
        return ""
    places = [
        f"at {clock_words(onset)}" + (f" for {duration_words(length)}" if length > 0 else "")
        for onset, length in zip(breaks["onset"][:5], breaks["duration"][:5], strict=True)
    ]
    more = f" and {len(breaks) - 5} more" if len(breaks) > 5 else ""
    return f"{len(breaks)}, {', '.join(places)}{more}: no window will cross " + (
        "it" if len(breaks) == 1 else "them"
    )


def _parts(recording: Recording) -> tuple[str, list[tuple[str, str]]]:
    title = (
        f"{recording.recording} · {duration_words(recording.duration)} at {recording.sfreq:g} Hz"
    )
    rows = [("channels", recording.channels.text()), ("events", events_words(recording.events))]
    bads = [name for name in recording.channels.names if name in recording.channels.bads]
    if bads:
        rows.append(("bad", ", ".join(bads) + " (marked; left out by .epoch)"))
    if gaps := gap_words(recording):
        rows.append(("gaps", gaps))
    spans = recording.intervals.loc[~recording.intervals["kind"].isin(BREAKS)]
    if len(spans):
        total = duration_words(spans["duration"].to_numpy().sum())
        rows.append(("bad spans", f"{len(spans)}, {total} in all"))
    for name, series in recording.targets.items():
        rows.append(("target", f"{name} ({len(series)})"))
    if recording.space is not None:
        rows.append(("space", repr(recording.space)))
    if recording.simulated:
        rows.append(("simulated", "no brain made these data"))
    rows += [("note", note) for note in recording.notes]
    return title, rows


def events_words(events: pd.DataFrame) -> str:
    """Labels of a table of events and how many there are of each."""
    counts = event_counts(events)
    if not counts:
        return "none"
    listed = [f"{event_name(label)!r} ({n})" for label, n in list(counts.items())[:_MOST]]
    if len(counts) > _MOST:
        listed.append(f"and {plural(len(counts) - _MOST, 'more label')}")
    return ", ".join(listed)
