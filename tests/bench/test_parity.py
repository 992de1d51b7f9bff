"""Recipes predict what pyRiemann's, MNE's and scikit-learn's pipelines predict, trial for trial.

``pytest -m parity`` runs this file and every other test that holds a step or decoder to its peer
(MOABB's own evaluations among them); docs/moabb.md lists the stopping rules that are copied.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import neurodecode as nd

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


def logistic():
    return LogisticRegression(max_iter=1000)


def shrinkage_lda():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


def imagery_pipelines():
    """By recipe: what its steps after the filter are elsewhere."""
    from pyriemann.classification import MDM, FgMDM, KNearestNeighbor
    from pyriemann.estimation import Covariances
    from pyriemann.spatialfilters import CSP
    from pyriemann.tangentspace import TangentSpace

    def after_covariance(*steps):
        return make_pipeline(Covariances("oas"), *steps)

    return {
        "mdm": after_covariance(MDM()),
        "fgmdm": after_covariance(FgMDM()),
        "riemann-knn": after_covariance(KNearestNeighbor(5)),
        "tangent-lr": after_covariance(TangentSpace(), logistic()),
        "csp-lda": after_covariance(CSP(nfilter=6), shrinkage_lda()),
    }


def evoked_pipelines():
    from pyriemann.estimation import ERPCovariances, XdawnCovariances
    from pyriemann.spatialfilters import Xdawn
    from pyriemann.tangentspace import TangentSpace

    def window_means(x):
        edges = np.linspace(0, x.shape[-1], 17).round().astype(int)
        return np.stack([part.mean(-1) for part in np.split(x, edges[1:-1], axis=-1)], -1)

    flat = FunctionTransformer(lambda x: window_means(x).reshape(len(x), -1))
    blocks = XdawnCovariances(nfilter=4, estimator="oas", xdawn_estimator="scm")
    return {
        "erp-ts": make_pipeline(ERPCovariances(estimator="oas"), TangentSpace(), logistic()),
        "xdawn-ts": make_pipeline(blocks, TangentSpace(), logistic()),
        "xdawn-lda": make_pipeline(Xdawn(nfilter=4), flat, shrinkage_lda()),
    }


# ---------------------------------------------------------------------- recordings
def flicker(shared_data):
    """Rest and three flickers of one person, eight electrodes, both recordings."""
    folder = shared_data / "ssvep_exo"
    labels = {"rest": "1", "13 Hz": "2", "21 Hz": "3", "17 Hz": "4"}
    parts = []
    for number in (1, 2):
        name = f"S02_rec{number}"
        recording = nd.read(folder / f"{name}_raw.fif", events=folder / f"{name}-eve.fif")
        recording = nd.preprocessing.Bandpass(12, 22).transform(recording)
        parts.append(recording.epoch(labels, tmin=2.0, tmax=5.0))
    return nd.concat(parts)


def hands(shared_data):
    """Left and right hand of one person, sixteen electrodes."""
    recording = nd.read(shared_data / "eegbci_s001" / "S001R03.edf").pick(np.arange(0, 64, 4))
    recording = nd.preprocessing.Bandpass(8, 32).transform(recording)
    return recording.epoch({"left": "T1", "right": "T2"}, tmin=0.0, tmax=4.0)


def rare_flashes(shared_data):
    """A fifth of one person's flashes, targets and others."""
    bandpass = nd.preprocessing.Bandpass(1, 20)
    return nd.load("p300-bi2012", steps=[bandpass], store=False)[::5]


def simulated(name):
    def load(shared_data):
        step = nd.preprocessing.Bandpass(8, 32) if name == "sim-mi" else None
        return nd.load(name, subjects=["1"], steps=[step] if step else [], store=False)

    return load


IMAGERY = {"ssvep_exo": flicker, "eegbci_s001": hands, "sim-mi": simulated("sim-mi")}
EVOKED = {"p300_bi2012": rare_flashes, "sim-p300": simulated("sim-p300")}


def sets(known):
    """All sets; the simulated ones, which have more trials, among the slow tests."""
    return [
        pytest.param(name, marks=[pytest.mark.slow] * name.startswith("sim-")) for name in known
    ]


def differing(recipe, theirs, epochs, k=4):
    """Test trials of all folds whose predictions differ, and how many there are."""
    y = np.unique(epochs.y, return_inverse=True)[1]  # pyRiemann's neighbours want integers
    n_wrong = n_tested = 0
    x = np.asarray(epochs.data, dtype=np.float64)
    for train, test in StratifiedKFold(k, shuffle=True, random_state=0).split(x, y):
        ours = nd.recipe(recipe)
        ours = ours.set_params(steps=[s for s in ours.steps if s[0] != "recording-bandpass"])
        found = ours.fit(epochs[train], y[train]).predict(epochs[test])
        n_wrong += int((found != theirs.fit(x[train], y[train]).predict(x[test])).sum())
        n_tested += len(test)
    return n_wrong, n_tested


@pytest.fixture
def here(shared_data, monkeypatch):
    monkeypatch.setenv("NEURODECODE_DATA", str(shared_data))
    return shared_data


@pytest.mark.parametrize("recipe", ["mdm", "fgmdm", "riemann-knn", "tangent-lr", "csp-lda"])
@pytest.mark.parametrize("data", sets(IMAGERY))
def test_rhythms(data, recipe, here):
    epochs = IMAGERY[data](here)
    assert differing(recipe, imagery_pipelines()[recipe], epochs) == (0, len(epochs))


@pytest.mark.parametrize("recipe", ["erp-ts", "xdawn-ts", "xdawn-lda"])
@pytest.mark.parametrize("data", sets(EVOKED))
def test_evoked_responses(data, recipe, here):
    epochs = EVOKED[data](here)
    assert differing(recipe, evoked_pipelines()[recipe], epochs) == (0, len(epochs))
