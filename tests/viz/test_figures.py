"""Figures are returned, accept an `ax`, and show what they were given."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from neurodecode import viz
from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders import ShrinkageLDA
from neurodecode.viz.generalization_map import _outline


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def fitted_net(**history) -> SimpleNamespace:
    record = {"train_loss": [1.1, 0.8, 0.6], "valid_loss": [1.1, 0.9, 1.0], "best_epoch": 1}
    return SimpleNamespace(history_={**record, **history}, classes_=np.array(["a", "b", "c"]))


def planted(positions: bool) -> Epochs:
    """Three classes; each raises its own channel."""
    rng = np.random.default_rng(0)
    y = np.array(["a", "b", "c"])[np.arange(60) % 3]
    data = rng.normal(size=(60, 6, 6))
    for k, label in enumerate("abc"):
        data[y == label, k] += 3
    where = 0.09 * np.array(
        [
            [-0.6, 0, 0.8],
            [0.6, 0, 0.8],
            [0.1, 0.6, 0.8],
            [-0.1, -0.6, 0.8],
            [0, 0, 1],
            [0.5, 0.5, 0.7],
        ]
    )
    channels = Channels(
        ["C3", "C4", "Fz", "Pz", "Cz", "F4"], positions=where if positions else None,
        position_from="template" if positions else "none",
    )  # fmt: skip
    return Epochs(data, channels=channels, sfreq=6, y=y)


def test_history_draws_both_losses_chance_and_the_kept_epoch():
    figure = viz.history(fitted_net())
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["training", "validation", "chance 1.10", "kept"]
    assert len(figure.axes[0].lines) == 4


def test_history_without_validation_names_only_training():
    texts = [t.get_text() for t in viz.history(fitted_net(valid_loss=[np.nan] * 3)).axes[0].texts]
    assert "training" in texts and "validation" not in texts


def test_history_of_something_else_names_the_fix():
    with pytest.raises(DataError, match=r"clf\.fit"):
        viz.history(ShrinkageLDA())


def test_confusion_of_a_result_takes_the_best_recipe_of_each_data_set():
    y = np.array(["l", "r"] * 10)
    frame = pd.DataFrame({"dataset": "d", "y_true": y})
    both = pd.concat(
        [frame.assign(recipe="bad", y_pred="l"), frame.assign(recipe="good", y_pred=y)]
    )
    result = SimpleNamespace(predictions=pd.concat([both, both.assign(dataset="e")]))
    figure = viz.confusion(result)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [f"{name}\ngood · balanced accuracy 100.0 %" for name in "de"]
    with pytest.raises(DataError, match="did you mean 'good'"):
        viz.confusion(result, recipe="godo")
    with pytest.raises(DataError, match="one ax"):
        viz.confusion(result, ax=plt.figure().subplots())


def test_confusion_is_in_percent_of_each_true_class():
    figure = viz.confusion(["a", "a", "a", "a", "b"], ["a", "a", "a", "b", "b"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["75", "25", "0", "100"]
    with pytest.raises(DataError, match="do not fit"):
        viz.confusion(["a", "b"], ["a"])


@pytest.mark.parametrize("positions", [True, False])
def test_patterns_name_the_channel_that_carries_the_class(positions):
    epochs = planted(positions)
    figure = viz.patterns(ShrinkageLDA().fit(epochs, epochs.y), epochs)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == [
        f"{label}\nstrongest at {name}"
        for label, name in zip("abc", ["C3", "C4", "Fz"], strict=True)
    ]
    assert all(bool(ax.images) == positions for ax in figure.axes)


def test_patterns_of_several_outputs_refuse_one_ax():
    epochs = planted(False)
    with pytest.raises(DataError, match="3 outputs: a, b, c"):
        viz.patterns(ShrinkageLDA().fit(epochs, epochs.y), epochs, ax=plt.figure().subplots())


def time_scores() -> SimpleNamespace:
    values = np.full((4, 4), 0.5)
    values[1:3, 1:3] = 0.9
    return SimpleNamespace(
        values=values, times=np.array([-0.1, 0.0, 0.1, 0.2]), chance=0.5, mask=values > 0.8
    )


def test_time_generalization_is_symmetric_around_chance_and_outlines_the_mask():
    figure = viz.time_generalization(time_scores())
    mesh = figure.axes[0].collections[0]
    assert mesh.get_clim() == pytest.approx((0.1, 0.9))
    assert len(_outline(time_scores().mask, np.arange(5.0))) == 8
    assert "chance 0.50" in figure.axes[1].get_ylabel()


@pytest.mark.parametrize("draw", [
    lambda ax: viz.history(fitted_net(), ax=ax),
    lambda ax: viz.confusion(["a", "b"], ["a", "b"], ax=ax),
    lambda ax: viz.time_generalization(time_scores(), ax=ax),
])  # fmt: skip
def test_figures_draw_into_the_ax_they_are_given(draw):
    figure, ax = plt.subplots()
    assert draw(ax) is figure and (ax.lines or ax.texts or ax.collections)


def test_the_room_is_light():
    code = "import sys, neurodecode.viz as v; dir(v); assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
