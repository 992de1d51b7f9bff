"""Sets recorded with Emotiv's headsets, as Emotiv's program exports them: EDF and CSV.

Beside the EEG those files hold dozens of channels of counters, contact quality and motion.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.loaders.formats.damage import damage_told
from neurodecode.loaders.formats.tables import from_frame
from neurodecode.loaders.reading import read
from neurodecode.loaders.sources.folder_files import Rows, folder_of, picked, row_of

_HEAD = 5  # lines in which the names of columns must stand


# ---------------------------------------------------------------------- Alljoined-1.6M: EDF
def alljoined_rows(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """The row of a block; sessions that were recorded anew keep a name with a word and are left."""
    if not fields["session"].isdigit():
        return []
    return [(functools.partial(open_alljoined, card, path), row_of(card, path, fields))]


def open_alljoined(card: Card, path: Path) -> Recording:
    """EEG of a block with its pictures: label and `stimulus` are the number, `part` the phase.

    Annotations are texts such as "stim_train,00042,-1,7", also behind "session_1,block_1,"; those
    of catch pictures and of the button are left out. Source: the BIDS copy's description, NEMAR
    nm000134.

    Raises
    ------
    DataError : no picture, or one of the card's channels is missing.
    """
    recording = picked(card, cast(Recording, read(path)))
    events = pictures(recording.events)
    if not len(events):
        raise DataError(
            f"{path.name} shows no picture",
            found=", ".join(recording.events["label"].unique()[:5]) or "no annotation",
            expected="annotations stim_train,NUMBER,…",
        )
    return recording.with_events(events)


def pictures(events: pd.DataFrame) -> pd.DataFrame:
    """Events that show a picture, with its number as label and stimulus, and its part.

    Examples
    --------
    >>> table = pd.DataFrame({"onset": [1.0, 2.0], "label": ["stim_test,16641,-1,1", "oddball,0"]})
    >>> pictures(table)[["onset", "label", "part"]].values.tolist()
    [[1.0, '16641', 'test']]
    """
    found = events["label"].str.extract(r"(?:^|,)\s*stim_(?P<part>train|test)\s*,\s*(?P<n>\d+)")
    shown = found["n"].notna()
    numbers = found.loc[shown, "n"].astype(np.int64).astype(str)
    return pd.DataFrame(
        {
            "onset": events.loc[shown, "onset"],
            "label": numbers,
            "stimulus": numbers,
            "part": found.loc[shown, "part"],
        }
    ).reset_index(drop=True)


# ---------------------------------------------------------------------- ArEEG_Words: CSV
def areeg_rows(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """The row of a file, ``WORD/...par.N....csv``; the folder is the word, Arabic or English.

    Raises
    ------
    DataError : a folder that is none of the card's words.
    """
    word = unicodedata.normalize("NFC", fields["word"]).strip()
    english = {arabic: name for name, arabic in card.source["words"].items()}
    label = english.get(word, word.lower())
    if label not in card.classes:
        known = [*card.source["words"].values(), *card.classes]
        raise DataError(
            f"{card.name}: a folder is none of the words",
            found=str(path.relative_to(folder_of(card)).parent),
            expected=", ".join(known),
            fix=did_you_mean(word, known) or "rename it, or take it out of the folder",
        )
    return [(functools.partial(open_export, card, path), row_of(card, path, fields, label=label))]


def open_export(card: Card, path: Path) -> Recording:
    """EEG of a CSV export, µV; the rate from its first line, else from its time stamps.

    Raises
    ------
    DataError : no line of names with "EEG." columns, or the card's channels are not among them.
    """
    with damage_told(path):
        lines = _head(path)
        at = next((i for i, line in enumerate(lines) if "EEG." in line and "," in line), None)
        if at is None:
            raise DataError(
                f"{path.name} is no export of Emotiv's program",
                found=lines[0][:60] if lines else "an empty file",
                expected='names of columns such as "EEG.AF3" in one of the first lines',
            )
        frame = pd.read_csv(path, header=at, encoding="utf-8-sig", encoding_errors="replace")
    stated = re.search(r"sampling rate\s*:\s*(?:eeg_)?(\d+)", " ".join(lines[:at]), re.IGNORECASE)
    frame.columns = [str(name).strip().removeprefix("EEG.") for name in frame.columns]
    names = [name for name in card.channels["names"] if name in frame]
    rate: dict[str, Any] = {"sfreq": float(stated[1])} if stated else {"time": "Timestamp"}
    recording = from_frame(frame, None, {**rate, "channels": names}, {"source": str(path)})
    return picked(card, recording)


def _head(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return [line.strip() for _, line in zip(range(_HEAD), file, strict=False)]
