"""Electrical references: what every electrode is measured against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.linalg.splines import current_source_matrix
from neurodecode.preprocessing.channel_map import ELECTRODES, ChannelMap, check_positions


class Reference(ChannelMap):
    """Subtract the average of the good electrodes, or of named ones, at every instant.

    Parameters
    ----------
    channels : "average" (default), a channel name, or a sequence of names
    add : str or None, default None
        Name of the electrode that the data were recorded against: it comes back as a channel,
        zero before this step. The average is then that of all electrodes of the cap, and no rank
        is lost.

    Raises
    ------
    DataError
        No electrode to refer to (MEG, fNIRS and spikes have no reference), a name is unknown, or
        `add` is there already.

    Notes
    -----
    EEG, sEEG and ECoG are averaged apart; other channels are left alone. Channels marked bad do
    not enter the average: one of 500 µV among 32 would add 15.6 µV to every other. The rank falls
    by one for each kind of electrode, and the result carries it.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.array([[[1.0], [3.0]]]), channels=["C3", "C4"], sfreq=250)
    >>> nd.preprocessing.Reference("average").transform(epochs).data.ravel().tolist()
    [-1.0, 1.0]
    >>> nd.preprocessing.Reference("average", add="Cz").transform(epochs).rank
    2
    """

    def __init__(self, channels: str | Sequence[str] = "average", add: str | None = None):
        self.channels = channels
        self.add = add

    def _map(self, channels: Channels) -> tuple[np.ndarray, Channels]:
        wanted = [self.channels] if isinstance(self.channels, str) else list(self.channels)
        average = wanted == ["average"]
        inward = np.eye(len(channels))
        if self.add is not None:
            channels = _with_electrode(channels, self.add)
            inward = np.eye(len(channels), len(channels) - 1)
        named = range(len(channels)) if average else channels.index(wanted)
        sources = {i for i in named if not average or channels.names[i] not in channels.bads}
        matrix = np.eye(len(channels))
        for kind in ELECTRODES:
            members = channels.of_kind(kind)
            used = [i for i in members if i in sources]
            if used:
                matrix[np.ix_(members, used)] -= 1.0 / len(used)
        if np.array_equal(matrix, np.eye(len(channels))):
            raise DataError(
                "Reference: no electrode to refer to",
                found=f"{channels.text()}, channels={self.channels!r}",
                expected=f"good channels of kind {', '.join(ELECTRODES)}",
                fix="leave the step out for magnetic, optical and spike data",
            )
        return matrix @ inward, channels.replace(reference=", ".join(wanted))


class Laplacian(ChannelMap):
    """Subtract from each EEG electrode the mean of its nearest neighbours (Hjorth).

    Parameters
    ----------
    n_neighbors : int, default 4
        Good electrodes nearest in space.

    Raises
    ------
    DataError
        Positions are missing, or there are fewer good electrodes than neighbours asked.

    Notes
    -----
    Local activity stays, what reaches a whole region goes, and so does the reference. Electrodes
    at the rim have neighbours on one side only. `CurrentSource` is the smooth form. Source: Hjorth
    1975, 10.1016/0013-4694(75)90056-5; for imagined movement McFarland et al. 1997,
    10.1016/S0013-4694(97)00022-2.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> rec = nd.Recording(np.eye(5), channels=["Cz", "C1", "C2", "FCz", "CPz"],
    ...                    sfreq=5).set_montage("standard_1005")
    >>> nd.preprocessing.Laplacian().transform(rec).data[0].tolist()
    [1.0, -0.25, -0.25, -0.25, -0.25]
    """

    def __init__(self, n_neighbors: int = 4):
        self.n_neighbors = n_neighbors

    def _map(self, channels: Channels) -> tuple[np.ndarray, Channels]:
        rows = _scalp(channels, "Laplacian")
        good = np.array([i for i in rows if channels.names[i] not in channels.bads], dtype=int)
        if not 1 <= self.n_neighbors < len(good):
            raise DataError(
                "Laplacian: more neighbours asked than there are",
                found=f"n_neighbors={self.n_neighbors}, {len(good)} good electrodes",
                expected=f"1 to {len(good) - 1}",
            )
        places = check_positions(channels, rows, "Laplacian")
        matrix = np.eye(len(channels))
        at = {int(i): k for k, i in enumerate(rows)}
        for k, i in enumerate(rows):
            others = good[good != i]
            apart = places[[at[int(j)] for j in others]] - places[k]
            nearest = others[np.argsort(np.linalg.norm(apart, axis=1), kind="stable")]
            matrix[i, nearest[: self.n_neighbors]] = -1.0 / self.n_neighbors
        return matrix, channels.replace(reference="laplacian")


class Bipolar(ChannelMap):
    """Differences of two electrodes, in place of the electrodes.

    Parameters
    ----------
    pairs : sequence of (anode, cathode), or None (default)
        None: contacts of depth electrodes and strips that follow one another, A1-A2, A2-A3, ...

    Raises
    ------
    DataError
        A name is unknown, all pairs hold a bad channel, or None meets channels without shafts.

    Notes
    -----
    The channels are named "A1-A2" and lie half-way between. Pairs with a bad channel are left
    out, and so are electrodes in no pair; channels of other kinds stay. What all contacts share
    is removed exactly: the rank of a shaft falls by one.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> shaft = nd.core.Channels(["A1", "A2", "A3"], kinds="seeg")
    >>> rec = nd.Recording(np.array([[1.0], [2.0], [5.0]]), channels=shaft, sfreq=1)
    >>> out = nd.preprocessing.Bipolar().transform(rec)
    >>> out.channels.names, out.data.ravel().tolist()
    (('A1-A2', 'A2-A3'), [-1.0, -3.0])
    """

    def __init__(self, pairs: Sequence[tuple[str, str]] | None = None):
        self.pairs = pairs

    def _map(self, channels: Channels) -> tuple[np.ndarray, Channels]:
        pairs = _shaft_pairs(channels) if self.pairs is None else [tuple(p) for p in self.pairs]
        places = [channels.index(pair) for pair in pairs if not channels.bads & set(pair)]
        if not places:
            raise DataError(
                "Bipolar: no pair of good electrodes",
                found=f"{len(pairs)} pairs in {channels.text()}",
                expected='pairs=[("C3", "FC3"), ...], or depth electrodes and strips named '
                "A1, A2, ... of kind seeg or ecog",
            )
        firsts, seconds = np.array(places).T
        alone = [i for i, kind in enumerate(channels.kinds) if kind not in ELECTRODES]
        alone = [i for i in alone if i not in firsts and i not in seconds]
        matrix = np.zeros((len(places) + len(alone), len(channels)))
        order = np.arange(len(places))
        matrix[order, firsts], matrix[order, seconds] = 1.0, -1.0
        matrix[len(places) + np.arange(len(alone)), alone] = 1.0
        return matrix, _differences(channels, firsts, seconds, np.array(alone, dtype=np.int64))


class CurrentSource(ChannelMap):
    """Current source density at the scalp: the surface Laplacian of the EEG by spherical splines.

    Parameters
    ----------
    ridge : float, default 1e-5
        Smoothing; larger is smoother.
    stiffness : float, default 4
        Of the spline; smaller is more local.
    sphere : (x, y, z, radius), m, or None (default)
        The head; None: the sphere fitted to the electrodes.

    Raises
    ------
    DataError
        Positions are missing, lie on a plane, or EEG channels are marked bad.

    Notes
    -----
    µV become µV/m². Independent of the reference; the rank is one below the number of electrodes.
    Equal to `mne.preprocessing.compute_current_source_density` with the same sphere (MNE's
    ``sphere="auto"`` is another one: pass it). Source: Perrin et al. 1989,
    10.1016/0013-4694(89)90180-6.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> names = ["Fp1", "Fp2", "C3", "Cz", "C4", "O1", "O2"]
    >>> rec = nd.Recording(np.ones((7, 3)), channels=names, sfreq=5).set_montage("standard_1005")
    >>> bool(abs(nd.preprocessing.CurrentSource().transform(rec).data).max() < 1e-6)
    True
    """

    def __init__(
        self,
        ridge: float = 1e-5,
        stiffness: float = 4.0,
        sphere: tuple[float, float, float, float] | None = None,
    ):
        self.ridge = ridge
        self.stiffness = stiffness
        self.sphere = sphere

    def _map(self, channels: Channels) -> tuple[np.ndarray, Channels]:
        rows = _scalp(channels, "CurrentSource")
        bad = [channels.names[i] for i in rows if channels.names[i] in channels.bads]
        if bad:
            raise DataError(
                "CurrentSource: bad channels would spread to all others",
                found=", ".join(bad),
                expected="good electrodes only",
                fix="Interpolate() before, or leave them out with .pick(...)",
            )
        places = check_positions(channels, rows, "CurrentSource")
        matrix = np.eye(len(channels))
        matrix[np.ix_(rows, rows)] = current_source_matrix(
            places, self.sphere, self.ridge, self.stiffness
        )
        units = list(channels.units)
        for i in rows:
            units[i] = f"{units[i]}/m²"
        return matrix, channels.replace(units=units, reference="current source density")


def _with_electrode(channels: Channels, name: str) -> Channels:
    """Channels with one electrode more, of the kind that the others are."""
    kinds = [kind for kind in ELECTRODES if kind in channels.kinds]
    if name in channels.names or len(kinds) != 1:
        raise DataError(
            "Reference: cannot add the recording's reference",
            found=f"add={name!r} among {channels.text()}",
            expected="a name that is not there yet, and electrodes of one kind",
        )
    unit = channels.units[channels.kinds.index(kinds[0])]
    return channels.replace(
        names=[*channels.names, name],
        kinds=[*channels.kinds, kinds[0]],
        units=[*channels.units, unit],
        positions=np.vstack([channels.positions, np.full(3, np.nan)]),
        orientations=np.vstack([channels.orientations, np.full(9, np.nan)]),
    )


def _scalp(channels: Channels, where: str) -> np.ndarray:
    rows = channels.of_kind("eeg")
    if not len(rows):
        raise DataError(f"{where} is for EEG", found=channels.text(), expected="EEG channels")
    return rows


def _shaft_pairs(channels: Channels) -> list[tuple[str, str]]:
    """Neighbours on each shaft: same letters, numbers that follow one another."""
    contacts: dict[tuple[str, int], str] = {}
    for i in channels.of_kind(("seeg", "ecog")):
        name = channels.names[i]
        letters = name.rstrip("0123456789")
        if letters and letters != name:
            contacts[letters, int(name[len(letters) :])] = name
    return [
        (name, contacts[letters, number + 1])
        for (letters, number), name in contacts.items()
        if (letters, number + 1) in contacts
    ]


def _differences(
    channels: Channels, firsts: np.ndarray, seconds: np.ndarray, alone: np.ndarray
) -> Channels:
    """Table of pairs, each as its first member but half-way between, then what stays."""
    rows = np.concatenate([firsts, alone])
    pairs = zip(firsts, seconds, strict=True)
    middles = (channels.positions[firsts] + channels.positions[seconds]) / 2
    return channels.replace(
        names=[f"{channels.names[i]}-{channels.names[j]}" for i, j in pairs]
        + [channels.names[i] for i in alone],
        kinds=[channels.kinds[i] for i in rows],
        units=[channels.units[i] for i in rows],
        positions=np.vstack([middles, channels.positions[alone]]),
        orientations=channels.orientations[rows],
        reference="bipolar",
        bads=channels.bads & {channels.names[i] for i in alone},
    )
