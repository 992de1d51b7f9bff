"""MVCNet: a convolutional network that a Transformer and three views of each trial teach.

Wang, Li, Chen, Wu: "MVCNet: multi-view contrastive network for motor imagery classification",
Knowledge-Based Systems, arXiv:2502.17482. Layers and losses after the
description of the authors' public code (github.com/wzwvv/MVCNet).

The Transformer serves training only, in the public code too: what is registered is the
convolutional network alone. Train both with

    loss = total_loss(net, Teacher(spec, net), x, y, spec.sfreq, mirror, swapped)

Known weak points of the scheme, kept as they are: attention runs over channels, not time; in the
view term the two networks' features of one trial are negatives of each other, in the model term
positives; trials of one class are negatives; a trial and its mirror image, of the other class, are
a positive pair.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets.analytic import analytic
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_input

_TEMPERATURE = 0.2
_WEIGHT = 0.1  # of either contrastive term
_SHIFT = 0.1  # Hz


def mvcnet(
    spec: Spec, *, n_filters: int = 64, patch_length: int = 125, dropout: float = 0.5
) -> Headed:
    """MVCNet at test time: IFNet of one band, log power of stretches of time, a linear layer.

    Parameters
    ----------
    spec : Spec
        One patch or more; trials band-passed before.
    n_filters : int
    patch_length : int, samples
        125 at 250 Hz, 128 at 512 Hz; samples after the last whole patch are left out.
    dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        6 722 parameters and 512 features at 22 channels, 1000 samples, 2 outputs.

    Raises
    ------
    DataError
        The window is shorter than a patch.

    Examples
    --------
    >>> net = mvcnet(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=2))
    >>> net.encode(torch.zeros(5, 22, 1000)).shape
    torch.Size([5, 512])
    """
    check_input("mvcnet", spec, min_times=patch_length)
    body = nn.Sequential(
        nn.Conv1d(spec.n_channels, n_filters, 1, bias=False),
        nn.BatchNorm1d(n_filters),
        nn.Conv1d(n_filters, n_filters, 63, padding="same", groups=n_filters, bias=False),
        nn.BatchNorm1d(n_filters),
        nn.GELU(),
        LogPower(patch_length),
        nn.Dropout(dropout),
    )
    n_features = n_filters * (spec.n_times // patch_length)
    return Headed(body, nn.Linear(n_features, spec.n_outputs))


class LogPower(nn.Module):
    """Logarithm of the mean square of each patch.

    Examples
    --------
    >>> LogPower(4)(torch.ones(1, 2, 9))
    tensor([[[0., 0.],
             [0., 0.]]])
    """

    def __init__(self, patch_length: int):
        super().__init__()
        self.patch_length = patch_length

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., n_times) to (..., n_times // patch_length)."""
        return F.avg_pool1d(x.square(), self.patch_length).clamp(1e-6, 1e6).log()


