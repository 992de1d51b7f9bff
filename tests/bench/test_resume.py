"""Killed, stopped, shared: nothing is lost but what was under way, nothing is done twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from neurodecode.bench.result import Result
from neurodecode.bench.store import Store

SCRIPT = Path(__file__).with_name("slow_run.py")


def start(folder: Path, *arguments: object) -> subprocess.Popen:
    """The script in a process group of its own, as a shell would start it."""
    command = [sys.executable, SCRIPT, folder / "run", folder / "log.txt", *arguments]
    return subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_listen_to_ctrl_c,
    )


def _listen_to_ctrl_c() -> None:
    """Tests that run in the background of a shell inherit that it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_results(folder: Path, process: subprocess.Popen, n: int) -> None:
    deadline = time.monotonic() + 60
    while len(list((folder / "run" / "results").glob("[!.]*.npz"))) < n:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no results in time"
        time.sleep(0.02)


def fits(folder: Path) -> Counter:
    """How often each recipe was fitted, over all processes."""
    return Counter(line.split()[0] for line in (folder / "log.txt").read_text().splitlines())


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on(tmp_path, jobs):
    process = start(tmp_path, 0.15, 12, f"jobs={jobs}")
    wait_for_results(tmp_path, process, 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    finished = len(Store(tmp_path / "run").read())  # readable: no broken file
    assert 4 <= finished < 24
    again = start(tmp_path, 0.0, 12, "jobs=1")
    assert again.communicate()[0] == f"[24, {finished}, 0] True"
    # Twice is only what was under way: at most one batch of two folds a job.
    assert sum(fits(tmp_path).values()) <= 24 + 2 * jobs
    assert len(Result.load(tmp_path / "run").frame["key"].unique()) == 24


def test_ctrl_c_says_what_is_kept(tmp_path):
    process = start(tmp_path, 0.2, 40, "jobs=1")
    wait_for_results(tmp_path, process, 1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode in (-signal.SIGINT, 130)
    assert "finished runs are kept in" in errors
    assert "Go on: the same command again." in errors
    assert len(Store(tmp_path / "run").read()) >= 2
    assert not (tmp_path / "run" / "claims").exists()


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_too(tmp_path):
    process = start(tmp_path, 0.2, 40, "jobs=2")
    wait_for_results(tmp_path, process, 1)
    os.killpg(process.pid, signal.SIGINT)  # the terminal signals the whole group
    _, errors = process.communicate(timeout=30)
    assert "finished runs are kept in" in errors
    n_fits = len((tmp_path / "log.txt").read_text())
    time.sleep(0.6)
    assert len((tmp_path / "log.txt").read_text()) == n_fits


def test_two_processes_share_a_folder(tmp_path):
    processes = [start(tmp_path, 0.15, 6, "jobs=1") for _ in range(2)]
    answers = [process.communicate(timeout=60) for process in processes]
    for output, errors in answers:
        assert output.startswith("[12, ") and output.endswith(", 0] True"), errors
    assert set(fits(tmp_path).values()) == {2}  # two folds a recipe, each once
    people = {line.split()[1] for line in (tmp_path / "log.txt").read_text().splitlines()}
    assert len(people) == 2, "one of the two did all the work"
    assert len(Store(tmp_path / "run").read()) == 12
