"""What only a process of its own can tell: imports, a newcomer's first table, memory, two jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import classical_data
import classical_tables
import joblib
import pandas as pd
from classical_rows import Contest, Gauge, Setting
from joblib.externals.loky import get_reusable_executor

import neurodecode as nd

IMPORT = """
import time
start = time.perf_counter()
import neurodecode
print(time.perf_counter() - start)
"""
FIRST_TABLE = """
import neurodecode as nd
print(nd.benchmark("sim-mi", ["tangent-lr"], quiet=True).table())
"""
# The modules that the table needs are imported first, then the clock starts.
TIMED_TABLE = """
import contextlib, importlib, io, sys, time
for name in {modules!r}:
    with contextlib.suppress(Exception):
        importlib.import_module(name)
start = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
{table}
print(time.perf_counter() - start)
"""
MEMORY = """
import sys
sys.path.insert(0, {scripts!r})
import classical, classical_runs
classical.silence()
before = classical_runs.peak()
classical_runs.{side}({folder!r}, {n_subjects})
print((classical_runs.peak() - before) / 1024)
"""
SCRIPTS = str(Path(__file__).parent)


def printed(code: str) -> str:
    """Last line that a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


def _import(setting: Setting) -> Gauge:
    return Gauge("import", lambda: float(printed(IMPORT)))


@cache
def modules_of_a_table() -> list[str]:
    """All that the first table imports, in order."""
    return printed(f"{FIRST_TABLE}\nimport sys; print(*sys.modules)").split()


def _first_table(setting: Setting) -> Gauge:
    body = FIRST_TABLE.strip().replace("\n", "\n    ")
    code = TIMED_TABLE.format(modules=modules_of_a_table(), table=f"    {body}")
    return Gauge("first-table", lambda: float(printed(code)))


# ---------------------------------------------------------------------- memory
def theirs(folder: str, n_subjects: int) -> None:
    """MOABB's table within sessions."""
    classical_tables.moabb_scores("within-session", Path(folder), n_subjects, ["csp-lda"])


def ours(folder: str, n_subjects: int) -> None:
    """Ours, trials in the epoch store."""
    classical_tables.our_scores("within-session", Path(folder), n_subjects, ["csp-lda"], kept=True)


def peak() -> int:
    """Largest resident memory so far, kB."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])


def _memory(setting: Setting) -> Gauge:
    """One pipeline: what MOABB holds in memory are trials, whatever is made of them."""

    def used(side: str) -> float:
        words = {"scripts": SCRIPTS, "folder": str(setting.folder), "side": side}
        return float(printed(MEMORY.format(**words, n_subjects=setting.n_subjects)))

    def ratio() -> float:
        setting.forget()
        return used("theirs") / used("ours")

    return Gauge("memory", ratio, f"{setting.n_subjects} people")


# ---------------------------------------------------------------------- two jobs
def ready() -> None:
    """Import all that a worker needs, by a table of other data."""
    nd.benchmark("sim-mi", list(classical_tables.RECIPES), quiet=True)


def fresh_workers() -> None:
    """Two new processes, imports done: they keep no means of the round before."""
    get_reusable_executor().shutdown(wait=True)
    joblib.Parallel(n_jobs=2)(joblib.delayed(ready)() for _ in range(2))


def _jobs(setting: Setting) -> Contest:
    """The same table by one process and by two, by the clock on the wall.

    Starting workers and importing in them is not in these times: it comes once a session.
    """
    n_subjects = setting.n_subjects if setting.quick else max(4, setting.n_subjects)
    classical_data.make_recordings(setting.folder, n_subjects)

    def table(jobs: int) -> pd.DataFrame:
        classical_tables.forget_means()
        scores = classical_tables.our_scores(
            "within-session", setting.folder, n_subjects, jobs=jobs
        )
        return scores.rename(columns={"recipe": "pipeline"}) if jobs == 1 else scores

    ways = {"jobs": (lambda: table(2), fresh_workers)}
    same = classical_tables.same_cells
    return Contest((lambda: table(1), None), ways, same, clock=time.perf_counter)


ROWS = {"jobs": _jobs, "memory": _memory, "first-table": _first_table, "import": _import}
if not Path("/proc/self/status").exists() or (os.cpu_count() or 1) < 2:
    ROWS = {key: ROWS[key] for key in ("first-table", "import")}
