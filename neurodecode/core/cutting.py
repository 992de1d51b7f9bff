"""From a recording to epochs: which windows can be cut, how many bytes they need, and the cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.checks import frame_of, text_array
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.events import event_counts, select_events
from neurodecode.core.intervals import obstacles
from neurodecode.core.memory import check_bytes
from neurodecode.core.series import find_series
from neurodecode.core.time_axis import to_samples, window_samples

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording

# Windows closer than this many samples x channels are read in one go from disk (32 MB).
_CHUNK = 8_000_000
_NONE_LEFT_OUT = frame_of(
    {"onset": np.zeros(0), "label": text_array([]), "reason": text_array([])}, 0
)
SLOW_KINDS = ("bold", "hbo", "hbr", "fnirs_od")  # kinds that follow the haemodynamic response


def cut_epochs(
    recording: Recording,
    labels: Any,
    tmin: float,
    tmax: float,
    baseline: tuple[float | None, float | None] | None,
    kinds: str | Sequence[str],
    reject: Mapping[str, float] | None,
    pad: float,
    include_tmax: bool,
    max_bytes: int | None,
    average: bool = False,
) -> Epochs:
    """Windows around events; see `Recording.epoch`."""
    sfreq, where = recording.sfreq, recording.recording
    first, n_times = window_samples(tmin, tmax, sfreq, include_tmax)
    margin = to_samples(pad, sfreq)
    picks = _channels_to_cut(recording, kinds)
    rows, classes = select_events(recording.events, labels, where)
    events = recording.events.iloc[rows].reset_index(drop=True)
    onsets = to_samples(events["onset"].to_numpy(), sfreq)
    starts = onsets + first
    reasons = _obstacles(recording, starts, n_times, margin)
    keep = reasons == ""
    _check_size(recording, int(keep.sum()), len(picks), n_times + 2 * margin, onsets, max_bytes)
    data = gather_windows(recording, starts[keep] - margin, n_times + 2 * margin, picks)
    channels = recording.channels.pick(picks)
    if baseline is not None:
        low, high = _baseline_samples(baseline, first, n_times, margin, sfreq, include_tmax)
        data -= data[..., low:high].mean(axis=-1, keepdims=True)
    if reject is not None:
        loud = _too_loud(data[..., margin : margin + n_times], channels, reject)
        reasons[np.flatnonzero(keep)] = loud
        keep = reasons == ""
        data = data if (loud == "").all() else data[loud == ""]
    dropped = _left_out(events, keep, reasons)
    _check_some_left(keep, dropped, where)
    trials = _trial_table(recording, starts[keep], n_times, events.loc[keep])
    if average:  # one sample that is as long as the window
        data = data[..., margin : margin + n_times].mean(axis=-1, keepdims=True)
        sfreq, margin = sfreq / n_times, 0
    return _epochs(
        recording, data, channels, sfreq=sfreq, tmin=first / recording.sfreq, y=classes[keep],
        trials=trials, pad=margin / recording.sfreq, zero="event", dropped=dropped,
    )  # fmt: skip


def cut_betas(
    recording: Recording, labels: Any, kinds: str | Sequence[str], max_bytes: int | None,
    hrf: str, window: tuple[Any, ...],
) -> Epochs:  # fmt: skip
    """Betas of trials by least squares separate; see `Recording.epoch`."""
    _check_no_window(hrf, window)
    picks = _channels_to_cut(recording, kinds)
    channels = recording.channels.pick(picks)
    strange = sorted(set(channels.kinds) - set(SLOW_KINDS))
    if strange:
        raise DataError(
            "these channels have no haemodynamic response",
            found=", ".join(strange),
            expected="channels of kind " + ", ".join(SLOW_KINDS),
            fix="leave out hrf=, or choose with kinds=",
        )
    rows, classes = select_events(recording.events, labels, recording.recording)
    weights, reasons = _beta_weights(recording, rows)
    events = recording.events.iloc[rows].reset_index(drop=True)
    keep = reasons == ""
    dropped = _left_out(events, keep, reasons)
    _check_some_left(keep, dropped, recording.recording)
    onsets = to_samples(events["onset"].to_numpy(), recording.sfreq)
    _check_size(recording, int(keep.sum()), len(picks), 1, onsets, max_bytes)
    kept = events.loc[keep]
    trials = _trial_table(recording, onsets[keep], 1, kept)
    trials["onset"], trials["duration"] = kept["onset"].to_numpy(), kept["duration"].to_numpy()
    return _epochs(
        recording, _weighted_sums(recording, weights[keep], picks)[..., None], channels,
        sfreq=recording.sfreq, tmin=0.0, y=classes[keep],
        trials=trials, zero="event", dropped=dropped,
    )  # fmt: skip


def _check_no_window(hrf: str, window: tuple[Any, ...]) -> None:
    if hrf != "lss":
        raise DataError("unknown model of the response", found=repr(hrf), expected="'lss'")
    if window != (0.0, 1.0, None, None, 0.0, False, False):
        raise DataError(
            "betas have no window",
            found="hrf='lss' with tmin, tmax, baseline, reject, pad, include_tmax or average",
            fix="rec.epoch(labels, hrf='lss'): onsets and durations of the events say all",
        )


def _beta_weights(recording: Recording, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights over samples of the events in `rows`, and why some have none; runs apart."""
    from neurodecode.core import betas

    sfreq, events = recording.sfreq, recording.events
    onsets = events["onset"].to_numpy()
    weights = np.zeros((len(rows), recording.n_times))
    reasons = np.full(len(rows), "lies outside the recording", dtype=object)
    usable = np.array(
        [not each for each in obstacles(
            recording.intervals, sfreq, recording.n_times, np.arange(recording.n_times), 1
        )]
    )  # fmt: skip
    for low, high in recording.good_spans():
        inside = np.flatnonzero((onsets >= low / sfreq) & (onsets < high / sfreq))
        wanted = np.flatnonzero(np.isin(rows, inside))
        if not len(wanted):
            continue
        good = usable[low:high]
        columns, seen = betas.responses(
            np.round(onsets[inside] - low / sfreq, 6),
            events["duration"].to_numpy()[inside],
            high - low,
            sfreq,
        )
        energy = (columns**2).sum(axis=0)
        columns, nuisance = columns[good], betas.drifts(high - low, sfreq)[good]
        seen = seen * (columns**2).sum(axis=0) / np.where(energy > 0, energy, 1)
        mine = np.searchsorted(inside, rows[wanted])
        found, own = betas.lss_weights(columns, events["label"].to_numpy()[inside], mine, nuisance)
        if (lost := (own < betas.OWN) & (seen[mine] >= betas.SEEN)).any():
            raise _no_beta(recording, events.iloc[rows[wanted[lost]]])
        weights[np.ix_(wanted, low + np.flatnonzero(good))] = found
        reasons[wanted] = np.where(
            seen[mine] >= betas.SEEN, "", "more than half of its response is not in the recording"
        )
    return weights, reasons


