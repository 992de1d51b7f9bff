"""Attempted speech, one MATLAB file a day: features of sentences in bins of 20 ms, and their text.

``tx1`` and ``spikePow`` are cells of arrays (bins, 256 electrodes): threshold crossings and the
power of the spike band; the first 128 electrodes lie in area 6v. ``sentenceText`` is a row of
characters a sentence, ``blockIdx`` the block it was spoken in. Source: Willett et al. 2023,
doi 10.1038/s41586-023-06377-x, and the code of its baseline, github.com/cffan/neural_seq_decoder.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.loaders.formats.damage import damage_told
from neurodecode.loaders.sources.folder_files import Rows, row_of

_VARIABLES = ("sentenceText", "blockIdx")


def day_rows(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """The row of a day's file; days without text (the competition's) have no row."""
    if fields["phase"] not in card.source["phases"]:
        return []
    return [(functools.partial(open_day, card, path), row_of(card, path, fields))]


def open_day(card: Card, path: Path) -> Recording:
    """Sentences of a day end to end, an edge between each two; events are the sentences.

    Events last as long as their sentence, their label is its text, their `run` the block.

    Raises
    ------
    DataError : a variable is missing, a sentence has no text, or features differ in length.
    """
    from scipy.io import loadmat

    features = card.source["features"]  # variable -> unit
    with damage_told(path):
        content = loadmat(path, variable_names=[*features, *_VARIABLES])
    missing = [name for name in (*features, *_VARIABLES) if name not in content]
    if missing:
        raise DataError(f"{path.name} lacks {', '.join(missing)}",
                        expected=", ".join((*features, *_VARIABLES)))  # fmt: skip
    texts = [str(text).strip() for text in np.ravel(content["sentenceText"])]
    blocks = np.ravel(content["blockIdx"]).astype(np.int64).tolist()
    n = card.source["electrodes"]
    parts = [_side_by_side(content, list(features), i, n, path) for i in range(len(texts))]
    if not all(texts) or len(blocks) != len(texts):
        raise DataError(f"{path.name}: not one text and block a sentence",
                        found=f"{len(list(filter(None, texts)))} texts, {len(blocks)} blocks, "
                        f"{len(texts)} sentences")  # fmt: skip
    lengths = np.array([part.shape[1] for part in parts])
    starts = np.append(0, lengths.cumsum()[:-1]) / card.sfreq
    events = pd.DataFrame(
        {"onset": starts, "duration": lengths / card.sfreq, "label": texts, "run": blocks}
    )
    return Recording(
        np.concatenate(parts, axis=1),
        channels=Channels(
            [f"{name} {i + 1:03d}" for name in features for i in range(n)],
            kinds=card.channels["kind"],
            units=[unit for unit in features.values() for _ in range(n)],
        ),
        sfreq=card.sfreq,
        events=events,
        intervals=pd.DataFrame({"onset": starts[1:], "duration": 0.0, "kind": "edge"}),
        source=str(path),
        notes=["sentences are laid end to end: what was between them is not in the file"],
    )


def _side_by_side(content: Any, names: list[str], i: int, n: int, path: Path) -> np.ndarray:
    """Features of sentence i, shape (n_features * n, n_bins), float32."""
    cells = [np.ravel(content[name]) for name in names]
    if any(len(cell) <= i or np.ndim(cell[i]) != 2 or cell[i].shape[1] < n for cell in cells):
        raise DataError(f"{path.name}: sentence {i + 1} lacks features",
                        expected=f"an array (bins, at least {n} electrodes) in each of "
                        + ", ".join(names))  # fmt: skip
    arrays = [cell[i][:, :n] for cell in cells]
    if len({len(array) for array in arrays}) > 1 or not len(arrays[0]):
        raise DataError(f"{path.name}: features of sentence {i + 1} differ in length",
                        found=", ".join(str(len(array)) for array in arrays))  # fmt: skip
    return np.concatenate(arrays, axis=1).T.astype(np.float32)
