"""`sim-fmri`: blocks of two kinds of pictures, BOLD of forty voxels.

A quarter of the voxels answers faces more, a quarter houses more, a quarter both alike, a quarter
neither. Neural activity is on during a block; the haemodynamic response makes it slow; drift and
autocorrelated noise are added to each run.

Source of the design: Haxby et al. 2001, doi 10.1126/science.1063736.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.recording import Recording
from neurodecode.loaders.simulate import signals

CLASSES = ("face", "house")
BLOCK = 16.0  # s
REST = 14.0  # s
LEAD_IN = 10.0


def fmri_recordings(
    n_subjects: int = 2,
    n_runs: int = 6,
    n_blocks: int = 8,
    n_voxels: int = 40,
    repetition_time: float = 2.0,
    effect: float = 1.0,
    random_state: int = 0,
) -> tuple[list[Recording], dict[str, Any]]:
    """BOLD runs in % signal change and what was planted.

    Parameters
    ----------
    n_subjects, n_runs, n_blocks : int; half of the blocks of a run for each class
    n_voxels : int
    repetition_time : float, s per volume
    effect : float, % signal change of a voxel's preferred class
    random_state : int

    Returns
    -------
    recordings : list of Recording, one a subject and run; events "face" and "house"
    truth : ``weights`` (n_voxels, 2), response to each class relative to `effect`, and
        ``kernel(times)``, the haemodynamic response

    Examples
    --------
    >>> recordings, truth = fmri_recordings(n_subjects=1, n_runs=2)
    >>> len(recordings), recordings[0].channels.units[0], truth["weights"].shape
    (2, '%', (40, 2))
    """
    weights = voxel_weights(n_voxels)
    recordings = [
        _run(
            str(subject), str(run), n_blocks, repetition_time, effect * weights,
            np.random.default_rng([random_state, subject, run]),
        )
        for subject in range(1, n_subjects + 1)
        for run in range(1, n_runs + 1)
    ]  # fmt: skip
    return recordings, {"weights": weights, "kernel": signals.haemodynamic_response}


def simulate_fmri(**options: Any) -> tuple[Epochs, dict[str, Any]]:
    """Blocks of `fmri_recordings`, 4-20 s after their start, and what was planted.

    Examples
    --------
    >>> epochs, truth = simulate_fmri(n_subjects=1, n_runs=2)
    >>> epochs.shape
    (16, 40, 8)
    """
    recordings, truth = fmri_recordings(**options)
    return Epochs.concat(
        [each.epoch(list(CLASSES), tmin=4.0, tmax=20.0) for each in recordings]
    ), truth


def voxel_weights(n_voxels: int) -> np.ndarray:
    """Response of each voxel to face and house, shape (n_voxels, 2)."""
    kinds = np.array([[1.0, 0.5], [0.5, 1.0], [0.8, 0.8], [0.0, 0.0]])
    return kinds[np.arange(n_voxels) * 4 // n_voxels]


def _run(
    subject: str,
    run: str,
    n_blocks: int,
    repetition_time: float,
    weights: np.ndarray,
    rng: np.random.Generator,
) -> Recording:
    labels = rng.permutation(np.resize(CLASSES, n_blocks))
    onsets = LEAD_IN + (BLOCK + REST) * np.arange(n_blocks)
    n_volumes = round((onsets[-1] + BLOCK + REST) / repetition_time)
    response = np.stack(
        [block_response(onsets[labels == name], n_volumes, repetition_time) for name in CLASSES]
    )
    noise = rng.normal(size=(len(weights), n_volumes))
    for volume in range(1, n_volumes):  # AR(1) with coefficient 0.4 and unit variance
        noise[:, volume] = 0.4 * noise[:, volume - 1] + np.sqrt(1 - 0.4**2) * noise[:, volume]
    drift = np.outer(rng.normal(scale=0.5, size=len(weights)), np.linspace(-1, 1, n_volumes))
    return Recording(
        (weights @ response + 0.9 * noise + drift).astype(np.float32),
        channels=Channels(
            [f"voxel {number:02d}" for number in range(1, len(weights) + 1)],
            kinds="bold",
            units="%",
        ),
        sfreq=1 / repetition_time,
        events=pd.DataFrame({"onset": onsets, "duration": BLOCK, "label": labels}),
        recording=f"sim-fmri sub-{subject} run-{run}",
        subject=subject,
        run=run,
        simulated=True,
    )


def block_response(onsets: np.ndarray, n_volumes: int, repetition_time: float) -> np.ndarray:
    """Blocks convolved with the haemodynamic response, plateau about 1, shape (n_volumes,)."""
    fine = 0.1  # s
    per_volume = round(repetition_time / fine)
    activity = np.zeros(n_volumes * per_volume)
    for onset in onsets:
        start = round(onset / fine)
        activity[start : start + round(BLOCK / fine)] = 1.0
    kernel = signals.haemodynamic_response(np.arange(0, 32, fine))
    slow = np.convolve(activity, kernel / kernel.sum())[: len(activity)]
    return slow[::per_volume]
