"""Results on disk: whole or absent, found by key."""

import numpy as np
import pytest

from neurodecode.bench.batches import CellResult
from neurodecode.bench.store import Store
from neurodecode.core.errors import DataError


def finished(value: float = 0.5, status: str = "ok") -> CellResult:
    return CellResult(
        rows=[{"status": status, "value": value}],
        trials=np.arange(3),
        subjects=np.array(["a", "a", "b"]),
        sessions=np.array(["1", "1", "1"]),
        y_true=np.array(["left", "right", "left"]),
        y_pred=np.array(["left", "left", "left"], dtype=object),
        scores=np.eye(3, 2),
        history={"train_loss": [1.0, 0.5], "best_epoch": 2},
        pattern={"classes": ["right"], "values": [[0.5, -1.0]]},
    )


def test_what_is_written_is_read(tmp_path):
    Store(tmp_path).write("one", {"k1": finished(), "k2": CellResult([{"status": "failed"}])})
    found = Store(tmp_path).read()
    assert found["k1"].rows == [{"status": "ok", "value": 0.5}]
    assert found["k1"].y_pred.tolist() == ["left"] * 3
    np.testing.assert_array_equal(found["k1"].scores, np.eye(3, 2))
    assert found["k1"].history == {"train_loss": [1.0, 0.5], "best_epoch": 2}
    assert found["k1"].pattern == {"classes": ["right"], "values": [[0.5, -1.0]]}
    assert found["k2"].failed and found["k2"].scores is None


def test_files_hold_no_pickle(tmp_path):
    Store(tmp_path).write("one", {"k": finished()})
    with np.load(tmp_path / "results" / "one.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)


def test_failed_cells_are_forgotten_and_good_ones_kept(tmp_path):
    store = Store(tmp_path)
    store.write("mixed", {"good": finished(), "bad": finished(status="failed")})
    store.write("bad", {"worse": finished(status="failed")})
    assert store.forget_failed() == 2
    assert list(store.read()) == ["good"]


def test_a_damaged_file_is_named(tmp_path):
    store = Store(tmp_path)
    store.results.mkdir()
    (store.results / "half.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(DataError, match="damaged") as caught:
        store.read()
    assert "half.npz" in str(caught.value)
