"""Backends give what the plain loop gives; a cluster that loses a worker loses nothing."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from neurodecode.bench import backends
from neurodecode.bench.batches import Batch
from neurodecode.bench.dataset import BenchData
from neurodecode.bench.planning import Entry, plan
from neurodecode.bench.store import Store
from neurodecode.core.epochs import Epochs

SCRIPT = Path(__file__).with_name("slow_run.py")


def dask(*arguments: object) -> subprocess.Popen:
    code = "from distributed.cli.{} import main; main()".format
    name, *rest = map(str, arguments)
    return subprocess.Popen(
        [sys.executable, "-c", code(name), *rest],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def scheduler_address(path: Path, deadline_s: float = 60) -> str:
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(path.read_text())["address"]
        time.sleep(0.05)
    raise TimeoutError("no scheduler")


@pytest.mark.slow
def test_a_dask_cluster_loses_a_worker_and_no_result(tmp_path):
    pytest.importorskip("distributed", reason="the extra [dask] is not installed")
    file, out, log = tmp_path / "scheduler.json", tmp_path / "run", tmp_path / "log.txt"
    host = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    scheduler = dask("dask_scheduler", *host, "--scheduler-file", file)
    workers = []
    try:
        address = scheduler_address(file)
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
        workers = [dask("dask_worker", address, *options) for _ in range(2)]
        command = [sys.executable, SCRIPT, out, log, 0.3, 8, "backend=dask", f"scheduler={address}"]
        run = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        # Both workers have fitted something, so one is killed midway.
        deadline = time.monotonic() + 90
        while len({line.split()[1] for line in lines(log)}) < 2:
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < deadline, "the workers do not share the work"
            time.sleep(0.05)
        victim = {str(w.pid): w for w in workers}[lines(log)[-1].split()[1]]
        os.kill(victim.pid, signal.SIGKILL)
        output, errors = run.communicate(timeout=90)
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()
    assert output == "[16, 0, 0] True", errors
    assert len(Store(out).read()) == 16
    # Computed again is only what the killed worker had in hand.
    fits = Counter(line.split()[0] for line in lines(log))
    assert sorted(fits) == [str(i / 10) for i in range(8)]
    assert sum(fits.values()) <= 16 + 2


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_nets_share_the_cores_and_everything_else_has_one_thread(monkeypatch):
    seen = {}
    monkeypatch.setattr(backends, "run", lambda batch: seen.update({batch.notes: batch.threads}))
    monkeypatch.setattr(backends.joblib, "cpu_count", lambda: 8)
    net, plain = (
        Batch((), HasDevice(), *5 * [()], notes="net"),
        Batch((), LogisticRegression(), *5 * [()], notes="plain"),
    )
    list(backends.execute([[net], [plain]]))
    assert seen == {"net": 8, "plain": 1}


class Tells(ClassifierMixin, BaseEstimator):
    """Says in its failure which file its training trials lie in."""

    def __init__(self, number=0):
        self.number = number

    def fit(self, X, y):
        raise ValueError(getattr(X.base, "filename", "no file"))


@pytest.mark.slow
def test_large_data_reach_the_processes_as_one_file():
    rng = np.random.default_rng(0)
    data = rng.standard_normal((60, 30, 200)).astype(np.float32)  # above joblib's 1 MB
    epochs = Epochs(
        data, channels=[f"E{i}" for i in range(30)], sfreq=100, y=["left", "right"] * 30
    )
    entries = [Entry(f"r{number}", None, Tells(number)) for number in range(3)]
    batches = plan([BenchData("d", epochs)], entries, split="within-session", k=2, seeds=1)
    found = dict(backends.execute([[batch] for batch in batches], jobs=2))
    said = {
        row["failure"] for cells in found.values() for cell in cells.values() for row in cell.rows
    }
    assert len(found) == 3 and len(said) == 1 and "no file" not in said.pop()


class HasDevice(BaseEstimator):
    """What the bench takes for a net."""

    def __init__(self, device="cpu"):
        self.device = device


@pytest.mark.slow
def test_two_processes_give_what_one_gives(tmp_path):
    def predictions(jobs: int):
        out = tmp_path / f"run{jobs}"
        command = [sys.executable, SCRIPT, out, tmp_path / "log.txt", 0, 3, f"jobs={jobs}"]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        return {key: result.y_pred.tolist() for key, result in Store(out).read().items()}

    assert predictions(1) == predictions(2)
