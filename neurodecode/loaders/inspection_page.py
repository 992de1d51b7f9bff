"""An inspection as one self-contained page: facts, traces, spectrum, sensors, events.

Figures are inline SVG whose colours follow the reader's theme; each has its numbers beside it as
text. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import itertools
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from neurodecode.core.events import event_name
from neurodecode.core.intervals import BREAKS
from neurodecode.core.recording import Recording
from neurodecode.core.recording_text import clock_words, duration_words, gap_words
from neurodecode.loaders import inspection_text as words

if TYPE_CHECKING:
    from neurodecode.loaders.inspection import Inspection

_TRACES, _SECONDS, _POINTS = 24, 10.0, 700
NUMBER = ' class="n"'
_STYLE = """
:root { color-scheme: light dark; --page: #fff; --panel: #f6f7f9; --text: #1a1d21;
  --quiet: #565e68; --mark: #17579e; --warn: #a8241d; --grid: #d5d9de; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --panel: #1c2026;
  --text: #e8eaed; --quiet: #a4acb6; --mark: #7cc0f5; --warn: #f2938c; --grid: #3a4049; } }
body { background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif;
  max-width: 1160px; margin: 0 auto; padding: 24px 16px; font-variant-numeric: tabular-nums; }
h1 { font-size: 23px; overflow-wrap: anywhere; } h2 { font-size: 17px; margin: 32px 0 8px; }
p, li { max-width: 74ch; } .quiet { color: var(--quiet); font-size: 14px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 14px; }
th, td { text-align: left; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--grid);
  white-space: nowrap; } td.n, th.n { text-align: right; }
