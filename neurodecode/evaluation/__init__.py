"""Honest scores: splits with roles, metrics, chance, intervals, tests, leak alarms.

Everything here works on trial tables, labels and predictions. It must not know where data come
from (loaders) nor who predicts (estimators, nets); it never fits anything.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.evaluation.ceilings import NoiseCeiling as NoiseCeiling
    from neurodecode.evaluation.ceilings import noise_ceiling as noise_ceiling
    from neurodecode.evaluation.chance import binomial_threshold as binomial_threshold
    from neurodecode.evaluation.chance import chance_level as chance_level
    from neurodecode.evaluation.chance import chance_threshold as chance_threshold
    from neurodecode.evaluation.clusters import ClusterTest as ClusterTest
    from neurodecode.evaluation.clusters import cluster_test as cluster_test
    from neurodecode.evaluation.comparisons import compare_subjects as compare_subjects
    from neurodecode.evaluation.comparisons import compare_trials as compare_trials
    from neurodecode.evaluation.comparisons import corrected_t as corrected_t
    from neurodecode.evaluation.comparisons import delong as delong
    from neurodecode.evaluation.comparisons import hedges_g as hedges_g
    from neurodecode.evaluation.comparisons import mcnemar as mcnemar
    from neurodecode.evaluation.comparisons import rope_probabilities as rope_probabilities
    from neurodecode.evaluation.comparisons import sign_flip as sign_flip
    from neurodecode.evaluation.comparisons import subjects_needed as subjects_needed
    from neurodecode.evaluation.controls import check_not_below_chance as check_not_below_chance
    from neurodecode.evaluation.controls import label_shuffle_control as label_shuffle_control
    from neurodecode.evaluation.controls import too_good as too_good
    from neurodecode.evaluation.denoising import NoisyPairs as NoisyPairs
    from neurodecode.evaluation.denoising import denoising_pairs as denoising_pairs
    from neurodecode.evaluation.denoising import mix_at_snr as mix_at_snr
    from neurodecode.evaluation.inner import inner_split as inner_split
    from neurodecode.evaluation.inner import validation_split as validation_split
    from neurodecode.evaluation.intervals import Interval as Interval
    from neurodecode.evaluation.intervals import clopper_pearson as clopper_pearson
    from neurodecode.evaluation.intervals import corrected_interval as corrected_interval
    from neurodecode.evaluation.intervals import interval as interval
    from neurodecode.evaluation.intervals import newcombe_auc as newcombe_auc
    from neurodecode.evaluation.intervals import subject_interval as subject_interval
    from neurodecode.evaluation.intervals import wilson as wilson
    from neurodecode.evaluation.itr import itr_bits as itr_bits
    from neurodecode.evaluation.itr import itr_per_minute as itr_per_minute
    from neurodecode.evaluation.leakage import check_split as check_split
    from neurodecode.evaluation.leakage import has_copies as has_copies
    from neurodecode.evaluation.leakage import identical_trials as identical_trials
    from neurodecode.evaluation.leakage import near_copies as near_copies
    from neurodecode.evaluation.leakage import refuse_fitted as refuse_fitted
    from neurodecode.evaluation.meta_analysis import random_effects as random_effects
    from neurodecode.evaluation.meta_analysis import stouffer as stouffer
    from neurodecode.evaluation.metrics import ece_null as ece_null
    from neurodecode.evaluation.moabb_splits import MoabbSplitter as MoabbSplitter
    from neurodecode.evaluation.multiplicity import benjamini_hochberg as benjamini_hochberg
    from neurodecode.evaluation.multiplicity import critical_difference as critical_difference
    from neurodecode.evaluation.multiplicity import holm as holm
    from neurodecode.evaluation.permutation import autocorrelated_n as autocorrelated_n
    from neurodecode.evaluation.permutation import permutation_p as permutation_p
    from neurodecode.evaluation.permutation import permute_labels as permute_labels
    from neurodecode.evaluation.permutation import shift_target as shift_target
    from neurodecode.evaluation.retrieval import retrieval_chance as retrieval_chance
    from neurodecode.evaluation.retrieval import retrieval_ranks as retrieval_ranks
    from neurodecode.evaluation.retrieval import summarise_ranks as summarise_ranks
    from neurodecode.evaluation.roles import Split as Split
    from neurodecode.evaluation.scoring import MetricInfo as MetricInfo
    from neurodecode.evaluation.scoring import describe_metric as describe_metric
    from neurodecode.evaluation.scoring import metric_info as metric_info
    from neurodecode.evaluation.scoring import score as score
    from neurodecode.evaluation.scoring import score_folds as score_folds
    from neurodecode.evaluation.scoring import undefined_reason as undefined_reason
    from neurodecode.evaluation.splits import Splitter as Splitter
    from neurodecode.evaluation.splits import split as split

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "ClusterTest": "clusters",
        "Interval": "intervals",
        "MetricInfo": "scoring",
        "NoisyPairs": "denoising",
        "MoabbSplitter": "moabb_splits",
        "NoiseCeiling": "ceilings",
        "Split": "roles",
        "Splitter": "splits",
        "autocorrelated_n": "permutation",
        "benjamini_hochberg": "multiplicity",
        "binomial_threshold": "chance",
        "chance_level": "chance",
        "chance_threshold": "chance",
        "check_not_below_chance": "controls",
        "check_split": "leakage",
        "clopper_pearson": "intervals",
        "cluster_test": "clusters",
        "compare_subjects": "comparisons",
        "compare_trials": "comparisons",
        "corrected_interval": "intervals",
        "corrected_t": "comparisons",
        "critical_difference": "multiplicity",
        "delong": "comparisons",
        "denoising_pairs": "denoising",
        "describe_metric": "scoring",
        "ece_null": "metrics",
        "hedges_g": "comparisons",
        "holm": "multiplicity",
        "has_copies": "leakage",
        "identical_trials": "leakage",
        "inner_split": "inner",
        "interval": "intervals",
        "itr_bits": "itr",
        "itr_per_minute": "itr",
        "label_shuffle_control": "controls",
        "mcnemar": "comparisons",
        "metric_info": "scoring",
        "mix_at_snr": "denoising",
        "near_copies": "leakage",
        "newcombe_auc": "intervals",
        "noise_ceiling": "ceilings",
        "permutation_p": "permutation",
        "permute_labels": "permutation",
        "random_effects": "meta_analysis",
        "refuse_fitted": "leakage",
        "retrieval_chance": "retrieval",
        "retrieval_ranks": "retrieval",
        "rope_probabilities": "comparisons",
        "score": "scoring",
        "score_folds": "scoring",
        "shift_target": "permutation",
        "sign_flip": "comparisons",
        "split": "splits",
        "stouffer": "meta_analysis",
        "subject_interval": "intervals",
        "subjects_needed": "comparisons",
        "summarise_ranks": "retrieval",
        "too_good": "controls",
        "undefined_reason": "scoring",
        "validation_split": "inner",
        "wilson": "intervals",
    },
)
