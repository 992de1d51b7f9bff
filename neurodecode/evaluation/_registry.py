"""Metrics by name."""

TABLE: dict[str, str] = {
    "accuracy": "neurodecode.evaluation.metrics:accuracy",
    "average-precision": "neurodecode.evaluation.metrics:average_precision",
    "balanced-accuracy": "neurodecode.evaluation.metrics:balanced_accuracy",
    "brier": "neurodecode.evaluation.metrics:brier",
    "correlation": "neurodecode.evaluation.metrics:correlation",
    "ece": "neurodecode.evaluation.metrics:ece",
    "f1-macro": "neurodecode.evaluation.metrics:f1_macro",
    "f1-weighted": "neurodecode.evaluation.metrics:f1_weighted",
    "itr": "neurodecode.evaluation.itr:itr",
    "kappa": "neurodecode.evaluation.metrics:kappa",
    "log-loss": "neurodecode.evaluation.metrics:log_loss",
    "mcc": "neurodecode.evaluation.metrics:mcc",
    "r2": "neurodecode.evaluation.metrics:r2",
    "roc-auc": "neurodecode.evaluation.metrics:roc_auc",
    "rrmse-spectral": "neurodecode.evaluation.denoising:rrmse_spectral",
    "rrmse-temporal": "neurodecode.evaluation.denoising:rrmse_temporal",
    "segment-correlation": "neurodecode.evaluation.denoising:segment_correlation",
}
