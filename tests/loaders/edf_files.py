"""Small EDF files, as clinical archives hold them."""

import numpy as np


def write_edf(path, names, sfreq=100, seconds=30, seed=0, annotations=()):
    """An EDF file of µV noise, one record a second; EDF+ where there are annotations.

    Parameters
    ----------
    path : Path, its folder is made
    names : sequence of str
    sfreq : int, Hz
    seconds : int
    seed : int
    annotations : sequence of (onset, text), s
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = [*names, "EDF Annotations"] if annotations else list(names)
    n = len(kinds)

    def field(text, width):
        return str(text).ljust(width)[:width].encode("ascii")

    head = [
        field("0", 8), field("X X X X", 80), field("Startdate X X X X", 80), field("01.01.20", 8),
        field("00.00.00", 8), field(256 * (n + 1), 8), field("EDF+C" if annotations else "", 44),
        field(seconds, 8), field(1, 8), field(n, 4),
    ]  # fmt: skip
    for values, width in (
        (kinds, 16), ([""] * n, 80), (["uV"] * n, 8), ([-3276.8] * n, 8), ([3276.7] * n, 8),
        ([-32768] * n, 8), ([32767] * n, 8), ([""] * n, 80), ([sfreq] * n, 8), ([""] * n, 32),
    ):  # fmt: skip
        head += [field(value, width) for value in values]
    noise = np.random.default_rng(seed).normal(size=(seconds, len(names), sfreq)) * 100
    records = noise.astype("<i2")  # 0.1 µV steps
    body = b"".join(
        record.tobytes() + _texts(second, annotations, 2 * sfreq)
        for second, record in enumerate(records)
    )
    path.write_bytes(b"".join(head) + body)


def _texts(second, annotations, width):
    """The annotations of a record, as EDF+ has them; nothing where the file has none."""
    if not annotations:
        return b""
    texts = f"+{second}\x14\x14\0"
    texts += "".join(f"+{t}\x14{text}\x14\0" for t, text in annotations if int(t) == second)
    return texts.encode().ljust(width, b"\0")
