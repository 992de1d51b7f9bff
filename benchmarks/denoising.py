"""Learned denoising under the EEGdenoiseNet protocol, beside doing nothing and a band-pass.

Run as ``python benchmarks/denoising.py --write docs/denoising.md``; without ``--write`` the tables
are printed only. Clean EEG, eye and muscle segments are simulated (`nd.loaders.simulate_segments`);
with ``--data FOLDER`` they are those of EEGdenoiseNet (EEG_all_epochs.npy, EOG_all_epochs.npy,
EMG_all_epochs.npy), as many as the simulation has. One thread of the CPU.

Band and learning rate are chosen on validation pairs, by the error in time; test pairs are scored
once. No segment, clean or noise, is in two parts.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
import warnings
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np  # noqa: E402
from harness import machine  # noqa: E402

import neurodecode as nd  # noqa: E402
from neurodecode.evaluation import NoisyPairs, denoising_pairs, score  # noqa: E402

SFREQ, SECONDS = 128.0, 2.0
PEOPLE, SEGMENTS = 20, 10  # of each kind: 200 segments, 160 + 20 + 20
REDRAWS, EPOCHS, BATCH = 4, 8, 20
LEVELS = tuple(range(-7, 3))
NOISES = {"emg": "Muscles", "eog": "Eyes"}
METRICS = {
    "rrmse-temporal": "RRMSE in time",
    "rrmse-spectral": "RRMSE of the spectrum",
    "segment-correlation": "CC",
}
LOWS, HIGHS = (None, 1, 2, 4, 6, 7), (None, 8, 10, 12, 16, 20, 25, 30, 40)
BANDS = [band for band in product(LOWS, HIGHS) if any(band)]
# name in the tables -> network, weight of the discriminator, learning rates tried
NETS = {
    "FCNN": ("eegdenoisenet-fcnn", 0.0, (3e-4, 1e-3, 3e-3)),
    "CNN": ("eegdenoisenet-cnn", 0.0, (3e-4, 1e-3)),
    "AT-AT": ("atat", 0.01, (1e-3, 3e-3, 1e-2)),
}


@dataclass(frozen=True)
class Row:
    """A method's cleaned test segments, and what it took."""

    method: str
    cleaned: np.ndarray
    choice: str
    parameters: int = 0
    seconds: float = 0.0


def material(data: Path | None) -> dict[str, np.ndarray]:
    """Segments by kind, (n, n_times), without their mean."""
    if data is None:
        made = nd.loaders.simulate_segments(PEOPLE, SEGMENTS, SFREQ, SECONDS)
        return {kind: epochs.data[:, 0].astype(np.float64) for kind, epochs in made.items()}
    segments = {}
    for kind in ("eeg", "eog", "emg"):
        array = np.load(data / f"{kind.upper()}_all_epochs.npy").astype(np.float64)
        epochs = nd.Epochs(array[: PEOPLE * SEGMENTS, None], channels=[kind], sfreq=256.0)
        array = nd.preprocessing.Resample(SFREQ).transform(epochs).data[:, 0]
        segments[kind] = array - array.mean(axis=1, keepdims=True)
    return segments


def epochs_of(signals: np.ndarray) -> nd.Epochs:
    """Rows as epochs of one EEG channel."""
    return nd.Epochs(signals[:, None], channels=["EEG"], sfreq=SFREQ)


def bandpass(valid: NoisyPairs, test: NoisyPairs) -> Row:
    """The band with the smallest validation error."""
    start = time.process_time()
    errors = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # segments of 2 s are short for these filters: they say so
        for low, high in BANDS:
            filtered = nd.preprocessing.Bandpass(low, high).transform(epochs_of(valid.noisy))
            errors[low, high] = score("rrmse-temporal", valid.clean, filtered.data[:, 0])
        low, high = min(errors, key=errors.__getitem__)
        cleaned = nd.preprocessing.Bandpass(low, high).transform(epochs_of(test.noisy)).data[:, 0]
    choice = f"{low or 0}-{high or SFREQ / 2:g} Hz of {len(BANDS)} bands"
    return Row("band-pass", cleaned, choice, seconds=time.process_time() - start)


