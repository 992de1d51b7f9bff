"""My own recordings: read, look, filter, cut, and put several files together.

To have something to read, the first part writes two short recordings of made-up motor imagery;
skip it and give the names of your own files. Takes a few seconds.
"""

from pathlib import Path

import mne
import numpy as np

import neurodecode as nd

# ---------------------------------------------------------------- files to work on: yours instead
CHANNELS = ["C3", "Cz", "C4", "CP3", "CPz", "CP4", "Fz", "VEOG"]
SFREQ = 250.0


def write_recording(path: Path, seed: int) -> None:
    """Three minutes of noise with a 10 Hz rhythm that fades over the side opposite the hand."""
    rng = np.random.default_rng(seed)
    onsets = np.arange(5.0, 165.0, 4.0)
    labels = rng.permutation(["left", "right"] * (len(onsets) // 2))
    data = 15e-6 * rng.standard_normal((len(CHANNELS), int(180 * SFREQ)))
    rhythm = 4e-6 * np.sin(2 * np.pi * 10 * np.arange(data.shape[1]) / SFREQ)
    data[0], data[2] = data[0] + rhythm, data[2] + rhythm
    for onset, label in zip(onsets, labels, strict=True):
        during = slice(int((onset + 0.5) * SFREQ), int((onset + 3.0) * SFREQ))
        data[2 if label == "left" else 0, during] -= 0.6 * rhythm[during]
    kinds = ["eog" if name == "VEOG" else "eeg" for name in CHANNELS]
    raw = mne.io.RawArray(data, mne.create_info(CHANNELS, SFREQ, kinds), verbose="error")
    raw.set_annotations(mne.Annotations(onsets, 0.0, labels))
    raw.save(path, overwrite=True, verbose="error")


folder = Path("my_recordings")
folder.mkdir(exist_ok=True)
for subject in ("01", "02"):
    write_recording(folder / f"sub-{subject}_task-mi_raw.fif", seed=int(subject))

# ---------------------------------------------------------------- one file
rec = nd.read(folder / "sub-01_task-mi_raw.fif")
print(rec)  # rate, channels by kind and unit, duration, events with counts
rec = rec.set_montage("standard_1005")

# Filters go before the cut: there they are exact, without edges inside a trial.
rec = nd.preprocessing.Bandpass(1, 40).transform(rec)
classes = {"left": "left", "right": "right"}  # your class name -> event name or code in the file
epochs = rec.epoch(classes, tmin=0.5, tmax=3.0)
print(epochs)  # brain channels only: the eye channel stayed outside
print(f"dropped: {len(epochs.dropped)} windows")

# ---------------------------------------------------------------- several files, one study
# The words in braces become columns of the trial table.
study = nd.read(folder / "sub-{subject}_task-mi_raw.fif")
print(study)
everyone = study.map(nd.preprocessing.Bandpass(1, 40)).epoch(classes, tmin=0.5, tmax=3.0)
print(everyone.trials.groupby(["subject"]).size().to_dict())

# Who was never seen in training is decoded: that is what "cross-subject" means.
result = nd.benchmark(everyone, ["tangent-lr", "csp-lda"], split="cross-subject", k=2)
print(result.table())

# ---------------------------------------------------------------- channels that differ
fewer = epochs.pick(["C4", "C3", "Cz"])
both = nd.concat([epochs, fewer], on="common")  # matched by name, in the order of the first
print(both)

everyone.save("mi")
assert np.array_equal(nd.Epochs.load("mi").data, everyone.data)
print("saved to mi/ and read back")
