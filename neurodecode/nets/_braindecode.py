"""The one door to braindecode: its import, its torchaudio fault, its constructors.

``import braindecode`` imports torchaudio. A torchaudio wheel built for another torch (CUDA wheel
beside CPU torch is the usual case) fails to load its shared library with an OSError and takes
braindecode down with it, although braindecode needs only torchaudio's Python parts. `load` then
imports torchaudio with an empty stand-in for the extension.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

from torch import nn

from neurodecode.core import Spec
from neurodecode.core.dependencies import DISTRIBUTION
from neurodecode.core.errors import DataError, MissingDependency

# Words of the warnings with which a class says that it made itself smaller.
_SHRINKS = (
    "Adjusting parameters",
    "Scaling temporal parameters down",
    "adjusting the input window",
    "Changing the `n_fft`",
)


def load() -> ModuleType:
    """Import ``braindecode.models``, past a torchaudio that does not match torch.

    Raises
    ------
    MissingDependency
        braindecode or torchaudio is not installed, or cannot be imported at all.
    """
    try:
        import_torchaudio()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own imports; nothing a user could act on
            return importlib.import_module("braindecode.models")
    except ImportError as error:
        raise MissingDependency(
            "this network comes from braindecode",
            found=str(error),
            expected="braindecode and its torchaudio",
            fix=f'pip install --upgrade "{DISTRIBUTION}" braindecode torchaudio',
        ) from error


def import_torchaudio() -> str:
    """Import torchaudio; say whether its own extension loaded.

    Returns
    -------
    state : "whole" or "python parts only"

    Raises
    ------
    ImportError
        torchaudio is not installed.
    """
    try:
        importlib.import_module("torchaudio")
    except OSError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
            del sys.modules[name]
        sys.modules["torchaudio._extension"] = _empty_extension()
        importlib.import_module("torchaudio")
    extension = sys.modules.get("torchaudio._extension")
    return "python parts only" if hasattr(extension, "_IS_STAND_IN") else "whole"


def _empty_extension() -> ModuleType:
    extension: Any = ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
    extension._IS_ALIGN_AVAILABLE = False
    extension._IS_STAND_IN = True
    extension.fail_if_no_align = _fail_on_call
    return extension


def _fail_on_call(function: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise MissingDependency(
            f"torchaudio's {function.__name__} needs its compiled extension",
            found="a torchaudio built for another torch",
            fix="install torch and torchaudio from the same index (both CPU, or both CUDA)",
        )

    return refuse


def create(model: str, spec: Spec, **params: Any) -> nn.Module:
    """Construct a braindecode model for a `Spec`; its deprecation notes are kept quiet.

    Parameters
    ----------
    model : str
        Class name in ``braindecode.models``.
    spec : Spec
    **params
        Further arguments of the class.

    Raises
    ------
    DataError
        The class would shrink its kernels to fit a short window: that is another network.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        net: nn.Module = getattr(load(), model)(
            n_chans=spec.n_channels,
            n_times=spec.n_times,
            n_outputs=spec.n_outputs,
            sfreq=spec.sfreq,
            **params,
        )
    for note in map(str, (each.message for each in said)):
        if any(word in note for word in _SHRINKS):
            raise DataError(
                f"{model} does not fit {spec.n_times} samples",
                found=note.splitlines()[0],
                expected="a window that its kernels fit",
                fix="cut longer windows, or give shorter kernels and pools through net_params",
            )
    # Constructors find shapes by a run of zeros in training mode, which batch norm learned from.
    for layer in net.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.reset_running_stats()
    return net
