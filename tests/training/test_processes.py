import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from training.planted_classes import planted, run

pytestmark = pytest.mark.slow  # processes of their own


def net():
    """Without batch norm, whose statistics are those of a process's part of the batch."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(3, 4, 5), nn.ELU(), nn.Flatten(), nn.Linear(48, 2))


SHARED = """
import json, sys
sys.path.insert(0, {tests!r})
import numpy as np
from training.planted_classes import run
from training.test_processes import net
module, seen = net(), []
history = run(module, np.arange(63), np.arange(64, 96), on_epoch=lambda e, h: seen.append(e))
print(json.dumps([history["train_loss"], history["valid_loss"], len(seen)]))
"""


def test_two_processes_train_as_one(tmp_path):
    """63 trials in batches of 16: the last one is odd and is shared 8 to 7."""
    script = tmp_path / "shared.py"
    script.write_text(SHARED.format(tests=str(Path(__file__).parents[1])))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone",
               "--nproc-per-node", "2", str(script)]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[[")]
    assert len(results) == 2 and sorted(each[2] for each in results) == [0, 4]
    alone = run(net(), np.arange(63), np.arange(64, 96))
    for train_loss, valid_loss, _ in results:
        np.testing.assert_allclose(train_loss, alone["train_loss"], rtol=1e-5)
        np.testing.assert_allclose(valid_loss, alone["valid_loss"], rtol=1e-5)


MEMORY = """
import sys, threading, time
from pathlib import Path
import numpy as np, torch
from torch import nn
import neurodecode as nd
torch.set_num_threads(1)

def net(spec):
    return nn.Sequential(nn.AvgPool1d(50), nn.Flatten(), nn.Linear(16 * 40, 2))

def clf(**options):
    return nd.decoders.NetClassifier(net, epochs=2, batch_size=32, device="cpu", **options)

def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096

small = np.random.default_rng(0).normal(size=(40, 16, 2000)).astype("float32")
epochs = nd.Epochs(small, channels=[f"E{i}" for i in range(16)], sfreq=500, y=20 * ["a", "b"])
clf().fit(epochs, epochs.y).predict(epochs)  # what imports and a first run take is no data
stored = nd.Epochs.load(sys.argv[1])
budget, before, peak, over = int(sys.argv[2]), resident(), 0, threading.Event()

def watch():
    global peak
    while not over.is_set():
        peak = max(peak, resident())
        time.sleep(0.002)

thread = threading.Thread(target=watch)
thread.start()
fitted = clf(max_bytes=budget).fit(stored, stored.y)
fitted.predict_proba(stored)
over.set()
thread.join()
print(peak - before, stored.base.nbytes)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_stays_within_its_budget(tmp_path):
    """Data of four times the budget, read, scaled, trained on, validated and predicted."""
    import neurodecode as nd

    budget = 64 * 2**20
    n = 2 * (2 * budget // (16 * 2000 * 4) + 1)
    x = np.random.default_rng(0).standard_normal((n, 16, 2000), dtype=np.float32)
    names = [f"E{i}" for i in range(16)]
    nd.Epochs(x, channels=names, sfreq=500, y=(n // 2) * ["a", "b"]).save(tmp_path / "e")
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "e"), str(budget)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    taken, size = map(int, done.stdout.split())
    assert size >= 4 * budget and taken < 1.2 * budget, f"{taken / budget:.2f} of the budget"


def test_planted_trials_are_learnable():
    """Or the comparison above compares nothing."""
    x, y = planted()
    assert run(net(), np.arange(63), data=(x, y), epochs=12)["train_loss"][-1] < 0.4
