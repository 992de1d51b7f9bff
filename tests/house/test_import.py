"""Importing is cheap and has no effect but names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "torch mne pyriemann braindecode moabb aeon matplotlib lightning_fabric nibabel nilearn "
    "nitime skops dask distributed numba selenium typer"
).split()
ROOMS = (
    "bench core decoders evaluation features linalg loaders nets preprocessing training viz"
).split()

# Run before and after: what an import could leave behind.
SNAPSHOT = """
import json, logging, os, pathlib, sys, threading, warnings
def snapshot():
    home = pathlib.Path(os.environ["HOME"])
    loggers = [logging.root, *logging.Logger.manager.loggerDict.values()]
    return {
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "handlers": sorted(repr(h) for log in loggers for h in getattr(log, "handlers", [])),
        "files": sorted(str(path) for path in home.rglob("*")),
        "filters": len(warnings.filters),
        "environment": sorted(os.environ),
    }
"""


def run(code: str, home: Path) -> str:
    environment = os.environ | {"HOME": str(home), "USERPROFILE": str(home)}
    for variable in ("NEURODECODE_CACHE", "NEURODECODE_DATA", "MNE_DATA"):
        environment.pop(variable, None)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_nothing_heavy(tmp_path: Path):
    code = "import neurodecode, sys, json; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(run(code, tmp_path))
    assert not set(loaded) & {*HEAVY, "sklearn", "pandas", "scipy", "numpy"}


def test_rooms_list_their_names_without_loading_anything_heavy(tmp_path: Path):
    code = (
        "import importlib, json, sys\n"
        f"for room in {ROOMS}:\n"
        "    dir(importlib.import_module('neurodecode.' + room))\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    assert not set(json.loads(run(code, tmp_path))) & set(HEAVY)


def test_nothing_happens_at_import(tmp_path: Path):
    # Other libraries may do what they like at their own import: they come first.
    code = SNAPSHOT + (
        "import importlib, pkgutil\n"
        "for name in ['torch', 'mne', 'pyriemann', 'matplotlib.pyplot', 'sklearn.pipeline',\n"
        "             'typer', 'jinja2', 'joblib', 'rich.console', 'rich.progress', 'skops.io']:\n"
        "    importlib.import_module(name)\n"
        "before = snapshot()\n"
        "import neurodecode\n"
        "for found in pkgutil.walk_packages(neurodecode.__path__, 'neurodecode.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "print(json.dumps([before, snapshot()]))"
    )
    before, after = json.loads(run(code, tmp_path).splitlines()[-1])
    assert after == before