class Teacher(nn.Module):
    """The Transformer branch: each channel a token, as wide as the trial is long.

    45 million weights in its projection at 22 channels and 1000 samples, against some thousand in
    the network it teaches; for training only.

    Parameters
    ----------
    spec : Spec
        An even number of samples: there are two heads.
    student : Headed
        Gives the number of features.

    Raises
    ------
    DataError
        An odd number of samples.

    Examples
    --------
    >>> spec = Spec(4, 128, 128.0, 2)
    >>> Teacher(spec, mvcnet(spec))(torch.zeros(5, 4, 128)).shape
    torch.Size([5, 64])
    """

    def __init__(self, spec: Spec, student: Headed):
        super().__init__()
        if spec.n_times % 2:
            raise DataError(
                "the teacher of mvcnet needs an even number of samples",
                found=f"{spec.n_times} samples",
                fix="cut windows one sample shorter",
            )
        n_features = int(student.head.in_features)  # type: ignore[arg-type]
        self.attend = nn.TransformerEncoderLayer(
            spec.n_times, 2, 2 * spec.n_times, 0.1, batch_first=True
        )
        self.project = nn.Sequential(
            nn.Flatten(),
            nn.Linear(spec.n_channels * spec.n_times, 4 * n_features),
            nn.LayerNorm(4 * n_features),
            nn.ReLU(),
            nn.Linear(4 * n_features, n_features),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features, (batch, n_features), of x, (batch, n_channels, n_times)."""
        return self.project(self.attend(x))


def views(x: Tensor, sfreq: float, mirror: Tensor) -> list[Tensor]:
    """Trials with their sign turned, with frequencies 0.1 Hz higher, with left and right swapped.

    Parameters
    ----------
    x : Tensor, shape (batch, n_channels, n_times)
    sfreq : float, Hz
        The public code takes 250 Hz whatever it is, so that at 512 Hz it shifts by 0.2 Hz.
    mirror : int64 tensor, shape (n_channels,)
        For each channel the one that lies opposite; itself on the midline.

    Returns
    -------
    views : list of three tensors like `x`

    Examples
    --------
    >>> len(views(torch.zeros(2, 3, 100), 100.0, torch.tensor([1, 0, 2])))
    3
    """
    return [-x, shift_frequency(x, sfreq, _SHIFT), x[:, mirror]]


def shift_frequency(x: Tensor, sfreq: float, hertz: float) -> Tensor:
    """Move every frequency by `hertz`, through the analytic signal.

    Parameters
    ----------
    x : Tensor, shape (..., n_times)
    sfreq, hertz : float, Hz

    Returns
    -------
    shifted : Tensor like `x`

    Examples
    --------
    >>> t = torch.arange(250) / 250
    >>> shifted = shift_frequency(torch.sin(2 * torch.pi * 10 * t), 250.0, 2.0)
    >>> bool(torch.allclose(shifted, torch.sin(2 * torch.pi * 12 * t), atol=1e-4))
    True
    """
    steps = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
    phase = 2 * torch.pi * hertz / sfreq * steps
    z = analytic(x)
    return z.real * phase.cos() - z.imag * phase.sin()


def nt_xent(a: Tensor, b: Tensor, temperature: float = _TEMPERATURE) -> Tensor:
    """Normalized temperature-scaled cross-entropy: find row i of `b` from row i of `a`, and back.

    Parameters
    ----------
    a, b : Tensor, shape (n, n_features)
    temperature : float, > 0

    Returns
    -------
    loss : scalar tensor
        Mean over the 2 n rows, each against the other 2 n - 1 by cosine similarity.

    Notes
    -----
    Chen, Kornblith, Norouzi, Hinton 2020, arXiv 2002.05709.

    Examples
    --------
    >>> nt_xent(torch.ones(4, 3), torch.ones(4, 3))  # ln 7
    tensor(1.9459)
    """
    rows = F.normalize(torch.cat([a, b]), dim=1)
    similarity = rows @ rows.T / temperature
    similarity.fill_diagonal_(-torch.inf)
    n = len(a)
    partner = torch.arange(2 * n, device=a.device).roll(n)
    return F.cross_entropy(similarity, partner)


def contrastive_terms(student: list[Tensor], teacher: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Agreement of the views with the trial, and of the two networks with each other.

    Parameters
    ----------
    student, teacher : lists of tensors, each (batch, n_features)
        Features of the trials as they are, then of each view.

    Returns
    -------
    across_views, across_models : scalar tensors

    Examples
    --------
    >>> features = [torch.randn(8, 16) for _ in range(4)]
    >>> [term.shape for term in contrastive_terms(features, features)]
    [torch.Size([]), torch.Size([])]
    """
    both = [torch.cat(pair) for pair in zip(student, teacher, strict=True)]
    across_views = torch.stack([nt_xent(both[0], view) for view in both[1:]]).mean()
    return across_views, nt_xent(torch.cat(student), torch.cat(teacher))


def total_loss(
    student: Headed,
    teacher: Teacher,
    x: Tensor,
    y: Tensor,
    sfreq: float,
    mirror: Tensor,
    swapped: Tensor,
) -> Tensor:
    """What MVCNet trains on: cross-entropy of the trials and their views, two contrastive terms.

    Parameters
    ----------
    student, teacher : the network and its teacher
    x : Tensor, shape (batch, n_channels, n_times)
    y : int64 tensor, shape (batch,)
    sfreq : float, Hz
    mirror : int64 tensor, shape (n_channels,)
        As in `views`.
    swapped : int64 tensor, shape (n_outputs,)
        The class of a mirrored trial for each class; itself for feet, tongue, rest.

    Returns
    -------
    loss : scalar tensor

    Examples
    --------
    >>> spec = Spec(2, 128, 128.0, 2)
    >>> net, swap = mvcnet(spec), torch.tensor([1, 0])
    >>> x, y = torch.randn(8, 2, 128), torch.arange(8) % 2
    >>> total_loss(net, Teacher(spec, net), x, y, 128.0, swap, swap).shape
    torch.Size([])
    """
    seen = [x, *views(x, sfreq, mirror)]
    codes = [student.encode(each) for each in seen]
    labels = [y, y, y, swapped[y]]
    fits = [
        F.cross_entropy(student.head(code), label)
        for code, label in zip(codes, labels, strict=True)
    ]
    terms = contrastive_terms(codes, [teacher(each) for each in seen])
    return torch.stack(fits).sum() + _WEIGHT * torch.stack(terms).sum()
