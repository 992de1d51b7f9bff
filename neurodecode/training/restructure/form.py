"""Which form of a network is trained: its textbook, or a faster one on the same parameters."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from neurodecode.core.memory import available_memory
from neurodecode.nets.headed import Headed
from neurodecode.nets.merged_conv import MergedConv
from neurodecode.training.batches import Trials
from neurodecode.training.restructure.convolutions import merged_already
from neurodecode.training.restructure.stem import ResidentStem

_ROOM = "neurodecode.training.restructure"
# Class of braindecode -> file with a function `restructured(net)`: a module, or why there is none.
FAMILIES = {
    "ATCNet": "atcnet",
    "Deep4Net": "deep4",
    "EEGConformer": "conformer",
    "EEGNet": "eegnet",
    "ShallowFBCSPNet": "shallow",
}
# Module -> its weights as they were, and its form in evaluation mode if it has one.
_EVALUATED: WeakKeyDictionary[nn.Module, tuple[Any, nn.Module | None]] = WeakKeyDictionary()
_TRIALS = "restructured: convolutions over channels"
_SHARE = 4  # what is prepared may take this part of the free memory


@dataclass(frozen=True)
class Form:
    """A network to train, the trials it takes, and words on why it is this one.

    Parameters
    ----------
    module : nn.Module
        Shares parameters, buffers and layers with the textbook module, or is it.
    trials : tensor or resident trials
        Indexed by rows they give what `module` takes in training mode; in evaluation mode it
        takes trials.
    report : str
    """

    module: nn.Module
    trials: Any
    report: str


def form_of(module: nn.Module, x: Trials, *, resident: bool = True) -> Form:
    """The fastest form of a module that computes the same.

    Parameters
    ----------
    module : nn.Module, on its device
    x : tensor (n_trials, n_channels, n_times) on the same device, or MappedTrials
    resident : bool, default True
        Batches are trials of `x` as they are, in full precision; False where augmentation or
        mixed precision changes them on the way.

    Returns
    -------
    form : Form

    Examples
    --------
    >>> import torch
    >>> form_of(nn.Linear(2, 2), torch.zeros(3, 2)).report
    'textbook: Linear has no other form'
    """
    found, stem, report = _chosen(module, x, resident)
    trials: Any = x  # a tensor, or no stem wants it
    return Form(found, trials if stem is None else stem.prepare(trials), report)


def form_report(module: nn.Module, x: Trials, *, resident: bool = True) -> str:
    """Which form of a module `train` would choose for these trials, and why not a faster one.

    Parameters
    ----------
    module, x, resident : as in `form_of`

    Returns
    -------
    report : str
        Begins with "restructured" or "textbook"; the history of a run has it as "form".

    Examples
    --------
    >>> import torch
    >>> form_report(nn.Linear(2, 2), torch.zeros(3, 2))
    'textbook: Linear has no other form'
    """
    return _chosen(module, x, resident)[2]


def _chosen(
    module: nn.Module, x: Trials, resident: bool
) -> tuple[nn.Module, ResidentStem | None, str]:
    """The module to train, its layers that want prepared trials, and why."""
    found = restructured(module)
    if isinstance(found, str):
        return module, None, f"textbook: {found}"
    stem = next((each for each in found.modules() if isinstance(each, ResidentStem)), None)
    if stem is None:
        return found, None, _TRIALS
    why_not = "trials change on their way to the network" if not resident else _obstacle(stem, x)
    if why_not is None:
        return found, stem, f"restructured: {stem.words}"
    if stem.takes_trials:
        return found, None, f"{_TRIALS}; {why_not}"
    return module, None, f"textbook: {why_not}"


def evaluated(module: nn.Module) -> nn.Module:
    """The fastest form of a module in evaluation mode, without gradients; it takes trials.

    Kept as long as the module's weights stay as they are, for predictions trial by trial.

    Examples
    --------
    >>> net = nn.Linear(2, 2)
    >>> evaluated(net) is net
    True
    """
    weights = tuple(
        (each.data_ptr(), each._version) for each in chain(module.parameters(), module.buffers())
    )
    known = _EVALUATED.get(module)
    if known is None or known[0] != weights:
        found = restructured(module)
        known = weights, None if isinstance(found, str) else found.eval()
        _EVALUATED[module] = known
    return module if known[1] is None else known[1]


def restructured(module: nn.Module) -> nn.Module | str:
    """A module on the parameters of a textbook module that gives the same, or why there is none."""
    if any(each._forward_hooks or each._forward_pre_hooks for each in module.modules()):
        return "its layers have hooks"
    if type(module) is Headed:
        body = restructured(module.body)
        return body if isinstance(body, str) else Headed(body, module.head)
    if type(module) is nn.Sequential and len(module) and isinstance(module[0], MergedConv):
        return merged_already(module)
    kind = type(module)
    if kind.__name__ in FAMILIES and kind.__module__.startswith("braindecode.models."):
        return import_module(f"{_ROOM}.{FAMILIES[kind.__name__]}").restructured(module)
    return f"{kind.__name__} has no other form"


def _obstacle(stem: ResidentStem, x: Trials) -> str | None:
    """Why nothing can be prepared for these trials, or None."""
    if not isinstance(x, Tensor):
        return "trials stay on disk"
    if x.device.type != "cpu":
        return f"not measured on {x.device.type}"
    needed, free = stem.bytes_for(x), available_memory()
    if needed * _SHARE > free:
        return f"{needed / 1e9:.1f} GB of moments or spectra, {free / 1e9:.1f} GB of memory free"
    return stem.refuses(x)
