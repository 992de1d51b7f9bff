"""Saving: what comes back predicts the same, and nothing in the file runs."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from neurodecode.core import load_model, save
from neurodecode.core.errors import DataError


def double(x):
    return 2 * x


def fitted(*steps):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = np.where(X[:, 0] > 0, "left", "right")
    return make_pipeline(*steps).fit(X, y), X


def test_a_pipeline_comes_back(tmp_path):
    pipe, X = fitted(StandardScaler(), LogisticRegression())
    save(pipe, tmp_path / "model")
    save(pipe, tmp_path / "model")  # replaces its own kind
    back = load_model(tmp_path / "model")
    np.testing.assert_array_equal(back.predict(X), pipe.predict(X))
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "model.json",
        "model.skops",
    ]


def test_functions_of_strangers_are_refused_until_trusted(tmp_path):
    pipe, X = fitted(FunctionTransformer(double), LogisticRegression())
    save(pipe, tmp_path / "model")
    with pytest.raises(DataError, match="allow-list") as caught:
        load_model(tmp_path / "model")
    names = caught.value.found.split(", ")
    back = load_model(tmp_path / "model", trusted=names)
    np.testing.assert_array_equal(back.predict(X), pipe.predict(X))


def test_other_files_are_never_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="other files"):
        save(StandardScaler(), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    with pytest.raises(DataError, match="no model here"):
        load_model(tmp_path)
