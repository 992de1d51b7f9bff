"""An inspection as text for the terminal, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neurodecode.core.channels import KIND_WORDS
from neurodecode.core.memory import bytes_words
from neurodecode.core.recording_text import clock_words, duration_words, gap_words
from neurodecode.core.words import grouped, small_number

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording
    from neurodecode.loaders.inspection import Inspection

WIDTH = 100
_MOST = 20  # rows of a list before "and more"
SLOWEST = 104.0  # Hz; below, a peak at 50 Hz and its neighbours are out of reach


def text(inspection: Inspection) -> str:
    """The whole inspection, ready to print."""
    parts = [
        title(inspection),
        "",
        *_rows("channels", channel_lines(inspection)),
        *_rows("space", space_lines(inspection)),
        *_rows("amplitude", amplitude_lines(inspection)),
        *_rows("bad?", suspect_lines(inspection)),
        *_rows("spectrum", [spectrum_line(inspection)]),
        *_rows("gaps", [gap_words(inspection.recording) or "none"]),
        *_rows("events", event_lines(inspection)),
        *_rows("notes", [line for note in inspection.recording.notes for line in _wrapped(note)]),
        "",
        *(f"  {line}" for line in suggestion_lines(inspection)),
        "  --html look.html writes this page with traces, spectra and a head map.",
    ]
    return "\n".join(line.rstrip() for line in parts)


def _wrapped(note: str) -> list[str]:
    return textwrap.wrap(note, WIDTH - 15, subsequent_indent="  ")


def _rows(word: str, lines: list[str]) -> list[str]:
    """A word in the margin, its lines beside it."""
    return [f"  {word if i == 0 else '':<10} {line}" for i, line in enumerate(lines)]


def title(inspection: Inspection) -> str:
    """Name, format, length, rate and size."""
    recording = inspection.recording
    parts = [
        inspection.format,
        f"{duration_words(recording.duration)} at {recording.sfreq:g} Hz",
        ", ".join(
            ([f"{bytes_words(inspection.bytes_on_disk)} on disk"]
             if inspection.bytes_on_disk is not None else [])
            + [f"{bytes_words(recording.n_bytes)} in memory"]
        ),
    ]  # fmt: skip
    if inspection.share < 0.995:
        parts.append(f"{100 * inspection.share:.0f} % looked at")
    return f"{recording.recording}   {' · '.join(parts)}"


def channel_lines(inspection: Inspection) -> list[str]:
    """One line a kind: how many, unit, and for the first kind with places where they come from."""
    channels = inspection.recording.channels
    lines, placed = [], False
    for kind, count in channels.kind_counts().items():
        picks = channels.of_kind(kind)
        unit = "/".join(sorted({channels.units[i] or "-" for i in picks}))
        line = f"{count:>3} {KIND_WORDS[kind]:<4} {unit}"
        if kind in ("misc", "stim") and count <= 6:
            line += "   " + ", ".join(repr(channels.names[i]) for i in picks)
        if kind == "eeg" and channels.reference:
            line += f"   ref {channels.reference}"
        if kind not in ("misc", "stim") and not placed:
            placed = True
            line += "   " + _places(inspection, picks)
        lines.append(line)
    if channels.bads:
        bads = [name for name in channels.names if name in channels.bads]
        lines.append("    marked bad: " + ", ".join(bads))
    return lines


def _places(inspection: Inspection, picks: np.ndarray) -> str:
    channels = inspection.recording.channels
    known = np.isfinite(channels.positions[picks]).all(axis=1)
    if not known.any():
        return "no positions: rec.set_montage(name)"
    origin = "the file" if channels.position_from == "file" else "template standard_1005"
    words = f"{int(known.sum())} of {len(picks)} have positions ({origin})"
    if lost := [channels.names[i] for i in picks[~known]]:
        more = f" and {len(lost) - 4} more" if len(lost) > 4 else ""
        words += "; no match: " + ", ".join(map(repr, lost[:4])) + more
    return words


def space_lines(inspection: Inspection) -> list[str]:
    """The grid or surface that the channels sit on, where there is one."""
    space = inspection.recording.space
    return [] if space is None else [repr(space)]


def amplitude_lines(inspection: Inspection) -> list[str]:
    """Median standard deviation of each kind, beside what is usual."""
    lines = []
    for each in inspection.amplitudes:
        line = (
            f"{KIND_WORDS[each.kind]}: median s.d. {_figure(each.median_sd)} {each.unit}".rstrip()
        )
        if each.usual is not None:
            line += f" (usually {each.usual[0]:g} to {each.usual[1]:g}) {'✓' if each.ok else '!'}"
        lines.append(line)
    if any(each.usual and not 0.01 < each.median_sd / each.usual[1] < 100
           for each in inspection.amplitudes):  # fmt: skip
        lines.append("far from usual by more than a hundred: is the unit right?")
    return lines or ["nothing to judge"]


def _figure(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def suspect_lines(inspection: Inspection) -> list[str]:
    """One line a channel to look at."""
    if not inspection.suspects:
        return ["none found"]
    shown = inspection.suspects[:_MOST]
    width = max(len(each.channel) for each in shown)
    lines = [f"{each.channel:<{width}}  {each.reason}" for each in shown]
    if len(inspection.suspects) > _MOST:
        lines.append(f"and {len(inspection.suspects) - _MOST} more")
    return lines


def spectrum_line(inspection: Inspection) -> str:
    """Mains and the band the recording was filtered to."""
    spectrum, (low, high) = inspection.spectrum, inspection.recording.band
    if spectrum is None:
        return "no brain channel to look at"
    if inspection.recording.sfreq < SLOWEST:
        words = ["sampled too slowly to see mains"]
    elif spectrum.mains is None:
        words = ["no mains peak at 50 or 60 Hz"]
    else:
        words = [f"mains {spectrum.mains:g} Hz: {spectrum.mains_db:.0f} dB above its neighbours"]
    if low:
        words.append(f"recorded high-pass {low:g} Hz")
    if high:
        words.append(f"recorded low-pass {high:g} Hz")
    return " · ".join(words)


def event_lines(inspection: Inspection) -> list[str]:
    """A table of labels."""
    events = inspection.events
    if events.empty:
        return ["none"]
    shown = events.head(_MOST)
    width = min(40, max(4, *(len(label) for label in shown["label"])))
    lines = [f"{'label':<{width}}  {'count':>6}  {'first':>7}  {'last':>7}  shortest gap"]
    for label, count, first, last, gap in event_cells(shown):
        lines.append(f"{label[:width]:<{width}}  {count:>6}  {first:>7}  {last:>7}  {gap:>12}")
    if len(events) > _MOST:
        lines.append(f"and {len(events) - _MOST} more labels")
    return lines


def event_cells(events: pd.DataFrame) -> list[tuple[str, str, str, str, str]]:
    """Label, count, first, last and shortest gap of each row, in words."""
    return [
        (
            str(row["label"]),
            grouped(row["count"]),
            clock_words(row["first"]),
            clock_words(row["last"]),
            "–" if np.isnan(row["shortest_gap"]) else duration_words(row["shortest_gap"]),
        )
        for row in events.to_dict("records")
    ]


def suggestion_lines(inspection: Inspection) -> list[str]:
    """The first lines to type."""
    recording, found = inspection.recording, inspection.suggestion
    read = [] if recording.source is None else [f"  rec = nd.read({recording.source!r})"]
    if "bold" in recording.channels.kinds:
        return ["Start from:", *_volume_lines(recording)]
    if not found:
        return ["Start from:", *read, "  epochs = rec.windows(length=1.0, step=0.5)"]
    low, high = min(found["counts"]), max(found["counts"])
    size = f"{low}" if low == high else f"{low} to {high}"
    classes = ", ".join(f'"{name}": "{event}"' for name, event in found["classes"].items())
    window = f"tmin={found['tmin']}, tmax={found['tmax']})"
    call = f"  epochs = rec.epoch({{{classes}}}, "
    cut = [call + window] if len(call + window) < WIDTH else [call.rstrip(), " " * 21 + window]
    return [
        f"Looks like {small_number(len(found['classes']))} classes of {size} trials. Start from:",
        *read,
        *cut,
    ]


def _volume_lines(recording: Recording) -> list[str]:
    """First lines for fMRI: what a reader still needs, and one value a block."""
    asked = "" if len(recording.events) else ', events="events.tsv"'
    if any(note.startswith("no mask given") for note in recording.notes):
        asked = ', mask="mask.nii.gz"' + asked
    longest = float(recording.events["duration"].to_numpy().max(initial=0.0))
    window = f"tmin=4, tmax={max(longest, 4.0) + 4:g}"
    return [
        f"  rec = nd.read({recording.source!r}{asked})",
        f'  epochs = rec.epoch({window}, average=True)   # or hrf="lss": a beta a trial',
    ]
