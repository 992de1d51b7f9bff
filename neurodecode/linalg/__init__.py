"""Batched mathematics on arrays: filters, resampling, symmetric positive definite matrices.

Functions take and give arrays whose last axes are (n_channels, n_times) or (n, n). This room
knows no `Epochs`, no labels and no estimator.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.linalg.covariance import subset_means as subset_means
    from neurodecode.linalg.covariance import trial_covariances as trial_covariances
    from neurodecode.linalg.detrending import detrend as detrend
    from neurodecode.linalg.discriminant import shrinkage_discriminant as shrinkage_discriminant
    from neurodecode.linalg.filtering import butterworth as butterworth
    from neurodecode.linalg.filtering import causal as causal
    from neurodecode.linalg.filtering import check_edges as check_edges
    from neurodecode.linalg.filtering import energy_delay as energy_delay
    from neurodecode.linalg.filtering import gain_db as gain_db
    from neurodecode.linalg.filtering import group_delay as group_delay
    from neurodecode.linalg.filtering import notch as notch
    from neurodecode.linalg.filtering import zero_phase as zero_phase
    from neurodecode.linalg.fir import fir_causal as fir_causal
    from neurodecode.linalg.fir import fir_taps as fir_taps
    from neurodecode.linalg.fir import fir_zero_phase as fir_zero_phase
    from neurodecode.linalg.joint_diagonalization import joint_diagonalizer as joint_diagonalizer
    from neurodecode.linalg.line_noise import count_line_components as count_line_components
    from neurodecode.linalg.line_noise import interpolate_spectrum as interpolate_spectrum
    from neurodecode.linalg.line_noise import line_scatter as line_scatter
    from neurodecode.linalg.line_noise import period_average as period_average
    from neurodecode.linalg.rank import check_rank as check_rank
    from neurodecode.linalg.rank import full_rank_eigh as full_rank_eigh
    from neurodecode.linalg.rank import range_basis as range_basis
    from neurodecode.linalg.resampling import decimate as decimate
    from neurodecode.linalg.resampling import polyphase as polyphase
    from neurodecode.linalg.resampling import rate_ratio as rate_ratio
    from neurodecode.linalg.resampling import resample_spans as resample_spans
    from neurodecode.linalg.resampling import resample_trials as resample_trials
    from neurodecode.linalg.spd import inverse_sqrt as inverse_sqrt
    from neurodecode.linalg.spd import pairwise_squared_distances as pairwise_squared_distances
    from neurodecode.linalg.spd import riemannian_mean as riemannian_mean
    from neurodecode.linalg.spd import riemannian_means as riemannian_means
    from neurodecode.linalg.spd import second_moment as second_moment
    from neurodecode.linalg.spd import squared_distances as squared_distances
    from neurodecode.linalg.spd import tangent_vectors as tangent_vectors
    from neurodecode.linalg.spd_kernels import gaussian_kernel as gaussian_kernel
    from neurodecode.linalg.spd_kernels import log_euclidean_kernel as log_euclidean_kernel
    from neurodecode.linalg.spd_kernels import riemannian_kernel as riemannian_kernel
    from neurodecode.linalg.spd_metrics import from_tangent as from_tangent
    from neurodecode.linalg.spd_metrics import geodesic as geodesic
    from neurodecode.linalg.spd_metrics import logarithm as logarithm
    from neurodecode.linalg.spd_metrics import metric_mean as metric_mean
    from neurodecode.linalg.spd_metrics import metric_means as metric_means
    from neurodecode.linalg.spd_metrics import metric_squared_distances as metric_squared_distances
    from neurodecode.linalg.spd_metrics import power as power
    from neurodecode.linalg.splines import current_source_matrix as current_source_matrix
    from neurodecode.linalg.splines import fit_sphere as fit_sphere
    from neurodecode.linalg.splines import interpolation_matrix as interpolation_matrix
    from neurodecode.linalg.streams import FilterStream as FilterStream
    from neurodecode.linalg.streams import MovingStandardStream as MovingStandardStream
    from neurodecode.linalg.streams import ProductStream as ProductStream
    from neurodecode.linalg.streams import moving_standardize as moving_standardize

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "FilterStream": "streams",
        "MovingStandardStream": "streams",
        "ProductStream": "streams",
        "butterworth": "filtering",
        "causal": "filtering",
        "check_edges": "filtering",
        "check_rank": "rank",
        "count_line_components": "line_noise",
        "current_source_matrix": "splines",
        "decimate": "resampling",
        "detrend": "detrending",
        "energy_delay": "filtering",
        "fir_causal": "fir",
        "fir_taps": "fir",
        "fir_zero_phase": "fir",
        "fit_sphere": "splines",
        "from_tangent": "spd_metrics",
        "full_rank_eigh": "rank",
        "gain_db": "filtering",
        "gaussian_kernel": "spd_kernels",
        "geodesic": "spd_metrics",
        "group_delay": "filtering",
        "interpolate_spectrum": "line_noise",
        "interpolation_matrix": "splines",
        "inverse_sqrt": "spd",
        "joint_diagonalizer": "joint_diagonalization",
        "line_scatter": "line_noise",
        "log_euclidean_kernel": "spd_kernels",
        "logarithm": "spd_metrics",
        "metric_mean": "spd_metrics",
        "metric_means": "spd_metrics",
        "metric_squared_distances": "spd_metrics",
        "moving_standardize": "streams",
        "notch": "filtering",
        "pairwise_squared_distances": "spd",
        "period_average": "line_noise",
        "polyphase": "resampling",
        "power": "spd_metrics",
        "range_basis": "rank",
        "rate_ratio": "resampling",
        "resample_spans": "resampling",
        "resample_trials": "resampling",
        "riemannian_kernel": "spd_kernels",
        "riemannian_mean": "spd",
        "riemannian_means": "spd",
        "second_moment": "spd",
        "shrinkage_discriminant": "discriminant",
        "squared_distances": "spd",
        "subset_means": "covariance",
        "tangent_vectors": "spd",
        "trial_covariances": "covariance",
        "zero_phase": "filtering",
    },
)
