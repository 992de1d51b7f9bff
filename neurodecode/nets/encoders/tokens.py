"""What an encoder gives: tokens that know where and when they were, and what is padding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from neurodecode.core.errors import DataError, did_you_mean

READOUTS = ("mean", "cls", "flatten")


@dataclass(frozen=True)
class Tokens:
    """Tokens of a batch.

    Parameters
    ----------
    x : float tensor, shape (batch, n_tokens, width)
    space_index : int64 tensor, shape (n_tokens,)
        Channel of the adapted input that each token comes from.
    time_index : float tensor, shape (n_tokens,), s
        Start of each token, counted from the first sample of the window.
    pad_mask : bool tensor, shape (batch, n_tokens)
        True where a token holds padding only.
    prefix : float tensor, shape (batch, n_prefix, width), optional
        Tokens of no place and time, such as CLS.

    Examples
    --------
    >>> x = torch.tensor([[[1.0], [3.0], [99.0]]])
    >>> tokens = Tokens(x, torch.zeros(3).long(), torch.arange(3.0), torch.tensor([[0, 0, 1]]) > 0)
    >>> tokens.pooled("mean")
    tensor([[2.]])
    """

    x: Tensor
    space_index: Tensor
    time_index: Tensor
    pad_mask: Tensor
    prefix: Tensor | None = None

    def pooled(self, readout: str) -> Tensor:
        """One vector a window; padding counts for nothing.

        Parameters
        ----------
        readout : "mean", "cls" or "flatten"
            Mean over tokens, the first prefix token, or all tokens in a row (padding is 0).

        Returns
        -------
        features : tensor, shape (batch, width) or (batch, n_tokens * width)

        Raises
        ------
        DataError
            No such readout, or "cls" of an encoder without prefix tokens.
        """
        kept = self.x.masked_fill(self.pad_mask[..., None], 0.0)
        if readout == "mean":
            count = (~self.pad_mask).sum(dim=1, keepdim=True).clamp_min(1)
            return kept.sum(dim=1) / count
        if readout == "flatten":
            return kept.flatten(1)
        if readout == "cls" and self.prefix is not None:
            return self.prefix[:, 0]
        raise DataError(
            "this encoder has no such readout",
            found=repr(readout),
            expected=", ".join(READOUTS if self.prefix is not None else ("mean", "flatten")),
            fix=did_you_mean(readout, READOUTS) or 'readout="mean"',
        )


def on_grid(x: Tensor, sfreq: float, stride: int, prefix: Tensor | None = None) -> Tokens:
    """Tokens of a grid of channels and patches, channel by channel.

    Parameters
    ----------
    x : tensor, shape (batch, n_channels, n_patches, width)
    sfreq : float, Hz
        Rate of the input that was cut into patches.
    stride : int
        Samples from one patch to the next.
    prefix : tensor, shape (batch, n_prefix, width), optional

    Returns
    -------
    tokens : Tokens, n_tokens = n_channels * n_patches

    Examples
    --------
    >>> on_grid(torch.zeros(1, 2, 3, 8), 200.0, 200).time_index.tolist()
    [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]
    """
    batch, n_channels, n_patches, _ = x.shape
    seconds = torch.arange(n_patches, dtype=torch.float64, device=x.device) * stride / sfreq
    return Tokens(
        x.flatten(1, 2),
        torch.arange(n_channels, device=x.device).repeat_interleave(n_patches),
        seconds.repeat(n_channels).float(),
        torch.zeros(batch, n_channels * n_patches, dtype=torch.bool, device=x.device),
        prefix,
    )
