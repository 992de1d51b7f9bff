"""Transformers from epochs to plain arrays: covariances, tangent space, spectra, means, kernels.

What comes out is what scikit-learn's own estimators take. Nothing here knows nets or scores.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.features.covariance import Covariance as Covariance
    from neurodecode.features.covariance import ERPCovariance as ERPCovariance
    from neurodecode.features.covariance import XdawnCovariance as XdawnCovariance
    from neurodecode.features.kernels import MiniRocket as MiniRocket
    from neurodecode.features.riemann import CSP as CSP
    from neurodecode.features.riemann import TangentSpace as TangentSpace
    from neurodecode.features.spectra import BandPower as BandPower
    from neurodecode.features.waveform import Flatten as Flatten
    from neurodecode.features.waveform import Voxels as Voxels
    from neurodecode.features.waveform import WindowMeans as WindowMeans

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "BandPower": "spectra",
        "CSP": "riemann",
        "Covariance": "covariance",
        "ERPCovariance": "covariance",
        "Flatten": "waveform",
        "MiniRocket": "kernels",
        "TangentSpace": "riemann",
        "Voxels": "waveform",
        "WindowMeans": "waveform",
        "XdawnCovariance": "covariance",
    },
)
