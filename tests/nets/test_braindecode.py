"""The torchaudio fault, in stand-in modules: the real one depends on the installation."""

import sys
import types

import pytest

from neurodecode.core.errors import MissingDependency
from neurodecode.nets import _braindecode


@pytest.fixture
def fake_torchaudio(tmp_path, monkeypatch):
    """Write a small torchaudio package; give a function that sets its extension's source."""
    for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
        monkeypatch.delitem(sys.modules, name)
    package = tmp_path / "torchaudio"
    (package / "_extension").mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from . import helpers\nfrom ._extension import fail_if_no_align\n"
        "from ._extension import _IS_TORCHAUDIO_EXT_AVAILABLE as available\n"
        "@fail_if_no_align\ndef align(): return 'aligned'\n"
    )
    (package / "helpers.py").write_text("runs = []\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda source: (package / "_extension" / "__init__.py").write_text(source)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
        del sys.modules[name]


HEALTHY = (
    "_IS_TORCHAUDIO_EXT_AVAILABLE = True\n_IS_ALIGN_AVAILABLE = True\n"
    "def fail_if_no_align(function): return function\n"
)
BROKEN = "raise OSError('Could not load this library: _torchaudio.abi3.so')\n"


def test_broken_extension_is_replaced(fake_torchaudio):
    fake_torchaudio(BROKEN)
    assert _braindecode.import_torchaudio() == "python parts only"
    torchaudio = sys.modules["torchaudio"]
    assert torchaudio.available is False
    with pytest.raises(MissingDependency, match="same index"):
        torchaudio.align()
    assert _braindecode.import_torchaudio() == "python parts only"  # a second call changes nothing
    assert sys.modules["torchaudio"] is torchaudio


def test_healthy_torchaudio_is_untouched(fake_torchaudio):
    fake_torchaudio(HEALTHY)
    assert _braindecode.import_torchaudio() == "whole"
    torchaudio = sys.modules["torchaudio"]
    assert torchaudio.available is True and torchaudio.align() == "aligned"


def test_missing_torchaudio_names_the_fix(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchaudio", None)  # makes the import fail
    with pytest.raises(MissingDependency, match="pip install"):
        _braindecode.load()


def test_other_errors_of_torchaudio_are_not_hidden(fake_torchaudio):
    fake_torchaudio("raise ValueError('something else')\n")
    with pytest.raises(ValueError, match="something else"):
        _braindecode.import_torchaudio()


def test_braindecode_loads_here():
    models = _braindecode.load()
    assert isinstance(models, types.ModuleType) and hasattr(models, "EEGNet")
