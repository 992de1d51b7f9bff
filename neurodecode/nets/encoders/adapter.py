"""Input adapters: what stands between `Epochs` and an encoder, step by step, each said.

An adapter is made for one kind of input (a `Spec`): it says what it will do (`did`), which
channels it leaves out (`dropped`) and what comes out of it (`spec`), before it sees any data.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import CardError, did_you_mean

_ROOM = "neurodecode.nets.encoders"
# Name in a card -> class. Each takes a `Spec` and the further keys of its table.
ADAPTERS: dict[str, str] = {
    "bipolar": f"{_ROOM}.sensors:Bipolar",
    "kinds": f"{_ROOM}.sensors:Kinds",
    "learned-mix": f"{_ROOM}.sensors:LearnedChannelMix",
    "name-map": f"{_ROOM}.sensors:NameMap",
    "position-bank": f"{_ROOM}.sensors:PositionBank",
    "resample": f"{_ROOM}.timing:Resample",
    "robust-scale": f"{_ROOM}.scaling:RobustScale",
    "spherical-spline": f"{_ROOM}.sensors:SphericalSpline",
    "unit-scale": f"{_ROOM}.scaling:UnitScale",
    "window-fit": f"{_ROOM}.timing:WindowFit",
    "z-score": f"{_ROOM}.scaling:ZScore",
}


@dataclass(frozen=True)
class Adapted:
    """What one adapter makes of its input: the new `Spec`, a sentence, the channels left out."""

    spec: Spec
    did: str
    dropped: tuple[str, ...] = ()


class Adapter(nn.Module):
    """One step of an adapter chain: maps (batch, n_channels, n_times) to the same axes.

    Parameters
    ----------
    outcome : Adapted
        What comes out; subclasses find it from the `Spec` they are made for.

    Examples
    --------
    >>> Adapter(Adapted(Spec(2, 100, 100.0, 2), "nothing")).did
    'nothing'
    """

    def __init__(self, outcome: Adapted):
        super().__init__()
        self.spec, self.did, self.dropped = outcome.spec, outcome.did, outcome.dropped

    def forward(self, x: Tensor) -> Tensor:
        """The input as the next step wants it."""
        return x

    def real(self, n_times: int) -> int:
        """Samples of the output that are no padding, for so many of the input."""
        return n_times


class InputAdapter(nn.Module):
    """Adapters in a row, with a report of what each does.

    Parameters
    ----------
    steps : sequence of Adapter
    spec : Spec
        Of the input; the output's where there is no step.

    Examples
    --------
    >>> import torch
    >>> chain = build_adapter([{"name": "resample", "sfreq": 200}], Spec(2, 500, 250.0, 2))
    >>> print(chain)
    resample           250 Hz -> 200 Hz, 500 -> 400 samples
    >>> chain(torch.zeros(3, 2, 500)).shape
    torch.Size([3, 2, 400])
    """

    def __init__(self, steps: Sequence[Adapter], spec: Spec, names: Sequence[str] = ()):
        super().__init__()
        self.steps = nn.ModuleList(steps)
        self.spec = steps[-1].spec if steps else spec
        self.report = tuple((name, step.did) for name, step in zip(names, steps, strict=True))
        self.dropped = tuple(name for step in steps for name in step.dropped)

    def forward(self, x: Tensor) -> Tensor:
        """The encoder's input, (batch, n_channels, n_times) of ``.spec``."""
        for step in self.steps:
            x = step(x)
        return x

    def real(self, n_times: int) -> int:
        """Samples of the output that are no padding, for so many of the input."""
        for step in self.steps:
            n_times = step.real(n_times)  # type: ignore[operator]
        return n_times

    def __repr__(self) -> str:
        return "\n".join(f"{name:<18} {did}" for name, did in self.report)


def build_adapter(tables: Sequence[Mapping[str, Any]], spec: Spec) -> InputAdapter:
    """The chain of adapters for one kind of input.

    Parameters
    ----------
    tables : sequence of mappings
        Each ``{"name": one of ADAPTERS, further arguments of its class}``, as in a card.
    spec : Spec
        What the data are: rate, names, kinds, units, positions.

    Returns
    -------
    adapter : InputAdapter

    Raises
    ------
    CardError
        No adapter of that name, or arguments that it does not have.
    DataError
        The data cannot be brought to what the encoder needs.

    Examples
    --------
    >>> chain = build_adapter([{"name": "unit-scale", "divide": 100}], Spec(1, 9, 9.0, 2))
    >>> chain.spec.channel_units
    ('100 µV',)
    """
    steps: list[Adapter] = []
    names: list[str] = []
    for table in tables:
        options = dict(table)
        name = options.pop("name", "")
        steps.append(_make(name, steps[-1].spec if steps else spec, options))
        names.append(name)
    return InputAdapter(steps, spec, names)


def _make(name: str, spec: Spec, options: dict[str, Any]) -> Adapter:
    if name not in ADAPTERS:
        raise CardError(
            "no input adapter of that name",
            found=repr(name),
            expected=", ".join(ADAPTERS),
            fix=did_you_mean(name, ADAPTERS) or "use one of these names",
        )
    module, _, attribute = ADAPTERS[name].partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)(spec, **options)
    except TypeError as error:
        raise CardError(
            f"the input adapter {name!r} does not take these arguments",
            found=", ".join(f"{key} = {value!r}" for key, value in options.items()) or "none",
            expected=f"what help({module}.{attribute}) lists",
            fix=str(error),
        ) from error


def picked(spec: Spec, rows: Sequence[int], names: Sequence[str] | None = None) -> Spec:
    """The `Spec` of some channels, in the order given, under new names if there are any.

    Examples
    --------
    >>> picked(Spec(3, 9, 9.0, 2, channel_names=("a", "b", "c")), [2, 0]).channel_names
    ('c', 'a')
    """

    def of(column: Sequence[str]) -> tuple[str, ...]:
        return tuple(column[row] for row in rows) if column else ()

    positions = spec.positions
    return replace(
        spec,
        n_channels=len(rows),
        channel_names=tuple(names) if names is not None else of(spec.channel_names),
        channel_kinds=of(spec.channel_kinds),
        channel_units=of(spec.channel_units),
        positions=None if positions is None else np.asarray(positions)[list(rows)],
    )


def take_rows(x: Tensor, rows: Tensor) -> Tensor:
    """Channels of x, (batch, n_channels, n_times), by position.

    Examples
    --------
    >>> import torch
    >>> take_rows(torch.arange(3.0)[None, :, None], torch.tensor([2, 0])).flatten()
    tensor([2., 0.])
    """
    return x.index_select(1, rows)
