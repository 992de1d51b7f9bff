"""Results on disk: one atomic file a batch, found again by cell key. Nothing is pickled."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.bench.batches import CellResult
from neurodecode.core.errors import DataError
from neurodecode.core.files import atomic_write


class Store:
    """Finished cells of one folder.

    Parameters
    ----------
    folder : path; made when the first result is written

    Examples
    --------
    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp())
    >>> store.write("batch", {"key": CellResult([{"status": "ok", "value": 0.5}])})
    >>> store.read()["key"].rows
    [{'status': 'ok', 'value': 0.5}]
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.folder = Path(folder)
        self.results = self.folder / "results"

    def write(self, batch_id: str, results: Mapping[str, CellResult]) -> None:
        """Write the results of a batch as one file, atomically."""
        with atomic_write(self.results / f"{batch_id}.npz") as path, open(path, "wb") as handle:
            np.savez_compressed(handle, **_to_arrays(results))  # pyright: ignore[reportArgumentType]

    def read(self) -> dict[str, CellResult]:
        """All finished cells, by key.

        Raises
        ------
        DataError : a file is damaged (by something other than us: ours appear whole).
        """
        found: dict[str, CellResult] = {}
        for path in self._files():
            found.update(self._read_file(path))
        return found

    def read_batch(self, batch_id: str) -> dict[str, CellResult] | None:
        """Results of one batch, None where it is not finished."""
        path = self.results / f"{batch_id}.npz"
        return self._read_file(path) if path.exists() else None

    def forget_failed(self) -> int:
        """Drop failed cells, so that a new start tries them again; gives their number."""
        n_failed = 0
        for path in self._files():
            results = self._read_file(path)
            good = {key: result for key, result in results.items() if not result.failed}
            n_failed += len(results) - len(good)
            if not good:
                path.unlink(missing_ok=True)
            elif len(good) < len(results):
                self.write(path.stem, good)
        return n_failed

    def _files(self) -> list[Path]:
        """Finished files; names with a dot in front are being written, or were when killed."""
        return sorted(p for p in self.results.glob("*.npz") if not p.name.startswith("."))

    def _read_file(self, path: Path) -> dict[str, CellResult]:
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return _from_arrays(arrays)
        except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
            raise DataError(
                "a result file is damaged",
                found=f"{path}: {error}",
                expected="a file written by neurodecode",
                fix="delete it; its cells are computed again",
            ) from error


def _to_arrays(results: Mapping[str, CellResult]) -> dict[str, np.ndarray]:
    """Arrays of a batch; rows, curves and patterns as one JSON text."""
    text = {
        key: {"rows": result.rows, "history": result.history, "pattern": result.pattern}
        for key, result in results.items()
    }
    arrays = {"json": np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)}
    for key, result in results.items():
        arrays[f"{key}/trials"] = result.trials
        arrays[f"{key}/subjects"] = result.subjects
        arrays[f"{key}/sessions"] = result.sessions
        arrays[f"{key}/y_true"] = _plain_dtype(result.y_true)
        arrays[f"{key}/y_pred"] = _plain_dtype(result.y_pred)
        if result.scores is not None:
            arrays[f"{key}/scores"] = result.scores
    return arrays


def _plain_dtype(labels: np.ndarray) -> np.ndarray:
    """Labels without Python objects: object arrays become text."""
    return labels.astype(str) if labels.dtype.kind == "O" else labels


def _from_arrays(arrays: Any) -> dict[str, CellResult]:
    text = json.loads(arrays["json"].tobytes())
    return {
        key: CellResult(
            rows=value["rows"],
            trials=arrays[f"{key}/trials"],
            subjects=arrays[f"{key}/subjects"],
            sessions=arrays[f"{key}/sessions"],
            y_true=arrays[f"{key}/y_true"],
            y_pred=arrays[f"{key}/y_pred"],
            scores=arrays.get(f"{key}/scores"),
            history=value["history"],
            pattern=value.get("pattern"),  # files before patterns were kept have none
        )
        for key, value in text.items()
    }
