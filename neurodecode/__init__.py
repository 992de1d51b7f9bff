"""Decode EEG, MEG, iEEG, fMRI, fNIRS and spikes: recordings in, a trusted table out.

This is the public face. Recordings of any kind become `Epochs`; `Epochs` flow through
scikit-learn pipelines into decoders; `benchmark` says honestly how good they are. Names resolve
at first use: importing the package loads no heavy library and does nothing else.

Examples
--------
>>> import neurodecode as nd
>>> "tangent-lr" in nd.list("recipe")
True
"""

import importlib
from typing import TYPE_CHECKING, Any

from neurodecode.core import lazy

__version__ = "0.1.0"

if TYPE_CHECKING:
    from neurodecode import bench as bench
    from neurodecode import core as core
    from neurodecode import decoders as decoders
    from neurodecode import evaluation as evaluation
    from neurodecode import features as features
    from neurodecode import linalg as linalg
    from neurodecode import loaders as loaders
    from neurodecode import nets as nets
    from neurodecode import preprocessing as preprocessing
    from neurodecode import training as training
    from neurodecode import viz as viz
    from neurodecode.bench import Result as Result
    from neurodecode.bench import benchmark as benchmark
    from neurodecode.bench import recipe as recipe
    from neurodecode.core import Bundle as Bundle
    from neurodecode.core import Card as Card
    from neurodecode.core import Channels as Channels
    from neurodecode.core import Epochs as Epochs
    from neurodecode.core import EpochsBundle as EpochsBundle
    from neurodecode.core import On as On
    from neurodecode.core import Recording as Recording
    from neurodecode.core import Spec as Spec
    from neurodecode.core import Study as Study
    from neurodecode.core import load_model as load_model
    from neurodecode.core import save as save
    from neurodecode.core.errors import CardError as CardError
    from neurodecode.core.errors import DataError as DataError
    from neurodecode.core.errors import DownloadError as DownloadError
    from neurodecode.core.errors import LeakageError as LeakageError
    from neurodecode.core.errors import MissingDependency as MissingDependency
    from neurodecode.core.errors import NeurodecodeError as NeurodecodeError
    from neurodecode.core.errors import RecipeError as RecipeError
    from neurodecode.core.errors import TrainingError as TrainingError
    from neurodecode.core.errors import UnknownName as UnknownName
    from neurodecode.core.joining import concat as concat
    from neurodecode.core.registry import names as list
    from neurodecode.evaluation import split as split
    from neurodecode.loaders import load as load
    from neurodecode.loaders import read as read

_resolve, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Bundle": "core",
        "Card": "core",
        "CardError": "core.errors",
        "Channels": "core",
        "DataError": "core.errors",
        "DownloadError": "core.errors",
        "Epochs": "core",
        "EpochsBundle": "core",
        "LeakageError": "core.errors",
        "MissingDependency": "core.errors",
        "NeurodecodeError": "core.errors",
        "On": "core",
        "Recording": "core",
        "RecipeError": "core.errors",
        "Result": "bench",
        "Spec": "core",
        "Study": "core",
        "TrainingError": "core.errors",
        "UnknownName": "core.errors",
        "benchmark": "bench",
        "concat": "core.joining",
        "load": "loaders",
        "load_model": "core",
        "read": "loaders",
        "recipe": "bench",
        "save": "core",
        "split": "evaluation",
    },
    rooms=(
        "bench",
        "core",
        "decoders",
        "evaluation",
        "features",
        "linalg",
        "loaders",
        "nets",
        "preprocessing",
        "training",
        "viz",
    ),
)
__all__ += ["__version__", "list"]


def __getattr__(name: str) -> Any:
    if name == "list":  # defined under another name: `list` would hide Python's own there
        return importlib.import_module("neurodecode.core.registry").names
    return _resolve(name)
