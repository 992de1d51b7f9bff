"""Small recordings of some formats, and headers of them, as tests damage them."""

import struct

import numpy as np

SFREQ = 100.0
SIGNALS = np.random.default_rng(0).normal(scale=20.0, size=(3, 1000)).astype(np.float32)


def brainvision(
    folder, signals=SIGNALS, names=("C3", "Cz", "C4"), unit="µV", markers=((101, "s"),)
):
    """A BrainVision recording; gives the path of its header."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.eeg").write_bytes(np.ascontiguousarray(signals.T, dtype="<f4").tobytes())
    channels = "\n".join(f"Ch{i + 1}={name},,1,{unit}" for i, name in enumerate(names))
    header = f"""Brain Vision Data Exchange Header File Version 1.0
[Common Infos]
Codepage=UTF-8
DataFile=a.eeg
MarkerFile=a.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels={len(names)}
SamplingInterval={1e6 / SFREQ}
[Binary Infos]
BinaryFormat=IEEE_FLOAT_32
[Channel Infos]
{channels}
"""
    (folder / "a.vhdr").write_text(header, encoding="utf-8")
    rows = [f"Mk{i + 2}=Stimulus,{name},{at},1,0" for i, (at, name) in enumerate(markers)]
    text = "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nDataFile=a.eeg\n"
    text += "[Marker Infos]\nMk1=New Segment,,1,1,0,20200101000000000000\n" + "\n".join(rows)
    (folder / "a.vmrk").write_text(text + "\n", encoding="utf-8")
    return folder / "a.vhdr"


def edf(path, samples=(100, 100), n_records=10):
    """An EDF file of one-second records; `samples` a second of each channel."""
    n = len(samples)

    def field(value, width):
        return str(value).ljust(width)[:width].encode("ascii")

    head = [("0", 8), ("X", 80), ("X", 80), ("01.01.20", 8), ("00.00.00", 8)]
    head += [(256 * (n + 1), 8), ("", 44), (n_records, 8), (1, 8), (n, 4)]
    columns = [
        ([f"E{i}" for i in range(n)], 16), ([""] * n, 80), (["uV"] * n, 8), ([-3276.8] * n, 8),
        ([3276.7] * n, 8), ([-32768] * n, 8), ([32767] * n, 8), ([""] * n, 80), (samples, 8),
        ([""] * n, 32),
    ]  # fmt: skip
    content = b"".join(field(*each) for each in head)
    content += b"".join(field(value, width) for values, width in columns for value in values)
    rng = np.random.default_rng(0)
    content += rng.integers(-500, 500, n_records * sum(samples)).astype("<i2").tobytes()
    path.write_bytes(content)
    return path


def fif(path):
    import mne

    info = mne.create_info(["C3", "Cz", "C4"], SFREQ, "eeg")
    mne.io.RawArray(1e-6 * SIGNALS, info, verbose="error").save(path, verbose="error")
    return path


def bti(path, epochs=(50,), n_epochs=None, n_events=0, place=None):
    """The data file of a 4D/BTi recording: 2 channels of float32, then the header."""
    data = b"\0" * (8 * 50)
    head = struct.pack(">8xh2xi4xi24xih6xi", 3, n_epochs or len(epochs), n_events, 0, 2, 0)
    rows = b"".join(struct.pack(">i52x", length) for length in epochs)
    header = head + b"\0" * (96 - len(head)) + rows + b"\0" * 208
    path.write_bytes(data + header + struct.pack(">q", len(data) if place is None else place))
    return path