pre { background: var(--panel); padding: 12px; overflow-x: auto; font-size: 14px; }
svg { background: var(--panel); max-width: 100%; height: auto; display: block; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
.line { fill: none; stroke: var(--mark); stroke-width: 1; }
.warn { stroke: var(--warn); } circle { fill: var(--mark); } circle.warn { fill: var(--warn); }
.rule { stroke: var(--grid); stroke-width: 1; fill: none; } .outline { stroke: var(--quiet); fill: none; }
.bad { fill: var(--warn); fill-opacity: .25; }
"""  # noqa: E501 - one rule a line reads better than a shorter line


def page(inspection: Inspection) -> str:
    """The whole page as HTML."""
    recording = inspection.recording
    first, _, rest = words.title(inspection).partition("   ")
    sections = [
        ("Channels", _listing(words.channel_lines(inspection))),
        ("Amplitudes", _listing(words.amplitude_lines(inspection))),
        ("Channels to look at", _listing(words.suspect_lines(inspection))),
        ("Traces", _traces(inspection)),
        ("Spectrum", _spectrum(inspection)),
        ("Sensors", _sensors(inspection)),
        ("Events and gaps", _events(inspection)),
        ("Notes", _listing(recording.notes) if recording.notes else _quiet("None.")),
        ("Start from", f"<pre>{escape(chr(10).join(words.suggestion_lines(inspection)))}</pre>"),
    ]
    body = "".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(first)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(first)}</h1>"
        f'<p class="quiet">{escape(rest)}</p>{body}</body></html>\n'
    )


def _listing(lines: list[str] | tuple[str, ...]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line.strip())}</li>" for line in lines) + "</ul>"


def _quiet(sentence: str) -> str:
    return f'<p class="quiet">{escape(sentence)}</p>'


def _svg(width: int, height: int, name: str, content: list[str]) -> str:
    return (
        f'<div class="scroll"><svg role="img" aria-label="{escape(name)}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">{"".join(content)}</svg></div>'
        + _quiet(name)
    )


def _path(x: np.ndarray, y: np.ndarray, css: str = "line") -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline class="{css}" points="{points}"/>'


def _label(x: float, y: float, content: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'


# ---------------------------------------------------------------------- traces
def _traces(inspection: Inspection) -> str:
    recording = inspection.recording
    picks, start, stop = _excerpt(inspection)
    if not len(picks):
        return _quiet("No signal channel to draw.")
    data = recording.read(start, stop, picks).astype(np.float64)
    data -= np.nanmean(data, axis=1, keepdims=True)
    left, row = 90, 26
    height = row * (len(picks) + 1) + 24
    odd = {each.channel for each in inspection.suspects} | recording.channels.bads
    content, scales = [], {}
    for k, i in enumerate(picks):
        kind, name = recording.channels.kinds[i], recording.channels.names[i]
        if kind not in scales:  # one scale a kind, so that a loud channel looks loud
            same = [j for j, pick in enumerate(picks) if recording.channels.kinds[pick] == kind]
            scales[kind] = 4 * float(np.nanmedian(np.nanstd(data[same], axis=1))) or 1.0
        x, y = _outline(data[k])
        middle = row * (k + 1)
        y = middle - np.clip(y / scales[kind] * row, -1.4 * row, 1.4 * row)
        css = "line warn" if name in odd else "line"
        content += [_label(8, middle + 4, name[:12] + (" !" if name in odd else ""))]
        content += [_path(left + x * (1100 - left - 10), y, css)]
    content += _time_axis(start / recording.sfreq, stop / recording.sfreq, left, 1090, height - 8)
    unit = {recording.channels.kinds[i]: recording.channels.units[i] for i in picks}
    rows = ", ".join(f"{size:.3g} {unit[kind]} ({kind})" for kind, size in scales.items())
    begin, length = start / recording.sfreq, (stop - start) / recording.sfreq
    name = (
        f"{len(picks)} of {len(recording.channels)} channels, {duration_words(length)} from "
        f"{clock_words(begin)} on; two rows are {rows} apart; '!' marks channels to look at"
    )
    return _svg(1100, height, name, content)


def _excerpt(inspection: Inspection) -> tuple[np.ndarray, int, int]:
    """Channels and samples to draw: suspects first, from the middle of the longest stretch."""
    recording = inspection.recording
    signals = np.array(
        [i for i, k in enumerate(recording.channels.kinds) if k not in ("stim", "misc")], dtype=int
    )
    if len(signals) > _TRACES:
        odd = {each.channel for each in inspection.suspects[: _TRACES // 2]}
        chosen = [i for i in signals if recording.channels.names[i] in odd]
        rest = np.array([i for i in signals if i not in chosen])
        spread = np.linspace(0, len(rest) - 1, _TRACES - len(chosen)).round().astype(int)
        signals = np.sort(np.array([*chosen, *rest[spread]]))
    low, high = max(recording.good_spans(), key=lambda span: span[1] - span[0])
    n = min(round(_SECONDS * recording.sfreq), high - low)
    start = low + (high - low - n) // 2
    return signals, start, start + n


def _outline(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A trace in at most `_POINTS` points that keeps its peaks; x from 0 to 1."""
    values = np.nan_to_num(values)
    if len(values) <= _POINTS:
        return np.linspace(0, 1, len(values)), values
    edges = np.linspace(0, len(values), _POINTS // 2 + 1).astype(int)
    pairs = [(values[a:b].min(), values[a:b].max()) for a, b in itertools.pairwise(edges)]
    return np.repeat((edges[:-1] + edges[1:]) / 2 / len(values), 2), np.array(pairs).ravel()


def _time_axis(start: float, stop: float, left: float, right: float, y: float) -> list[str]:
    content = []
    for t in np.linspace(start, stop, 6):
        x = left + (t - start) / (stop - start) * (right - left)
        anchor = "start" if t == start else "end" if t == stop else "middle"
        text = clock_words(t) if stop - start > 30 else f"{t:.4g} s"
        content += [f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="{y - 14:.1f}"/>']
        content += [_label(x, y, text, anchor)]
    return content


# ---------------------------------------------------------------------- spectrum
def _spectrum(inspection: Inspection) -> str:
    found = inspection.spectrum
    if found is None:
        return _quiet("No brain channel: no spectrum.")
    keep = (found.frequencies >= 0.5) & (found.frequencies <= 0.45 * inspection.recording.sfreq)
    keep &= (found.frequencies <= 150) & (found.power > 0)
    if keep.sum() < 8:
        return _quiet("Too few frequencies for a spectrum.")
    f, decibel = found.frequencies[keep], 10 * np.log10(found.power[keep])
    low, high = np.floor(decibel.min() / 10) * 10, np.ceil(decibel.max() / 10) * 10

    def x_of(frequency: float | np.ndarray) -> float | np.ndarray:
        return 70 + 440 * np.log(frequency / f[0]) / np.log(f[-1] / f[0])

    def y_of(level: float | np.ndarray) -> float | np.ndarray:
        return 20 + 220 * (high - level) / max(high - low, 10)

    content = []
    for level in np.arange(low, high + 1, 10):
        y = float(y_of(level))
        content += [f'<line class="rule" x1="70" x2="510" y1="{y:.1f}" y2="{y:.1f}"/>']
        content += [_label(62, y + 4, f"{level:.0f}".replace("-", "−"), "end")]
    for tick in (1, 2, 4, 8, 16, 32, 64, 128):
        if f[0] <= tick <= f[-1]:
            content += [_label(float(x_of(tick)), 262, f"{tick}", "middle")]
    content += [_path(np.asarray(x_of(f)), np.asarray(y_of(decibel)))]
    if found.mains is not None and f[0] < found.mains < f[-1]:
        x = float(x_of(found.mains))
        content += [f'<line class="rule warn" x1="{x:.1f}" x2="{x:.1f}" y1="20" y2="240"/>']
    content += [_label(290, 284, "Hz", "middle")]
    name = f"Power spectral density, median over channels, dB of {found.unit or '1'}²/Hz; "
    return _svg(520, 292, name + words.spectrum_line(inspection), content)


# ---------------------------------------------------------------------- sensors
def _sensors(inspection: Inspection) -> str:
    channels = inspection.recording.channels
    places = channels.positions
    signal = np.array([kind not in ("stim", "misc") for kind in channels.kinds])
    known = np.flatnonzero(np.isfinite(places).all(axis=1) & signal)
    if not len(known):
        return _quiet("No sensor places: rec.set_montage('standard_1005') adds template places.")
    offset = places[known] - np.array([0.0, 0.0, 0.04 if channels.frame == "head" else 0.0])
    angle = np.arctan2(np.hypot(offset[:, 0], offset[:, 1]), offset[:, 2])
    radius = angle / (np.pi / 2) * 120
    around = np.arctan2(offset[:, 1], offset[:, 0])
    x, y = 180 + radius * np.cos(around), 185 - radius * np.sin(around)
    odd = {each.channel for each in inspection.suspects} | channels.bads
    content = [
        '<circle class="outline" style="fill:none" cx="180" cy="185" r="120"/>',
        '<polyline class="outline" points="168,66 180,50 192,66"/>',
    ]
    for k, i in enumerate(known):
        name = channels.names[i]
        css = ' class="warn"' if name in odd else ""
        content += [
            f'<circle{css} cx="{x[k]:.1f}" cy="{y[k]:.1f}" r="{5 if name in odd else 3}">'
            f"<title>{escape(name)}</title></circle>"
        ]
        if name in odd or len(known) <= 32:
            content += [_label(x[k] + 6, y[k] + 4, name[:8])]
    marked = [name for name in channels.names if name in odd]
    words_odd = f"; larger: {', '.join(marked[:8])}" if marked else ""
    name = f"{len(known)} sensors seen from above, nose up, places from {channels.position_from}"
    return _svg(400, 370, name + words_odd, content)


# ---------------------------------------------------------------------- events
def _events(inspection: Inspection) -> str:
    recording, table = inspection.recording, inspection.events
    gaps = _quiet("Gaps: " + (gap_words(recording) or "none") + ".")
    if table.empty:
        return _quiet("No events.") + gaps
    head = "".join(
        f'<th scope="col"{"" if word == "label" else NUMBER}>{word}</th>'
        for word in ("label", "count", "first", "last", "shortest gap")
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f"<td{NUMBER}>{cell}</td>" for cell in cells)
        + "</tr>"
        for label, *cells in words.event_cells(table)
    )
    listing = (
        '<div class="scroll" tabindex="0"><table><caption class="quiet">Events by label</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    return _raster(recording, list(table["label"][:20])) + gaps + listing


def _raster(recording: Recording, labels: list[str]) -> str:
    left, row = 130, 20
    height = row * (len(labels) + 1) + 24
    scale = (1090 - left) / recording.duration
    content = _time_axis(0.0, recording.duration, left, 1090, height - 8)
    for _, span in recording.intervals.iterrows():
        x, width = left + span["onset"] * scale, max(1.0, span["duration"] * scale)
        css = "warn" if span["kind"] in BREAKS else "bad"
        content += [
            f'<rect class="{css}" x="{x:.1f}" y="8" width="{width:.1f}" height="{height - 30}">'
            f"<title>{escape(str(span['kind']))}</title></rect>"
        ]
    names = recording.events["label"].map(event_name).to_numpy()
    onsets = recording.events["onset"].to_numpy()
    for k, label in enumerate(labels):
        y = row * (k + 1)
        strokes = "".join(f"M{left + t * scale:.1f} {y - 6}v12" for t in onsets[names == label])
        content += [_label(8, y + 4, label[:18]), f'<path class="line" d="{strokes}"/>']
    return _svg(1100, height, f"{len(labels)} labels over {duration_words(recording.duration)}",
                content)  # fmt: skip
