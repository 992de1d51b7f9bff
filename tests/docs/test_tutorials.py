"""Every tutorial runs, from any folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).resolve().parents[2] / "tutorials").glob("[0-9]*.py"))


def test_all_journeys_have_their_tutorial():
    assert [path.stem[:2] for path in TUTORIALS] == [f"{i + 1:02}" for i in range(len(TUTORIALS))]
    assert len(TUTORIALS) >= 10


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_runs(path: Path, run_script: Callable[[Path], None]):
    run_script(path)
