"""Left and right exchanged: in the channels, and in labels that name a side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodecode.core import Spec
from neurodecode.core.errors import TrainingError
from neurodecode.training.augment.facts import Facts, check_between, chosen
from neurodecode.training.loop import Augmentation

_SIDES = re.compile("left|right", re.IGNORECASE)
_TOLERANCE = 0.01  # m: a mirrored sensor has its partner closer than this


def channel_symmetry(
    facts: Facts, swap: Mapping[Any, Any] | None = None, probability: float = 0.5
) -> Augmentation:
    """Reflect trials: each channel takes the signal of its partner on the other side.

    Parameters
    ----------
    facts : Facts
        With channel names of the 10-20 system, or positions.
    swap : dict label -> label, optional
        Classes that become each other, such as ``{"left": "right"}``; ``{}`` for none. By default
        labels with "left" and "right" in them do, whatever else they say.
    probability : float, default 0.5

    Raises
    ------
    TrainingError
        A channel has no partner, sides of the classes are unknown, or targets are continuous (a
        reflection has no meaning for them that is known here).

    Notes
    -----
    Deiss et al. 2018, arXiv 1803.09702. Only sound where the two hemispheres do the same for the
    two sides.

    Examples
    --------
    >>> spec = Spec(3, 2, 1.0, 2, channel_names=("C3", "Cz", "C4"))
    >>> mirror = channel_symmetry(Facts(spec, ("left", "right"), torch.ones(3)), probability=1.0)
    >>> x = torch.tensor([3.0, 0.0, 4.0])[None, :, None].expand(1, 3, 2)
    >>> made, y = mirror(x, torch.tensor([0]), torch.Generator())
    >>> made[0, :, 0].tolist(), y.tolist()
    ([4.0, 0.0, 3.0], [1])
    """
    check_between("channel-symmetry: probability", probability, 0.0, 1.0)
    channels = torch.as_tensor(partners(facts.spec))
    labels = torch.as_tensor(_label_swap(facts.classes, swap))

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        mask = chosen(len(x), probability, generator, x)
        to = labels.to(y.device)
        other = y[:, to] if y.is_floating_point() else to[y]  # probabilities or indices
        y = torch.where(mask.reshape(-1, *[1] * (y.ndim - 1)), other, y)
        return torch.where(mask[:, None, None], x[:, channels.to(x.device)], x), y

    return apply


def partners(spec: Spec) -> np.ndarray:
    """For each channel the one on the other side of the head; itself on the midline.

    Parameters
    ----------
    spec : Spec
        Names such as C3, FCz, PO8 (odd numbers left, the next even one right, z in the middle), or
        else positions with x pointing to the right.

    Returns
    -------
    partners : int64 array, shape (n_channels,)
        A permutation that undoes itself.

    Raises
    ------
    TrainingError
        Names tell no sides and there are no positions, or a channel has no partner.

    Examples
    --------
    >>> partners(Spec(3, 9, 9.0, 2, channel_names=("Fz", "F7", "F8")))
    array([0, 2, 1])
    """
    kinds = set(spec.channel_kinds) - {"eeg"}
    if kinds:
        raise TrainingError(
            "channel-symmetry is for EEG", found=", ".join(sorted(kinds)), fix='epochs.pick("eeg")'
        )
    found = _by_name(spec.channel_names)
    if found is None and spec.positions is not None:
        found = _by_position(np.asarray(spec.positions))
    lonely = (
        "" if found is None else ", ".join(spec.channel_names[i] for i in np.where(found < 0)[0])
    )
    if found is None or lonely:
        raise TrainingError(
            "channel-symmetry: channels without a partner on the other side",
            found=lonely or f"{spec.n_channels} channels without known places",
            expected="names of the 10-20 system in pairs (C3 with C4), or mirrored positions",
            fix="pick channels in pairs, or rec.set_montage(...)",
        )
    return found


def _by_name(names: tuple[str, ...]) -> np.ndarray | None:
    """Partners, -1 where absent; None where a name tells no side."""
    place = {name.lower(): i for i, name in enumerate(names)}
    found = np.full(len(names), -1)
    for i, name in enumerate(names):
        parts = re.fullmatch(r"([a-z]+?)(z|\d+)", name.lower())
        if parts is None:
            return None
        letters, end = parts.groups()
        if end == "z":
            found[i] = i
        else:
            number = int(end)
            other = number + 1 if number % 2 else number - 1
            found[i] = place.get(f"{letters}{other}", -1)
    return found if len(names) else None


def _by_position(positions: np.ndarray) -> np.ndarray | None:
    if not np.isfinite(positions).all():
        return None
    mirrored = positions * [-1, 1, 1]
    apart = np.linalg.norm(mirrored[:, None] - positions, axis=2)  # (n, n)
    nearest = apart.argmin(axis=1)
    own = np.arange(len(positions))
    paired = (nearest[nearest] == own) & (apart[own, nearest] < _TOLERANCE)
    return np.where(paired, nearest, -1)


def _label_swap(classes: tuple[Any, ...], swap: Mapping[Any, Any] | None) -> np.ndarray:
    """Class index after the reflection, for each class index."""
    if not classes:
        raise TrainingError("channel-symmetry needs classes", found="continuous targets")
    if swap is None:
        if not all(isinstance(label, str) for label in classes):
            raise TrainingError(
                "channel-symmetry: which classes have sides?",
                found=f"classes {', '.join(map(str, classes))}",
                expected='labels that say "left" or "right"',
                fix="swap={0: 1}, or swap={} where no class has a side",
            )
        swap = {label: _SIDES.sub(_other_side, label) for label in classes}
    to = dict(zip(classes, classes, strict=True))
    to |= dict(swap) | {other: label for label, other in swap.items()}
    unknown = (set(to) | set(to.values())) - set(classes)
    if unknown or len(set(to.values())) < len(classes):
        raise TrainingError(
            "channel-symmetry: classes do not swap",
            found=f"{swap} among classes {', '.join(map(str, classes))}",
            expected="every class of a side with its partner",
            fix='swap={"left": "right"}',
        )
    return np.array([classes.index(to[label]) for label in classes])


def _other_side(match: re.Match[str]) -> str:
    word = match.group()
    other = "right" if word.lower() == "left" else "left"
    return other.upper() if word.isupper() else other.title() if word.istitle() else other
