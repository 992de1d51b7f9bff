"""Figures that say what files hold: formats, flat cells, peaks, weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from figures_rows import Bench, Row, labels, printed, proportion, recordings
from scipy.signal import welch

import neurodecode as nd
from neurodecode.core.errors import DataError, MissingDependency
from neurodecode.core.mne_epochs import si_factors

OPTIONS: dict[str, dict[str, Any]] = {
    "neuroscan_cnt": {"data_format": "int16"},  # its sample width is written nowhere
    "boxy": {"fnirs": "intensity"},
    "nirx": {"fnirs": "intensity"},  # what the other readers give; ours is optical density
    "snirf": {"fnirs": "intensity"},
}


def io_zoo(bench: Bench) -> Iterator[Row]:
    """Recordings of every format against what independent readers found in them."""
    folder = bench.data / "io_zoo"
    files = json.loads((folder / "expected.json").read_text("utf-8"))["files"]
    known = {name: facts for name, facts in files.items() if facts["reader"].startswith("read_raw")}
    known = {name: facts for name, facts in known.items() if "abs_mean" in facts}
    found = [_alike(folder / name, name, facts) for name, facts in known.items()]
    here = [each for each in found if each is not None]
    words = f"recordings as other readers see them ({len(found) - len(here)} need absent packages)"
    yield Row(words, len(here), (len(here), len(here)), sum(here), "`nd.read`", 0, 0)


def _alike(path: Path, name: str, facts: dict[str, Any]) -> bool | None:
    """Whether shape, rate and mean amplitude are as stated; None where a package is missing."""
    try:
        rec: Any = nd.read(path, **OPTIONS.get(name.partition("/")[0], {}))
    except MissingDependency:
        return None
    except DataError:
        return False
    mean = np.abs(rec.data * si_factors(rec.channels)[:, None]).mean()
    same = rec.shape == (facts["nchan"], facts["n_times"])
    rate = np.isclose(rec.sfreq, facts["sfreq"], rtol=1e-9)
    return bool(same and rate and np.isclose(mean, facts["abs_mean"], rtol=1e-4))


def eeg_blinks(bench: Bench) -> Iterator[Row]:
    """An example: what it holds."""
    rec = recordings("eeg-blinks")[0]
    yield Row("channels", 19, (19, 19), len(rec.channels), "`nd.load`", 0, 0)
    yield Row("seconds (stated: about)", 11, printed(11, 0), rec.duration, "`nd.load`", 0, 1)


def lfp_neurodsp(bench: Bench) -> Iterator[Row]:
    """Peak above the straight line that log power follows over log frequency."""
    rec = recordings("lfp-neurodsp")[0]
    f, power = welch(rec.data[0], rec.sfreq, nperseg=2000)
    band = (f >= 4) & (f <= 40)
    line = np.polyfit(np.log(f[band]), np.log(power[band]), 1)
    above = np.log(power[band]) - np.polyval(line, np.log(f[band]))
    yield Row("beta peak of sample 1, Hz", 18, printed(18, 0), f[band][above.argmax()],
              "Welch, 2 s", 0, 1)  # fmt: skip


def calcium_suite2p(bench: Bench) -> Iterator[Row]:
    """Flat cells, and fluorescence against its own deconvolution."""
    rec = recordings("calcium-suite2p")[0]
    live = np.ptp(rec.data, axis=1) > 0
    yield Row("flat cells of 219", 47, (47, 47), float((~live).sum()), "`nd.load`", 0, 0)
    events = rec.targets["events"]
    r = [np.corrcoef(rec.data[i], events[i])[0, 1] for i in np.flatnonzero(live)[:2]]
    yield Row("correlation with events, mean of the first two live cells (stated: .24-.26)", 0.25,
              (0.235, 0.265), float(np.mean(r)), "`nd.load`", 0)  # fmt: skip


def songbird_hvc(bench: Bench) -> Iterator[Row]:
    """Two clocks in one file."""
    neural = recordings("songbird-hvc")[0]
    song: Any = nd.read(bench.data / "songbird_hvc" / "MackeviciusData.mat", variable="SONG",
                   sfreq=200.0, kind="misc")  # fmt: skip
    both = nd.Bundle({"neural": neural, "song": song}).windows(length=2.0, step=1.0)
    ratio = both["song"].shape[2] / both["neural"].shape[2]
    yield Row("samples of song a sample of calcium", 6.67, printed(6.67, 2), ratio,
              "`nd.Bundle`", 0)  # fmt: skip


def things_clip200(bench: Bench) -> Iterator[Row]:
    """The image nearest to a concept's centre, and how alike concepts are."""
    epochs = nd.load("things-clip200")
    images, centres = (
        each / np.linalg.norm(each, axis=1, keepdims=True)
        for each in (epochs.data[..., 0], labels(epochs))
    )
    near = centres @ images.T
    top = (near.argmax(axis=1) == np.arange(200)).mean()
    yield Row("centre to image: top-1 of 200", 0.93, proportion(0.93, 320), top, "cosine", digits=3)
    alike = centres @ centres.T
    other = (alike.sum() - np.trace(alike)) / (200 * 199)
    yield Row("mean cosine of different concepts", 0.66, printed(0.66, 2), other, "cosine", 0, 3)


def tokenizer_weights(bench: Bench) -> Iterator[Row]:
    """Weights of the tokenizer of MEG-GPT, whose network is not here yet: their number."""
    import torch

    path = bench.data / "weights_meggpt_tokenizer" / "model_state.pt"
    state = torch.load(path, map_location="cpu", weights_only=True)
    n = sum(tensor.numel() for tensor in state.values() if tensor.ndim)
    yield Row("parameters", 231040, (231040, 231040), n, "`torch.load`", 0, 0)


def electrode_positions(bench: Bench) -> Iterator[Row]:
    """The bank of electrode positions that REVE reads."""
    file = bench.data / "weights_reve_positions" / "positions.json"
    places = json.loads(file.read_text("utf-8"))
    radii = np.linalg.norm(np.array(list(places.values()), dtype=float), axis=1)
    yield Row("names", 543, (543, 543), len(places), "`json`", 0, 0)
    yield Row("mean radius, m", 0.0966, printed(0.0966, 4), radii.mean(), "`json`", 0, 4)


FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "io_zoo": io_zoo,
    "eeg_blinks": eeg_blinks,
    "lfp_neurodsp": lfp_neurodsp,
    "calcium_suite2p": calcium_suite2p,
    "songbird_hvc": songbird_hvc,
    "things_clip200": things_clip200,
    "weights_meggpt_tokenizer": tokenizer_weights,
    "weights_reve_positions": electrode_positions,
}
