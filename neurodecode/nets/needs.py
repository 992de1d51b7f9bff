"""What a network needs of its input, said before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core import Spec
from neurodecode.core.errors import DataError


def check_input(net: str, spec: Spec, *, min_times: int, min_channels: int = 1) -> None:
    """Refuse trials that are too short for the kernels, or have too few channels.

    Parameters
    ----------
    net : str
        Name for the message.
    spec : Spec
    min_times, min_channels : int
        Smallest input every layer can take.

    Raises
    ------
    DataError
        The input is smaller than that.

    Examples
    --------
    >>> check_input("shallow", Spec(22, 192, 128.0, 2), min_times=99, min_channels=2)
    """
    if spec.n_channels < min_channels:
        raise DataError(
            f"{net} needs at least {min_channels} channels, this has {spec.n_channels}",
            found=f"{spec.n_channels} channel(s)",
            expected=f"{min_channels} or more: its spatial filter mixes channels",
            fix="use a decoder of single channels, such as window-lda or minirocket",
        )
    if spec.n_times < min_times:
        raise DataError(
            f"{net} needs at least {min_times} samples, this has {spec.n_times}",
            found=f"{spec.n_times} samples ({spec.duration:.3g} s at {spec.sfreq:g} Hz)",
            expected=f"{min_times} or more, or kernels and pools end up empty",
            fix="cut longer windows, or give shorter kernels and pools through net_params",
        )


def check_segment(net: str, spec: Spec, *, min_times: int) -> None:
    """Refuse what is not a segment of one channel that comes out as long as it went in.

    Parameters
    ----------
    net : str
        Name for the message.
    spec : Spec
    min_times : int

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_segment("atat", Spec(1, 512, 256.0, n_outputs=512), min_times=64)
    """
    if spec.n_channels != 1 or spec.n_outputs != spec.n_times:
        raise DataError(
            f"{net} cleans segments of one channel",
            found=f"{spec.n_channels} channel(s) of {spec.n_times} samples, "
            f"{spec.n_outputs} outputs",
            expected="one channel, as many outputs as samples",
            fix=f'nd.decoders.Denoiser("{net}") takes epochs channel by channel',
        )
    check_input(net, spec, min_times=min_times)


def check_rate(net: str, spec: Spec, *, above: float, reason: str) -> None:
    """Refuse trials sampled too slowly for fixed bands.

    Parameters
    ----------
    net : str
        Name for the message.
    spec : Spec
    above : float, Hz
        The rate must be higher.
    reason : str
        Why.

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_rate("deep-ssvep", Spec(9, 100, 250.0, 40), above=180, reason="bands reach 90 Hz")
    """
    if not spec.sfreq > above:
        raise DataError(
            f"{net} needs more than {above:g} Hz, this has {spec.sfreq:g} Hz",
            found=f"{spec.sfreq:g} Hz",
            expected=f"a rate above {above:g} Hz: {reason}",
            fix="leave out the resampling, or take recordings of a higher rate",
        )


def check_names(net: str, spec: Spec, known: Sequence[str] | None = None) -> None:
    """Refuse channels without names, or with names that a network knows nothing of.

    Parameters
    ----------
    net : str
        Name for the message.
    spec : Spec
    known : sequence of str, optional
        The names it knows; upper and lower case are the same. Default: any.

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_names("eegsym", Spec(2, 100, 100.0, 2, channel_names=("C3", "C4")))
    """
    if len(spec.channel_names) != spec.n_channels:
        raise DataError(
            f"{net} must know the names of the channels",
            found=f"{len(spec.channel_names)} names of {spec.n_channels} channels",
            fix="nd.Epochs(array, channels=[...], sfreq=...) names them",
        )
    if known is None:
        return
    upper = {name.upper() for name in known}
    strange = [name for name in spec.channel_names if name.upper() not in upper]
    if strange:
        raise DataError(
            f"{net} does not know {len(strange)} of {spec.n_channels} channels",
            found=", ".join(strange[:8]),
            expected=f"names of the 10-20 system and its extensions, {len(upper)} in all",
            fix="rename the channels, or pick those it knows",
        )


def check_positions(net: str, spec: Spec) -> None:
    """Refuse channels without positions.

    Parameters
    ----------
    net : str
        Name for the message.
    spec : Spec

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_positions("zuna", Spec(1, 1280, 256.0, 2, positions=np.zeros((1, 3))))
    """
    if spec.positions is None or not np.isfinite(spec.positions).all():
        raise DataError(
            f"{net} must know where the channels are",
            found="no positions" if spec.positions is None else "channels without a position",
            expected=f"a position for each of {spec.n_channels} channels, metres",
            fix='rec.set_montage("standard_1005") before the cut',
        )


def check_multiple(net: str, spec: Spec, patch: int) -> None:
    """Refuse trials that are no whole number of patches.

    Parameters
    ----------
    net : str
        Name for the message.
    spec : Spec
    patch : int, samples

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_multiple("cbramod", Spec(19, 600, 200.0, 2), 200)
    """
    if spec.n_times % patch:
        whole = max(spec.n_times // patch, 1) * patch
        raise DataError(
            f"{net} takes whole patches of {patch} samples, this has {spec.n_times}",
            found=f"{spec.n_times} samples",
            expected=f"a multiple of {patch}",
            fix=f"cut windows of {whole} samples ({whole / spec.sfreq:g} s)",
        )
