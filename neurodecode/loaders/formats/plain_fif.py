"""FIF recordings of electrodes by one walk over their tags, as MNE's reader would give them.

MNE takes longer for the head of such a file than for its samples. What goes beyond electrodes,
floats and annotations (MEG, projections, several files, gaps, long names, trigger channels to
look for events in) is left to MNE: `open_plain` gives None then, and for all that looks damaged.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from neurodecode.loaders.formats.direct import DirectReader, fif_reader

# Kinds of blocks and tags, by the names in MNE's table of FIF constants.
_MEAS_INFO, _RAW_DATA, _CONTINUOUS, _BADS, _ANNOTATIONS = 101, 102, 112, 359, 3810
_BLOCK_START, _BLOCK_END = 104, 105
_FIRST_SAMPLE, _BUFFER, _FLOAT = 208, 300, 4
# The others: root, measurement, subject, digitized points, events, device, helium, parent.
_KNOWN_BLOCKS = {
    999, 100, _MEAS_INFO, _RAW_DATA, 106, 107, _CONTINUOUS, 115, 124, 125, 354, _BADS, _ANNOTATIONS,
}  # fmt: skip
_NUMBERS = {3: ">i4", 4: ">f4", 5: ">f8", 16: ">u4"}
_CHANNEL = struct.Struct(">iiiffi12fii16s")
_ELECTRODES = {2, 202, 302, 402, 802, 902}  # EEG, EOG, EMG, ECG, SEEG, ECoG
_NO_DATE = (0, 2**31 - 1)


class _NotPlain(Exception):
    """The file holds something that is MNE's to read."""


@dataclass(frozen=True)
class _Tag:
    kind: int
    type: int
    size: int
    pos: int  # byte of its head; 16 bytes on its content starts


@dataclass
class PlainRaw:
    """What `recording_from_raw` asks of an `mne.io.Raw`."""

    info: dict[str, Any]
    filenames: tuple[Path]
    n_times: int
    annotations: SimpleNamespace
    extras: dict[str, Any] = field(repr=False)
    first_samp: int = 0
    first_time: float = 0.0

    @property
    def ch_names(self) -> list[str]:
        """Names of the channels."""
        return self.info["ch_names"]

    def reader(self, factors: np.ndarray) -> DirectReader | None:
        """Reader of the samples; `factors` lead from SI units to ours."""
        cals = np.array([place["range"] * place["cal"] for place in self.info["chs"]])
        return fif_reader(self, self.extras, cals * factors)


def open_plain(path: Path) -> PlainRaw | None:
    """The head of a FIF file of electrodes, or None where MNE must open it.

    Parameters
    ----------
    path : Path

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a_raw.fif"
    >>> path.write_bytes(b"nothing"), open_plain(path)
    (7, None)
    """
    if path.suffix != ".fif" or not path.is_file() or path.stat().st_size < 16:
        return None
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _opened(path, data)
        except (_NotPlain, struct.error, ValueError, LookupError):
            return None  # MNE says what is wrong with it


