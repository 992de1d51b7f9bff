"""CBraMod: patches of one second, attended across channels and across time side by side.

Wang et al.: "CBraMod: a criss-cross brain foundation model for EEG decoding", ICLR 2025,
arXiv:2412.07236; https://github.com/wjq-learning/CBraMod (MIT).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.nets import _braindecode
from neurodecode.nets.encoders.card import EncoderCard
from neurodecode.nets.encoders.encoder import Encoder
from neurodecode.nets.encoders.tokens import Tokens, on_grid

PATCH = 200  # samples, 1 s


class CBraMod(Encoder):
    """CBraMod's encoder on braindecode's layers.

    Parameters
    ----------
    card : EncoderCard
    **params
        Further arguments of ``braindecode.models.CBraMod``: n_layer, ...

    Notes
    -----
    Its positional encoding is a convolution over neighbouring rows, and its group norms pool over
    all patches: features depend on the order of the channels and on which are there. The adapter
    puts those of the pretraining first, in the order of the pretraining.
    ``proj_out`` reconstructs patches; tokens are what it reads, as in the authors' fine-tuning.

    Examples
    --------
    >>> import torch
    >>> from neurodecode.nets.encoders.encoder import make_encoder
    >>> spec = Spec(2, 500, 250.0, 2, channel_names=("C4", "C3"))
    >>> net = make_encoder("cbramod").adapted(spec)
    >>> net.encode(torch.randn(1, 2, 500)).shape, net.adapter.spec.channel_names
    (torch.Size([1, 200]), ('C3', 'C4'))
    """

    def __init__(self, card: EncoderCard, **params: Any):
        super().__init__(card)
        spec = Spec(19, 6000, 200.0, 1)
        net: Any = _braindecode.create("CBraMod", spec, return_encoder_output=True, **params)
        self.patch_embedding = net.patch_embedding
        self.encoder = net.encoder
        self.proj_out = net.proj_out

    def tokens(self, x: Tensor, spec: Spec, layer: int = -1) -> Tokens:
        """Patch tokens, channel by channel."""
        z = self.patch_embedding(x.unflatten(-1, (-1, PATCH)))
        for block in self.up_to(layer):
            z = block(z)
        return on_grid(z, spec.sfreq, PATCH)

    def layers(self) -> list[nn.Module]:
        """The criss-cross layers."""
        return list(self.encoder.layers)
