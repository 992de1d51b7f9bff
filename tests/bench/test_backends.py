"""Backends give what the plain loop gives; a cluster that loses a worker loses nothing."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from neurodecode.bench import backends
from neurodecode.bench.batches import Batch
from neurodecode.bench.dataset import BenchData
from neurodecode.bench.planning import Entry, plan
from neurodecode.bench.queue import run_all
from neurodecode.bench.runner import run
from neurodecode.bench.store import Store
from neurodecode.core.epochs import Epochs
from neurodecode.decoders import NetClassifier

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


def test_nets_that_take_long_go_on_one_a_core_and_nothing_else_does(monkeypatch):
    here, beside = [], []
    monkeypatch.setattr(backends, "run", lambda batch: here.append((batch.notes, batch.threads)))
    monkeypatch.setattr(backends.joblib, "cpu_count", lambda: 8)
    monkeypatch.setattr(backends, "START_S", 0.0)

    def run_beside(groups, jobs, backend, scheduler):
        beside.extend((batch.notes, batch.threads, jobs) for group in groups for batch in group)
        return iter(())

    monkeypatch.setattr(backends, "_run_beside", run_beside)
    plain = Batch((), LogisticRegression(), *5 * [()], notes="plain")
    nets = [Batch((), HasDevice(), *5 * [()], notes=f"net{number}") for number in range(4)]
    list(backends.execute([[batch] for batch in [plain, *nets]], members=4))
    assert here == [("plain", 1), ("net0", 2)]
    assert beside == [(f"net{number}", 2, 4) for number in (1, 2, 3)]
    here.clear()
    list(backends.execute([[nets[0]], [plain], [plain]], members=1))
    assert [name for name, _ in here] == ["net0", "plain", "plain"]


def test_what_a_user_wants_called_stays_in_the_users_process():
    def batch(**params):
        return Batch((), NetClassifier(**params), *5 * [()])

    assert backends.is_member(batch(device="cpu"))
    assert not backends.is_member(batch(device="cpu", on_epoch=print))
    assert not backends.is_member(Batch((), LogisticRegression(), *5 * [()]))


@pytest.mark.slow
def test_members_give_what_each_alone_gives_and_fail_alone(monkeypatch, planted):
    monkeypatch.setattr(backends, "START_S", 0.0)
    monkeypatch.setattr(backends.joblib, "cpu_count", lambda: 2)
    went = []
    run_beside = backends._run_beside
    monkeypatch.setattr(
        backends, "_run_beside", lambda *args: went.append(args[1]) or run_beside(*args)
    )
    epochs = planted(n_trials=40, effect=1.0)
    made: dict = {"epochs": 3, "device": "cpu", "validation": 0.25, "patience": 1}
    entries = [
        Entry("net", None, NetClassifier("eegnet", **made)),
        Entry("too-long", None, NetClassifier("deep4", **made)),
    ]
    batches = plan([BenchData("d", epochs)], entries, split="within-session", k=2, seeds=2)
    found = run_all(batches, {"jobs": 1}, quiet=True)
    assert went == [2]
    naive: dict = {}
    for batch in batches:
        naive |= run(replace(batch, threads=1))
    assert found.keys() == naive.keys() and len(found) == 8
    for key, result in naive.items():
        np.testing.assert_array_equal(found[key].y_pred, result.y_pred)
        if not result.failed:
            np.testing.assert_array_equal(found[key].scores, result.scores)
    failed = {r["recipe"] for each in found.values() if each.failed for r in each.rows}
    assert failed == {"too-long"}


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
