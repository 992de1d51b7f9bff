"""Saving: what comes back predicts the same, and nothing in the file runs."""

import json
import zipfile

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import nn

from neurodecode.core import Epochs, load_model, save
from neurodecode.core.errors import DataError
from neurodecode.core.files import sha256_of
from neurodecode.decoders import NetClassifier
from neurodecode.preprocessing import Scale


def double(x):
    return 2 * x


def fitted(*steps):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = np.where(X[:, 0] > 0, "left", "right")
    return make_pipeline(*steps).fit(X, y), X


def test_a_pipeline_comes_back(tmp_path):
    pipe, X = fitted(StandardScaler(), LogisticRegression())
    save(pipe, tmp_path / "model")
    save(pipe, tmp_path / "model")  # replaces its own kind
    back = load_model(tmp_path / "model")
    np.testing.assert_array_equal(back.predict(X), pipe.predict(X))
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "model.json",
        "model.skops",
    ]


def test_functions_of_strangers_are_refused_until_trusted(tmp_path):
    pipe, X = fitted(FunctionTransformer(double), LogisticRegression())
    save(pipe, tmp_path / "model")
    with pytest.raises(DataError, match="allow-list") as caught:
        load_model(tmp_path / "model")
    names = caught.value.found.split(", ")
    back = load_model(tmp_path / "model", trusted=names)
    np.testing.assert_array_equal(back.predict(X), pipe.predict(X))


def test_other_files_are_never_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="other files"):
        save(StandardScaler(), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    with pytest.raises(DataError, match="no model here"):
        load_model(tmp_path)


def test_a_network_with_scikit_learn_parts_comes_back(tmp_path):
    pipe, epochs = with_network()
    save(pipe, tmp_path / "model")
    back = load_model(tmp_path / "model")
    np.testing.assert_array_equal(back.predict_proba(epochs), pipe.predict_proba(epochs))
    assert back[-1].module_ is not pipe[-1].module_


def with_network():
    rng = np.random.default_rng(0)
    epochs = Epochs(
        rng.standard_normal((20, 2, 64)), channels=["C3", "C4"], sfreq=64, y=10 * ["rest", "move"]
    )
    net = NetClassifier("spiking-lif", epochs=1, validation=0, device="cpu")
    return make_pipeline(FunctionTransformer(), Scale(), net).fit(epochs, epochs.y), epochs


@pytest.mark.parametrize("damage", ["truncated", "changed", "absent", "empty"])
@pytest.mark.parametrize("name", ["model.json", "model.skops", "weights.safetensors"])
def test_damaged_files_are_named(name, damage, tmp_path):
    save(with_network()[0], tmp_path / "model")
    path = tmp_path / "model" / name
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "truncated": whole[:middle],
            "changed": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
            "absent": b"",
            "empty": b"",
        }[damage]
    )
    if damage == "absent":
        path.unlink()
    with pytest.raises(DataError, match="model"):
        load_model(tmp_path / "model")


def tampered(folder, change):
    """The archive of a saved model with another `schema.json`, its checksum made to fit."""
    with zipfile.ZipFile(folder / "model.skops") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["schema.json"] = change(parts["schema.json"].decode()).encode()
    with zipfile.ZipFile(folder / "model.skops", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    card = json.loads((folder / "model.json").read_text())
    card["sha256"]["model.skops"] = sha256_of(folder / "model.skops")
    (folder / "model.json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("module", "function"),
    [("os", "system"), ("sklearn.utils._testing", "check_call"), ("numpy.testing", "rundocs"),
     ("neurodecode.__main__", "main"), ("neurodecode.cli", "main"), ("builtins", "exec")],
)  # fmt: skip
def test_no_function_gets_into_a_model(module, function, tmp_path):
    pipe, _ = fitted(FunctionTransformer(double), LogisticRegression())
    save(pipe, tmp_path / "model")

    def change(schema):
        table = json.loads(schema)
        for node in nodes(table):
            if node.get("__class__") == "double":
                node["__module__"] = module
                node["__class__"] = function
                node["content"] = {"module_path": module, "function": function}
        return json.dumps(table)

    tampered(tmp_path / "model", change)
    with pytest.raises(DataError, match="allow-list"):
        load_model(tmp_path / "model")


def nodes(table):
    """All dictionaries inside nested lists and dictionaries."""
    if isinstance(table, dict):
        yield table
        table = list(table.values())
    if isinstance(table, list):
        for each in table:
            yield from nodes(each)


def test_a_later_format_is_refused(tmp_path):
    save(StandardScaler(), tmp_path / "model")
    card = json.loads((tmp_path / "model" / "model.json").read_text())
    (tmp_path / "model" / "model.json").write_text(json.dumps(card | {"format": 99}))
    with pytest.raises(DataError, match="later version"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (FunctionTransformer(lambda x: x), "could not be loaded again"),
        (FunctionTransformer(kw_args={"lines": (line for line in "ab")}), "cannot be saved"),
        (NetClassifier(nn.Linear(2, 2)), "a registered name"),
        (Epochs(np.zeros((1, 1, 4)), channels=["Cz"], sfreq=4), r"\.save\(folder\)"),
    ],
    ids=["lambda", "generator", "module", "epochs"],
)
def test_what_cannot_come_back_is_not_saved(thing, words, tmp_path):
    with pytest.raises(DataError, match=words):
        save(thing, tmp_path / "model")
    assert not list(tmp_path.iterdir())
