"""Steps that give recordings or epochs back: filter, resample, reference, mend, scale, align.

`Recording -> Recording` where that is exact (before the cut) and `Epochs -> Epochs`. Nothing here
knows nets, decoders or scores; the mathematics is in `linalg`.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.preprocessing.align import EuclideanAlign as EuclideanAlign
    from neurodecode.preprocessing.align import RiemannianAlign as RiemannianAlign
    from neurodecode.preprocessing.asr import ASR as ASR
    from neurodecode.preprocessing.autoreject import AutoRepair as AutoRepair
    from neurodecode.preprocessing.bad_channels import BadChannels as BadChannels
    from neurodecode.preprocessing.bad_channels import Interpolate as Interpolate
    from neurodecode.preprocessing.baseline import Baseline as Baseline
    from neurodecode.preprocessing.baseline import Detrend as Detrend
    from neurodecode.preprocessing.clean_bold import CleanBold as CleanBold
    from neurodecode.preprocessing.faster import Faster as Faster
    from neurodecode.preprocessing.filters import Bandpass as Bandpass
    from neurodecode.preprocessing.filters import Comb as Comb
    from neurodecode.preprocessing.filters import Notch as Notch
    from neurodecode.preprocessing.ica import ICA as ICA
    from neurodecode.preprocessing.line_noise import LineInterpolate as LineInterpolate
    from neurodecode.preprocessing.line_noise import ZapLine as ZapLine
    from neurodecode.preprocessing.maxwell import Maxwell as Maxwell
    from neurodecode.preprocessing.optical import TDDR as TDDR
    from neurodecode.preprocessing.optical import BeerLambert as BeerLambert
    from neurodecode.preprocessing.optical import ScalpCoupling as ScalpCoupling
    from neurodecode.preprocessing.rank import ReduceRank as ReduceRank
    from neurodecode.preprocessing.reference import Bipolar as Bipolar
    from neurodecode.preprocessing.reference import CurrentSource as CurrentSource
    from neurodecode.preprocessing.reference import Laplacian as Laplacian
    from neurodecode.preprocessing.reference import Reference as Reference
    from neurodecode.preprocessing.regression import EOGRegression as EOGRegression
    from neurodecode.preprocessing.rejection import AmplitudeLimits as AmplitudeLimits
    from neurodecode.preprocessing.rejection import Potato as Potato
    from neurodecode.preprocessing.resample import Decimate as Decimate
    from neurodecode.preprocessing.resample import Resample as Resample
    from neurodecode.preprocessing.scale import EMS as EMS
    from neurodecode.preprocessing.scale import Clamp as Clamp
    from neurodecode.preprocessing.scale import RobustScale as RobustScale
    from neurodecode.preprocessing.scale import Scale as Scale
    from neurodecode.preprocessing.short_channels import ShortChannels as ShortChannels
    from neurodecode.preprocessing.sns import SNS as SNS
    from neurodecode.preprocessing.spike_counts import Rebin as Rebin
    from neurodecode.preprocessing.spike_counts import SmoothSpikes as SmoothSpikes
    from neurodecode.preprocessing.ssp import SSP as SSP
    from neurodecode.preprocessing.star import Star as Star

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "AmplitudeLimits": "rejection",
        "ASR": "asr",
        "AutoRepair": "autoreject",
        "BadChannels": "bad_channels",
        "Bandpass": "filters",
        "Baseline": "baseline",
        "BeerLambert": "optical",
        "Bipolar": "reference",
        "Clamp": "scale",
        "CleanBold": "clean_bold",
        "Comb": "filters",
        "CurrentSource": "reference",
        "Decimate": "resample",
        "Detrend": "baseline",
        "EMS": "scale",
        "EOGRegression": "regression",
        "EuclideanAlign": "align",
        "Faster": "faster",
        "ICA": "ica",
        "Interpolate": "bad_channels",
        "Laplacian": "reference",
        "LineInterpolate": "line_noise",
        "Maxwell": "maxwell",
        "Notch": "filters",
        "Potato": "rejection",
        "Rebin": "spike_counts",
        "ReduceRank": "rank",
        "Reference": "reference",
        "Resample": "resample",
        "RiemannianAlign": "align",
        "RobustScale": "scale",
        "Scale": "scale",
        "ScalpCoupling": "optical",
        "ShortChannels": "short_channels",
        "SmoothSpikes": "spike_counts",
        "SNS": "sns",
        "SSP": "ssp",
        "Star": "star",
        "TDDR": "optical",
        "ZapLine": "line_noise",
    },
)
