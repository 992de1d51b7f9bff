"""The contract of estimators: one function a clause; a broken one says how to mend it."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
from contracts.cases import (
    ALTERNATIVES,
    CLEAN_TARGETS,
    REGRESSORS,
    SIGNAL_TARGETS,
    Case,
    fresh,
)
from sklearn.exceptions import NotFittedError

from neurodecode import Epochs, load_model, save
from neurodecode.core.errors import DataError


def values(made: Any) -> np.ndarray:
    """What came out, as one array; marks on trials come out too, as one channel more."""
    if isinstance(made, Epochs) and "artefact" in made.trials:
        marks = (made.trials["artefact"] != "").to_numpy(dtype=float)
        marks = np.broadcast_to(marks[:, None, None], (len(made), 1, made.shape[2]))
        return np.concatenate([made.data, marks], axis=1)
    return np.asarray(made.data if isinstance(made, Epochs) else made)


def targets(case: Case, epochs: Epochs) -> np.ndarray:
    """Labels, or for regressors something continuous the data carry."""
    if case.name in SIGNAL_TARGETS:
        return np.roll(epochs.data[:, :1], 4, axis=2)
    if case.name in CLEAN_TARGETS:
        return epochs.data - np.roll(epochs.data, 1, axis=2)
    if case.name in REGRESSORS:
        return np.where(epochs.y == "left", 1.0, -1.0)
    return epochs.y


def output(case: Case, estimator: Any, epochs: Epochs) -> np.ndarray:
    """Predictions of a fitted decoder, output of a fitted step."""
    if case.kind != "decoder" or not hasattr(estimator, "predict"):
        return values(estimator.transform(epochs))
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(epochs)
    if hasattr(estimator, "decision_function"):
        return estimator.decision_function(epochs)
    return estimator.predict(epochs)


def fitted(case: Case, epochs: Epochs, /, **changes: Any) -> Any:
    """Made anew and fitted on epochs without their own targets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return case.make(**changes).fit(epochs.without_targets(), targets(case, epochs))


def check_arguments_are_stored(case: Case) -> None:
    """`__init__` stores its arguments under their names; `clone` gives an unfitted twin."""
    estimator = case.bare()
    for name, value in case.settings.items():
        assert estimator.get_params()[name] is value, (
            f"{case}: __init__ changed {name!r}. Fix: store arguments as they come, check in fit."
        )
    before = pickle.dumps(estimator.get_params(deep=False))
    pipe = fitted(case, case.planted(24))
    assert pickle.dumps(pipe[-1].get_params(deep=False)) == before, (
        f"{case}: fit changed an argument. Fix: write what is learned to names ending in '_'."
    )
    learned = [name for name in vars(fresh(pipe)[-1]) if name.endswith("_") and name[0] != "_"]
    assert not learned, f"{case}: clone is fitted ({learned}). Fix: set them in fit, not __init__."


def check_same_seed_same_result(case: Case) -> None:
    """Two fits with one seed agree bit for bit, whatever the global generators say."""
    epochs = case.planted(32)
    first = output(case, fitted(case, epochs), epochs)
    np.random.random(7)  # noqa: NPY002 - move the global state on purpose
    second = output(case, fitted(case, epochs), epochs)
    assert np.array_equal(first, second), (
        f"{case}: two fits differ by {np.abs(first - second).max():.2g}. "
        "Fix: take random_state and draw from numpy.random.default_rng(random_state)."
    )


def check_company_of_test_trials(case: Case) -> None:
    """A trial's result depends neither on the order nor on the company of other test trials."""
    train, test = case.planted(32), case.planted(20, random_state=1)
    estimator = fitted(case, train)
    together = output(case, estimator, test)
    order = np.random.default_rng(0).permutation(len(test))
    message = (
        f"{case}: results of test trials depend on {{}}. Fix: learn statistics in fit and only "
        "apply them in transform; if that is the method, declare it (transductive) and list it."
    )
    shuffled = output(case, estimator, test[order])
    assert np.allclose(shuffled, together[order], rtol=1e-5, atol=1e-6), message.format("order")
    alone = np.concatenate([output(case, estimator, test[[i]]) for i in range(4)])
    assert np.allclose(alone, together[:4], rtol=1e-5, atol=1e-6), message.format("company")


