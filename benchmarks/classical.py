"""The contest of speed: MOABB 1.7 with pyRiemann 0.12, MNE and braindecode, against neurodecode.

Run as ``python benchmarks/classical.py --quick`` (eight minutes on two cores), or without
``--quick`` until the medians settle. Contestants of a row take turns on one thread, and their
results are compared first: predictions and scores equal, arrays to the stated tolerance. Times are
processor time of the process where one process works. A line a goal comes last; the exit code is
1 where results differ or a figure fell below what was measured before (`classical_goals.py`).
``--only ROW,ROW`` runs some rows; ``--write`` puts table and picture into
``docs/performance.md``. Needs moabb beside the base installation.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
os.environ["TQDM_DISABLE"] = "1"
warnings.simplefilter("ignore")

import classical_data  # noqa: E402
import classical_inputs  # noqa: E402
import classical_kernels  # noqa: E402
import classical_runs  # noqa: E402
import classical_tables  # noqa: E402
from classical_goals import GOALS  # noqa: E402
from classical_page import summary, table, write  # noqa: E402
from classical_rows import Contest, Gauge, Measured, Setting, Unequal  # noqa: E402
from harness import machine  # noqa: E402

from neurodecode.linalg._native import library  # noqa: E402

ROWS: dict[str, Callable[[Setting], Contest | Gauge]] = {
    **classical_tables.ROWS,
    **classical_kernels.ROWS,
    **classical_inputs.ROWS,
    **classical_runs.ROWS,
}


def contest(setting: Setting, names: list[str]) -> tuple[list[Measured], list[str]]:
    """Run the rows, print each as it ends; what was measured, and what was unequal."""
    measured: list[Measured] = []
    unequal: list[str] = []
    for name in names:
        try:
            for each in ROWS[name](setting).measured(setting):
                measured.append(each)
                print(f"{time.process_time():6.0f} s", " · ".join(each.cells()), flush=True)
        except Unequal as error:
            unequal.append(f"{GOALS[name].words}: {error}")
            print(unequal[-1], flush=True)
    return measured, unequal


def main() -> None:
    """Make the recordings, run the rows, print the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three rounds or more a row")
    parser.add_argument("--only", metavar="ROW,ROW", help=", ".join(ROWS))
    parser.add_argument("--root", type=Path, help="folder of the recordings, kept")
    parser.add_argument("--subjects", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="table and picture into the page")
    options = parser.parse_args()
    names = list(ROWS) if options.only is None else options.only.split(",")
    if not set(names) <= set(ROWS):
        parser.error(f"no row {options.only!r}; there are: {', '.join(ROWS)}")
    if options.write and options.only:
        parser.error("--write needs all rows: leave --only out")
    with tempfile.TemporaryDirectory(prefix="classical-") as made:
        work = Path(made)
        folder = options.root or work / "recordings"
        folder.mkdir(parents=True, exist_ok=True)
        classical_data.make_recordings(folder, options.subjects)
        silence()
        versions = machine("numpy", "scipy", "scikit-learn", "mne", "moabb", "pyriemann")
        print(f"{versions}; kernels: {library.words()}\n")
        setting = Setting(folder, work, options.subjects, options.quick)
        os.environ["NEURODECODE_CACHE"] = str(work / "cache")
        measured, unequal = contest(setting, names)
    said = summary(measured, unequal)
    print(f"\n{table(measured)}\n\n{said}")
    if options.write:
        write(measured, said, f"{versions}; kernels: {library.words()}")
    if unequal or any(each.verdict == "BELOW FLOOR" for each in measured):
        raise SystemExit(1)


def silence() -> None:
    """Imports of the peers, before any clock, without their remarks."""
    import mne
    import moabb

    moabb.set_log_level("error")
    mne.set_log_level("error")
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    main()
