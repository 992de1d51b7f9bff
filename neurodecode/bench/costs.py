"""What a benchmark will cost: cells, hours and bytes, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurodecode.bench.batches import Batch
from neurodecode.bench.estimators import is_net
from neurodecode.bench.store import Store
from neurodecode.core.words import plural, seconds_words

# Seconds a training sample (trial x channel x time point), measured over the demo on two cores
# of a 2024 server (November 2026). They tell minutes from days, no more.
_SECONDS_A_SAMPLE = {"net": 4e-5, "other": 4e-7}
_SECONDS_A_CELL = 0.05
_BYTES_A_TEST_TRIAL = 40.0


def estimate_cost(batches: Sequence[Batch], out: str | Path | None = None) -> str:
    """Text that says how many cells a request has, how long it may take and what it stores.

    Fit times of finished cells in `out` are used where they are of the same recipe and data.

    Parameters
    ----------
    batches : list of Batch
    out : folder of earlier results, optional
    """
    earlier = Store(out).read() if out is not None else {}
    known = _known_seconds(earlier)
    lines, seconds, stored = [], 0.0, 0.0
    for dataset, recipe in dict.fromkeys((b.cells[0].dataset, b.cells[0].recipe) for b in batches):
        own = [b for b in batches if (b.cells[0].dataset, b.cells[0].recipe) == (dataset, recipe)]
        cells = [(b, c) for b in own for c in b.cells if not c.reason and c.key not in earlier]
        each = sum(known.get((dataset, recipe), _guess(b, len(c.split.source))) for b, c in cells)
        seconds += each
        stored += sum(_BYTES_A_TEST_TRIAL * len(c.split.test) for _, c in cells)
        reason = own[0].cells[0].reason
        words = f"does not apply: {reason}" if reason else f"{len(cells)} to run"
        lines.append(
            f"  {dataset:<24}{recipe:<18}{words:<16}{'' if reason else seconds_words(each)}"
        )
    n_all = sum(len(batch.cells) for batch in batches)
    distinct = {id(batch.X): batch.X.base.nbytes for batch in batches}
    head = [
        f"plan   {plural(n_all, 'run')}, {len(earlier)} found finished",
        f"time   about {seconds_words(seconds)} of one core, a rough guess",
        f"bytes  {_size(sum(distinct.values()))} of data in memory, {_size(stored)} of results",
    ]
    return "\n".join([*head, *lines])


def _known_seconds(earlier: dict) -> dict[tuple[str, str], float]:
    """Mean fit and score seconds of finished cells, by data set and recipe."""
    seen: dict[tuple[str, str], list[float]] = {}
    for result in earlier.values():
        row = result.rows[0]
        if row["status"] == "ok":
            spent = row["fit_seconds"] + row["score_seconds"]
            seen.setdefault((row["dataset"], row["recipe"]), []).append(spent)
    return {names: float(np.mean(seconds)) for names, seconds in seen.items()}


def _guess(batch: Batch, n_train: int) -> float:
    rate = _SECONDS_A_SAMPLE["net" if is_net(batch.estimator) else "other"]
    return _SECONDS_A_CELL + rate * n_train * batch.X.shape[1] * batch.X.shape[2]


def _size(n_bytes: float) -> str:
    """
    >>> _size(1536)
    '1.5 kB'
    """
    value, unit = n_bytes, "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.1f} {unit}" if unit != "B" else f"{value:.0f} B"
