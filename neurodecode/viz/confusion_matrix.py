"""Confusion matrices: percent of each true class, so that unequal classes can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.evaluation import score
from neurodecode.viz.colors import QUIET, TEXT, axes_of, sequential


def confusion(
    result_or_y: Any, y_pred: Any = None, recipe: str | None = None, ax: Any = None
) -> Any:
    """Percent of each true class (row) given each label (column).

    Parameters
    ----------
    result_or_y : a benchmark's result, or the true labels, shape (n_trials,)
        Of a result, one panel a data set.
    y_pred : array, shape (n_trials,), optional
        Predicted labels, with true labels given.
    recipe : str, optional
        Recipe of a result; by default the one with the highest balanced accuracy on each data set.
    ax : matplotlib Axes, optional
        For a single panel.

    Returns
    -------
    figure : matplotlib Figure

    Raises
    ------
    DataError : no predictions, an unknown recipe, or one `ax` for several panels.

    Examples
    --------
    >>> import neurodecode as nd
    >>> figure = nd.viz.confusion(["left", "left", "right"], ["left", "right", "right"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['50', '50', '0', '100']
    """
    tables = _tables(result_or_y, y_pred, recipe)
    if ax is not None and len(tables) > 1:
        raise DataError(
            "one ax cannot hold several confusions",
            found=f"{len(tables)} data sets",
            expected="one",
            fix="leave ax out, or benchmark a single data set",
        )
    figure, axes = axes_of(ax, len(tables), (3.6, 3.4))
    for axis, (title, y_true, guess) in zip(axes, tables, strict=True):
        _draw(axis, title, y_true, guess)
    return figure


def _tables(
    result_or_y: Any, y_pred: Any, recipe: str | None
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(title, true labels, predicted labels) of every panel."""
    if not hasattr(result_or_y, "predictions"):
        y_true, guess = np.asarray(result_or_y), np.asarray(y_pred)
        if y_true.shape != guess.shape or not y_true.size:
            raise DataError(
                "labels and predictions do not fit",
                found=f"shapes {y_true.shape} and {guess.shape}",
                expected="two label arrays of one length, or a benchmark's result",
                fix="nd.viz.confusion(test.y, clf.predict(test))",
            )
        return [("", y_true, guess)]
    frame: pd.DataFrame = result_or_y.predictions
    known = list(dict.fromkeys(frame["recipe"]))
    if not known or (recipe is not None and recipe not in known):
        raise DataError(
            "no predictions to draw",
            found=f"{recipe!r} among {', '.join(known) or 'no finished recipe'}",
            expected="a recipe that finished",
            fix=did_you_mean(recipe or "", known) or "result.failures() says why others did not",
        )
    return [
        _chosen(str(dataset), part, recipe)
        for dataset, part in frame.groupby("dataset", sort=False)
    ]


def _chosen(
    dataset: str, part: pd.DataFrame, recipe: str | None
) -> tuple[str, np.ndarray, np.ndarray]:
    labels = {
        str(name): (own["y_true"].to_numpy(), own["y_pred"].to_numpy())
        for name, own in part.groupby("recipe", sort=False)
    }
    name = recipe or max(labels, key=lambda each: score("balanced-accuracy", *labels[each]))
    return f"{dataset}\n{name}", *labels[name]


def _draw(ax: Any, title: str, y_true: np.ndarray, guess: np.ndarray) -> None:
    classes = np.unique(np.concatenate([y_true, guess]))
    counts = np.zeros((len(classes), len(classes)))
    np.add.at(counts, (np.searchsorted(classes, y_true), np.searchsorted(classes, guess)), 1)
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(totals == 0, 1, totals)
    ax.imshow(shares, cmap=sequential(), vmin=0, vmax=1)
    for i, j in np.ndindex(shares.shape):
        ax.text(j, i, f"{100 * shares[i, j]:.0f}", ha="center", va="center", color=TEXT, fontsize=9)
    places = np.arange(len(classes))
    ax.set_xticks(places, [str(label) for label in classes])
    rows = zip(classes, totals[:, 0], strict=True)
    ax.set_yticks(places, [f"{label}  (n {total:.0f})" for label, total in rows])
    ax.tick_params(length=0, colors=QUIET, labelsize=9)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xlabel("predicted, % of each true class", color=QUIET)
    ax.set_ylabel("true", color=QUIET)
    balanced = score("balanced-accuracy", y_true, guess)
    lead = f"{title} · " if title else ""
    ax.set_title(f"{lead}balanced accuracy {100 * balanced:.1f} %", loc="left", fontsize=10,
                 color=TEXT)  # fmt: skip
