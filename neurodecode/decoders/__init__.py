"""Estimators: scikit-learn classifiers and regressors that take epochs or their features.

Decoders fit, predict and explain themselves. They know no files, no recipes and no benchmark.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.decoders.generalization import TimeGeneralization as TimeGeneralization
    from neurodecode.decoders.generalization import TimeScores as TimeScores
    from neurodecode.decoders.lda import ShrinkageLDA as ShrinkageLDA
    from neurodecode.decoders.lda import WindowLDA as WindowLDA
    from neurodecode.decoders.net import NetClassifier as NetClassifier
    from neurodecode.decoders.net import NetRegressor as NetRegressor
    from neurodecode.decoders.patterns import patterns_of as patterns_of
    from neurodecode.decoders.riemann import MDM as MDM

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "MDM": "riemann",
        "NetClassifier": "net",
        "NetRegressor": "net",
        "ShrinkageLDA": "lda",
        "TimeGeneralization": "generalization",
        "TimeScores": "generalization",
        "WindowLDA": "lda",
        "patterns_of": "patterns",
    },
)
