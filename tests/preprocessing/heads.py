"""Brains in a spherical head, for tests that hold figures against a known truth."""

from __future__ import annotations

import functools

import numpy as np

from neurodecode import Recording
from neurodecode.core import Channels
from neurodecode.loaders.simulate import head


@functools.cache
def cap(n_channels: int) -> Channels:
    """A BioSemi cap on the head of the simulators."""
    import mne

    places = mne.channels.make_standard_montage(f"biosemi{n_channels}").get_positions()["ch_pos"]
    outward = np.array(list(places.values()))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    positions = head.CENTRE + head.HEAD_RADIUS * outward
    return Channels(list(places), positions=positions, position_from="template")


@functools.cache
def lead_field(n_channels: int, n_dipoles: int = 120, seed: int = 0) -> np.ndarray:
    """Potentials of radial dipoles at 0.3 to 0.8 of the radius, (n_channels, n_dipoles), sd 1."""
    import mne

    rng = np.random.default_rng(seed)
    outward = rng.normal(size=(n_dipoles, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    depth = head.HEAD_RADIUS * rng.uniform(0.3, 0.8, size=(n_dipoles, 1))
    info = mne.create_info(list(cap(n_channels).names), 100.0, "eeg")
    for channel, place in zip(info["chs"], cap(n_channels).positions, strict=True):
        channel["loc"][:3] = place
        channel["coord_frame"] = mne.io.constants.FIFF.FIFFV_COORD_HEAD
    field = head._solve(info, head.CENTRE + depth * outward, outward)
    return field / field.std()


def pink(rng: np.random.Generator, n: int, n_times: int) -> np.ndarray:
    """Noise with power over 1/f, sd 1, shape (n, n_times)."""
    at = np.fft.rfftfreq(n_times)
    at[0] = np.inf
    spectrum = rng.normal(size=(n, len(at))) + 1j * rng.normal(size=(n, len(at)))
    wave = np.fft.irfft(spectrum / np.sqrt(at), n=n_times)
    return wave / wave.std(axis=1, keepdims=True)


def brain(
    n_channels: int, seconds: float, sfreq: float, noise: float = 0.1, seed: int = 0
) -> Recording:
    """Pink dipoles of sd 10 µV at a cap, and white noise of sensors of `noise` times that."""
    rng = np.random.default_rng(seed)
    n_times = round(seconds * sfreq)
    field = lead_field(n_channels)
    data = field @ pink(rng, field.shape[1], n_times)
    data *= 10 / data.std()
    data += 10 * noise * rng.normal(size=data.shape)
    return Recording(data, channels=cap(n_channels), sfreq=sfreq, line_freq=50.0)
