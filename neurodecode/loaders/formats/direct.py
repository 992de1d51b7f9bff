"""Samples of EDF, BDF and FIF files straight from their bytes, where all that is needed is a gain.

MNE has opened the file and says where everything lies; what it would do to the samples besides
(interpolate slower channels, project, fill gaps) is left to it: `direct_reader` gives None then.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.linalg._native.samples import decode_samples

_CHUNK = 1 << 21  # bytes read at once: they stay in the cache until they are decoded
_TRIGGERS = (1 << 17) - 1  # bits of a trigger channel that MNE's EDF and BDF readers keep
_FIF_HEAD = 16  # bytes of a tag before its data
_FIF_FLOAT = 4
_PLAIN = {"RawEDF": "mne.io.edf.edf", "RawBDF": "mne.io.edf.edf", "Raw": "mne.io.fiff.raw"}


@dataclass(frozen=True)
class _Run:
    """Records of one length that follow one another."""

    first: int  # sample
    place: int  # byte of the first record
    n_bytes: int  # from one record to the next
    count: int  # samples of a channel in each
    n_records: int

    @property
    def last(self) -> int:
        return self.first + self.count * self.n_records


class DirectReader:
    """Samples of a file as integers or floats with a gain and an offset for each channel.

    Parameters
    ----------
    path : Path
    runs : list of _Run
    kind, step : bytes of a sample, and from a sample of a channel to its next
    starts : int64 array, shape (n_channels,)
        First byte of each channel in a record.
    gains, offsets : float64 arrays, shape (n_channels,)
        To natural units.
    first, n_times : first sample of the recording in the file, and how many
    triggers : bool array, shape (n_channels,)
        Channels of codes: whole numbers, of which `_TRIGGERS` are kept.

    Attributes
    ----------
    fresh : True
        Every array that is read is new: who asked for it may write into it.
    """

    fresh = True

    def __init__(
        self, path: Path, runs: list[_Run], kind: int, step: int, starts: np.ndarray,
        gains: np.ndarray, offsets: np.ndarray, first: int, n_times: int, triggers: np.ndarray,
    ):  # fmt: skip
        self.path, self.runs, self.kind, self.step = path, runs, kind, step
        self.starts, self.gains, self.offsets = starts, gains, offsets
        self.first, self.n_times, self.triggers = first, n_times, triggers
        self.dtype = np.dtype(np.float32)

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Samples start to stop (excluded), shape (n_channels, n), float32.

        Raises
        ------
        DataError
            The file ends before them, or is gone.
        """
        picks = np.arange(len(self.starts)) if channel_indices is None else channel_indices
        out = np.empty((len(picks), stop - start), dtype=self.dtype)
        if not out.size:
            return out
        low, high = self.first + start, self.first + stop
        try:
            with self.path.open("rb", buffering=0) as handle:
                for run in self.runs:
                    if run.first < high and run.last > low:
                        self._read_run(handle, run, low, high, picks, out)
        except (OSError, EOFError) as error:
            raise DataError(
                "these samples cannot be read",
                found=f"{type(error).__name__}: {error}",
                expected=f"samples {start} to {stop} of {self.path}",
                fix="the file may be cut short or changed since it was opened: get a whole copy",
            ) from error
        return out

    def _read_run(
        self, handle: FileIO, run: _Run, low: int, high: int, picks: np.ndarray, out: np.ndarray
    ) -> None:
        """The part of samples low to high that lies in a run, into its columns."""
        begin = max(0, low - run.first) // run.count
        end = min(run.n_records, -(-(high - run.first) // run.count))
        step = min(end - begin, max(1, _CHUNK // run.n_bytes))
        buffer = np.empty((step, run.n_bytes), dtype=np.uint8)
        for record in range(begin, end, step):
            records = buffer[: min(step, end - record)]
            self._fill(handle, run, record, records)
            at = run.first + record * run.count - low
            width = len(records) * run.count
            if at >= 0 and at + width <= out.shape[1]:
                self._decode(records, run.count, picks, out[:, at : at + width])
                continue
            whole = np.empty((len(picks), width), dtype=self.dtype)  # reaches over an end
            self._decode(records, run.count, picks, whole)
            kept = slice(max(0, -at), min(width, out.shape[1] - at))
            out[:, max(0, at) : at + kept.stop] = whole[:, kept]

    def _fill(self, handle: FileIO, run: _Run, record: int, records: np.ndarray) -> None:
        # The last record of a FIF run has no head of a next one behind it.
        n_bytes = records.size - (_FIF_HEAD if self.kind == _FIF_FLOAT else 0)
        handle.seek(run.place + record * run.n_bytes)
        found = handle.readinto(records.data.cast("B")[:n_bytes])
        if found != n_bytes:
            raise EOFError(f"{found} of {n_bytes} bytes from record {record} on")

    def _decode(self, records: np.ndarray, count: int, picks: np.ndarray, out: np.ndarray) -> None:
        starts, gains, offsets = self.starts[picks], self.gains[picks], self.offsets[picks]
        decode_samples(records, self.kind, starts, self.step, count, gains, offsets, out)
        for row in np.flatnonzero(self.triggers[picks]):
            out[row] = np.bitwise_and(out[row].astype(np.int64), _TRIGGERS)


def direct_reader(raw: Any, factors: np.ndarray) -> DirectReader | None:
    """Reader of a raw object's file that asks MNE for nothing more, or None where MNE must read.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    factors : float array, shape (n_channels,)
        From MNE's SI units to ours.
    """
    if hasattr(raw, "reader"):  # opened without MNE
        return raw.reader(factors)
    try:
        return _from_fields(raw, factors)
    except (AttributeError, KeyError):  # private fields, which another MNE may name otherwise
        return None


def _from_fields(raw: Any, factors: np.ndarray) -> DirectReader | None:
    """Reader made of what MNE keeps of an opened file."""
    n_channels = len(raw.ch_names)
    plain = (
        _PLAIN.get(type(raw).__name__) == type(raw).__module__
        and not raw.preload
        and len(raw.filenames) == 1
        and raw._projector is None
        and raw._comp is None
        and raw._raw_extras[0]["orig_nchan"] == n_channels
        and np.array_equal(raw._read_picks[0], np.arange(n_channels))
    )
    if not plain:
        return None
    make = fif_reader if type(raw).__name__ == "Raw" else _edf_reader
    return make(raw, raw._raw_extras[0], raw._cals * factors)


def _edf_reader(raw: Any, extras: dict[str, Any], gains: np.ndarray) -> DirectReader | None:
    path = Path(raw.filenames[0])
    samples, chosen = np.asarray(extras["n_samps"], dtype=np.int64), np.asarray(extras["sel"])
    count, kind = int(extras["max_samp"]), int(extras["dtype_byte"])
    n_records = int(extras["n_records"])
    n_bytes = int(samples.sum()) * kind
    whole = path.stat().st_size >= extras["data_offset"] + n_records * n_bytes
    scale = np.asarray(extras["units"]) * gains
    gains, offsets = extras["cal"] * scale, extras["offsets"] * scale
    triggers = np.isin(np.arange(len(chosen)), extras["stim_channel_idxs"])
    # Codes must come through whole; those with a gain are MNE's.
    coded = triggers & ((gains != 1) | (offsets != 0))
    if not whole or coded.any() or (samples[chosen] != count).any() or _discontinuous(path):
        return None
    starts = (np.cumsum(samples) - samples)[chosen] * kind
    run = _Run(0, int(extras["data_offset"]), n_bytes, count, n_records)
    return DirectReader(
        path, [run], kind, kind, starts, gains, offsets, int(raw.first_samp), int(raw.n_times),
        triggers,
    )  # fmt: skip


def _discontinuous(path: Path) -> bool:
    with path.open("rb") as handle:
        handle.seek(192)
        return handle.read(5) in (b"EDF+D", b"BDF+D")


def fif_reader(raw: Any, extras: dict[str, Any], gains: np.ndarray) -> DirectReader | None:
    """Reader of a FIF file's buffers, or None where one holds no floats.

    Parameters
    ----------
    raw : has ch_names, filenames, first_samp and n_times
    extras : dict with ent, the tags of the buffers; bounds, their first samples; orig_nchan
    gains : float64 array, shape (n_channels,)
        From the floats in the file to natural units.
    """
    path, tags = Path(raw.filenames[0]), extras["ent"]
    if path.suffix == ".gz" or any(tag is None or tag.type != _FIF_FLOAT for tag in tags):
        return None
    n_channels = int(extras["orig_nchan"])
    bounds = np.asarray(extras["bounds"], dtype=np.int64)
    places = np.array([tag.pos for tag in tags], dtype=np.int64) + _FIF_HEAD
    counts = np.diff(bounds)
    if places[-1] + counts[-1] * n_channels * 4 > path.stat().st_size:
        return None
    starts = np.arange(n_channels, dtype=np.int64) * 4
    return DirectReader(
        path, _runs(bounds, places, counts, n_channels), _FIF_FLOAT, n_channels * 4, starts, gains,
        np.zeros(n_channels), int(raw.first_samp), int(raw.n_times),
        np.zeros(n_channels, dtype=bool),
    )  # fmt: skip


def _runs(
    bounds: np.ndarray, places: np.ndarray, counts: np.ndarray, n_channels: int
) -> list[_Run]:
    """Buffers of one length that lie one after the other, taken together."""
    sizes = counts * n_channels * 4 + _FIF_HEAD
    same = (np.diff(counts) == 0) & (np.diff(places) == sizes[:-1])
    begins = np.flatnonzero(np.concatenate([[True], ~same]))
    lengths = np.diff(np.append(begins, len(counts)))
    return [
        _Run(int(bounds[i]), int(places[i]), int(sizes[i]), int(counts[i]), int(length))
        for i, length in zip(begins, lengths, strict=True)
    ]
