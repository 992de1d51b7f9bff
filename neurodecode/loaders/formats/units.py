"""Units that a file or a user states, and the factor to ours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.channels import NATURAL_UNITS

# natural unit -> spelling in lower case -> factor to it
_VOLT = {"v": 1e6, "volt": 1e6, "volts": 1e6, "mv": 1e3, "millivolt": 1e3, "millivolts": 1e3,
         "uv": 1.0, "µv": 1.0, "microvolt": 1.0, "microvolts": 1.0, "nv": 1e-3,
         "nanovolt": 1e-3, "nanovolts": 1e-3}  # fmt: skip
_FACTORS = {
    "µV": _VOLT,
    "fT": {"t": 1e15, "pt": 1e3, "ft": 1.0},
    "fT/cm": {"t/m": 1e13, "ft/cm": 1.0, "pt/cm": 1e3},
    "µM": {"m": 1e6, "mm": 1e3, "um": 1.0, "µm": 1.0},
}
# Names of channel kinds that files use, beside ours.
_KINDS = {
    "ieeg": "seeg", "lfp": "seeg", "dbs": "seeg", "grid": "ecog", "strip": "ecog",
    "meg": "mag", "megmag": "mag", "meggrad": "grad", "heog": "eog", "veog": "eog",
    "ekg": "ecg", "bip": "misc", "aux": "misc", "markers": "stim", "marker": "stim",
    "trigger": "stim", "trig": "stim", "stimulus": "stim", "spike": "spikes", "units": "spikes",
}  # fmt: skip


def kind_word(word: str) -> str | None:
    """Our channel kind for a word of a file ("EEG", "lfp"), or None.

    Examples
    --------
    >>> kind_word("EEG"), kind_word("LFP"), kind_word("gaze")
    ('eeg', 'seeg', None)
    """
    word = word.strip().lower()
    return word if word in NATURAL_UNITS else _KINDS.get(word)


def to_natural(kind: str, unit: str | None) -> tuple[float, str]:
    """Factor from a stated unit to the one we keep, and how that is called.

    A unit that is not known for the kind stays as it is: the channel then carries it by name.

    Parameters
    ----------
    kind : a channel kind
    unit : as stated; None: already in the natural unit of the kind

    Examples
    --------
    >>> to_natural("eeg", "V"), to_natural("eeg", None), to_natural("eeg", "counts")
    ((1000000.0, 'µV'), (1.0, 'µV'), (1.0, 'counts'))
    """
    natural = NATURAL_UNITS[kind]
    if unit is None:
        return 1.0, natural
    spelled = unit.strip().replace("μ", "µ").lower()  # the Greek letter and the micro sign
    # Case tells milli from mega, which nobody records in.
    factor = _FACTORS.get(natural, {}).get(spelled)
    return (1.0, unit.strip()) if factor is None else (factor, natural)


def volts_note(data: np.ndarray, kinds: Sequence[str], units: Sequence[str]) -> list[str]:
    """A warning where signals taken as microvolts are so small that they must be volts.

    Parameters
    ----------
    data : array, shape (n_channels, n_times)
    kinds, units : one a channel
    """
    picks = [
        i for i, (kind, unit) in enumerate(zip(kinds, units, strict=True))
        if unit == "µV" and kind != "stim"
    ]  # fmt: skip
    if not picks:
        return []
    spread = float(np.nanmedian(np.nanstd(data[picks], axis=1)))
    if not 0 < spread < 0.01:
        return []
    return [f'the values look like volts (s.d. {spread:.2g}), read as µV: pass unit="V"']
