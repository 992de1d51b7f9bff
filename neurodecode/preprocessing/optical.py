"""Optical density (fNIRS): coupling of the optodes, motion, and haemoglobin."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.mne_epochs import info_from_channels
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step

_HEART = 1.5  # Hz, the upper edge of the band in which the heart beats


class ScalpCoupling(Step):
    """Mark pairs bad whose two wavelengths do not share the heart beat.

    Parameters
    ----------
    threshold : float, default 0.5
        Correlation between 0.7 and 1.5 Hz below which both channels of a pair are marked;
        0.8 is strict.

    Attributes
    ----------
    index_ : float64 array, shape (n_channels,)
        Of the recording looked at last; NaN for other channels.

    Raises
    ------
    DataError
        No optical density, or a rate too low for the heart beat.

    Notes
    -----
    The cut leaves bad channels out. A heart beat of 3 (1, 0.5) times the noise gives an index of
    about .95 (.67, .33).

    Source: Pollonini et al. 2014, 10.1016/j.heares.2013.11.007, by
    `mne.preprocessing.nirs.scalp_coupling_index`.

    Examples
    --------
    >>> import neurodecode as nd
    >>> nd.preprocessing.ScalpCoupling(threshold=0.8)
    ScalpCoupling(threshold=0.8)
    """

    scope = "recording"
    accepts_recording = True

    def __init__(self, threshold: float = 0.5):
        self.threshold = threshold

    def _transform_recording(self, recording: Recording) -> Recording:
        from mne.preprocessing.nirs import scalp_coupling_index

        light = _densities(recording.channels, "ScalpCoupling")
        if recording.sfreq <= 2 * _HEART:
            raise DataError(
                "ScalpCoupling: the heart beat is not in these data",
                found=f"{recording.sfreq:g} Hz",
                expected=f"more than {2 * _HEART:g} Hz",
                fix="take the step before resampling, or leave it out",
            )
        raw = _raw(recording.data[light], recording.channels.pick(light), recording.sfreq)
        self.index_ = np.full(len(recording.channels), np.nan)
        self.index_[light] = scalp_coupling_index(raw, verbose="ERROR")
        names = recording.channels.names
        weak = [names[i] for i in light if not self.index_[i] >= self.threshold]
        marked = recording.with_bads(recording.channels.bads | set(weak))
        said = f"{self}: {len(weak)} of {len(light)} channels marked bad"
        return marked.with_notes([*recording.notes, said])


class TDDR(Step):
    """Repair jumps and spikes of moved optodes (temporal derivative distribution repair).

    Raises
    ------
    DataError
        Neither optical density nor haemoglobin.

    Notes
    -----
    Slow changes (below 0.5 Hz) are rebuilt from their derivative, large steps of which get small
    robust weights; each stretch between gaps alone. It changes clean signals too (12 % of their
    s.d. in a simulation): for all recordings alike or for none. Uses the future: not for online
    use. Before `BeerLambert`.

    Source: Fishburn et al. 2019, 10.1016/j.neuroimage.2018.09.025, by
    `mne.preprocessing.nirs.temporal_derivative_distribution_repair`.

    Examples
    --------
    >>> import neurodecode as nd
    >>> nd.preprocessing.TDDR()
    TDDR()
    """

    scope = "recording"
    accepts_recording = True

    def _transform_recording(self, recording: Recording) -> Recording:
        from mne.preprocessing.nirs import temporal_derivative_distribution_repair

        optical = _optical(recording.channels, "TDDR")
        table, data = recording.channels.pick(optical), recording.data.copy()
        for start, stop in recording.good_spans():
            raw = _raw(data[optical, start:stop], table, recording.sfreq)
            repaired = temporal_derivative_distribution_repair(raw, verbose="ERROR")
            data[optical, start:stop] = repaired.get_data(verbose="ERROR")
        return recording.with_data(data, note=str(self))


class BeerLambert(Step):
    """Optical density to concentration of haemoglobin, by the modified Beer-Lambert law.

    Parameters
    ----------
    ppf : float, default 6.0
        Partial pathlength factor; a convention to which concentrations are inversely
        proportional (older code has 0.1).

    Raises
    ------
    DataError
        No pairs of wavelengths, or optodes whose distance is not known.

    Notes
    -----
    One fixed product: the optical densities of a pair become HbO and HbR in µM (names
    "S1_D1 hbo", "S1_D1 hbr"); a pair is bad where one of its channels is. Other channels stay.

    Source: Delpy et al. 1988, 10.1088/0031-9155/33/12/008; absorption as in
    `mne.preprocessing.nirs.beer_lambert_law`.

    Examples
    --------
    >>> import neurodecode as nd
    >>> from neurodecode.core import Channels
    >>> optodes = [[0, 0, 0, 0, 0, 0.03, nm, 0, 0] for nm in (760, 850)]
    >>> pair = Channels(["S1_D1 760", "S1_D1 850"], "fnirs_od", orientations=optodes,
    ...                         positions=[[0, 0, 0.015]] * 2)
    >>> epochs = nd.Epochs(np.array([[[0.005034], [0.035261]]]), channels=pair, sfreq=10)
    >>> nd.preprocessing.BeerLambert().transform(epochs).data.ravel().round(2).tolist()
    [1.0, -0.3]
    """

    scope = "trial"
    accepts_recording = True

    def __init__(self, ppf: float = 6.0):
        self.ppf = ppf

    def _transform(self, X: Epochs) -> Epochs:
        matrix, channels = self._law(X.channels, X.sfreq)
        data = X.padded()
        out = np.matmul(matrix.astype(data.dtype), data)
        return X.with_data(out, channels=channels, pad=X.pad)

    def _transform_recording(self, recording: Recording) -> Recording:
        matrix, channels = self._law(recording.channels, recording.sfreq)
        data = recording.data
        out = matrix.astype(data.dtype) @ data
        return recording.with_data(out, channels=channels, note=str(self))

    def _law(self, channels: Channels, sfreq: float) -> tuple[np.ndarray, Channels]:
        """The law as one matrix, shape (n_channels, n_channels), and the channels it gives."""
        from mne.preprocessing.nirs import beer_lambert_law

        light = _densities(channels, "BeerLambert")
        table = channels.pick(light)
        if not (np.isfinite(self.ppf) and self.ppf > 0):
            raise DataError("BeerLambert: the factor must be positive", found=f"ppf={self.ppf}")
        if not (table.lengths() > 0).all():
            at = np.flatnonzero(~(table.lengths() > 0))
            raise DataError(
                "BeerLambert: optodes whose distance is not known",
                found=", ".join(table.names[i] for i in at[:10]),
                expected="places of source and detector for every channel",
                fix="leave these channels out: rec.pick([...])",
            )
        # The law is linear: its answer to one unit in each channel is its matrix.
        answer = beer_lambert_law(_raw(np.eye(len(light)), table, sfreq), ppf=self.ppf)
        matrix = np.eye(len(channels))
        matrix[np.ix_(light, light)] = 1e6 * answer.get_data(verbose="ERROR")  # mol/L to µM
        names, kinds = list(channels.names), list(channels.kinds)
        for i, name, kind in zip(light, answer.ch_names, answer.get_channel_types(), strict=True):
            names[i], kinds[i] = name, kind
        spoiled = {name.split(" ")[0] for name in table.bads}
        bads = {names[i] for i in light if names[i].split(" ")[0] in spoiled}
        units = ["µM" if i in light else unit for i, unit in enumerate(channels.units)]
        others = channels.bads - set(table.names)
        return matrix, channels.replace(names=names, kinds=kinds, units=units, bads=bads | others)


def _densities(channels: Channels, step: str) -> np.ndarray:
    """Positions of optical densities, pair by pair, the shorter wavelength first."""
    light = channels.of_kind("fnirs_od")
    light = np.array(sorted(light, key=lambda i: channels.names[i]), dtype=np.int64)
    pairs = [channels.names[i].split(" ")[0] for i in light]
    if not pairs or pairs[::2] != pairs[1::2] or len(set(pairs)) != len(pairs) // 2:
        raise DataError(
            f"{step} needs pairs of wavelengths",
            found=channels.text(),
            expected="optical densities, two wavelengths of each pair: S1_D1 760, S1_D1 850, ...",
            fix='nd.read(path, fnirs="od"), and no channel of a pair alone',
        )
    return light


def _optical(channels: Channels, step: str) -> np.ndarray:
    optical = channels.of_kind(("fnirs_od", "hbo", "hbr"))
    if not len(optical):
        raise DataError(
            f"{step} acts on optical signals",
            found=channels.text(),
            expected="optical density or haemoglobin",
            fix='nd.read(path, fnirs="od")',
        )
    return optical


def _raw(data: np.ndarray, channels: Channels, sfreq: float) -> Any:
    import mne

    bare = channels.replace(bads=())  # functions for optical signals look at bad channels too
    info = info_from_channels(bare, sfreq)
    return mne.io.RawArray(data.astype(np.float64), info, verbose="ERROR")
