"""Claims: one holder a batch, and the dead hold nothing."""

import json
import os
import subprocess
import sys
import time

from neurodecode.bench.claims import STALE_S, Claims


def test_one_batch_has_one_holder(tmp_path):
    with Claims(tmp_path) as claims:
        assert claims.take("batch")
        code = (
            "import sys; from neurodecode.bench.claims import Claims\n"
            "with Claims(sys.argv[1]) as c: print(c.take('batch'), c.take('other'), c.others())"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["False", "True", "['batch']"]
    assert not (tmp_path / "claims").exists()


def test_who_leaves_does_not_take_the_folder_from_who_stays(tmp_path):
    with Claims(tmp_path) as staying:
        with Claims(tmp_path):
            pass
        assert staying.take("batch")
        assert (tmp_path / "claims" / "batch.json").exists()
    assert list(tmp_path.iterdir()) == []


def test_the_claim_of_a_dead_process_is_taken_over(tmp_path):
    code = (
        "import os, sys; from neurodecode.bench.claims import Claims\n"
        "Claims(sys.argv[1]).__enter__().take('batch'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert (tmp_path / "claims" / "batch.json").exists()
    with Claims(tmp_path) as claims:
        assert claims.others() == []
        assert claims.take("batch")


def test_the_claim_of_a_silent_machine_is_taken_over(tmp_path):
    with Claims(tmp_path) as claims:
        path = tmp_path / "claims" / "far.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"host": "another-machine", "pid": 1}))
        assert not claims.take("far")
        old = time.time() - STALE_S - 1
        os.utime(path, (old, old))
        assert claims.take("far")
