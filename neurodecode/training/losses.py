"""Losses of the two tasks."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


def cross_entropy(
    class_weight: np.ndarray | None = None, label_smoothing: float = 0.0
) -> nn.CrossEntropyLoss:
    """Cross-entropy of logits against class indices, or against class probabilities.

    Parameters
    ----------
    class_weight : float array, shape (n_classes,), optional
        A batch's loss is the weighted mean over its trials.
    label_smoothing : float in [0, 1), default 0
        Share of each target that is spread over all classes (Szegedy et al. 2016, arXiv
        1512.00567).

    Examples
    --------
    >>> cross_entropy()(torch.zeros(1, 2), torch.tensor([0]))
    tensor(0.6931)
    """
    weight = None if class_weight is None else torch.as_tensor(class_weight, dtype=torch.float32)
    return nn.CrossEntropyLoss(weight=weight, label_smoothing=label_smoothing)


def squared_error() -> nn.MSELoss:
    """Mean squared error over trials and outputs.

    Examples
    --------
    >>> squared_error()(torch.zeros(2, 3), torch.ones(2, 3))
    tensor(1.)
    """
    return nn.MSELoss()