def _opened(path: Path, data: mmap.mmap) -> PlainRaw:
    blocks: dict[int, list[_Tag]] = {}
    for block, tag in _walk(data):
        blocks.setdefault(block, []).append(tag)
    raws = [each for each in (_RAW_DATA, _CONTINUOUS) if each in blocks]
    if len(raws) != 1 or _MEAS_INFO not in blocks:
        raise _NotPlain
    info = _info(data, blocks[_MEAS_INFO], blocks.get(_BADS, []))
    if info["meas_date"] is None:  # then the date of the measurement's identity is meant
        identity = [tag for tag in blocks[100] if tag.kind == 103]
        info["meas_date"] = struct.unpack_from(">ii", data, identity[0].pos + 28)
    buffers = [tag for tag in blocks[raws[0]] if tag.kind != _FIRST_SAMPLE]
    first = [_number(data, tag) for tag in blocks[raws[0]] if tag.kind == _FIRST_SAMPLE]
    if any(first) or any(tag.kind != _BUFFER or tag.type != _FLOAT for tag in buffers):
        raise _NotPlain
    counts = [tag.size // (4 * len(info["chs"])) for tag in buffers]
    bounds = np.concatenate([[0], np.cumsum(counts)])
    n_times = int(bounds[-1])
    annotations = _annotations(data, blocks.get(_ANNOTATIONS), info, n_times)
    extras = {"ent": buffers, "bounds": bounds, "orig_nchan": len(info["chs"])}
    return PlainRaw(info, (path,), n_times, annotations, extras)


def _walk(data: mmap.mmap) -> Iterator[tuple[int, _Tag]]:
    """Tags in the order of the file, each with the kind of the innermost block around it."""
    place, end, inside = 0, len(data), [999]
    seen = set()
    while place + 16 <= end:
        kind, form, size, following = struct.unpack_from(">iiii", data, place)
        ahead = place + 16 + size if following == 0 else following
        if size < 0 or (ahead <= place and following >= 0) or place + 16 + size > end:
            raise _NotPlain
        if kind == _BLOCK_START:
            (block,) = struct.unpack_from(">i", data, place + 16)
            if block not in _KNOWN_BLOCKS or (block in seen and block != _BADS):
                raise _NotPlain
            seen.add(block)
            inside.append(block)
        elif kind == _BLOCK_END:
            inside.pop()
            if not inside:
                raise _NotPlain
        else:
            yield inside[-1], _Tag(kind, form, size, place)
        if following < 0:
            break
        place = ahead
    if len(inside) != 1:  # cut short
        raise _NotPlain


def _numbers(data: mmap.mmap, tag: _Tag) -> np.ndarray:
    form = np.dtype(_NUMBERS[tag.type])
    return np.frombuffer(data[tag.pos + 16 : tag.pos + 16 + tag.size], form)


def _number(data: mmap.mmap, tag: _Tag) -> float:
    return _numbers(data, tag).item()


def _names(data: mmap.mmap, tag: _Tag) -> list[str]:
    text = data[tag.pos + 16 : tag.pos + 16 + tag.size].decode("latin1")
    if "&#" in text:  # MNE's way to write what Latin-1 lacks
        raise _NotPlain
    return [name.replace("{COLON}", ":") for name in text.split(":")] if text else []


def _info(data: mmap.mmap, tags: list[_Tag], bads: list[_Tag]) -> dict[str, Any]:
    """The part of MNE's measurement info that a recording is made from."""
    by_kind = {tag.kind: tag for tag in tags}
    chs = [_channel(data, tag) for tag in tags if tag.kind == 203]
    names = [place["ch_name"] for place in chs]
    sfreq = float(_number(data, by_kind[201]))
    if _number(data, by_kind[200]) != len(chs) or len(set(names)) != len(chs) or not chs:
        raise _NotPlain
    if {222, 103, 110} & set(by_kind):  # a change of coordinates, dates of its own
        raise _NotPlain
    limits = {223: 0.0, 219: sfreq / 2}
    for kind in limits:
        if kind in by_kind and not np.isnan(value := float(_number(data, by_kind[kind]))):
            limits[kind] = value
    marked = [name for tag in bads if tag.kind == 3507 for name in _names(data, tag)]
    reference = [_number(data, by_kind[kind]) for kind in (236, 3567) if kind in by_kind]
    return {
        "chs": chs,
        "ch_names": names,
        "sfreq": sfreq,
        "highpass": limits[223],
        "lowpass": limits[219],
        "line_freq": float(_number(data, by_kind[235])) if 235 in by_kind else None,
        "bads": [name for name in marked if name in names],
        "custom_ref_applied": int(reference[-1]) if reference else 0,
        "dev_head_t": None,
        "meas_date": tuple(_numbers(data, by_kind[204]).tolist()) if 204 in by_kind else None,
    }


def _channel(data: mmap.mmap, tag: _Tag) -> dict[str, Any]:
    *numbers, name = _CHANNEL.unpack_from(data, tag.pos + 16)
    if numbers[2] not in _ELECTRODES or tag.size != _CHANNEL.size:
        raise _NotPlain
    return {
        "kind": numbers[2],
        "range": numbers[3],
        "cal": numbers[4],
        "coil_type": numbers[5],
        "loc": np.array(numbers[6:18]),
        "unit": numbers[18],
        "ch_name": name[: (name + b"\0").index(b"\0")].decode(),
    }


def _annotations(
    data: mmap.mmap, tags: list[_Tag] | None, info: dict[str, Any], n_times: int
) -> SimpleNamespace:
    """Annotations that lie inside the recording and count from its start, in order."""
    none = np.zeros(0)
    if tags is None:
        return SimpleNamespace(onset=none, duration=none, description=[])
    by_kind = {tag.kind: tag for tag in tags}
    onset, ends = _numbers(data, by_kind[3568]), _numbers(data, by_kind[3569])
    labels = _names(data, by_kind[206])
    dates = [tuple(_numbers(data, by_kind[204]))] if 204 in by_kind else [_NO_DATE]
    duration = (ends - onset).astype(np.float64)
    onset = onset.astype(np.float64)
    fits = (
        len(by_kind) == len(tags)
        and set(by_kind) <= {3568, 3569, 206, 204, 106}
        and len(onset) == len(duration) == len(labels)
        and dates == [info["meas_date"]]
        and (onset >= 0).all()
        and (duration >= 0).all()
        and (np.diff(onset) > 0).all()
        and (onset + duration <= n_times / info["sfreq"] - 1e-6).all()
    )
    if not fits:
        raise _NotPlain
    return SimpleNamespace(onset=onset, duration=duration, description=labels)
