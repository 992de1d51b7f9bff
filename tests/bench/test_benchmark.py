"""The benchmark end to end, in one process, on planted data."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from neurodecode.bench import Result, benchmark
from neurodecode.bench.result import COLUMNS
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, LeakageError, RecipeError, UnknownName


class Means(TransformerMixin, BaseEstimator):
    """Mean over time of every channel."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.data.mean(-1)


class Guess(ClassifierMixin, BaseEstimator):
    """Draws labels; remembers what it was given."""

    seen: ClassVar[list] = []

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        Guess.seen.append(X.y)
        return np.random.default_rng(self.random_state).choice(self.classes_, len(X))


class Breaks(ClassifierMixin, BaseEstimator):
    """Raises in one of two folds."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if X.rows[0] == 0:
            raise RuntimeError("found NaN loss at epoch 3")
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


def lda():
    return make_pipeline(Means(), LogisticRegression())


def test_rows_predictions_and_columns(planted):
    result = benchmark(planted(n_subjects=2), ("lr", lda()), k=4, quiet=True)
    frame = result.frame
    assert tuple(frame.columns) == COLUMNS
    main = frame[frame["metric"] == "balanced-accuracy"]
    assert len(main) == 8
    assert (main["value"] > 0.7).all()
    assert main[["n_train", "n_test"]].drop_duplicates().to_numpy().tolist() == [[30, 10]]
    assert (main["ci_low"] <= main["value"]).all() and (main["value"] <= main["ci_high"]).all()
    assert (main["chance"] == 0.5).all()
    assert set(frame["metric"]) == {"balanced-accuracy", "accuracy", "kappa", "roc-auc"}
    assert sorted(result.predictions["trial"]) == list(range(80))
    assert result.predictions["scores"].iloc[0].shape == (2,)


def test_cross_subject_rows_keep_the_person(planted):
    result = benchmark(planted(n_subjects=4), ("lr", lda()), split="cross-subject", k=2, quiet=True)
    main = result.frame[result.frame["metric"] == "balanced-accuracy"]
    assert sorted(main["subject"]) == ["S01", "S02", "S03", "S04"]
    assert main["key"].nunique() == 2


def test_integer_labels_and_their_table(planted):
    epochs = planted()
    result = benchmark(
        epochs.with_y((epochs.y == "left").astype(int)), ("lr", lda()), k=2, quiet=True
    )
    assert result.predictions["y_pred"].dtype.kind == "i"
    assert "lr" in result.table()
    assert result.datasets["planted"]["classes"] == ["0", "1"]


def test_continuous_targets_are_scored_by_r2(planted):
    epochs = planted(n_trials=80)
    y = epochs.data.mean(-1)[:, :2].astype(np.float64)
    recipes = [("ridge", make_pipeline(Means(), Ridge(1e-3))), ("lr", lda())]
    result = benchmark(epochs.with_y(y), recipes, k=4, quiet=True)
    ridge = result.frame[result.frame["recipe"] == "ridge"]
    assert ridge.loc[ridge["metric"] == "r2", "value"].min() > 0.9
    other = result.frame[result.frame["recipe"] == "lr"]
    assert set(other["status"]) == {"not-applicable"}
    assert "continuous targets" in other["failure"].iloc[0]


def test_test_trials_come_without_targets(planted):
    Guess.seen.clear()
    benchmark(planted(), ("guess", Guess()), k=2, quiet=True)
    assert Guess.seen == [None, None]


def test_only_recipes_that_draw_run_with_several_seeds(planted):
    recipes = [("guess", Guess()), ("lr", lda())]
    result = benchmark(planted(), recipes, k=2, seeds=3, quiet=True)
    seeds = result.frame.groupby("recipe")["seed"].unique()
    assert sorted(seeds["guess"]) == [0, 1, 2]
    assert list(seeds["lr"]) == [0]
    guesses = result.predictions[result.predictions["recipe"] == "guess"]
    first, second = (guesses[guesses["seed"] == seed]["y_pred"].tolist() for seed in (0, 1))
    assert first != second


def test_a_recipe_that_breaks_is_a_row_and_is_tried_again(planted, tmp_path):
    arguments = (planted(), [("breaks", Breaks()), ("lr", lda())])
    result = benchmark(*arguments, k=2, out=tmp_path, quiet=True)
    failed = result.failures()
    assert len(failed) == 1
    assert failed["failure"].iloc[0] == "RuntimeError: found NaN loss at epoch 3"
    assert result.info["n_failed"] == 1
    again = benchmark(*arguments, k=2, out=tmp_path, quiet=True)
    assert again.info["n_from_earlier"] == 3


def test_resume_gives_the_same_frame(planted, tmp_path):
    arguments = (planted(), [("lr", lda()), ("guess", Guess())])
    first = benchmark(*arguments, k=2, out=tmp_path, quiet=True)
    again = benchmark(*arguments, k=2, out=tmp_path, quiet=True)
    assert again.info["n_from_earlier"] == again.info["n_cells"] == 4
    pd.testing.assert_frame_equal(first.frame, again.frame)
    pd.testing.assert_frame_equal(first.frame, Result.load(tmp_path).frame)


def test_a_new_name_for_the_same_pipeline_needs_no_new_run(planted, tmp_path):
    benchmark(planted(), ("lr", lda()), k=2, out=tmp_path, quiet=True)
    result = benchmark(planted(), ("other", lda()), k=2, out=tmp_path, quiet=True)
    assert result.info["n_from_earlier"] == 2
    assert set(result.frame["recipe"]) == {"other"}


def test_more_folds_or_other_data_are_other_cells(planted, tmp_path):
    benchmark(planted(), ("lr", lda()), k=2, out=tmp_path, quiet=True)
    for epochs, k in [(planted(), 4), (planted(seed=1), 2)]:
        result = benchmark(epochs, ("lr", lda()), k=k, out=tmp_path, quiet=True)
        assert result.info["n_from_earlier"] == 0
    assert Result.load(tmp_path).frame["key"].nunique() == 2


def test_without_a_folder_nothing_is_written(planted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    benchmark(planted(), ("lr", lda()), k=2, quiet=True)
    assert list(tmp_path.iterdir()) == []


def test_dry_run_counts_and_runs_nothing(planted, capsys):
    recipes = [("guess", Guess()), ("lr", lda())]
    assert benchmark(planted(), recipes, k=2, seeds=3, dry_run=True) is None
    text = capsys.readouterr().out
    assert "8 runs" in text and "of data in memory" in text and "of one core" in text


def test_ctrl_c_without_a_folder_says_so(planted, monkeypatch):
    def interrupted(self, X, y=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(Means, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt, match="are lost: no folder was given"):
        benchmark(planted(), ("lr", lda()), k=2, quiet=True)


@pytest.mark.parametrize(
    ("datasets", "recipes", "options", "error", "words"),
    [
        ("HandMovmentDirection", "mdm", {}, UnknownName, "did you mean 'HandMovementDirection'"),
        (None, "tangnet-lr", {}, RecipeError, "did you mean 'tangent-lr'"),
        (None, 3, {}, RecipeError, "this is no recipe"),
        (None, ["mdm", "mdm"], {}, RecipeError, "two recipes of one name"),
        (None, "mdm", {"metric": "acuracy"}, UnknownName, "did you mean 'accuracy'"),
        (None, "mdm", {"split": "cross-subjekt"}, DataError, "did you mean 'cross-subject'"),
        (None, "mdm", {"split": "cross-subject"}, LeakageError, "subject"),
        (None, "mdm", {"backend": "dask"}, DataError, "Dask needs a scheduler"),
        (None, "mdm", {"backend": "proceses"}, DataError, "did you mean 'processes'"),
        ("no targets", "mdm", {}, DataError, "nothing to predict"),
    ],
)
def test_misuse_is_named(planted, datasets, recipes, options, error, words):
    if datasets in (None, "no targets"):
        datasets = planted() if datasets is None else planted().without_targets()
    with pytest.raises(error) as caught:
        benchmark(datasets, recipes, quiet=True, **options)
    assert words in str(caught.value)


def test_fitted_estimators_are_refused(planted):
    epochs = planted()
    with pytest.raises(LeakageError, match="fitted before"):
        benchmark(epochs, ("lr", lda().fit(epochs, epochs.y)), quiet=True)


def test_copies_across_the_split_are_refused(planted):
    epochs = planted()
    data = epochs.data.copy()
    data[39] = data[0]
    copied = Epochs(data, channels=epochs.channels, sfreq=32, y=epochs.y, trials=epochs.trials)
    with pytest.raises(LeakageError) as caught:
        benchmark(copied, ("lr", lda()), k=2, quiet=True)
    assert caught.value.trials


def test_an_empty_folder_is_no_result(tmp_path):
    with pytest.raises(DataError, match="no results here"):
        Result.load(tmp_path)
