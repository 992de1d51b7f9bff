"""Which form of a network is trained: its textbook, or a faster one on the same parameters."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from torch import Tensor, nn

from neurodecode.core.memory import available_memory
from neurodecode.nets.headed import Headed
from neurodecode.training.batches import Trials
from neurodecode.training.restructure.stem import ResidentStem

_ROOM = "neurodecode.training.restructure"
# Class of braindecode -> file with a function `restructured(net)`: a module, or why there is none.
FAMILIES = {"EEGNet": "eegnet"}
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
    found = restructured(module)
    if isinstance(found, str):
        return Form(module, x, f"textbook: {found}")
    stem = next((each for each in found.modules() if isinstance(each, ResidentStem)), None)
    if stem is None:
        return Form(found, x, "restructured: convolutions over channels")
    why_not = "trials change on their way to the network" if not resident else _obstacle(stem, x)
    if why_not is None:
        return Form(found, stem.prepare(x), f"restructured: {stem.words}")
    if stem.takes_trials:
        return Form(found, x, f"restructured: convolutions over channels; {why_not}")
    return Form(module, x, f"textbook: {why_not}")


def restructured(module: nn.Module) -> nn.Module | str:
    """A module on the parameters of a textbook module that gives the same, or why there is none."""
    if any(each._forward_hooks or each._forward_pre_hooks for each in module.modules()):
        return "its layers have hooks"
    if type(module) is Headed:
        body = restructured(module.body)
        return body if isinstance(body, str) else Headed(body, module.head)
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