def network(method: str, train: NoisyPairs, valid: NoisyPairs, test: NoisyPairs) -> Row:
    """The learning rate with the smallest validation error."""
    net, adversarial, rates = NETS[method]
    pairs = [epochs_of(each) for each in (train.noisy, train.clean, valid.noisy, valid.clean)]
    start = time.process_time()
    fitted = {
        lr: nd.decoders.Denoiser(
            net, adversarial=adversarial, epochs=EPOCHS, batch_size=BATCH, lr=lr, device="cpu"
        ).fit(*pairs)
        for lr in rates
    }
    seconds = (time.process_time() - start) / len(rates)
    errors = {lr: min(each.history_["valid_loss"]) for lr, each in fitted.items()}
    print(f"{method}: {seconds:.0f} s a training, {errors}", file=sys.stderr, flush=True)
    best = min(errors, key=errors.__getitem__)
    cleaned = fitted[best].transform(epochs_of(test.noisy)).data[:, 0]
    choice = f"lr {best:g} of {', '.join(f'{lr:g}' for lr in rates)}"
    if net == "atat":
        low, high = (
            corrected_share(fitted[best], test, level) for level in (LEVELS[0], LEVELS[-1])
        )
        choice += f"; corrects {low:.0%} of the signal at {LEVELS[0]}, {high:.0%} at {LEVELS[-1]}"
    return Row(method, cleaned, choice, fitted[best].n_parameters_, seconds)


def corrected_share(denoiser: nd.decoders.Denoiser, test: NoisyPairs, level: float) -> float:
    """How much of the test signals at one ratio AT-AT's auto-encoder leaves to the transformer."""
    import torch

    body: Any = denoiser.module_.body
    noisy = test.noisy[test.snr == level]
    noisy = (noisy - noisy.mean(1, keepdims=True)) / noisy.std(1, keepdims=True)
    with torch.no_grad():
        codes = body(torch.from_numpy(noisy).float()[:, None])
    return float(codes[..., -1].mean())


def rows_of(kind: str, segments: dict[str, np.ndarray]) -> tuple[list[Row], NoisyPairs]:
    """Every method on one kind of noise."""
    train, valid, test = denoising_pairs(
        segments["eeg"], segments[kind], snr=LEVELS, redraws=REDRAWS
    )
    rows = [Row("do nothing", test.noisy, "-"), bandpass(valid, test)]
    return rows + [network(method, train, valid, test) for method in NETS], test


def scores_table(rows: list[Row], test: NoisyPairs) -> str:
    """One line a metric and method; the interval is over test segments, each over all levels."""
    head = ["metric", "method", *map(str, LEVELS), "mean, 95 %"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for metric, title in METRICS.items():
        for row in rows:
            pairs = zip(test.clean, row.cleaned, strict=True)
            each = np.array([score(metric, clean[None], made[None]) for clean, made in pairs])
            each = each.reshape(len(LEVELS), -1)  # pairs are ordered by level
            means = each.mean(axis=0)
            half = 1.96 * means.std(ddof=1) / np.sqrt(len(means))
            cells = [title, row.method, *(f"{value:.2f}" for value in each.mean(axis=1))]
            lines.append(f"| {' | '.join(cells)} | {means.mean():.2f} ± {half:.2f} |")
    return "\n".join(lines)


def costs_table(rows: dict[str, list[Row]]) -> str:
    """Sizes, choices and CPU seconds."""
    lines = ["| noise | method | parameters | chosen on validation | CPU s a training |"]
    lines.append("|---|---|---|---|---|")
    for kind, some in rows.items():
        lines += [
            f"| {NOISES[kind]} | {row.method} | {row.parameters or '-'} | {row.choice} | "
            f"{row.seconds:.0f} |"
            for row in some[1:]
        ]
    return "\n".join(lines)


def report(data: Path | None) -> str:
    """All tables as Markdown."""
    start = time.process_time()
    segments = material(data)
    tables, parts, test = {}, [], None
    for kind, title in NOISES.items():
        tables[kind], test = rows_of(kind, segments)
        parts.append(f"### {title}\n\n{scores_table(tables[kind], test)}\n")
    assert test is not None
    n = len(test) // len(LEVELS)
    source = "EEGdenoiseNet" if data else "Simulated segments"
    parts.append(
        f"### What it took\n\n{costs_table(tables)}\n\n{source}: {len(segments['eeg'])} of each "
        f"kind, {SECONDS:g} s at {SFREQ:g} Hz; {len(segments['eeg']) - 2 * n} train ({REDRAWS} "
        f"redraws, {EPOCHS} epochs), {n} validate, {n} test, each of these at ten ratios. "
        f"{time.process_time() - start:.0f} s of CPU in all, seed 0. "
        f"{machine('numpy', 'torch', 'mne')}."
    )
    return "\n".join(parts)


def main() -> None:
    """Print the tables, and put them between the markers of a page where one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="a page with the markers of this benchmark")
    parser.add_argument("--data", type=Path, help="folder with the arrays of EEGdenoiseNet")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    text = report(options.data)
    print(text)
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        marked = re.compile(r"(<!-- denoising: begin -->\n).*?(<!-- denoising: end -->)", re.DOTALL)
        if not marked.search(page):
            parser.error(f"{options.write} has no markers <!-- denoising: begin --> ... end -->")
        page = marked.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)
        options.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
