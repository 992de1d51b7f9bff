"""A tiny writer of XDF files, after the format's specification, for tests."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

FORMATS = {"float32": "<f4", "int16": "<i2", "double64": "<f8"}


def stream(name, type, sfreq, values, stamps, channels=(), offsets=(), format="float32"):
    """One stream for `write`; `offsets` are pairs (time, value), `channels` label/type/unit."""
    return {
        "name": name, "type": type, "sfreq": sfreq, "values": values, "stamps": stamps,
        "channels": channels, "offsets": offsets, "format": format,
    }  # fmt: skip


def write(path: Path, streams: list[dict[str, Any]]) -> Path:
    """Write streams to a file."""
    content = b"XDF:" + _chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')
    for number, each in enumerate(streams, start=1):
        content += _chunk(2, struct.pack("<I", number) + _header(each).encode())
    for number, each in enumerate(streams, start=1):
        content += _chunk(3, struct.pack("<I", number) + _samples(each))
        for time, value in each["offsets"]:
            content += _chunk(4, struct.pack("<Idd", number, time, value))
        content += _chunk(6, struct.pack("<I", number) + _footer(each).encode())
    path.write_bytes(content)
    return path


def _chunk(tag: int, content: bytes) -> bytes:
    return _length(len(content) + 2) + struct.pack("<H", tag) + content


def _length(n: int) -> bytes:
    return b"\x01" + struct.pack("<B", n) if n < 256 else b"\x04" + struct.pack("<I", n)


def _header(each: dict[str, Any]) -> str:
    described = "".join(
        "<channel>" + "".join(f"<{k}>{v}</{k}>" for k, v in channel.items()) + "</channel>"
        for channel in each["channels"]
    )
    count = 1 if each["format"] == "string" else np.asarray(each["values"]).shape[1]
    return (
        f"<?xml version='1.0'?><info><name>{each['name']}</name><type>{each['type']}</type>"
        f"<channel_count>{count}</channel_count><nominal_srate>{each['sfreq']}</nominal_srate>"
        f"<channel_format>{each['format']}</channel_format>"
        f"<desc><channels>{described}</channels></desc></info>"
    )


def _samples(each: dict[str, Any]) -> bytes:
    rows = [_length(len(each["values"]))]
    for value, stamp in zip(each["values"], each["stamps"], strict=True):
        rows.append(b"\x08" + struct.pack("<d", stamp))
        if each["format"] == "string":
            text = value.encode()
            rows.append(_length(len(text)) + text)
        else:
            rows.append(np.asarray(value, dtype=FORMATS[each["format"]]).tobytes())
    return b"".join(rows)


def _footer(each: dict[str, Any]) -> str:
    offsets = "".join(
        f"<offset><time>{time}</time><value>{value}</value></offset>"
        for time, value in each["offsets"]
    )
    first, last = (each["stamps"][0], each["stamps"][-1]) if len(each["stamps"]) else (0, 0)
    return (
        f"<?xml version='1.0'?><info><first_timestamp>{first}</first_timestamp>"
        f"<last_timestamp>{last}</last_timestamp><sample_count>{len(each['values'])}"
        f"</sample_count><clock_offsets>{offsets}</clock_offsets></info>"
    )
