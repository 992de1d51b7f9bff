"""What a decoder looks at: activation patterns on the head, or channel by channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs
from neurodecode.decoders import patterns_of
from neurodecode.viz.colors import FAMILY, QUIET, TEXT, axes_of, diverging, quiet_axes

_ON_THE_HEAD = ("eeg", "mag")


def patterns(pipe_or_clf: Any, epochs: Any, ax: Any = None) -> Any:
    """Activation patterns (not weights) of a fitted decoder, one map an output.

    Parameters
    ----------
    pipe_or_clf : fitted classifier or regressor, or a pipeline that ends in one
    epochs : Epochs or mne.Epochs
        The training trials.
    ax : matplotlib Axes, optional
        For a decoder with one output (two classes).

    Returns
    -------
    figure : matplotlib Figure
        Head maps, nose up, where at least three EEG channels or magnetometers have positions;
        else one row of dots a channel. Each map is scaled to its own maximum and names the
        strongest channel.

    Raises
    ------
    DataError : one `ax` for several outputs, or the decoder gives no scores.

    Source: Haufe et al. 2014 (10.1016/j.neuroimage.2013.10.067).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(40, 2, 8))
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=8, y=20 * ["a", "b"])
    >>> figure = nd.viz.patterns(nd.decoders.ShrinkageLDA().fit(epochs, epochs.y), epochs)
    """
    epochs = as_epochs(epochs)
    values, names = patterns_of(pipe_or_clf, epochs)
    if ax is not None and len(values) > 1:
        raise DataError(
            "one ax cannot hold several patterns",
            found=f"{len(values)} outputs: {', '.join(map(str, names))}",
            expected="one output",
            fix="leave ax out",
        )
    located = _located(epochs)
    on_head = located.sum() >= 3
    figure, axes = axes_of(ax, len(values), (2.8, 3.0) if on_head else (4.2, 3.4))
    for axis, single, name in zip(axes, values, names, strict=True):
        if on_head:
            _head(axis, single, epochs, located)
        else:
            _dots(axis, single, epochs)
        top = epochs.channels.names[int(np.nanargmax(np.abs(single)))]
        axis.set_title(f"{name}\nstrongest at {top}", fontsize=10, color=TEXT)
    return figure


def _located(epochs: Epochs) -> np.ndarray:
    """Channels that have a place on the head, of the kind that most of them are."""
    kinds = np.array(epochs.channels.kinds)
    counts = [int((kinds == kind).sum()) for kind in _ON_THE_HEAD]
    chosen = _ON_THE_HEAD[int(np.argmax(counts))]
    return (kinds == chosen) & np.isfinite(epochs.channels.positions).all(axis=1)


def _head(ax: Any, values: np.ndarray, epochs: Epochs, located: np.ndarray) -> None:
    import mne

    index = np.flatnonzero(located)
    info = epochs[:1].pick(index).to_mne().info
    shown = values[index]
    strongest = np.abs(shown) == np.abs(shown).max()
    reach = float(np.abs(shown).max())
    mne.viz.plot_topomap(
        shown, info, axes=ax, show=False, cmap=diverging(), vlim=(-reach, reach), contours=0,
        mask=strongest, mask_params={"marker": "o", "markersize": 5, "markerfacecolor": TEXT,
                                     "markeredgecolor": TEXT, "linewidth": 0},
    )  # fmt: skip


def _dots(ax: Any, values: np.ndarray, epochs: Epochs) -> None:
    """One row a channel, strongest on top: positions are not known."""
    order = np.argsort(np.abs(values))
    places = np.arange(len(order))
    quiet_axes(ax)
    ax.axvline(0, color=QUIET, linewidth=1)
    ax.hlines(places, 0, values[order], color=FAMILY["riemannian"], linewidth=1.4)
    ax.plot(values[order], places, "o", color=FAMILY["riemannian"], markersize=5)
    ax.set_yticks(places, [epochs.channels.names[i] for i in order])
    ax.set_xlabel("pattern", color=QUIET)
