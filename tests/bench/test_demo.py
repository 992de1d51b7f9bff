"""The main job, on a small part of itself: table, page, and nothing to do the second time."""

import pandas as pd
import pytest

from neurodecode.bench import demo
from neurodecode.core.registry import names


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(demo, "DATA_SETS", ("sim-meg",))
    monkeypatch.setattr(demo, "RECIPES", ("window-lda", "mdm"))
    monkeypatch.setattr(demo, "_JOBS", 1)


def test_demo_leaves_table_and_page_and_resumes(small, tmp_path, capsys):
    result = demo.run_demo(tmp_path / "demo")
    text = capsys.readouterr().out
    assert result.info["n_failed"] == 0
    assert "2 recipes · 1 data set · nothing to download" in text
    assert "sim-meg (simulated)" in text
    assert text.splitlines()[-1] == "  next: tutorials/01_first_pipeline.py"
    table = pd.read_csv(tmp_path / "demo" / "table.csv")
    assert set(table["recipe"]) == {"window-lda", "mdm"}
    assert "window-lda" in (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    demo.run_demo(tmp_path / "demo")
    again = capsys.readouterr().out
    assert "6 of 6 runs found" in again and "nothing to do" in again


def test_quiet_demo_prints_nothing(small, tmp_path, capsys):
    demo.run_demo(tmp_path / "demo", quiet=True)
    assert capsys.readouterr() == ("", "")


def test_the_demo_names_what_exists():
    assert set(demo.RECIPES) <= set(names("recipe")) and len(demo.RECIPES) >= 10
    assert set(demo.DATA_SETS + demo.DOWNLOADED) <= set(names("dataset"))