def check_targets_inside_are_not_read(case: Case) -> None:
    """Only the `y` of fit counts; targets inside `X` change nothing."""
    epochs = case.planted(32)
    y = targets(case, epochs)
    wrong = epochs.with_y(np.random.default_rng(3).permutation(epochs.y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        honest = case.make().fit(epochs.without_targets(), y)
        tempted = case.make().fit(wrong, y)
        same = np.array_equal(output(case, honest, epochs), output(case, tempted, wrong))
    assert same, f"{case}: reads X.y. Fix: use the y argument of fit, and nothing in transform."


def check_input_is_left_alone(case: Case) -> None:
    """The caller's epochs are the same after fit and after use."""
    epochs = case.planted(24, own=True)  # its own: a broken step spoils it
    before = epochs.data.copy(), epochs.trials, epochs.y.copy()
    output(case, fitted(case, epochs), epochs)
    assert np.array_equal(before[0], epochs.data), f"{case}: changed X. Fix: work on a copy."
    assert before[1].equals(epochs.trials), f"{case}: changed X.trials. Fix: with_trials(...)."
    assert np.array_equal(before[2], epochs.y), f"{case}: changed y. Fix: work on a copy."


def check_nan_is_refused(case: Case) -> None:
    """NaN never becomes a number: an error names the trial or the channel."""
    epochs = case.planted(24)
    data = epochs.data.copy()
    data[3, 1, 5] = np.nan
    broken = epochs.with_data(data)
    for what, act in (
        ("fit", lambda: fitted(case, broken)),
        ("use", lambda: output(case, fitted(case, epochs), broken)),
    ):
        try:
            act()
        except DataError as error:
            assert "NaN" in str(error), f"{case}: {what} fails, but not for NaN: {error}"
        else:
            raise AssertionError(f"{case}: {what} accepts NaN. Fix: as_trials(X) checks it.")


def check_other_channels_are_refused(case: Case) -> None:
    """Test trials with other channels than the training trials are an error, not a number."""
    epochs = case.planted(24)
    estimator = fitted(case, epochs)
    if getattr(estimator[0], "scope", "train") == "trial" and len(estimator) == 1:
        return  # stateless: any channels will do
    if getattr(estimator[-1], "by_channel", False):
        fewer = output(case, estimator, epochs.pick([0, 2]))
        assert np.allclose(fewer, output(case, estimator, epochs)[:, [0, 2]], atol=1e-5), (
            f"{case}: a channel depends on the others. Fix: by_channel = False."
        )
        return
    try:
        output(case, estimator, epochs.pick([0, 1, 2]))
    except DataError as error:
        assert error.fix, f"{case}: the error lacks a fix. Fix: DataError(..., fix=...)."
    except ValueError as error:
        raise AssertionError(
            f"{case}: {error!r} comes from a library. Fix: compare X.shape[1] with n_channels_in_."
        ) from error
    else:
        raise AssertionError(f"{case}: accepts other channels. Fix: remember n_channels_in_.")


def check_unfitted_use_is_refused(case: Case) -> None:
    """Steps that learn refuse to work unfitted; stateless ones work, and say so in their tags."""
    estimator, epochs = case.bare(), case.planted(24)
    requires_fit = estimator.__sklearn_tags__().requires_fit
    scope = getattr(estimator, "scope", "train")
    assert requires_fit == (scope != "trial"), (
        f"{case}: scope {scope!r} contradicts the tag requires_fit={requires_fit}. "
        "Fix: leave the tag to Step, set scope."
    )
    if case.front():
        epochs = case.front()[0].fit(epochs).transform(epochs)
    use = getattr(estimator, "predict", None) or estimator.transform
    if scope == "trial":
        fit_first = values(fresh(estimator).fit(epochs).transform(epochs))
        assert np.array_equal(values(use(epochs)), fit_first), (
            f"{case}: a step of scope 'trial' learns. Fix: scope = 'train', or do not learn."
        )
        return
    try:
        use(epochs)
    except NotFittedError:
        return
    raise AssertionError(f"{case}: works unfitted. Fix: check_is_fitted(self) first.")


def check_saved_and_pickled(case: Case, folder: Any) -> None:
    """Saved, loaded on the CPU, or sent to another process, it gives the same results."""
    epochs = case.planted(24)
    estimator = fitted(case, epochs)
    expected = output(case, estimator, epochs)
    save(estimator, folder)
    for way, twin in (
        ("nd.save", load_model(folder, device="cpu")),
        ("pickle", pickle.loads(pickle.dumps(estimator))),
    ):
        assert np.array_equal(output(case, twin, epochs), expected), (
            f"{case}: comes back from {way} with other results. Fix: keep all that was learned in "
            "attributes of plain arrays, or give __getstate__ and __setstate__."
        )


def check_every_argument_matters(case: Case) -> None:
    """No argument is accepted and ignored."""
    epochs = case.planted(36, effect=0.2)[
        np.delete(np.arange(36), [1, 5, 19, 23])
    ]  # classes 18 to 14
    # Adaptation to new people shows on people nobody was trained on, rotation on the others.
    strangers = case.planted(20, random_state=1)
    names = np.where(np.arange(20) < 10, "stranger", strangers.groups("subject"))
    strangers = strangers.with_trials(strangers.trials.assign(subject=names))
    names = set(case.bare().get_params(deep=False))
    listed = ALTERNATIVES.get(case.name, {})
    assert names == set(listed), (
        f"{case}: arguments {sorted(names ^ set(listed))} are not both in __init__ and in "
        "ALTERNATIVES. Fix: give each argument another legal value there."
    )
    usual = output(case, fitted(case, epochs), strangers)
    for name, alternative in listed.items():
        value, beside = alternative if isinstance(alternative, tuple) else (alternative, {})
        if value is None:
            continue  # bound to the machine (device) or to printing; listed with its reason
        a = output(case, fitted(case, epochs, **beside), strangers) if beside else usual
        b = output(case, fitted(case, epochs, **(beside | {name: value})), strangers)
        assert a.shape != b.shape or not np.array_equal(a, b), (
            f"{case}: {name}={value!r} changes nothing. Fix: use the argument, or remove it."
        )


def check_folds_together_are_fits_apart(case: Case) -> None:
    """Where it offers `fit_folds`, each fold's clone equals one fitted on its rows alone."""
    if not hasattr(case.bare(), "fit_folds"):
        return
    X = epochs = case.planted(36, effect=0.2)
    for step in case.front():
        X = step.fit(X).transform(X)
    y = targets(case, epochs)
    if y.dtype.kind == "U":
        y = np.where(np.arange(len(y)) % 3 == 2, "rest", y)
    folds = [np.arange(24), np.arange(12, 36), np.flatnonzero(y != "rest")]  # lacks a class
    step = case.bare()
    for rows, together in zip(folds, step.fit_folds(X, y, folds), strict=True):
        apart = case.bare().fit(X[rows], y[rows])
        ours, theirs = output(case, together, X), output(case, apart, X)
        assert ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-8, atol=1e-8), (
            f"{case}: a fold fitted with others gives other results. Fix: fit_folds must equal "
            "clone(step).fit(X[rows], y[rows]) within 1e-8 in all that predictions use."
        )
    assert not [name for name in vars(step) if name.endswith("_")], (
        f"{case}: fit_folds fits the step itself. Fix: fit clones."
    )
    _check_same_refusal(case, X, y, folds)


def _check_same_refusal(case: Case, X: Any, y: np.ndarray, folds: list[np.ndarray]) -> None:
    """A fold that cannot be fitted, one class only, is refused in the same words."""
    lone = np.flatnonzero(y == y[0])
    said = []
    for fit in (
        lambda: case.bare().fit(X[lone], y[lone]),
        lambda: case.bare().fit_folds(X, y, [folds[0], lone]),
    ):
        try:
            fit()
            said.append("")
        except DataError as error:
            said.append(str(error))
    assert said[0] == said[1], (
        f"{case}: fit says {said[0]!r}, fit_folds says {said[1]!r} of the same fold. "
        "Fix: the same checks in both, fold by fold."
    )
