"""Leaky integrate-and-fire neurons in discrete time, with explicit state.

One step, with decay b, input gain g, threshold h, synaptic decay a (0: none):

    i_t = a i_{t-1} + g x_t
    u_t = b v_{t-1} + i_t
    s_t = 1 where u_t >= h
    v_t = u_t - h s_t (soft reset)   or   (1 - s_t) u_t + s_t v_reset (hard reset)

That is ``reset_timing="same"``. With ``"delayed"`` the membrane is reset one step later, after the
leak (snnTorch's order), which fires 4 to 10 % less: weights move between libraries only when this
matches. Sources: Gerstner & Kistler, "Spiking neuron models", 2002; Neftci, Mostafa, Zenke,
"Surrogate gradient learning in spiking neural networks", 2019, doi:10.1109/MSP.2019.2931595.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from neurodecode.core.errors import DataError
from neurodecode.nets.spiking.surrogate import spike


class LIFState(NamedTuple):
    """What a layer of neurons carries from step to step; each (batch, n_units).

    Attributes
    ----------
    membrane, current, spikes : Tensor
        Of the last step.

    Examples
    --------
    >>> LIFState(torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2)).membrane.shape
    torch.Size([1, 2])
    """

    membrane: Tensor
    current: Tensor
    spikes: Tensor


def decay_per_step(
    tau: float, dt: float, discretisation: Literal["exact", "euler"] = "exact"
) -> float:
    """Factor by which a leak of time constant `tau` shrinks a value in one step.

    Parameters
    ----------
    tau, dt : float, same unit, > 0
        Time constant and step.
    discretisation : "exact" (default) or "euler"
        ``exp(-dt / tau)``, or its first-order approximation ``1 - dt / tau``.

    Raises
    ------
    DataError
        A value is not positive, or Euler's method with a step above half the time constant.

    Examples
    --------
    >>> round(decay_per_step(10.0, 1.0), 6), decay_per_step(10.0, 1.0, "euler")
    (0.904837, 0.9)
    """
    if not (tau > 0 and dt > 0):
        raise DataError("time constant and step must be positive", found=f"tau={tau}, dt={dt}")
    if discretisation == "exact":
        return math.exp(-dt / tau)
    if dt / tau > 0.5:
        raise DataError(
            "the step is too long for Euler's method",
            found=f"dt / tau = {dt / tau:.3g}",
            expected="at most 0.5",
            fix='discretisation="exact", or a shorter step',
        )
    return 1.0 - dt / tau


class LIF(nn.Module):
    """A layer of leaky integrate-and-fire neurons; it holds no parameters and no state.

    Parameters
    ----------
    decay : float in [0, 1)
        Of the membrane, per step; see `decay_per_step`.
    threshold : float, > 0
        A spike falls where the membrane is at or above it.
    reset : "soft" (subtract the threshold) or "hard" (set to `v_reset`)
    reset_timing : "same" or "delayed"
        In the step of the spike, or in the next one after the leak.
    v_reset : float
        Of the hard reset.
    gain : float
        Of the input; ``1 - decay`` keeps the membrane's mean at that of the input.
    synapse : float in [0, 1)
        Decay of a synaptic current before the membrane; 0 is none.
    surrogate, slope
        As in `spike`.
    detach_reset : bool
        Keep the reset out of the gradient (less noisy, the usual choice).

    Raises
    ------
    DataError
        A decay outside [0, 1), a threshold that is not positive, an unknown reset.

    Examples
    --------
    >>> spikes, state = LIF(decay=0.9)(torch.full((1, 11, 1), 0.15))
    >>> int(spikes.sum())
    1
    """

    RESETS = ("soft", "hard")
    TIMINGS = ("same", "delayed")

    def __init__(
        self,
        decay: float = 0.9,
        threshold: float = 1.0,
        *,
        reset: Literal["soft", "hard"] = "soft",
        reset_timing: Literal["same", "delayed"] = "same",
        v_reset: float = 0.0,
        gain: float = 1.0,
        synapse: float = 0.0,
        surrogate: str = "atan",
        slope: float | None = None,
        detach_reset: bool = True,
    ):
        super().__init__()
        if not (0 <= decay < 1 and 0 <= synapse < 1 and threshold > 0):
            raise DataError(
                "not a leaky neuron",
                found=f"decay={decay}, synapse={synapse}, threshold={threshold}",
                expected="decays in [0, 1), threshold > 0",
            )
        for value, allowed in ((reset, self.RESETS), (reset_timing, self.TIMINGS)):
            if value not in allowed:
                raise DataError("unknown reset", found=repr(value), expected=" or ".join(allowed))
        self.decay, self.threshold, self.gain, self.synapse = decay, threshold, gain, synapse
        self.reset, self.reset_timing, self.v_reset = reset, reset_timing, v_reset
        self.surrogate, self.slope, self.detach_reset = surrogate, slope, detach_reset

    def forward(self, x: Tensor, state: LIFState | None = None) -> tuple[Tensor, LIFState]:
        """Run over time.

        Parameters
        ----------
        x : Tensor, shape (batch, n_times, n_units)
        state : LIFState, optional
            Where an earlier call ended; default: at rest.

        Returns
        -------
        spikes : Tensor of 0 and 1, shape (batch, n_times, n_units)
        state : LIFState
        """
        if state is None:
            rest = torch.zeros_like(x[:, 0])
            state = LIFState(rest, rest, rest)
        spikes = []
        # x[:, t] in a loop would make the backward pass quadratic in time; unbind does not.
        for scaled in (self.gain * x).unbind(1):
            state = self._step(scaled, state)
            spikes.append(state.spikes)
        return torch.stack(spikes, 1), state

    def _step(self, x: Tensor, state: LIFState) -> LIFState:
        """One time step; `x` and the state are (batch, n_units). Few operations: it is the loop."""
        current = torch.add(x, state.current, alpha=self.synapse) if self.synapse else x
        membrane = torch.add(current, state.membrane, alpha=self.decay)
        if self.reset_timing == "delayed":
            membrane = self._after_reset(membrane, state.spikes)
        above = membrane if self.threshold == 1 else membrane / self.threshold
        spikes = spike(above - 1, self.surrogate, self.slope)
        if self.reset_timing == "same":
            membrane = self._after_reset(membrane, spikes)
        return LIFState(membrane, current, spikes)

    def _after_reset(self, membrane: Tensor, spikes: Tensor) -> Tensor:
        fired = spikes.detach() if self.detach_reset else spikes
        if self.reset == "soft":
            return torch.sub(membrane, fired, alpha=self.threshold)
        return (1 - fired) * membrane + self.v_reset * fired
