"""Every tutorial runs, from any folder, quickly, and leaves nothing in the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).resolve().parents[2] / "tutorials").glob("[0-9]*.py"))
LIMIT_S = 30


def test_all_journeys_have_their_tutorial():
    assert [path.stem[:2] for path in TUTORIALS] == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_runs(path: Path, tmp_path: Path):
    start = time.process_time()
    children = os.times().children_user
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning:neurodecode", path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    # Processor time of the child: what another process does on this machine does not count.
    spent = os.times().children_user - children + time.process_time() - start
    assert spent < LIMIT_S, f"{spent:.0f} s: a tutorial runs in under {LIMIT_S} s on one core"
