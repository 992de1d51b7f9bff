"""LaBraM: patches of one second and one channel, each channel known by its name.

Jiang, Zhao, Lu: "Large brain model for learning generic representations with tremendous EEG data
in BCI", ICLR 2024, arXiv:2405.18765; https://github.com/935963004/LaBraM (MIT).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets import _braindecode
from neurodecode.nets.encoders.card import EncoderCard
from neurodecode.nets.encoders.encoder import Encoder
from neurodecode.nets.encoders.tokens import Tokens, on_grid

PATCH = 200  # samples, 1 s
MOST_PATCHES = 16  # rows of the time table


class LaBraM(Encoder):
    """LaBraM's encoder on braindecode's layers, for any of its 128 channels and 1 to 16 patches.

    Parameters
    ----------
    card : EncoderCard
    **params
        Further arguments of ``braindecode.models.Labram``: num_layers, ...

    Notes
    -----
    Tokens are those before the last layer norm, which `pooled` applies after the mean over
    patches, as the authors' fine-tuning does. There that norm is new; here it is the pretrained
    one, so that frozen features have a scale. The CLS token has no loss in the pretraining.
    Group norms of the stem pool over all patches and channels: features depend on which channels
    are there.

    Examples
    --------
    >>> from neurodecode.nets.encoders.encoder import make_encoder
    >>> spec = Spec(2, 500, 250.0, 2, channel_names=("C3", "EEG C4-REF"))
    >>> make_encoder("labram-base").adapted(spec).encode(torch.randn(1, 2, 500)).shape
    torch.Size([1, 200])
    """

    def __init__(self, card: EncoderCard, **params: Any):
        super().__init__(card)
        names = _braindecode.load().labram.LABRAM_CHANNEL_ORDER
        self.rows = {name.upper(): row for row, name in enumerate(names, start=1)}
        # 15 patches: braindecode's time table has one row more than patches.
        spec = Spec(len(names), (MOST_PATCHES - 1) * PATCH, 200.0, 0)
        net: Any = _braindecode.create("Labram", spec, **params)
        self.patch_embed = net.patch_embed
        self.cls_token = net.cls_token
        self.position_embedding = net.position_embedding
        self.temporal_embedding = net.temporal_embedding
        self.blocks: nn.ModuleList = net.blocks
        self.norm = net.norm

    def tokens(self, x: Tensor, spec: Spec, layer: int = -1) -> Tokens:
        """Patch tokens, channel by channel, and CLS as their prefix.

        Raises
        ------
        DataError
            More than 16 patches: the time table has no further row.
        """
        batch, n_channels, n_times = x.shape
        n_patches = n_times // PATCH
        if n_patches > MOST_PATCHES:
            raise DataError(
                f"{self.card.name} knows {MOST_PATCHES} patches of 1 s",
                found=f"a window of {n_patches} s",
                expected=f"1 to {MOST_PATCHES} s",
                fix="cut shorter windows",
            )
        rows = torch.tensor([self.rows[name.upper()] for name in spec.channel_names])
        place = self.position_embedding[0, rows.to(x.device)]  # (n_channels, width)
        time = self.temporal_embedding[0, :n_patches]
        patches = self.patch_embed(x).reshape(batch, n_channels, n_patches, -1)
        patches = patches + place[:, None] + time
        cls = (self.cls_token + self.position_embedding[:, :1]).expand(batch, -1, -1)
        z = torch.cat([cls, patches.flatten(1, 2)], dim=1)
        for block in self.up_to(layer):
            z = block(z)
        grid = z[:, 1:].reshape(batch, n_channels, n_patches, -1)
        return on_grid(grid, spec.sfreq, PATCH, prefix=z[:, :1])

    def pooled(self, tokens: Tokens, readout: str) -> Tensor:
        """One vector a window, through the last layer norm."""
        vectors = tokens.pooled(readout)
        if readout != "flatten":
            return self.norm(vectors)
        return self.norm(tokens.x).masked_fill(tokens.pad_mask[..., None], 0.0).flatten(1)

    def layers(self) -> list[nn.Module]:
        """The transformer blocks."""
        return list(self.blocks)
