"""Whole tables: three pipelines through MOABB 1.7 with pyRiemann, and through `nd.benchmark`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import classical_data
import pandas as pd
from classical_rows import Contest, Setting, Unequal

import neurodecode as nd
from neurodecode.features import fold_means
from neurodecode.linalg._native import library

SEED = 42
RECIPES = ("tangent-lr", "mdm", "csp-lda")


def pipelines() -> dict[str, Any]:
    """Our three recipes as pyRiemann and scikit-learn have them."""
    from pyriemann.classification import MDM
    from pyriemann.estimation import Covariances
    from pyriemann.spatialfilters import CSP
    from pyriemann.tangentspace import TangentSpace
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    logistic = LogisticRegression(max_iter=1000)
    return {
        "tangent-lr": make_pipeline(Covariances("oas"), TangentSpace(), logistic),
        "mdm": make_pipeline(Covariances("oas"), MDM()),
        "csp-lda": make_pipeline(Covariances("oas"), CSP(nfilter=6), lda),
    }


def moabb_scores(
    split: str, folder: Path, n_subjects: int, recipes: Sequence[str] = RECIPES
) -> pd.DataFrame:
    """MOABB's table: pipeline, subject, session, score, before its file rounds to float32."""
    from moabb import evaluations
    from moabb.paradigms import MotorImagery

    dataset = classical_data.moabb_dataset(folder, n_subjects)
    paradigm = MotorImagery(n_classes=len(classical_data.CLASSES))
    wanted = {name: pipeline for name, pipeline in pipelines().items() if name in recipes}
    kind = "".join(word.title() for word in split.split("-"))
    with tempfile.TemporaryDirectory() as results:
        evaluation = getattr(evaluations, f"{kind}Evaluation")(
            paradigm=paradigm, datasets=[dataset], random_state=SEED, n_jobs=1,
            overwrite=True, hdf5_path=results,
        )  # fmt: skip
        process = paradigm.make_process_pipelines(dataset)[0]
        rows = list(evaluation.evaluate(dataset, wanted, None, process))
    frame = pd.DataFrame(rows)[["pipeline", "subject", "session", "score"]]
    return frame.astype({"subject": str, "session": str})


def our_scores(
    split: str,
    folder: Path,
    n_subjects: int,
    recipes: Sequence[str] = RECIPES,
    jobs: int = 1,
    kept: bool = False,
) -> pd.DataFrame:
    """The same table by `nd.benchmark`, from the files; `kept`: trials stay in the epoch store."""
    window = dict(classical_data.WINDOW)
    if kept:
        window["store"] = nd.loaders.EpochStore()
    data = (classical_data.study(folder, n_subjects), window)
    result = nd.benchmark(
        data, list(recipes), split=split, compat=f"moabb:{SEED}", jobs=jobs, quiet=True
    )
    assert result is not None
    return result.session_scores()


def forget_means() -> None:
    """Means of folds that an earlier call found: every round starts without them."""
    fold_means._kept.clear()


def same_cells(theirs: pd.DataFrame, ours: pd.DataFrame) -> str:
    """Every cell of both tables, to 1e-12."""
    names = ["recipe", "subject", "session"]
    both = ours.merge(theirs.rename(columns={"pipeline": "recipe"}), on=names)
    if not len(both) == len(ours) == len(theirs):
        raise Unequal(f"{len(both)} cells in common of {len(ours)} and {len(theirs)}")
    differ = (both["score_x"] - both["score_y"]).abs() > 1e-12
    if differ.any():
        raise Unequal(f"{differ.sum()} of {len(both)} cells differ: {both[differ].head(3)}")
    return f"{len(both)} cells equal"


def _table(split: str, key: str, *also: str) -> Callable[[Setting], Contest]:
    def row(setting: Setting) -> Contest:
        fewest = 2 if split == "cross-subject" else 1
        n_subjects = fewest if setting.quick else setting.n_subjects

        def theirs() -> pd.DataFrame:
            return moabb_scores(split, setting.folder, n_subjects)

        def ours(kept: bool = False) -> pd.DataFrame:
            forget_means()
            return our_scores(split, setting.folder, n_subjects, kept=kept)

        def twins() -> pd.DataFrame:
            os.environ[library.SWITCH] = "0"
            try:
                return ours()
            finally:
                del os.environ[library.SWITCH]

        ways = {
            key: (ours, None),
            f"{key}-cached": (partial(ours, kept=True), None),  # the first call fills the store
            f"{key}-twins": (twins, None),
        }
        return Contest((theirs, None), {each: ways[each] for each in (key, *also)}, same_cells)

    return row


ROWS = {
    "within": _table("within-session", "within", "within-cached", "within-twins"),
    "cross-session": _table("cross-session", "cross-session"),
    "cross-subject": _table("cross-subject", "cross-subject"),
}
