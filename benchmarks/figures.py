"""Every measured figure of the sample recordings, beside what neurodecode gets.

Run as ``python benchmarks/figures.py``. The folder of sample recordings is ``--data``, else
``NEURODECODE_SHARED``, else ``../shared/data`` beside the checkout. What has a recipe goes through
`nd.benchmark` and is kept in ``--out``: the same call again only computes what is missing.
``--only NAME`` runs one folder or one data set, ``--write`` puts the table into
``docs/classical.md``. One thread; the exit code is 1 where a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import figures_brain  # noqa: E402
import figures_eeg  # noqa: E402
import figures_files  # noqa: E402
from figures_rows import Bench, Row  # noqa: E402
from harness import machine, page_with  # noqa: E402

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "classical.md"
FIGURES = {**figures_eeg.FIGURES, **figures_brain.FIGURES, **figures_files.FIGURES}
HEADER = ("folder or set", "quantity", "stated", "interval", "ours", "within?", "through", "s")


@dataclass(frozen=True)
class Timed:
    """A row, the name it stands under, and the processor seconds it took: others may be at work."""

    name: str
    row: Row
    seconds: float


def run(names: Iterable[str], bench: Bench) -> Iterator[Timed]:
    """Rows of these names, one as soon as it is computed."""
    for name in names:
        rows = FIGURES[name](bench)
        while True:
            start = time.process_time()
            row = next(rows, None)
            if row is None:
                break
            yield Timed(name, row, time.process_time() - start)


def table(timed: Iterable[Timed]) -> str:
    """Markdown table, a line a row."""
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    for each in timed:
        cells = [each.name, *each.row.cells(), f"{each.seconds:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def summary(timed: list[Timed]) -> str:
    """How many figures are reached, and which are missed."""
    stated = [each for each in timed if each.row.interval is not None]
    missed = [each for each in stated if each.row.verdict == "MISS"]
    text = f"{len(stated) - len(missed)} of {len(stated)} stated figures are reached"
    names = "; ".join(f"{each.name}, {each.row.quantity}" for each in missed)
    seconds = sum(each.seconds for each in timed)
    return f"{text}{f'. Missed: {names}' if missed else ''}. {seconds / 60:.1f} min of one core."


def chosen(wanted: str | None) -> list[str]:
    """Names to run: all, or one."""
    if wanted is None:
        return list(FIGURES)
    if wanted not in FIGURES:
        raise SystemExit(f"no figures of {wanted!r}; there are: {', '.join(FIGURES)}")
    return [wanted]


def main() -> None:
    """Compute the rows, print them as they come, and write the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    shared = os.environ.get("NEURODECODE_SHARED", CHECKOUT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(shared), help="folder of recordings")
    parser.add_argument("--out", type=Path, help="folder that keeps what nd.benchmark computed")
    parser.add_argument("--only", metavar="NAME", help="one of " + ", ".join(FIGURES))
    parser.add_argument("--write", action="store_true", help=f"the table into {PAGE.name}")
    options = parser.parse_args()
    names = chosen(options.only)
    if options.write and options.only:
        parser.error("--write needs all rows: leave --only out")
    if not options.data.is_dir():
        parser.error(f"no folder of sample recordings at {options.data}")
    warnings.simplefilter("ignore")
    os.environ["NEURODECODE_DATA"] = str(options.data.resolve())
    done = []
    for each in run(names, Bench(options.data, options.out)):
        done.append(each)
        print(f"{each.name:<26}", " · ".join(each.row.cells()), f"· {each.seconds:.1f} s")
        sys.stdout.flush()
    said = summary(done)
    print(f"\n{said}")
    if options.write:
        versions = machine("numpy", "scipy", "scikit-learn", "mne", "pyriemann")
        block = f"\n{table(done)}\n\n{said} {versions}.\n"
        PAGE.write_text(page_with(PAGE.read_text("utf-8"), block), "utf-8")
    if any(each.row.verdict == "MISS" for each in done):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
