"""Figures from arrays, frames, epochs and fitted estimators, drawn with matplotlib.

Every function returns its figure and draws into `ax` when given. Nothing here knows the benchmark:
what it draws it takes from arguments.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.viz.confusion_matrix import confusion as confusion
    from neurodecode.viz.generalization_map import time_generalization as time_generalization
    from neurodecode.viz.loss_curves import history as history
    from neurodecode.viz.topography import patterns as patterns

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "confusion": "confusion_matrix",
        "history": "loss_curves",
        "patterns": "topography",
        "time_generalization": "generalization_map",
    },
)
