"""Folders from the environment, and bytes counted before they are taken."""

from pathlib import Path

import pytest

from neurodecode.core.errors import DataError
from neurodecode.core.memory import available_memory, bytes_words, check_bytes
from neurodecode.core.paths import cache_folder, data_folder


def test_the_environment_decides(monkeypatch, tmp_path):
    monkeypatch.setenv("NEURODECODE_CACHE", str(tmp_path / "c"))
    monkeypatch.delenv("NEURODECODE_DATA", raising=False)
    assert cache_folder() == tmp_path / "c"
    assert data_folder() == tmp_path / "c" / "data"
    monkeypatch.setenv("NEURODECODE_DATA", "~/eeg")
    assert data_folder() == Path.home() / "eeg"
    assert not (tmp_path / "c").exists()


def test_without_environment_the_system_decides(monkeypatch):
    monkeypatch.setenv("NEURODECODE_CACHE", "")
    assert cache_folder().name.lower() in ("neurodecode", "cache")
    assert cache_folder().is_absolute()


def test_available_memory_is_a_plausible_number_of_bytes():
    psutil = pytest.importorskip("psutil")
    assert 0 < available_memory() <= psutil.virtual_memory().total


def test_the_limit_is_the_last_allowed_byte():
    check_bytes(100, "this", shrink="less", max_bytes=100)
    with pytest.raises(DataError, match=r"this = 101 B\n.*at most 100 B"):
        check_bytes(101, "this", shrink="less", max_bytes=100)
    with pytest.raises(DataError, match="half of the free memory"):
        check_bytes(10**18, "this", shrink="less")


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (163e6, "163 MB"), (1.5e15, "1500 TB")],
)
def test_bytes_in_words(count, words):
    assert bytes_words(count) == words
