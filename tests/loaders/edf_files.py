"""Small EDF files, as clinical archives hold them."""

import numpy as np


def write_edf(path, names, sfreq=100, seconds=30, seed=0):
    """An EDF file of µV noise, one record a second.

    Parameters
    ----------
    path : Path, its folder is made
    names : sequence of str
    sfreq : int, Hz
    seconds : int
    seed : int
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    n = len(names)

    def field(text, width):
        return str(text).ljust(width)[:width].encode("ascii")

    head = [
        field("0", 8), field("X X X X", 80), field("Startdate X X X X", 80), field("01.01.20", 8),
        field("00.00.00", 8), field(256 * (n + 1), 8), field("", 44), field(seconds, 8),
        field(1, 8), field(n, 4),
    ]  # fmt: skip
    for values, width in (
        (names, 16), ([""] * n, 80), (["uV"] * n, 8), ([-3276.8] * n, 8), ([3276.7] * n, 8),
        ([-32768] * n, 8), ([32767] * n, 8), ([""] * n, 80), ([sfreq] * n, 8), ([""] * n, 32),
    ):  # fmt: skip
        head += [field(value, width) for value in values]
    noise = np.random.default_rng(seed).normal(size=(seconds, n, sfreq)) * 100  # 0.1 µV steps
    path.write_bytes(b"".join(head) + noise.astype("<i2").tobytes())
