"""Adapters of amplitude: units, robust scale, z-scores."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from neurodecode.core import Spec
from neurodecode.core.channels import NATURAL_UNITS
from neurodecode.core.errors import DataError
from neurodecode.nets.encoders.adapter import Adapted, Adapter

# Unit -> (what it measures, size in the SI unit).
_UNITS = {
    "V": ("voltage", 1.0), "mV": ("voltage", 1e-3), "nV": ("voltage", 1e-9),
    "µV": ("voltage", 1e-6), "μV": ("voltage", 1e-6), "uV": ("voltage", 1e-6),
    "T": ("field", 1.0), "pT": ("field", 1e-12), "fT": ("field", 1e-15),
    "T/m": ("field gradient", 1.0), "fT/cm": ("field gradient", 1e-13),
}  # fmt: skip


def units_of(spec: Spec) -> tuple[str, ...]:
    """Unit of each channel: the one given, else the natural unit of its kind (EEG by default).

    Examples
    --------
    >>> units_of(Spec(2, 9, 9.0, 2, channel_kinds=("eeg", "mag")))
    ('µV', 'fT')
    """
    kinds = spec.channel_kinds or ("eeg",) * spec.n_channels
    return spec.channel_units or tuple(NATURAL_UNITS[kind] for kind in kinds)


class UnitScale(Adapter):
    """Amplitudes in the unit that the encoder was trained in.

    Parameters
    ----------
    spec : Spec
    unit : str, default "µV"
    divide : float, > 0, default 1
        The encoder's number for this many of the unit is 1: 100 for LaBraM and CBraMod.

    Raises
    ------
    DataError
        A channel has a unit that does not measure the same, or none (standardized before).

    Examples
    --------
    >>> volts = Spec(1, 2, 200.0, 2, channel_units=("V",))
    >>> UnitScale(volts, divide=100)(torch.tensor([[[1e-4, 5e-5]]]))
    tensor([[[1.0000, 0.5000]]])
    """

    factors: Tensor

    def __init__(self, spec: Spec, unit: str = "µV", divide: float = 1.0):
        measure, size = _UNITS[unit]
        given = units_of(spec)
        for i, each in enumerate(given):
            if _UNITS.get(each, ("",))[0] != measure:
                name = spec.channel_names[i] if spec.channel_names else f"channel {i + 1}"
                raise DataError(
                    f"this encoder takes {measure}s, in any unit",
                    found=f"{name} in {each!r}" if each else f"{name} without a unit",
                    expected=", ".join(key for key, value in _UNITS.items() if value[0] == measure),
                    fix="leave out steps that standardize: the encoder's own adapter scales",
                )
        new = f"{divide:g} {unit}" if divide != 1 else unit
        did = f"{', '.join(sorted(set(given)))} -> {new}"
        super().__init__(Adapted(replace(spec, channel_units=(new,) * spec.n_channels), did))
        factors = [_UNITS[each][1] / size / divide for each in given]
        self.register_buffer("factors", torch.tensor(factors)[:, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """x times the factor of each channel."""
        return x * self.factors


class RobustScale(Adapter):
    """Each channel of each window over a high quantile of its absolute values.

    Parameters
    ----------
    spec : Spec
    quantile : float, 0 < quantile < 1, default 0.95

    Notes
    -----
    BIOT (Yang, Westover, Sun 2023, arXiv:2305.10351) adds 1e-8 to the quantile, which changes
    data in volts by a thousandth; here a quantile of 0 (a flat channel) counts as 1 instead, and
    the result does not depend on the unit.

    Examples
    --------
    >>> RobustScale(Spec(1, 3, 9.0, 2), 0.5)(torch.tensor([[[2.0, -4.0, 8.0]]]))
    tensor([[[ 0.5000, -1.0000,  2.0000]]])
    """

    def __init__(self, spec: Spec, quantile: float = 0.95):
        did = f"each channel over its {quantile:g} quantile of |x|"
        super().__init__(Adapted(replace(spec, channel_units=("",) * spec.n_channels), did))
        self.quantile = quantile

    def forward(self, x: Tensor) -> Tensor:
        """x over the quantile, by linear interpolation as NumPy has it."""
        # torch.quantile refuses more than 2**24 values; sorting does not.
        ordered = x.abs().sort(dim=-1).values
        place = self.quantile * (x.shape[-1] - 1)
        low = int(place)
        high = min(low + 1, x.shape[-1] - 1)
        scale = torch.lerp(ordered[..., low], ordered[..., high], place - low)[..., None]
        return x / torch.where(scale > 0, scale, 1.0)


class ZScore(Adapter):
    """Mean 0 and standard deviation 1 inside each window.

    Parameters
    ----------
    spec : Spec
    over : "channel" or "window", default "channel"
        Statistics of each channel, or of all channels of the window together.
    clip : float, > 0, optional
        Cut off at so many standard deviations (REVE: 15).

    Notes
    -----
    Population standard deviation (over n); 0 counts as 1. Channels that were standardized over
    the whole recording (unit "" where their kind has one) pass as they are when `over` is
    "channel": doing it again would undo what the longer stretch knows.

    Examples
    --------
    >>> ZScore(Spec(1, 4, 9.0, 2))(torch.tensor([[[1.0, 3.0, 1.0, 3.0]]]))
    tensor([[[-1.,  1., -1.,  1.]]])
    """

    def __init__(self, spec: Spec, over: str = "channel", clip: float | None = None):
        if over not in ("channel", "window"):
            raise DataError("no such z-score", found=repr(over), expected="channel, window")
        kinds = spec.channel_kinds or ("eeg",) * spec.n_channels
        done = all(
            unit == "" and NATURAL_UNITS[kind]
            for unit, kind in zip(units_of(spec), kinds, strict=True)
        )
        applies = not (done and over == "channel")
        did = f"mean 0, sd 1 of each {over}" if applies else "standardized before: left as it is"
        did += f", clipped at {clip:g} sd" if clip is not None else ""
        super().__init__(Adapted(replace(spec, channel_units=("",) * spec.n_channels), did))
        self.axes = (-1,) if over == "channel" else (-2, -1)
        self.applies, self.clip = applies, clip

    def forward(self, x: Tensor) -> Tensor:
        """The z-scores, clipped where asked."""
        if self.applies:
            x = x - x.mean(dim=self.axes, keepdim=True)
            sd = x.square().mean(dim=self.axes, keepdim=True).sqrt()
            x = x / torch.where(sd > 0, sd, 1.0)
        return x if self.clip is None else x.clamp(-self.clip, self.clip)
