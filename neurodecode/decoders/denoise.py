"""A learned denoiser: trained on pairs of noisy and clean segments, then a step for any epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from neurodecode.core import Epochs, Spec, as_trials
from neurodecode.core.errors import DataError
from neurodecode.core.runtime import pick_device, progress
from neurodecode.core.step import Step
from neurodecode.decoders.net_base import NetHolder
from neurodecode.evaluation import validation_split
from neurodecode.evaluation.denoising import segment_correlation

if TYPE_CHECKING:
    from neurodecode.nets.catalogue import Net


class Denoiser(NetHolder, Step):
    """Clean signals channel by channel with a network that has seen noisy and clean ones.

    Every segment is centred and divided by its own standard deviation before the network, and put
    back afterwards: the unit's size and an offset do not matter, f(a x + b) = a f(x) + b.

    Parameters
    ----------
    net : str, callable or nn.Module, default "atat"
        "atat", "eegdenoisenet-fcnn", "eegdenoisenet-cnn", a function ``Spec -> nn.Module`` or a
        module that maps (batch, 1, n_times) to (batch, n_times).
    adversarial : float, default 0.01
        Weight of AT-AT's discriminator beside the squared error; 0 trains by squared error alone,
        as the EEGdenoiseNet baselines do.
    epochs : int, default 50
        Passes over the pairs.
    batch_size : int, default 40
    lr, weight_decay : float
        Of AdamW. (The EEGdenoiseNet baselines used RMSprop at 5e-5.)
    schedule : "cosine" (default), "one-cycle" or None
    patience : int or None, default 10
        Epochs without a lower validation error before training stops.
    validation : float in [0, 1), default 0.1
        Share of the pairs that choose the best epoch, where `fit` gets no validation pairs of its
        own: whole people where there are several, and never a clean segment that also trains.
    device : "auto" (default), "cpu", "cuda", "cuda:1" or "mps"
    random_state : int, RandomState or None, default 0
    verbose : int, default 0
        Above 0: a progress line.
    net_params : dict, optional
        Further arguments of the network's function.
    sfreq : float, Hz, optional
        Sampling rate of plain arrays; epochs know theirs.

    Attributes
    ----------
    module_ : nn.Module, in eval mode
    spec_ : Spec, one channel; ``spec_.n_times`` is the length of a segment
    kind_, unit_ : str, of the channels it was trained on; None after plain arrays
    history_ : dict
        As of `NetClassifier`; the score is the mean correlation of validation segments.
    n_parameters_ : int, without the discriminator

    Notes
    -----
    In a pipeline with a decoder it must not be fitted again on labels: put it in as
    ``sklearn.frozen.FrozenEstimator(denoiser)``. Epochs longer than a segment are covered by
    segments that overlap by half or more, joined with triangular weights. Channels of another kind
    than it was trained on pass unchanged. It is not linear: an average reference before it is none
    after it, and the rank is full again.

    Sources: Zhang et al. 2021 (doi 10.1088/1741-2552/ac2bf8) for the protocol and its baselines,
    Choi 2025 (arXiv 2502.05332) for AT-AT.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> t, rng = np.arange(64) / 64, np.random.default_rng(0)
    >>> clean = np.sin(2 * np.pi * (4 * t + rng.random((80, 1, 1))))
    >>> noisy = clean + rng.normal(size=clean.shape)
    >>> denoiser = Denoiser("eegdenoisenet-fcnn", adversarial=0, lr=3e-3, sfreq=64, device="cpu")
    >>> cleaned = denoiser.fit(noisy[:60], clean[:60]).transform(noisy[60:])
    >>> bool(nd.evaluation.score("rrmse-temporal", clean[60:], cleaned) < 0.7)  # untouched: 1.4
    True
    """

    scope = "train"
    accepts_arrays = True
    by_channel = True  # a channel's result depends on no other channel; any number will do

    def __init__(
        self,
        net: Net = "atat",
        adversarial: float = 0.01,
        epochs: int = 50,
        batch_size: int = 40,
        lr: float = 1e-3,
        weight_decay: float = 1e-2,
        schedule: str | None = "cosine",
        patience: int | None = 10,
        validation: float = 0.1,
        device: str = "auto",
        random_state: Any = 0,
        verbose: int = 0,
        net_params: Mapping[str, Any] | None = None,
        sfreq: float | None = None,
    ):
        self.net = net
        self.adversarial = adversarial
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.patience = patience
        self.validation = validation
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.net_params = net_params
        self.sfreq = sfreq

    # ------------------------------------------------------------------ learning
    def fit(self, X: Any, y: Any = None, X_val: Any = None, y_val: Any = None) -> Denoiser:
        """Train on pairs; a channel of a trial is a pair of its own.

        Parameters
        ----------
        X : Epochs, mne.Epochs, or float array, shape (n_pairs, n_channels, n_times)
            Noisy segments; arrays need the estimator's `sfreq`.
        y : the same, clean, of the same shape and unit
        X_val, y_val : the same, optional
            Pairs that choose the best epoch, in place of a share of `X`; the protocol has its own.

        Returns
        -------
        self

        Raises
        ------
        DataError
            Pairs that do not fit each other, channels of several kinds or units.
        TrainingError
            The loss became NaN.
        """
        from neurodecode.nets.catalogue import describe
        from neurodecode.training.loop import train
        from neurodecode.training.losses import squared_error

        X = self._check_input(X)
        self._learn_form(X)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        noisy, clean, rows, valid = self._pairs(X, y, X_val, y_val, seed)
        x, targets = _scaled(noisy, clean)
        rows, valid = (_by_channel(each, noisy.shape[1]) for each in (rows, valid))
        module = self._build(seed)
        with progress(self.epochs if self.verbose else 0, describe(self.net)) as advance:
            self.history_ = train(
                module,
                x[:, None],
                targets,
                rows,
                valid,
                loss=squared_error(),
                score=lambda outputs, clean: segment_correlation(clean, outputs),
                plan=self._plan(seed),
                on_epoch=lambda epoch, history: advance(),
                adversary=self._adversary(seed),
            )
        self.n_parameters_ = sum(p.numel() for p in module.parameters() if p.requires_grad)
        self.module_ = module.to(pick_device(self.device))
        return self

    def _learn_form(self, X: Epochs | np.ndarray) -> None:
        """Length, rate, kind and unit of the training segments."""
        if len(X) == 0:
            raise DataError("Denoiser: no pairs to fit on")
        n_times, kinds = X.shape[2], {(None, None)}
        if isinstance(X, Epochs):
            kinds = set(zip(X.channels.kinds, X.channels.units, strict=True))
        if len(kinds) > 1:
            raise DataError(
                "Denoiser learns from one kind of channel",
                found=", ".join(f"{kind} ({unit})" for kind, unit in sorted(kinds)),
                fix='epochs.pick("eeg")',
            )
        self.kind_, self.unit_ = kinds.pop()
        self.spec_ = Spec(1, n_times, self._rate(X), n_times, task="regression")

    def _pairs(
        self, X: Epochs | np.ndarray, y: Any, X_val: Any, y_val: Any, seed: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Noisy and clean trials, and which of them train and which validate."""
        noisy, clean = as_trials(X, None), _clean_signals(y, X)
        if X_val is None:
            return noisy, clean, *self._validation_rows(X, clean, seed)
        X_val = self._check_input(X_val)
        self._check_like_fit(X_val)
        if X_val.shape[1:] != X.shape[1:]:
            raise DataError(
                "Denoiser: validation pairs of another shape",
                found=f"{X_val.shape[1]} channels of {X_val.shape[2]} samples",
                expected=f"{X.shape[1]} channels of {X.shape[2]} samples",
            )
        rows, valid = np.split(np.arange(len(noisy) + len(X_val)), [len(noisy)])
        noisy = np.concatenate([noisy, as_trials(X_val, None)])
        return noisy, np.concatenate([clean, _clean_signals(y_val, X_val)]), rows, valid

    def _validation_rows(
        self, X: Epochs | np.ndarray, clean: np.ndarray, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Trials that train and trials that validate."""
        n = len(clean)
        if not 0 <= self.validation < 1:
            raise DataError(
                "validation is a share of the pairs",
                found=repr(self.validation),
                expected="0 (no validation) or below 1",
            )
        if self.validation == 0:
            return np.arange(n), np.empty(0, dtype=np.int64)
        trials = X.trials if isinstance(X, Epochs) else pd.DataFrame(index=range(n))
        # The protocol mixes one clean segment with several noises: its pairs stay together.
        distinct, original = np.unique(clean.reshape(n, -1), axis=0, return_inverse=True)
        if len(distinct) < n:
            trials = trials.assign(run=original.ravel().astype(str))
        fit, valid, _ = validation_split(
            trials, np.zeros(n, dtype=np.int64), fraction=self.validation, seed=seed
        )
        return fit, valid

    def _adversary(self, seed: int) -> Any:
        if not self.adversarial >= 0:
            raise DataError(
                "adversarial is a weight", found=repr(self.adversarial), expected="0 or more"
            )
        if self.adversarial == 0:
            return None
        import torch

        from neurodecode.nets.transformer.atat import Discriminator
        from neurodecode.training.adversary import Adversary

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 1)
            return Adversary(Discriminator(), self.adversarial)

    # ------------------------------------------------------------------ using
    def _check_like_fit(self, X: Epochs | np.ndarray) -> None:
        n_times = X.padded().shape[-1] if isinstance(X, Epochs) else X.shape[-1]
        if n_times < self.spec_.n_times:
            raise DataError(
                "Denoiser: epochs shorter than the segments it was trained on",
                found=f"{n_times} samples",
                expected=f"{self.spec_.n_times} or more ({self.spec_.duration:.3g} s)",
                fix="cut longer epochs, or with a margin: rec.epoch(..., pad=1.0)",
            )
        if not isinstance(X, Epochs):
            return
        if abs(X.sfreq - self.spec_.sfreq) > 1e-6 * self.spec_.sfreq:
            raise DataError(
                "Denoiser was trained at another sampling rate",
                found=f"{X.sfreq:g} Hz",
                expected=f"{self.spec_.sfreq:g} Hz",
                fix=f"nd.preprocessing.Resample({self.spec_.sfreq:g}) before it",
            )
        units = {X.channels.units[i] for i in self._channels(X)}
        if self.kind_ is not None and units != {self.unit_}:
            raise DataError(
                "Denoiser was trained on channels of another kind or unit",
                found=f"{self.kind_} in {', '.join(sorted(units))}" if units else X.channels.text(),
                expected=f"{self.kind_} channels in {self.unit_}",
                fix="train one for these channels, or give them their natural unit",
            )

    def _channels(self, X: Epochs | np.ndarray) -> list[int]:
        """Channels of the kind it was trained on."""
        if self.kind_ is None or not isinstance(X, Epochs):
            return list(range(X.shape[1]))
        return [i for i, kind in enumerate(X.channels.kinds) if kind == self.kind_]

    def _transform(self, X: Epochs | np.ndarray) -> Epochs | np.ndarray:
        out = np.array(X.padded() if isinstance(X, Epochs) else X)
        picked = self._channels(X)
        signals = out[:, picked]
        flat = self._cleaned(signals.reshape(-1, signals.shape[-1]))
        out[:, picked] = flat.reshape(signals.shape)
        if not isinstance(X, Epochs):
            return out
        return X.with_data(out, pad=X.pad, rank=None)  # not linear: no sum of channels stays zero

    def _cleaned(self, signals: np.ndarray) -> np.ndarray:
        """Rows of any length, (n, n_times), covered by overlapping segments."""
        import torch

        from neurodecode.training.inference import outputs_of

        length, n_times = self.spec_.n_times, signals.shape[1]
        taper = np.bartlett(length + 2)[1:-1]
        total, weight = np.zeros(signals.shape), np.zeros(n_times)
        device = next(self.module_.parameters()).device
        n_parts = 1 + -(-2 * (n_times - length) // length)  # neighbours overlap by half or more
        for start in np.linspace(0, n_times - length, n_parts).round().astype(int):
            part = signals[:, start : start + length]
            mean, scale = _level(part)
            x = torch.from_numpy(((part - mean) / scale).astype(np.float32)[:, None])
            made = outputs_of(self.module_, x.to(device)).cpu().numpy()
            made = np.where(np.ptp(part, axis=-1, keepdims=True) > 0, mean + scale * made, part)
            total[:, start : start + length] += taper * made
            weight[start : start + length] += taper
        return total / weight


def _level(signals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each row, float64, shape (n, 1); 1 for flat rows."""
    mean = signals.mean(axis=-1, dtype=np.float64, keepdims=True)
    scale = signals.std(axis=-1, dtype=np.float64, keepdims=True)
    return mean, np.where(scale > 0, scale, 1.0)


def _clean_signals(y: Any, X: Epochs | np.ndarray) -> np.ndarray:
    """The clean twin of X as an array, refused unless it is one."""
    clean = as_trials(y, None) if hasattr(y, "sfreq") or hasattr(y, "get_data") else np.asarray(y)
    if clean.shape != X.shape:
        raise DataError(
            "Denoiser: clean signals do not fit the noisy ones",
            found="no clean signals" if y is None else f"shape {clean.shape}",
            expected=f"{X.shape}, a clean signal for every noisy one",
            fix="fit(noisy, clean); a fitted one goes into a pipeline with labels as "
            "sklearn.frozen.FrozenEstimator(denoiser)",
        )
    if isinstance(X, Epochs) and isinstance(y, Epochs) and X.channels.units != y.channels.units:
        raise DataError(
            "Denoiser: noisy and clean signals differ in unit",
            found=f"{sorted(set(X.channels.units))} and {sorted(set(y.channels.units))}",
            expected="one unit",
        )
    return as_trials(clean, None)


def _scaled(noisy: np.ndarray, clean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both by the level of the noisy rows, float32, shape (n * n_channels, n_times)."""
    noisy, clean = (each.reshape(-1, noisy.shape[-1]) for each in (noisy, clean))
    mean, scale = _level(noisy)
    x, targets = (((each - mean) / scale).astype(np.float32) for each in (noisy, clean))
    return x, targets


def _by_channel(trials: np.ndarray, n_channels: int) -> np.ndarray:
    """Rows of (trial, channel) that belong to some trials."""
    return (trials[:, None] * n_channels + np.arange(n_channels)).ravel()
