"""Scripts run as `python script.py` would, in this process: libraries load once for all of them."""

from __future__ import annotations

import runpy
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def run_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[Path], None]:
    """Run a file as `__main__`, with names of its own, in an empty folder."""

    def run(path: Path) -> None:
        folder = tmp_path / "here"
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [str(path)])
        with warnings.catch_warnings():
            # What is documented must not use names that are about to go.
            warnings.filterwarnings("error", category=FutureWarning, module="neurodecode|__main__")
            runpy.run_path(str(path), run_name="__main__")
        assert "Traceback" not in capfd.readouterr().err

    return run
