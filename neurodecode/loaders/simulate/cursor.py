"""`sim-cursor`: spike counts of motor cortex neurons that drive a cursor in the plane.

The firing rate of each neuron is a baseline plus a cosine of the angle between the coming hand
velocity and its preferred direction, times speed; counts are Poisson. Neurons lead the movement.

Source of the model: Georgopoulos et al. 1982, doi 10.1523/JNEUROSCI.02-11-01527.1982; Moran &
Schwartz 1999, doi 10.1152/jn.1999.82.5.2676 (speed gain).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.recording import Recording
from neurodecode.loaders.simulate import signals

LEAD = 0.1  # s, spikes before movement


def cursor_recordings(
    n_units: int = 30,
    n_sessions: int = 2,
    seconds: float = 150.0,
    sfreq: float = 20.0,
    depth: float = 0.8,
    random_state: int = 0,
) -> tuple[list[Recording], dict[str, Any]]:
    """Spike counts with cursor velocity, one recording a session, and what was planted.

    Parameters
    ----------
    n_units, n_sessions : int; the same units in all sessions, with drifting baselines
    seconds : float, length of a session
    sfreq : float, Hz, bins per second
    depth : float in [0, 1], share of the baseline rate that direction modulates at 10 cm/s
    random_state : int

    Returns
    -------
    recordings : list of Recording; target "velocity" of shape (2, n_times), cm/s
    truth : ``preferred`` (n_units, 2) unit vectors, ``baseline`` (n_units,) Hz, ``lead`` s

    Examples
    --------
    >>> recordings, truth = cursor_recordings(n_units=5, n_sessions=1, seconds=10)
    >>> recordings[0].shape, recordings[0].targets["velocity"].shape
    ((5, 200), (2, 200))
    """
    rng = np.random.default_rng([random_state, 0])
    angle = rng.uniform(0, 2 * np.pi, n_units)
    preferred = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    baseline = rng.uniform(8.0, 25.0, n_units)
    recordings = []
    for session in range(1, n_sessions + 1):
        rng = np.random.default_rng([random_state, session])
        drift = np.exp(rng.normal(scale=0.1, size=n_units))
        n_times, lead = round(seconds * sfreq), round(LEAD * sfreq)
        velocity = _velocity(n_times + lead, sfreq, rng)
        drive = preferred @ velocity[:, lead:] / 10.0  # the velocity that comes LEAD later
        rate = (baseline * drift)[:, None] * np.clip(1 + depth * drive, 0.05, None)
        recordings.append(
            Recording(
                rng.poisson(rate / sfreq).astype(np.float32),
                channels=Channels(
                    [f"unit {number:02d}" for number in range(1, n_units + 1)], kinds="spikes"
                ),
                sfreq=sfreq,
                recording=f"sim-cursor ses-{session}",
                session=str(session),
                targets={"velocity": velocity[:, :n_times]},
                simulated=True,
            )
        )
    return recordings, {"preferred": preferred, "baseline": baseline, "lead": LEAD}


def simulate_cursor(**options: Any) -> tuple[Epochs, dict[str, Any]]:
    """Windows of 0.5 s every 0.25 s of `cursor_recordings` with velocity at their end as `y`.

    Examples
    --------
    >>> epochs, truth = simulate_cursor(n_units=5, n_sessions=1, seconds=10)
    >>> epochs.shape, epochs.y.shape
    ((39, 5, 10), (39, 2))
    """
    recordings, truth = cursor_recordings(**options)
    return Epochs.concat([each.windows(0.5, 0.25, target="velocity") for each in recordings]), truth


def _velocity(n_times: int, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth random velocity of s.d. 8 cm/s, shape (2, n_times): noise below about 1 Hz."""
    return 8.0 * np.stack([signals.rhythm(n_times, sfreq, 0.0, rng, width=0.5) for _ in range(2)])
