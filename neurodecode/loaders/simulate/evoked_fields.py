"""`sim-meg`: fields evoked by tones in one ear or the other, and by gratings.

Three tangential dipoles: auditory cortex left and right, and visual cortex. A tone drives both
auditory cortices at about 100 ms (M100), the opposite side earlier and stronger than its own; a
grating drives the visual cortex at about 110 ms. Thirty point magnetometers see them, in fT, below
noise of the brain.

Source of the phenomenon: Pantev et al. 1986, doi 10.1016/0013-4694(86)90033-7 (contralateral M100).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.recording import Recording
from neurodecode.loaders.simulate import head, signals

CLASSES = ("tone_left", "tone_right", "grating")
N_SENSORS = 30
INTERVAL = (0.8, 1.1)  # s from stimulus to stimulus, uniform
LEAD_IN = 1.0
# Peak (s) and strength of the auditory cortex left, right and the visual cortex for each class
RESPONSES = {
    "tone_left": ((0.105, 0.6), (0.095, 1.0), (0.11, 0.0)),
    "tone_right": ((0.095, 1.0), (0.105, 0.6), (0.11, 0.0)),
    "grating": ((0.1, 0.0), (0.1, 0.0), (0.11, 1.0)),
}


def meg_recordings(
    n_subjects: int = 3,
    n_trials: int = 75,
    sfreq: float = 200.0,
    moment: float = 35.0,
    random_state: int = 0,
) -> tuple[list[Recording], dict[str, Any]]:
    """Continuous MEG recordings, one a subject, and what was planted.

    Parameters
    ----------
    n_subjects, n_trials : int; a third of the trials for each class
    sfreq : float, Hz
    moment : float, nAm, of the strongest response
    random_state : int

    Returns
    -------
    recordings : list of Recording; events "tone_left", "tone_right", "grating"
    truth : ``responses`` (class -> (peak s, strength) of each source) and
        ``patterns[subject]``, fT for 1 nAm, shape (30, 3): auditory left, right, visual

    Examples
    --------
    >>> recordings, truth = meg_recordings(n_subjects=1, n_trials=6)
    >>> truth["patterns"]["1"].shape
    (30, 3)
    """
    recordings: list[Recording] = []
    patterns: dict[str, np.ndarray] = {}
    for subject in range(1, n_subjects + 1):
        rng = np.random.default_rng([random_state, subject])
        places, outward = head.under(("T7", "T8", "Oz"), depth=0.03)
        places = places + rng.normal(scale=0.004, size=places.shape)
        # Horizontal in the occiput, vertical in the temporal lobes: tangential, hence visible.
        upright = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
        tangent = upright - np.sum(upright * outward, axis=1, keepdims=True) * outward
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        patterns[str(subject)] = head.meg_lead_field(N_SENSORS, places, tangent)
        recordings.append(
            _recording(str(subject), n_trials, sfreq, moment * patterns[str(subject)], rng)
        )
    return recordings, {"responses": RESPONSES, "patterns": patterns}


def simulate_meg(**options: Any) -> tuple[Epochs, dict[str, Any]]:
    """Trials -0.1 to 0.4 s around the stimuli of `meg_recordings`, and what was planted.

    Examples
    --------
    >>> epochs, truth = simulate_meg(n_subjects=1, n_trials=9)
    >>> epochs.shape, epochs.channels.units[0]
    ((9, 30, 100), 'fT')
    """
    recordings, truth = meg_recordings(**options)
    return Epochs.concat(
        [each.epoch(list(CLASSES), tmin=-0.1, tmax=0.4) for each in recordings]
    ), truth


def _recording(
    subject: str, n_trials: int, sfreq: float, patterns: np.ndarray, rng: np.random.Generator
) -> Recording:
    labels = rng.permutation(np.resize(CLASSES, n_trials))
    onsets = LEAD_IN + np.cumsum(rng.uniform(*INTERVAL, size=n_trials))
    first = np.round(onsets * sfreq).astype(int)
    n_times = first[-1] + round(1.0 * sfreq)
    times = np.arange(round(0.5 * sfreq)) / sfreq
    courses = np.zeros((3, n_times))
    for start, label in zip(first, labels, strict=True):
        vigour = rng.uniform(0.7, 1.3)
        for source, (peak, strength) in enumerate(RESPONSES[label]):
            wave = signals.bump(times, peak, 0.02) - 0.4 * signals.bump(times, peak + 0.09, 0.04)
            courses[source, start : start + len(times)] += vigour * strength * wave
    positions, orientations = head.scattered_dipoles(40, rng)
    field = head.meg_lead_field(N_SENSORS, positions, orientations)
    noise = field @ signals.pink_noise((40, n_times), rng)
    noise *= 170.0 / noise.std()
    data = patterns @ courses + noise + rng.normal(scale=30.0, size=noise.shape)
    places, axes = head.helmet(N_SENSORS)
    return Recording(
        data.astype(np.float32),
        channels=Channels(
            [f"MAG {number:02d}" for number in range(1, N_SENSORS + 1)],
            kinds="mag",
            positions=places,
            position_from="template",
            orientations=axes.reshape(N_SENSORS, 9),
        ),
        sfreq=sfreq,
        events=pd.DataFrame({"onset": first / sfreq, "duration": 0.05, "label": labels}),
        recording=f"sim-meg sub-{subject}",
        subject=subject,
        simulated=True,
    )
