"""fNIRS: light intensity becomes optical density or haemoglobin when it is read.

Intensity has no unit that compares across devices, channels or people, so optical density,
-ln(I / mean I) over the recording, is what reading gives by default. Haemoglobin follows by the
modified Beer-Lambert law (Delpy et al. 1988, doi 10.1088/0031-9155/33/12/008), as MNE has it. Its
size is inversely proportional to the partial pathlength factor, which is a convention: 6 is MNE's
default today, 0.1 was that of older code, a factor of 60 apart.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.words import plural

FORMS = ("od", "haemoglobin", "intensity")
OPTIONS = ("fnirs", "ppf")
PPF = 6.0
FARTHEST = 0.1  # m between source and detector; light does not come that far
_NAME = re.compile(r"S\d+_D\d+ \d+(\.\d+)?")
_NAME_BOXY = re.compile(r"S\d+_D\d+ DC")  # MNE's name for the mean light of a BOXY pair


def take_options(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of `convert` and all others, parted."""
    mine = {name: options[name] for name in OPTIONS if name in options}
    return mine, {name: value for name, value in options.items() if name not in OPTIONS}


def convert(raw: Any, fnirs: str | None = None, ppf: float | None = None) -> tuple[Any, list[str]]:
    """Raw object with its fNIRS channels in the form asked for; others stay as they are.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        Without channels of light intensity (or optical density, for haemoglobin) it is given back.
    fnirs : "od", "haemoglobin" or "intensity"
        Default: optical density, or intensity where the file tells neither source nor detector.
        BOXY tells no wavelengths: its DC channels become optical density, but not haemoglobin;
        AC amplitude and phase stay as they are.
    ppf : float, default 6
        Partial pathlength factor, for haemoglobin only.

    Returns
    -------
    raw : mne.io.BaseRaw
        Channels whose intensity is zero or below at any time are marked bad and hold NaN; so is
        haemoglobin where the distance of source and detector is not known.
    notes : list of str

    Raises
    ------
    DataError
        Unknown form, `ppf` without haemoglobin, or wavelengths or places that are not told.
    """
    _check_wishes(fnirs, ppf)
    light = _picks(raw, "fnirs_cw_amplitude")
    if fnirs == "intensity" or not (light or _picks(raw, "fnirs_od")):
        return raw, []
    notes: list[str] = []
    dead: list[str] = []
    if light:
        try:
            raw, dead = _density(raw, light)
        except DataError as error:
            if fnirs is not None:
                raise
            return raw, [f"light intensity stays as it is: {error.found}"]
        notes.append("light intensity became optical density, -ln(I / mean I over this recording)")
    if fnirs == "haemoglobin":
        raw, dead = _haemoglobin(raw, PPF if ppf is None else float(ppf), dead)
        notes.append(
            f"optical density became haemoglobin (Beer-Lambert, partial pathlength factor "
            f"{PPF if ppf is None else ppf:g})"
        )
    if dead:
        raw.apply_function(lambda each: np.full_like(each, np.nan), picks=dead, verbose="error")
        raw.info["bads"] = sorted({*raw.info["bads"], *dead})
        notes.append(
            f"{plural(len(dead), 'channel')} without light at some time (intensity 0 or below) or "
            "without a length: marked bad, NaN"
        )
    return raw, notes


def _check_wishes(fnirs: str | None, ppf: float | None) -> None:
    if fnirs is not None and fnirs not in FORMS:
        raise DataError(
            "unknown form of fNIRS", found=repr(fnirs), expected=", ".join(FORMS),
            fix=did_you_mean(str(fnirs), FORMS),
        )  # fmt: skip
    if ppf is not None and (fnirs != "haemoglobin" or not ppf > 0):
        raise DataError(
            "the partial pathlength factor belongs to haemoglobin", found=f"{fnirs=}, {ppf=}",
            expected="a positive factor", fix="fnirs='haemoglobin', ppf=6.0",
        )  # fmt: skip


def _density(raw: Any, light: list[int]) -> tuple[Any, list[str]]:
    """Optical density, and the channels that had no light."""
    import mne

    names = [raw.ch_names[i] for i in light]
    if all(map(_NAME_BOXY.fullmatch, names)):  # no wavelength is needed for a density
        raw, dead = _without_dead(raw, light)
        raw.apply_function(lambda each: -np.log(each / each.mean()), picks=light, verbose="error")
        kinds = dict.fromkeys(names, "fnirs_od")
        return raw.set_channel_types(kinds, on_unit_change="ignore", verbose="error"), dead
    _check_names(names)
    raw, dead = _without_dead(raw, light)
    try:
        return mne.preprocessing.nirs.optical_density(raw, verbose="error"), dead
    except (ValueError, RuntimeError) as error:
        raise _no_form(" ".join(str(error).split())[:200]) from error


def _check_names(names: list[str]) -> None:
    odd = [name for name in names if not _NAME.fullmatch(name)]
    if odd:
        raise _no_form(f"{odd[0]!r} tells no source, detector and wavelength, as 'S1_D1 760' does")


def _without_dead(raw: Any, light: list[int]) -> tuple[Any, list[str]]:
    """Copy in memory whose channels without light hold ones, and their names."""
    raw = raw.copy().load_data(verbose="error")
    data = raw.get_data(picks=light, verbose="error")
    alive = (data > 0).all(axis=1) & np.isfinite(data).all(axis=1)
    dead = [raw.ch_names[i] for i, lit in zip(light, alive, strict=True) if not lit]
    if dead:
        raw.apply_function(lambda each: np.ones_like(each), picks=dead, verbose="error")
    return raw, dead


def _picks(raw: Any, kind: str) -> list[int]:
    import mne

    return [i for i in range(len(raw.ch_names)) if mne.channel_type(raw.info, i) == kind]


def _no_form(reason: str) -> DataError:
    return DataError(
        "light intensity cannot be turned into optical density or haemoglobin",
        found=reason,
        expected="pairs of wavelengths of sources and detectors whose places are known",
        fix="nd.read(..., fnirs='intensity')",
    )


def _haemoglobin(raw: Any, ppf: float, dead: list[str]) -> tuple[Any, list[str]]:
    """Haemoglobin, and the channels of pairs without light or without a known distance."""
    from mne.preprocessing import nirs

    light = _picks(raw, "fnirs_od")
    _check_names([raw.ch_names[i] for i in light])
    distances = nirs.source_detector_distances(raw.info)
    for i in light:
        if distances[i] > FARTHEST:
            raise _no_form(
                f"{raw.ch_names[i]} is {100 * distances[i]:.4g} cm long: places not in metres?"
            )
    nowhere = [raw.ch_names[i] for i in light if not distances[i] > 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about distances, which are looked at above
        try:
            made = nirs.beer_lambert_law(raw, ppf=ppf)
        except (ValueError, RuntimeError) as error:
            raise _no_form(" ".join(str(error).split())[:200]) from error
    pairs = {name.split(" ")[0] for name in [*dead, *nowhere]}
    return made, [name for name in made.ch_names if name.split(" ")[0] in pairs]
