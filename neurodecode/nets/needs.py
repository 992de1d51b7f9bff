"""What a network needs of its input, said before anything heavy is imported."""

from __future__ import annotations

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
