"""Batched mathematics on arrays: filters, resampling, symmetric positive definite matrices.

Functions take and give arrays whose last axes are (n_channels, n_times) or (n, n). This room
knows no `Epochs`, no labels and no estimator.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.linalg.covariance import trial_covariances as trial_covariances
    from neurodecode.linalg.filtering import butterworth as butterworth
    from neurodecode.linalg.filtering import causal as causal
    from neurodecode.linalg.filtering import gain_db as gain_db
    from neurodecode.linalg.filtering import group_delay as group_delay
    from neurodecode.linalg.filtering import notch as notch
    from neurodecode.linalg.filtering import zero_phase as zero_phase
    from neurodecode.linalg.resampling import decimate as decimate
    from neurodecode.linalg.resampling import polyphase as polyphase
    from neurodecode.linalg.resampling import rate_ratio as rate_ratio
    from neurodecode.linalg.resampling import resample_spans as resample_spans
    from neurodecode.linalg.resampling import resample_trials as resample_trials
    from neurodecode.linalg.spd import check_rank as check_rank
    from neurodecode.linalg.spd import full_rank_eigh as full_rank_eigh
    from neurodecode.linalg.spd import inverse_sqrt as inverse_sqrt
    from neurodecode.linalg.spd import riemannian_mean as riemannian_mean
    from neurodecode.linalg.spd import second_moment as second_moment
    from neurodecode.linalg.spd import squared_distances as squared_distances
    from neurodecode.linalg.spd import tangent_vectors as tangent_vectors

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "butterworth": "filtering",
        "causal": "filtering",
        "check_rank": "spd",
        "decimate": "resampling",
        "full_rank_eigh": "spd",
        "gain_db": "filtering",
        "group_delay": "filtering",
        "inverse_sqrt": "spd",
        "notch": "filtering",
        "polyphase": "resampling",
        "rate_ratio": "resampling",
        "resample_spans": "resampling",
        "resample_trials": "resampling",
        "riemannian_mean": "spd",
        "second_moment": "spd",
        "squared_distances": "spd",
        "tangent_vectors": "spd",
        "trial_covariances": "covariance",
        "zero_phase": "filtering",
    },
)
