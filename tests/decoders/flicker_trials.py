"""The simulation of the SSVEP sheet: twelve targets in frequency and phase, six blocks."""

import numpy as np

from neurodecode import Epochs

SFREQ, N_CHANNELS, N_BLOCKS = 250.0, 8, 6
FREQUENCIES = {f"{9.25 + 0.5 * k:g} Hz": 9.25 + 0.5 * k for k in range(12)}
PHASES = {label: k * np.pi / 2 for k, label in enumerate(FREQUENCIES)}


def flicker_trials(snr, random_state, n_times=125):
    """Epochs of all blocks and the block of each trial; noise alone where `snr` is 0."""
    rng = np.random.default_rng(random_state)
    patterns = rng.normal(size=(2, N_CHANNELS))
    patterns /= np.linalg.norm(patterns, axis=1, keepdims=True)
    mixing = np.eye(N_CHANNELS) + 0.6 * rng.normal(size=(N_CHANNELS,) * 2) / np.sqrt(8)
    times = np.arange(n_times) / SFREQ
    responses = []
    for label, hertz in FREQUENCIES.items():
        angle = 2 * np.pi * hertz * times + PHASES[label]
        first = sum(0.6 ** (h - 1) * np.sin(h * angle + 0.7 * h) for h in (1, 2, 3))
        second = 0.5 * sum(np.cos(h * angle) for h in (1, 2))
        responses.append(patterns.T @ np.stack([first, second]))
    noise = mixing @ rng.normal(size=(N_BLOCKS * 12, N_CHANNELS, n_times))
    data = snr * np.sqrt(N_CHANNELS) * np.tile(responses, (N_BLOCKS, 1, 1)) + noise
    epochs = Epochs(
        data,
        channels=["Pz", "PO7", "PO3", "POz", "PO4", "PO8", "O1", "O2"],
        sfreq=SFREQ,
        y=np.tile(list(FREQUENCIES), N_BLOCKS),
    )
    return epochs, np.repeat(np.arange(N_BLOCKS), 12)


def block_accuracy(make, snr, seeds):
    """Mean accuracy over leave-one-block-out folds and seeds."""
    scores = []
    for seed in seeds:
        epochs, block = flicker_trials(snr, seed)
        for held in range(N_BLOCKS):
            train, test = epochs[block != held], epochs[block == held]
            scores.append(make().fit(train, train.y).score(test, test.y))
    return float(np.mean(scores))