def _no_beta(recording: Recording, events: pd.DataFrame) -> DataError:
    label, onset = events["label"].iloc[0], events["onset"].iloc[0]
    return DataError(
        f"{recording.recording}: a trial's response cannot be told from the rest of its model",
        found=f"{len(events)} such trials, first {label!r} at {onset:.4g} s",
        expected="responses that the other trials, slow drifts and the mean do not explain",
        fix="leave out events that fill the baseline, as in "
        'rec.with_events(rec.events[rec.events["label"] != "rest"]), or repeated ones',
    )


def _weighted_sums(recording: Recording, weights: np.ndarray, picks: np.ndarray) -> np.ndarray:
    """Product of weights (n, n_times) with the signals, shape (n, n_channels), block by block."""
    sums = np.zeros((len(weights), len(picks)))
    width = max(1, _CHUNK // len(picks))
    for low in range(0, recording.n_times, width):
        part = weights[:, low : low + width]
        used = part.any(axis=0)  # what is left out of the model may be NaN
        block = recording.read(low, low + part.shape[1], picks)
        sums += part[:, used] @ block[:, used].T
    return sums.astype(recording.dtype)


def cut_windows(
    recording: Recording,
    length: float,
    step: float,
    target: str | None,
    kinds: str | Sequence[str],
    pad: float,
    max_bytes: int | None,
) -> Epochs:
    """Windows at a steady pace; see `Recording.windows`."""
    sfreq = recording.sfreq
    _, n_times = window_samples(0.0, length, sfreq)
    pace, margin = to_samples(step, sfreq), to_samples(pad, sfreq)
    if pace < 1:
        raise DataError(
            "windows would not move on", found=f"step={step:g} s at {sfreq:g} Hz",
            expected=f"at least one sample, {1 / sfreq:.3g} s",
        )  # fmt: skip
    picks = _channels_to_cut(recording, kinds)
    series = None if target is None else find_series(recording.targets, target)
    starts = np.concatenate(
        [np.zeros(0, dtype=np.int64)]
        + [
            np.arange(low + margin, high - margin - n_times + 1, pace)
            for low, high in recording.good_spans()
        ]
    )
    reasons = _obstacles(recording, starts, n_times, margin)
    ends = starts + n_times - 1
    if series is not None:
        reasons[(reasons == "") & ~np.isfinite(series[:, ends]).all(axis=0)] = "target is missing"
    keep = reasons == ""
    out = ~keep
    dropped = frame_of(
        {
            "onset": starts[out] / sfreq,
            "label": text_array(["window"] * int(out.sum())),
            "reason": reasons[out],
        },
        int(out.sum()),
    )
    _check_some_left(keep, dropped, recording.recording)
    _check_size(recording, int(keep.sum()), len(picks), n_times + 2 * margin, starts, max_bytes)
    data = gather_windows(recording, starts[keep] - margin, n_times + 2 * margin, picks)
    return _epochs(
        recording, data, recording.channels.pick(picks), sfreq=sfreq, tmin=0.0,
        y=None if series is None else series[:, ends[keep]].T.copy(),
        trials=_trial_table(recording, starts[keep], n_times),
        pad=margin / sfreq, zero="window start", dropped=dropped,
    )  # fmt: skip


def _epochs(
    recording: Recording, data: np.ndarray, channels: Channels, dropped: pd.DataFrame, **parts: Any
) -> Epochs:
    epochs = Epochs(
        data,
        channels=channels,
        line_freq=recording.line_freq,
        simulated=recording.simulated,
        space=recording.space,
        rank=_rank_left(recording, channels),
        **parts,
    )
    epochs.dropped = dropped
    return epochs


def _rank_left(recording: Recording, channels: Channels) -> int | None:
    """Rank of the channels kept: steps lower that of brain channels, the others stay full."""
    if recording.rank is None:
        return None
    brain = len(channels.good_brain())
    return min(recording.rank, brain) + len(channels) - brain


def _channels_to_cut(recording: Recording, kinds: str | Sequence[str]) -> np.ndarray:
    channels = recording.channels
    picks = channels.of_kind(kinds)
    good = np.array([i for i in picks if channels.names[i] not in channels.bads], dtype=np.int64)
    if not len(good):
        raise DataError(
            "no channel to cut from",
            found=f"{channels.text()}; {len(picks)} of kinds={kinds!r}, all marked bad"
            if len(picks) else channels.text(),
            expected=f"channels of kinds={kinds!r} that are not marked bad",
            fix='kinds="all" keeps every channel; rec.with_bads([]) unmarks them',
        )  # fmt: skip
    return good


def _obstacles(recording: Recording, starts: np.ndarray, n_times: int, margin: int) -> np.ndarray:
    reasons = obstacles(
        recording.intervals, recording.sfreq, recording.n_times, starts - margin,
        n_times + 2 * margin,
    )  # fmt: skip
    return np.array(reasons, dtype=object)


def _check_size(
    recording: Recording, n: int, n_channels: int, width: int, onsets: np.ndarray,
    max_bytes: int | None,
) -> None:  # fmt: skip
    needed = n * n_channels * width * recording.dtype.itemsize
    sfreq = recording.sfreq
    events = f"fewer events ({n} now)"
    if len(onsets) > 1 and width > (gap := float(np.median(np.diff(onsets)))):
        events += f" or shorter windows ({width / sfreq:.3g} s, every {gap / sfreq:.3g} s)"
    check_bytes(
        needed,
        f"{n} windows × {n_channels} channels × {width} samples",
        shrink=f"(1) {events}; (2) fewer channels: rec.pick(names) or kinds=; (3) a lower rate: "
        f"nd.preprocessing.Resample({sfreq / 2:g}) before the cut",
        max_bytes=max_bytes,
    )


def gather_windows(
    recording: Recording, starts: np.ndarray, width: int, picks: np.ndarray
) -> np.ndarray:
    """Windows from their first samples, shape (n, n_channels, width); neighbours share a read."""
    data = np.empty((len(starts), len(picks), width), dtype=recording.dtype)
    order = np.argsort(starts, kind="stable")
    longest = max(width, _CHUNK // max(1, len(picks)))
    k = 0
    while k < len(order):
        low = high = int(starts[order[k]])
        last = k
        while last < len(order):
            start = int(starts[order[last]])
            if last > k and (start - high > width or start + width - low > longest):
                break
            high, last = start + width, last + 1
        block = recording.read(low, high, picks)
        for row in order[k:last]:
            data[row] = block[:, starts[row] - low : starts[row] - low + width]
        k = last
    return data


def _baseline_samples(
    baseline: tuple[float | None, float | None], first: int, n_times: int, margin: int,
    sfreq: float, include_tmax: bool,
) -> tuple[int, int]:  # fmt: skip
    """Baseline as positions in the window with its margin; the same rounding as the window."""
    start = first / sfreq if baseline[0] is None else baseline[0]
    if baseline[1] is None:
        begin, n = to_samples(start, sfreq), first + n_times - to_samples(start, sfreq)
    else:
        begin, n = window_samples(start, baseline[1], sfreq, include_tmax)
    low = begin - first + margin
    if low < 0 or n < 1 or low + n > n_times + 2 * margin:
        raise DataError(
            "the baseline lies outside the window",
            found=f"baseline {baseline[0]} to {baseline[1]} s",
            expected=f"within {(first - margin) / sfreq:g} to "
            f"{(first + n_times + margin) / sfreq:g} s",
            fix="an earlier tmin, or pad=",
        )
    return low, low + n


def _too_loud(data: np.ndarray, channels: Channels, reject: Mapping[str, float]) -> np.ndarray:
    """Reason of each trial whose peak-to-peak amplitude is above its kind's limit, else ''."""
    reasons = np.full(len(data), "", dtype=object)
    for kind, limit in reject.items():
        picks = channels.of_kind(kind)
        if not len(picks):
            raise DataError(
                f"reject names the kind {kind!r}, which is not among the channels cut",
                found=channels.text(),
                fix=f"reject={{{channels.kinds[0]!r}: {limit:g}}}",
            )
        # Trial by trial, (n_trials, n_picks): no second copy of all channels.
        size = np.array([np.ptp(trial[picks], axis=-1) for trial in data])
        worst = size.argmax(axis=1)
        for i in np.flatnonzero((size.max(axis=1) > limit) & (reasons == "")):
            channel = picks[worst[i]]
            unit = channels.units[channel]
            reasons[i] = (
                f"peak-to-peak {size[i, worst[i]]:.4g} {unit} on {channels.names[channel]}, "
                f"limit {limit:g} {unit}"
            )
    return reasons


def _left_out(events: pd.DataFrame, keep: np.ndarray, reasons: np.ndarray) -> pd.DataFrame:
    """Events without a window, and why: onset, label, reason."""
    if keep.all():
        return _NONE_LEFT_OUT.copy()
    columns = {name: events[name].to_numpy()[~keep] for name in ("onset", "label")}
    return frame_of({**columns, "reason": reasons[~keep]}, int((~keep).sum()))


def _check_some_left(keep: np.ndarray, dropped: pd.DataFrame, where: str) -> None:
    if keep.any():
        return
    counts = event_counts(dropped.assign(label=dropped["reason"]))
    listed = "; ".join(f"{reason} ({n})" for reason, n in list(counts.items())[:5])
    raise DataError(
        f"no window is left of {where}",
        found=listed or "a recording shorter than one window",
        expected="at least one window inside the recording that touches no BAD span and no edge",
        fix="a shorter window or pad, another reject, or rec.with_intervals(...)",
    )


def _trial_table(
    recording: Recording, starts: np.ndarray, n_times: int, events: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Identity and place of each window, and what the table of its event knows of it.

    `onset` is the time of its first visible sample.
    """
    n = len(starts)
    columns: dict[Any, Any] = {
        "recording": recording.recording,
        "onset": starts / recording.sfreq,
        "duration": np.full(n, n_times / recording.sfreq),
        "subject": recording.subject,
        "session": recording.session,
        "run": recording.run,
    }
    if events is not None:
        if "run" in events:  # one file may hold several runs, which its events tell apart
            columns["run"] = text_array(events["run"])
        columns["event"] = events["label"].to_numpy()
        if events["code"].notna().to_numpy().all():
            columns["code"] = events["code"].to_numpy(dtype=np.int64)
        more = [name for name in events.columns if name not in (*columns, "label", "code")]
        columns |= {name: events[name].reset_index(drop=True) for name in more}
    return frame_of(
        {
            name: text_array([column] * n) if isinstance(column, str) else column
            for name, column in columns.items()
        },
        n,
    )
