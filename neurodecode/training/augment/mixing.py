"""Augmentations that make one trial of two or more."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from neurodecode.core.errors import TrainingError
from neurodecode.training.augment.facts import Facts, check_between, chosen
from neurodecode.training.loop import Augmentation


def mixup(facts: Facts, alpha: float = 0.2, probability: float = 0.5) -> Augmentation:
    """Average each trial, and its target, with another one of the batch.

    Class indices become class probabilities.

    Parameters
    ----------
    facts : Facts
    alpha : float, default 0.2, above 0
        The weights are drawn from Beta(alpha, alpha): the smaller, the less is mixed.
    probability : float, default 0.5

    Notes
    -----
    Zhang, Cisse, Dauphin, Lopez-Paz 2018, arXiv 1710.09412; a weight for each trial, theirs is
    one for the batch.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> mix = mixup(Facts(Spec(1, 9, 10.0, 2), ("a", "b"), torch.ones(1)))
    >>> mix(torch.rand(4, 1, 9), torch.tensor([0, 1, 0, 1]), torch.Generator())[1].shape
    torch.Size([4, 2])
    """
    if not alpha > 0:
        raise TrainingError("mixup: alpha is out of range", found=repr(alpha), expected="above 0")
    check_between("mixup: probability", probability, 0.0, 1.0)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        if not y.is_floating_point():
            y = one_hot(y, len(facts.classes)).to(x.dtype)
        n = len(x)
        other = torch.randperm(n, generator=generator, device=x.device)
        own = _beta(alpha, n, generator, x)
        own = torch.where(chosen(n, probability, generator, x), own, 1.0)
        return (
            torch.lerp(x[other], x, own[:, None, None]),
            torch.lerp(y[other], y, own.reshape(-1, *[1] * (y.ndim - 1))),
        )

    return apply


def _beta(alpha: float, n: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """Draws of Beta(alpha, alpha): the share one gamma variate has of two."""
    shape = torch.full((2, n), alpha, device=like.device, dtype=torch.float64)
    # The public torch.distributions draw from the global generator only.
    first, second = torch._standard_gamma(shape, generator=generator)  # type: ignore
    return (first / (first + second)).nan_to_num(0.5).to(like.dtype)


def segment_recombination(
    facts: Facts, segments: int = 8, probability: float = 0.5
) -> Augmentation:
    """Build trials of segments of other trials of the same class, each at its own time.

    Parameters
    ----------
    facts : Facts
        With classes.
    segments : int, default 8, between 2 and the samples of a trial
        Segments of equal length.
    probability : float, default 0.5

    Raises
    ------
    TrainingError
        Targets are continuous, or mixed by what came before.

    Notes
    -----
    Lotte 2015, 10.1109/JPROC.2015.2404941. The trials are those of the batch.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> facts = Facts(Spec(1, 8, 8.0, 2), ("a", "b"), torch.ones(1))
    >>> x = torch.tensor([0.0, 1.0, 0.0, 1.0])[:, None, None].expand(4, 1, 8)
    >>> made, y = segment_recombination(facts)(x, torch.tensor([0, 1, 0, 1]), torch.Generator())
    >>> made[1, 0].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    if not facts.classes:
        raise TrainingError("segment-recombination needs classes", found="continuous targets")
    check_between("segment-recombination: segments", segments, 2, facts.spec.n_times)
    check_between("segment-recombination: probability", probability, 0.0, 1.0)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        if y.is_floating_point():
            raise TrainingError(
                "segment-recombination needs one class a trial",
                found="mixed targets",
                fix="put it before mixup",
            )
        n, _, n_times = x.shape
        same = (y[:, None] == y).to(x.dtype)  # (n, n): odds of each trial as a source
        source = torch.multinomial(same, segments, True, generator=generator)  # (n, segments)
        own = torch.arange(n, device=x.device)[:, None]
        source = torch.where(chosen(n, probability, generator, x)[:, None], source, own)
        place = torch.arange(n_times, device=x.device)
        rows = source[:, place * segments // n_times]  # (n, n_times)
        return x.permute(0, 2, 1)[rows, place].permute(0, 2, 1), y

    return apply
