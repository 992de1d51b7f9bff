"""EphysTokenizer: one of 128 tokens for every sample of every channel.

Of MEG-GPT (OHBA Analysis Group, https://github.com/OHBA-analysis/MEG-GPT and
https://github.com/OHBA-analysis/EphysTokenizer, MIT): source-reconstructed MEG at 250 Hz.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets.encoders.card import EncoderCard
from neurodecode.nets.encoders.encoder import Encoder
from neurodecode.nets.encoders.tokens import Tokens, on_grid


class EphysTokenizer(Encoder):
    """A recurrent tokenizer of single channels and the sum of waveforms that decodes it.

    Parameters
    ----------
    card : EncoderCard
    n_tokens, width, kernel : int, default 128, 128, 10
        Size of the vocabulary, of the recurrent state, and samples of one waveform.

    Notes
    -----
    A GRU over time, a linear layer and a layer norm give one score for each token; the token of
    a sample is the highest. The state starts at zero in each window: tokens of its first samples
    differ from those of a continuous run, ten samples or more of margin are advised.
    Features of the contract are the normalized scores.

    Examples
    --------
    >>> from neurodecode.nets.encoders.encoder import make_encoder
    >>> tokenizer = make_encoder("ephys-tokenizer")
    >>> tokenizer.codes(torch.randn(1, 2, 200)).shape
    torch.Size([1, 2, 200])
    """

    def __init__(self, card: EncoderCard, n_tokens: int = 128, width: int = 128, kernel: int = 10):
        super().__init__(card)
        self.rnn = nn.GRU(1, width, batch_first=True)
        self.dense = nn.Linear(width, n_tokens)
        self.norm = nn.LayerNorm(n_tokens)
        self.register_buffer("temperature", torch.tensor(1.0))
        # The released decoder has as many outputs as tokens, and adds them up.
        self.basis = nn.Conv1d(n_tokens, n_tokens, kernel)

    def scores(self, x: Tensor) -> Tensor:
        """Normalized scores of the tokens, (batch, n_channels, n_times, n_tokens)."""
        batch, n_channels, n_times = x.shape
        state, _ = self.rnn(x.reshape(-1, n_times, 1))
        return self.norm(self.dense(state)).reshape(batch, n_channels, n_times, -1)

    def codes(self, x: Tensor) -> Tensor:
        """Token of each sample, int64 (batch, n_channels, n_times), for standardized x."""
        return self.scores(x).argmax(dim=-1)

    def decoded(self, codes: Tensor) -> Tensor:
        """Signal of a stream of tokens: each adds its waveform, from its own sample on.

        Parameters
        ----------
        codes : int64 tensor, shape (batch, n_channels, n_times)

        Returns
        -------
        x : tensor, shape (batch, n_channels, n_times), standard deviations
        """
        weight = self.basis.weight.sum(dim=0)  # (n_tokens, kernel): outputs are only ever added
        kernel = weight.shape[-1]
        taps = weight.flip(-1)[functional.pad(codes, (kernel - 1, 0))]  # waveform of each sample
        # The samples before the window hold no token at all.
        taps[..., : kernel - 1, :] = 0.0
        n_times = codes.shape[-1]
        lags = [taps[..., kernel - 1 - k : kernel - 1 - k + n_times, k] for k in range(kernel)]
        summed = torch.stack(lags).sum(dim=0)
        return summed if self.basis.bias is None else summed + self.basis.bias.sum()

    def tokens(self, x: Tensor, spec: Spec, layer: int = -1) -> Tokens:
        """The scores of every sample as tokens of the contract."""
        self.up_to(layer)
        return on_grid(self.scores(x), spec.sfreq, 1)

    def layers(self) -> list[nn.Module]:
        """One: everything up to the scores."""
        return [nn.ModuleList([self.rnn, self.dense, self.norm])]


def read_vocabulary(path: str | Path) -> Tensor:
    """Label of each raw token: 1 for the most frequent in training, 0 for those never seen.

    Parameters
    ----------
    path : path of a JSON file with a list under "label_map"

    Returns
    -------
    labels : int64 tensor, shape (n_tokens,)
        ``labels[codes]`` relabels a stream.

    Raises
    ------
    DataError
        The file has no such list.

    Examples
    --------
    >>> _ = Path("vocab.json").write_text('{"label_map": [2, 0, 1]}')
    >>> read_vocabulary("vocab.json")[torch.tensor([2, 2, 0])].tolist()
    [1, 1, 2]
    """
    held = json.loads(Path(path).read_text(encoding="utf-8"))
    labels = held.get("label_map") if isinstance(held, dict) else None
    if not isinstance(labels, list) or not all(isinstance(each, int) for each in labels):
        raise DataError(
            "no vocabulary in this file",
            found=str(path),
            expected='whole numbers under "label_map", one for each token',
        )
    return torch.tensor(labels)
