"""Atomic writes and locks."""

import os
import threading
import time

import pytest

from neurodecode.core.errors import DataError
from neurodecode.core.files import atomic_folder, atomic_write, file_lock


def test_a_failed_write_leaves_the_old_file_and_no_trace(tmp_path):
    target = tmp_path / "deep" / "table.csv"
    with atomic_write(target) as part:
        part.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(target) as part:
        part.write_text("half")
        raise RuntimeError("killed")
    assert target.read_text() == "old"
    assert [path.name for path in target.parent.iterdir()] == ["table.csv"]


def test_a_lock_keeps_others_out(tmp_path):
    inside, overlaps = [], []

    def work():
        with file_lock(tmp_path / "a.lock"):
            overlaps.append(bool(inside))
            inside.append(1)
            time.sleep(0.02)
            inside.clear()

    threads = [threading.Thread(target=work) for _ in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert overlaps == [False] * 5
    assert not (tmp_path / "a.lock").exists()


def test_a_dead_holder_is_outlived_a_live_one_is_named(tmp_path):
    lock = tmp_path / "a.lock"
    lock.write_text("gone 1")
    with pytest.raises(DataError, match="another process"), file_lock(lock, timeout=0.1):
        pass
    os.utime(lock, (time.time() - 100, time.time() - 100))
    with file_lock(lock, timeout=0.1, stale=50):
        assert lock.exists()


def test_a_folder_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    target = tmp_path / "mine"
    with atomic_folder(target, "mark") as part:
        (part / "mark").write_text("old")
    with pytest.raises(RuntimeError), atomic_folder(target, "mark") as part:
        raise RuntimeError("killed")
    replace, calls = os.replace, []

    def fails_once(source, goal):
        calls.append(goal)
        if len(calls) == 2:
            raise PermissionError("in use")
        replace(source, goal)

    monkeypatch.setattr("os.replace", fails_once)
    with pytest.raises(DataError, match="in use"), atomic_folder(target, "mark") as part:
        (part / "mark").write_text("new")
    assert (target / "mark").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "mine").write_text("thesis")
    with pytest.raises(DataError, match="this is a file"), atomic_folder(tmp_path / "mine", "mark"):
        pass
