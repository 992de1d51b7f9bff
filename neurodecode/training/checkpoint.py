"""Weights on disk: safetensors, which hold numbers and run no code."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from neurodecode.core.errors import TrainingError
from neurodecode.core.files import atomic_write


def save_weights(module: nn.Module, path: str | Path) -> None:
    """Write parameters and buffers; the file appears whole or not at all.

    Parameters
    ----------
    module : nn.Module
    path : str or Path
        Usually ``*.safetensors``.

    Examples
    --------
    >>> save_weights(nn.Linear(2, 2), "weights.safetensors")
    >>> load_weights(nn.Linear(2, 2), "weights.safetensors").weight.shape
    torch.Size([2, 2])
    """
    from safetensors.torch import save_file

    # Clones: safetensors refuses tensors that share memory.
    state = {name: value.detach().cpu().contiguous().clone() for name, value in _state(module)}
    with atomic_write(Path(path)) as temporary:
        save_file(state, str(temporary))


def load_weights(module: nn.Module, path: str | Path, device: str = "cpu") -> nn.Module:
    """Read parameters and buffers into a module of the same architecture.

    Parameters
    ----------
    module : nn.Module
        Changed in place and moved to `device`.
    path : str or Path
    device : str

    Returns
    -------
    module : nn.Module

    Raises
    ------
    TrainingError
        Names or shapes in the file are not those of the module.

    Examples
    --------
    >>> save_weights(nn.Linear(2, 2), "weights.safetensors")
    >>> _ = load_weights(nn.Linear(2, 2), "weights.safetensors")
    """
    from safetensors.torch import load_file

    state = load_file(str(path), device=device)
    try:
        module.to(device).load_state_dict(state)
    except RuntimeError as error:
        raise TrainingError(
            "the weights belong to another network",
            found="; ".join(line.strip() for line in str(error).splitlines()[1:3]),
            expected=f"the {len(list(_state(module)))} tensors of {type(module).__name__}",
            fix="build the network with the Spec and net_params it was trained with",
        ) from error
    return module


def _state(module: nn.Module) -> list[tuple[str, Tensor]]:
    return [(k, v) for k, v in module.state_dict().items() if isinstance(v, torch.Tensor)]
