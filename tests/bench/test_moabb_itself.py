"""MOABB 1.7 and `compat="moabb"` on one simulated set: the same numbers, cell for cell."""

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurodecode as nd
from neurodecode.bench.compat import MoabbData
from neurodecode.bench.dataset import BenchData
from neurodecode.core.study import Study
from neurodecode.evaluation.moabb_splits import MoabbSplitter

pytest.importorskip("moabb", reason="MOABB is not installed: pip install neurodecode-toolkit[hub]")
# Imports MOABB and runs its three evaluations.
pytestmark = [pytest.mark.slow, pytest.mark.parity]
SEED = 7
CLASSES = ["left_hand", "right_hand"]
WINDOW = {"labels": CLASSES, "tmin": 0.0, "tmax": 3.0}
SPLITS = ("within-session", "cross-session", "cross-subject")
RECIPES = ["csp-lda", "tangent-lr"]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "moabb.md"


def dataset(**how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bench.planted_imagery import PlantedImagery
    return PlantedImagery(**how)


def study_of(imagery):
    from neurodecode.loaders.sources.moabb_sets import recording_of

    recordings = []
    for subject in imagery.subject_list:
        for session, runs in imagery._get_single_subject_data(subject).items():
            for run, raw in runs.items():
                ids = {"subject": str(subject), "session": session, "run": run}
                name = f"{subject}-{session}-{run}"
                recordings.append(recording_of(raw, imagery, {"recording": name, **ids}))
    return Study(recordings)


def pipelines():
    """The mathematics of our two recipes, by pyRiemann and scikit-learn."""
    from pyriemann.estimation import Covariances
    from pyriemann.spatialfilters import CSP
    from pyriemann.tangentspace import TangentSpace
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return {
        "csp-lda": make_pipeline(Covariances("oas"), CSP(6), lda),
        "tangent-lr": make_pipeline(
            Covariances("oas"), TangentSpace("riemann"), LogisticRegression(max_iter=1000)
        ),
    }


def theirs(imagery, split, paradigm, folder):
    """Rows of MOABB before its file rounds them to float32."""
    from moabb import evaluations

    kind = "".join(word.title() for word in split.split("-"))
    evaluation = getattr(evaluations, f"{kind}Evaluation")(
        paradigm=paradigm, datasets=[imagery], random_state=SEED, hdf5_path=str(folder),
        overwrite=True,
    )  # fmt: skip
    process = paradigm.make_process_pipelines(imagery)[0]
    rows = list(evaluation.evaluate(imagery, pipelines(), None, process))
    frame = pd.DataFrame(rows)[["pipeline", "subject", "session", "score"]]
    return frame.astype({"subject": str, "session": str})


def gap(imagery, split, paradigm, folder):
    """Largest difference over all cells, and their number."""
    ours = nd.benchmark(
        (study_of(imagery), {**WINDOW, "labels": list(imagery.event_id)}), RECIPES,
        split=split, compat=f"moabb:{SEED}", quiet=True,
    ).session_scores()  # fmt: skip
    both = ours.merge(
        theirs(imagery, split, paradigm, folder),
        left_on=["recipe", "subject", "session"],
        right_on=["pipeline", "subject", "session"],
    )
    assert len(both) == len(ours)
    return float(np.abs(both["score_x"] - both["score_y"]).max()), len(both)


@pytest.mark.parametrize("split", SPLITS)
def test_two_classes_give_moabbs_numbers(split, tmp_path):
    from moabb.paradigms import LeftRightImagery

    largest, n = gap(dataset(), split, LeftRightImagery(), tmp_path)
    assert n == 12 and largest <= 1e-12


def test_three_classes_give_moabbs_numbers(tmp_path):
    from moabb.paradigms import MotorImagery

    imagery = dataset(n_subjects=2, event_list=("feet", "left_hand", "right_hand"))
    largest, n = gap(imagery, "within-session", MotorImagery(n_classes=3), tmp_path)
    assert n == 8 and largest <= 1e-12


class TheirFolds(BenchData):
    """Our cut and filter under MOABB's folds and means."""

    convention = "moabb"
    responses = MoabbData.responses

    def splitter(self, kind, k, n_calibration=0):
        return MoabbSplitter(kind, k, SEED)


class TheirCut(MoabbData):
    """MOABB's cut and filter under our folds."""

    convention = ""
    splitter = BenchData.splitter


def measured():
    """Mean AUC of both recipes, by what the page calls the row."""
    study = study_of(dataset())
    ours = (study, WINDOW)
    plain = BenchData("planted", study.epoch(**WINDOW), recordings=study, request=WINDOW)
    folds = TheirFolds("planted", plain.epochs, recordings=study, request=WINDOW)
    asked = {
        "ours": (ours, "within-session", None),
        "with MOABB's cut and filter": (TheirCut.of(plain, SEED), "within-session", None),
        "with MOABB's folds and means": (folds, "within-session", None),
        "MOABB's numbers": (ours, "within-session", f"moabb:{SEED}"),
        "cross-session: ours": (ours, "cross-session", None),
        "cross-session: MOABB's": (ours, "cross-session", f"moabb:{SEED}"),
        "cross-subject: ours": (ours, "cross-subject", None),
        "cross-subject: MOABB's": (ours, "cross-subject", f"moabb:{SEED}"),
    }
    found = {}
    for name, (data, split, compat) in asked.items():
        result = nd.benchmark(
            data, RECIPES, split=split, metric="roc-auc", compat=compat, quiet=True
        )
        scores = result.findings().scores.set_index("recipe")["score"]
        found[name] = tuple(round(100 * scores[recipe], 1) for recipe in RECIPES)
    return found


def test_the_page_tells_what_is_measured():
    rows = re.findall(r"^\| ([^|]+?) \| ([\d.]+) \| ([\d.]+) \|$", PAGE.read_text(), re.M)
    told = {name: (float(a), float(b)) for name, a, b in rows}
    for name, values in measured().items():
        assert told[name] == pytest.approx(values, abs=0.11), name
