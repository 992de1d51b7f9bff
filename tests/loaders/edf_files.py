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


def write_channels(path, channels, n_records, record_seconds=1.0, seed=0, kind=""):
    """An EDF or (by its ending) BDF file of channels as unlike as the formats allow.

    Parameters
    ----------
    path : Path
    channels : sequence of (name, unit, physical range, digital range, samples in a record)
        A channel named "EDF Annotations" or "BDF Annotations" gets one annotation a record.
    n_records : int
    record_seconds : float, s
    seed : int
    kind : str
        "EDF+C", "EDF+D" or nothing.
    """
    wide = path.suffix == ".bdf"
    rng = np.random.default_rng(seed)
    names, units, physical, digital, counts = zip(*channels, strict=True)
    n = len(channels)
    head = [b"\xffBIOSEMI" if wide else b"0       "]
    fields = [("X X X X", 80), ("Startdate X X X X", 80), ("01.01.20", 8), ("00.00.00", 8)]
    fields += [(256 * (n + 1), 8), (kind, 44), (n_records, 8), (f"{record_seconds:g}", 8), (n, 4)]
    lows, highs = [low for low, _ in physical], [high for _, high in physical]
    bottoms, tops = [low for low, _ in digital], [high for _, high in digital]
    columns = [(names, 16), ([""] * n, 80), (units, 8), (lows, 8), (highs, 8), (bottoms, 8)]
    columns += [(tops, 8), ([""] * n, 80), (counts, 8), ([""] * n, 32)]
    fields += [(value, width) for values, width in columns for value in values]
    head += [str(value).ljust(width)[:width].encode("ascii") for value, width in fields]
    body = []
    for record in range(n_records):
        for name, (low, high), count in zip(names, digital, counts, strict=True):
            if name.endswith("Annotations"):
                text = f"+{record * record_seconds:g}\x14\x14\0"
                text += f"+{record * record_seconds:g}\x14{name[:3]}{record}\x14\0"
                body.append(text.encode().ljust(count * (3 if wide else 2), b"\0"))
                continue
            values = rng.integers(low, high, count, endpoint=True)
            if wide:
                body.append(values.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes())
            else:
                body.append(values.astype("<i2").tobytes())
    path.write_bytes(b"".join(head + body))
