"""Tensors where the geometry's functions take arrays.

The kernels work on memory of the CPU, which a tensor there shares with NumPy. Tensors of other
devices are fetched, and results go back: the matrices are small, and hold less than signals.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


def takes_tensors(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function of arrays take torch tensors too, and give tensors then.

    Results are float64, on the device of the first tensor among the arguments; on the CPU where
    the device has no float64, with one warning. No gradients flow through.

    Parameters
    ----------
    function : callable of arrays that returns one array

    Returns
    -------
    function : callable

    Examples
    --------
    >>> import torch
    >>> trace = takes_tensors(lambda matrices: np.trace(matrices, axis1=1, axis2=2))
    >>> trace(torch.eye(2).double()[None])
    tensor([2.], dtype=torch.float64)
    """

    @wraps(function)
    def either(*args: P.args, **kwargs: P.kwargs) -> Any:
        given: list[Any] = [each for each in (*args, *kwargs.values()) if is_tensor(each)]
        if not given:
            return function(*args, **kwargs)
        plain: Any = function
        result = plain(
            *map(as_numpy, args), **{name: as_numpy(each) for name, each in kwargs.items()}
        )
        return _tensor(result, given[0].device)

    return either


def is_tensor(given: object) -> bool:
    """True for a torch tensor; never imports torch.

    Examples
    --------
    >>> is_tensor(np.eye(2))
    False
    """
    torch: Any = sys.modules.get("torch")
    return torch is not None and isinstance(given, torch.Tensor)


def as_numpy(given: Any) -> Any:
    """Tensors as arrays that share their memory where it is the CPU's; all else as it is.

    Examples
    --------
    >>> as_numpy("riemann")
    'riemann'
    """
    return given.detach().cpu().numpy() if is_tensor(given) else given


def _tensor(result: np.ndarray, device: Any) -> Any:
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(result))
    if not _has_float64(device.type):
        return tensor
    return tensor.to(device)


@cache  # the warning comes once
def _has_float64(kind: str) -> bool:
    if kind == "mps":
        warnings.warn("mps has no float64: geometry gives tensors on the CPU", stacklevel=2)
    return kind != "mps"
