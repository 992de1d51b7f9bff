"""Errors: found, expected, fix; whole after a trip between processes."""

import pickle

import pytest

from neurodecode.core import errors


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        ("DataError", ValueError), ("CardError", ValueError), ("RecipeError", ValueError),
        ("LeakageError", ValueError), ("MissingDependency", ImportError),
        ("DownloadError", OSError), ("TrainingError", RuntimeError), ("UnknownName", LookupError),
    ],
)  # fmt: skip
def test_each_error_is_also_the_matching_builtin(kind, builtin):
    error = getattr(errors, kind)("what", found="a", expected="b", fix="c")
    assert isinstance(error, builtin) and isinstance(error, errors.NeurodecodeError)
    assert str(error) == "what\n  found      a\n  expected   b\n  fix        c"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.fix) == (type(error), str(error), "c")


def test_leaking_trials_are_kept():
    error = pickle.loads(pickle.dumps(errors.LeakageError("leak", trials=[3, 4])))
    assert error.trials == (3, 4)
