"""Template places of EEG electrodes: the sensor positions most labs never measured."""

from __future__ import annotations

import functools
import re

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError, did_you_mean


def with_template_places(channels: Channels, montage: str) -> Channels:
    """Channels whose EEG rows have the places of a standard montage.

    Names match without regard to case, trailing dots ("Fc5."), a leading "EEG" and a trailing
    reference ("EEG Fp1-Ref"). Electrodes the montage does not know get NaN.

    Parameters
    ----------
    channels : Channels
    montage : str
        Name of a montage of MNE.

    Raises
    ------
    DataError
        The montage is unknown, or no channel name is in it.

    Examples
    --------
    >>> with_template_places(Channels(["Cz", "Oz_old"]), "standard_1005").positions[:, 2].round(2)
    array([0.14,  nan])
    """
    places = template_places(montage)
    positions = channels.positions.copy()
    eeg = channels.of_kind("eeg")
    found = 0
    for i in eeg:
        place = places.get(electrode_name(channels.names[i]).lower())
        positions[i] = np.nan if place is None else place
        found += place is not None
    if not found:
        raise DataError(
            f"no electrode of the montage {montage!r} is among the channels",
            found=", ".join(channels.names[i] for i in eeg[:10]) or "no EEG channel",
            expected="names such as " + ", ".join(name.upper() for name in list(places)[:6]),
            fix="rec.rename({old: new}) first, or another montage",
        )
    return channels.replace(positions=positions, frame="head", position_from="template")


def electrode_name(name: str) -> str:
    """The electrode in a channel's name.

    Examples
    --------
    >>> electrode_name("EEG Fp1-Ref"), electrode_name("Fc5."), electrode_name("Cz")
    ('Fp1', 'Fc5', 'Cz')
    """
    name = re.sub(r"^EEG[\s_:]+", "", name.strip(), flags=re.IGNORECASE).rstrip(".")
    return re.sub(r"-(REF|LE|AVG?|A1|A2|A12|M1|M2|G2|LER?)(-\d+)?$", "", name, flags=re.IGNORECASE)


@functools.cache
def template_places(montage: str) -> dict[str, np.ndarray]:
    """Places of a standard montage by lower-case name, metres, head frame.

    Raises
    ------
    DataError
        The montage is unknown.
    """
    import mne

    # MNE 1.13 renamed its "standard_..." montages; the old words keep working here.
    known = [str(each) for each in mne.channels.get_builtin_montages()]
    renamed = montage.replace("standard_", "colin27_")
    try:
        template = mne.channels.make_standard_montage(renamed if renamed in known else montage)
    except ValueError as error:
        raise DataError(
            "unknown montage",
            found=repr(montage),
            expected="standard_1005, or one of " + ", ".join(known),
            fix=did_you_mean(montage, ["standard_1005", "standard_1020", *known]),
        ) from error
    to_head = mne.channels.compute_native_head_t(template)
    places = template.get_positions()["ch_pos"]
    moved = mne.transforms.apply_trans(to_head, np.array(list(places.values())))
    return {name.lower(): place for name, place in zip(places, moved, strict=True)}
