"""Stamps: one meaning, one hash, in any process."""

from typing import Any

import numpy as np
import pytest

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.stamps import array_digest, canonical_json, digest


def test_golden_key_of_the_evaluation_sheet():
    key = {
        "card": "demo@1",
        "fold": 0,
        "recipe": [
            ["covariance", {"estimator": "oas"}], ["tangent-space", {}], ["logistic", {"C": 1.0}],
        ],
        "seed": 0,
        "split": {"k": 5, "kind": "within-session", "order": "block", "version": 1},
    }  # fmt: skip
    assert digest(key) == "caa49efbba410bff232c8822fcca5bf40a59c01b4cd5258c45a96606a34c7dc8"


def test_numbers_of_numpy_and_python_are_one():
    assert canonical_json({"a": np.float64(0.1), "b": np.int32(2)}) == '{"a":0.1,"b":2}'


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), lambda x: x, object()])
def test_what_has_no_stable_text_is_refused(bad):
    with pytest.raises(DataError):
        digest({"a": bad})


def test_type_shape_and_content_count():
    a = np.arange(6, dtype=np.int64)
    stamps = {array_digest(x) for x in (a, a.astype(np.int32), a.reshape(2, 3), a + 1, a[::-1])}
    assert len(stamps) == 5
    assert array_digest(a[::2]) == array_digest(a[::2].copy())
    assert array_digest(np.array(["a", "b"])) != array_digest(np.array(["ab", ""]))


@pytest.mark.parametrize(
    "other",
    [
        {"channels": Channels(["C3"], positions=[[0.0, 0.0, 0.1]])},
        {"channels": Channels(["C3"], reference="average")},
        {"channels": Channels(["C3"], bads=["C3"])},
        {"rank": 1},
        {"line_freq": 50.0},
        {"length": np.array([3, 4])},
    ],
    ids=["positions", "reference", "bads", "rank", "line_freq", "length"],
)
def test_the_data_stamp_knows_all_that_a_step_may_read(other: dict[str, Any]) -> None:
    plain = {"channels": Channels(["C3"]), "sfreq": 4.0}
    data = np.ones((2, 1, 4), dtype=np.float32)
    assert Epochs(data, **plain).data_stamp == Epochs(data.copy(), **plain).data_stamp
    assert Epochs(data, **{**plain, **other}).data_stamp != Epochs(data, **plain).data_stamp
