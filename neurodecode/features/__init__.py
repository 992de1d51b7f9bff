"""Transformers from epochs to plain arrays: covariances, tangent space, spectra, means, kernels.

What comes out is what scikit-learn's own estimators take. Nothing here knows nets or scores.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.features.augmented_covariance import AugmentedCovariance as AugmentedCovariance
    from neurodecode.features.covariance import BlockCovariance as BlockCovariance
    from neurodecode.features.covariance import Covariance as Covariance
    from neurodecode.features.covariance import ERPCovariance as ERPCovariance
    from neurodecode.features.covariance import XdawnCovariance as XdawnCovariance
    from neurodecode.features.cross_spectra import Coherence as Coherence
    from neurodecode.features.cross_spectra import (
        CrossSpectralCovariance as CrossSpectralCovariance,
    )
    from neurodecode.features.evoked import DSS as DSS
    from neurodecode.features.evoked import Xdawn as Xdawn
    from neurodecode.features.filter_bank_csp import FilterBankCSP as FilterBankCSP
    from neurodecode.features.kernels import MiniRocket as MiniRocket
    from neurodecode.features.oscillations import SSD as SSD
    from neurodecode.features.oscillations import SPoC as SPoC
    from neurodecode.features.regularized_csp import RegularizedCSP as RegularizedCSP
    from neurodecode.features.riemann import CSP as CSP
    from neurodecode.features.riemann import TangentSpace as TangentSpace
    from neurodecode.features.spectra import BandPower as BandPower
    from neurodecode.features.transfer import ProcrustesCovariance as ProcrustesCovariance
    from neurodecode.features.transfer import TangentAlign as TangentAlign
    from neurodecode.features.waveform import Flatten as Flatten
    from neurodecode.features.waveform import Voxels as Voxels
    from neurodecode.features.waveform import WindowMeans as WindowMeans

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "AugmentedCovariance": "augmented_covariance",
        "BandPower": "spectra",
        "BlockCovariance": "covariance",
        "CSP": "riemann",
        "Coherence": "cross_spectra",
        "Covariance": "covariance",
        "CrossSpectralCovariance": "cross_spectra",
        "DSS": "evoked",
        "ERPCovariance": "covariance",
        "FilterBankCSP": "filter_bank_csp",
        "Flatten": "waveform",
        "MiniRocket": "kernels",
        "ProcrustesCovariance": "transfer",
        "RegularizedCSP": "regularized_csp",
        "SPoC": "oscillations",
        "SSD": "oscillations",
        "TangentAlign": "transfer",
        "TangentSpace": "riemann",
        "Voxels": "waveform",
        "WindowMeans": "waveform",
        "Xdawn": "evoked",
        "XdawnCovariance": "covariance",
    },
)
