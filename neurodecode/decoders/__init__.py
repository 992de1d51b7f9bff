"""Estimators: scikit-learn classifiers and regressors that take epochs or their features.

Decoders fit, predict and explain themselves. They know no files, no recipes and no benchmark.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.decoders.bayes_position import BayesPosition as BayesPosition
    from neurodecode.decoders.denoise import Denoiser as Denoiser
    from neurodecode.decoders.dynamic_stopping import DynamicStopping as DynamicStopping
    from neurodecode.decoders.generalization import TimeGeneralization as TimeGeneralization
    from neurodecode.decoders.generalization import TimeScores as TimeScores
    from neurodecode.decoders.kalman import DiscriminativeKalman as DiscriminativeKalman
    from neurodecode.decoders.kalman import Kalman as Kalman
    from neurodecode.decoders.lda import ShrinkageLDA as ShrinkageLDA
    from neurodecode.decoders.lda import WindowLDA as WindowLDA
    from neurodecode.decoders.linear_svm import LinearSVM as LinearSVM
    from neurodecode.decoders.mdwm import MDWM as MDWM
    from neurodecode.decoders.net import NetClassifier as NetClassifier
    from neurodecode.decoders.net import NetRegressor as NetRegressor
    from neurodecode.decoders.net_embedder import NetEmbedder as NetEmbedder
    from neurodecode.decoders.net_transfer import FineTuning as FineTuning
    from neurodecode.decoders.patterns import patterns_of as patterns_of
    from neurodecode.decoders.ridge import BandedRidge as BandedRidge
    from neurodecode.decoders.riemann import MDM as MDM
    from neurodecode.decoders.riemann import FgMDM as FgMDM
    from neurodecode.decoders.riemann import RiemannKNN as RiemannKNN
    from neurodecode.decoders.searchlight import LightScores as LightScores
    from neurodecode.decoders.searchlight import Searchlight as Searchlight
    from neurodecode.decoders.ssvep import CCA as CCA
    from neurodecode.decoders.ssvep import FilterBankCCA as FilterBankCCA
    from neurodecode.decoders.ssvep_sets import SSCOR as SSCOR
    from neurodecode.decoders.ssvep_sets import MsetCCA as MsetCCA
    from neurodecode.decoders.ssvep_trained import ITCCA as ITCCA
    from neurodecode.decoders.ssvep_trained import TDCA as TDCA
    from neurodecode.decoders.ssvep_trained import TRCA as TRCA
    from neurodecode.decoders.ssvep_trained import ExtendedCCA as ExtendedCCA
    from neurodecode.decoders.trf import TRF as TRF

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "CCA": "ssvep",
        "Denoiser": "denoise",
        "ExtendedCCA": "ssvep_trained",
        "FineTuning": "net_transfer",
        "FgMDM": "riemann",
        "FilterBankCCA": "ssvep",
        "ITCCA": "ssvep_trained",
        "MDM": "riemann",
        "MDWM": "mdwm",
        "NetClassifier": "net",
        "NetEmbedder": "net_embedder",
        "NetRegressor": "net",
        "RiemannKNN": "riemann",
        "ShrinkageLDA": "lda",
        "TDCA": "ssvep_trained",
        "TRCA": "ssvep_trained",
        "TimeGeneralization": "generalization",
        "TimeScores": "generalization",
        "WindowLDA": "lda",
        "patterns_of": "patterns",
        "BandedRidge": "ridge",
        "BayesPosition": "bayes_position",
        "DiscriminativeKalman": "kalman",
        "Kalman": "kalman",
        "LinearSVM": "linear_svm",
        "TRF": "trf",
        "LightScores": "searchlight",
        "Searchlight": "searchlight",
        "DynamicStopping": "dynamic_stopping",
        "MsetCCA": "ssvep_sets",
        "SSCOR": "ssvep_sets",
    },
)
