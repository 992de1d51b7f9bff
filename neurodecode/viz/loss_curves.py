"""Loss curves of a fitted net. Test loss is never drawn: nothing was chosen on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from neurodecode.core.errors import DataError
from neurodecode.viz.colors import FAMILY, QUIET, TEXT, axes_of, quiet_axes


def history(clf: Any, ax: Any = None) -> Any:
    """Training and validation loss by epoch, with chance and the epoch that was kept.

    Parameters
    ----------
    clf : fitted net estimator, or a pipeline that ends in one
    ax : matplotlib Axes, optional

    Returns
    -------
    figure : matplotlib Figure

    Raises
    ------
    DataError : the estimator has no `history_`: it is not fitted, or no net.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> X, y = np.random.default_rng(0).normal(size=(40, 3, 128)), np.repeat(["a", "b"], 20)
    >>> clf = nd.decoders.NetClassifier("eegnet", epochs=2, sfreq=128.0, device="cpu").fit(X, y)
    >>> figure = nd.viz.history(clf)
    >>> figure.axes[0].get_xlabel()
    'epoch'
    """
    net = clf.steps[-1][1] if isinstance(clf, Pipeline) else clf
    record = getattr(net, "history_", None)
    if record is None:
        raise DataError(
            "no loss curves to draw",
            found=f"{type(net).__name__} without history_",
            expected="a fitted net, such as nd.decoders.NetClassifier, or a pipeline ending in one",
            fix="clf.fit(train, train.y) first; decoders that are not nets have no curves",
        )
    figure, (ax,) = axes_of(ax)
    quiet_axes(ax)
    colour = FAMILY["cnn"]
    train = np.asarray(record["train_loss"], dtype=float)
    valid = np.asarray(record.get("valid_loss", ()), dtype=float)
    epochs = np.arange(1, len(train) + 1)
    ax.plot(epochs, train, color=colour, linestyle="--", linewidth=1.4)
    _name(ax, epochs, train, "training")
    if np.isfinite(valid).any():
        ax.plot(epochs, valid, color=colour, linewidth=2)
        _name(ax, epochs, valid, "validation")
    _chance(ax, net)
    kept = record.get("best_epoch")
    if kept is not None:
        ax.axvline(kept + 1, ymax=0.06, color=TEXT, linewidth=1.4)
        ax.annotate("kept", (kept + 1, 0.07), xycoords=("data", "axes fraction"),
                    ha="center", va="bottom", fontsize=9, color=QUIET)  # fmt: skip
    ax.set_xlabel("epoch", color=QUIET)
    ax.set_ylabel("loss" if _n_classes(net) is None else "cross-entropy, nats", color=QUIET)
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    return figure


def _name(ax: Any, epochs: np.ndarray, loss: np.ndarray, text: str) -> None:
    """The name of a curve at its end, instead of a legend."""
    last = int(np.flatnonzero(np.isfinite(loss))[-1])
    ax.annotate(text, (epochs[last], loss[last]), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=9, color=TEXT, annotation_clip=False)  # fmt: skip


def _n_classes(net: Any) -> int | None:
    classes = getattr(net, "classes_", None)
    return None if classes is None else len(classes)


def _chance(ax: Any, net: Any) -> None:
    count = _n_classes(net)
    if count is None:
        return
    level = float(np.log(count))
    ax.axhline(level, color=TEXT, linestyle=(0, (4, 3)), linewidth=1.2)
    ax.annotate(f"chance {level:.2f}", (1, level), xycoords=("axes fraction", "data"),
                xytext=(0, 3), textcoords="offset points", ha="right", fontsize=9,
                color=QUIET)  # fmt: skip
