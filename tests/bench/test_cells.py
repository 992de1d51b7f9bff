"""Keys: everything that decides a result, nothing else, and never an address."""

import functools
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from neurodecode.bench.cells import cell_key, describe, has_random_state
from neurodecode.core.errors import RecipeError

GOLDEN = {
    "card": "demo@1",
    "fold": 0,
    "recipe": [
        ["covariance", {"estimator": "oas"}],
        ["tangent-space", {}],
        ["logistic", {"C": 1.0}],
    ],
    "seed": 0,
    "split": {"k": 5, "kind": "within-session", "order": "block", "version": 1},
}


def test_key_has_the_golden_value():
    key = "caa49efbba410bff232c8822fcca5bf40a59c01b4cd5258c45a96606a34c7dc8"
    assert cell_key(GOLDEN) == key
    assert cell_key(dict(reversed(GOLDEN.items()))) == key


def test_description_writes_defaults_out():
    short, long = describe(SVC()), describe(SVC(C=1.0, kernel="rbf"))
    assert short == long
    assert short != describe(SVC(C=2.0))


def test_description_leaves_out_what_does_not_decide():
    one, two = LogisticRegression(verbose=0, random_state=0), LogisticRegression(random_state=7)
    assert describe(one) == describe(two.set_params(verbose=1))


def test_nested_parameters_and_arrays_decide():
    def grid(C, alphas):
        return make_pipeline(StandardScaler(), SVC(C=C)), {"alphas": alphas}

    same = describe(grid(1.0, np.arange(3)))
    assert same == describe(grid(1.0, np.arange(3)))
    assert same != describe(grid(2.0, np.arange(3)))
    assert same != describe(grid(1.0, np.arange(4)))


def test_lambdas_are_refused():
    with pytest.raises(RecipeError, match="without a lasting identity"):
        describe(FunctionTransformer(lambda x: x))


def test_objects_known_by_address_only_are_refused():
    with pytest.raises(RecipeError, match="without a lasting identity"):
        describe(object())


def double(x, by=2):
    return by * x


def test_functions_are_hashed_by_what_they_do():
    first = describe(double)
    namespace = {"__name__": double.__module__}
    exec("def double(x, by=2):\n    return by + x", namespace)
    assert describe(namespace["double"]) != first
    assert describe(functools.partial(double, by=3)) != describe(functools.partial(double, by=4))


def test_description_is_the_same_in_every_process():
    code = (
        "import numpy as np;"
        "from neurodecode.bench.cells import describe, cell_key;"
        "print(cell_key({'r': describe([np.log, np.ones(2), {'b', 'a', 'c'}])}))"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("estimator", "draws"),
    [
        (StandardScaler(), False),
        (LogisticRegression(), False),
        (LogisticRegression(solver="saga"), True),
        (Ridge(), False),
        (SVC(), False),
        (SVC(probability=True), True),
        (make_pipeline(StandardScaler(), LogisticRegression(solver="liblinear")), True),
    ],
)
def test_only_estimators_that_draw_get_several_seeds(estimator, draws):
    assert has_random_state(estimator) is draws
