"""The doctor names what is missing and what is at fault, and how to cure it."""

from __future__ import annotations

import importlib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from neurodecode.core import doctor
from neurodecode.core.dependencies import DISTRIBUTION


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Versions the doctor finds: a table in place of this environment."""
    table = {"numpy": "2.3.5", "torch": "2.13.0+cpu"}

    def version(name: str) -> str:
        if name not in table:
            raise metadata.PackageNotFoundError(name)
        return table[name]

    monkeypatch.setattr(doctor.metadata, "version", version)
    return table


def test_extras_are_complete_or_name_what_is_missing(installed: dict[str, str]):
    wants = [
        Requirement('nilearn>=0.11; extra == "fmri"'),
        Requirement('numpy>=1; extra == "fmri"'),
        Requirement('numpy>=1; extra == "data"'),
        Requirement('ruff; extra == "dev"'),
        Requirement("scipy"),
    ]
    fmri, data = doctor.find_extras(wants)
    assert (fmri.name, fmri.missing) == ("fmri", ("nilearn",))
    assert fmri.line == f'pip install "{DISTRIBUTION}[fmri]"'
    assert (data.name, data.missing) == ("data", ())


def test_a_version_out_of_range_is_a_fault_of_the_base_install(installed: dict[str, str]):
    (fault,) = doctor.find_faults([Requirement("numpy>=3"), Requirement("torch>=2.4")])
    assert fault.text == "numpy: found 2.3.5, expected >=3"
    assert fault.cure == 'pip install "numpy>=3"'
    assert not fault.worked_round


def test_a_torchaudio_that_cannot_be_loaded_is_worked_round(
    installed: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    def fail(name: str) -> None:
        raise OSError("undefined symbol")

    installed["torchaudio"] = "2.11.0"
    monkeypatch.setattr(importlib, "import_module", fail)
    (fault,) = doctor.find_faults([])
    assert fault.text.startswith("torchaudio 2.11.0 beside torch 2.13.0+cpu")
    assert fault.worked_round


def test_a_stranger_called_neurodecode_must_go(installed: dict[str, str]):
    installed["neurodecode"] = "1.2"
    (fault,) = doctor.find_faults([])
    assert "neurodecode 1.2" in fault.text
    assert fault.cure.startswith("pip uninstall neurodecode")
    assert not fault.worked_round


def test_folder_size_counts_what_lies_deep(tmp_path: Path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "x").write_bytes(bytes(10))
    (tmp_path / "y").write_bytes(bytes(5))
    assert doctor.folder_size(tmp_path) == (2, 15)


def test_the_report_reads_as_designed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("NEURODECODE_CACHE", str(tmp_path))
    checkup = doctor.check_up(kernels="AVX2, 4 lanes")
    words = [line.word for line in checkup.lines if line.word]
    assert words[0].startswith("neurodecode ")
    assert words[1:8] == "device kernels packages threads cache extras faults".split()
    text = "\n".join(line.text for line in checkup.lines)
    assert str(tmp_path) in text
    assert f"torch {metadata.version('torch')}" in text
    for extra in checkup.extras:
        assert not extra.missing or extra.line in text


def test_worked_round_faults_leave_the_install_healthy():
    checkup = doctor.check_up(kernels="AVX2, 4 lanes")
    worked = doctor.Fault("a", "b", worked_round=True)
    broken = doctor.Fault("c", "d", worked_round=False)
    assert doctor.Checkup(**{**vars(checkup), "faults": (worked,)}).healthy
    unwell = doctor.Checkup(**{**vars(checkup), "faults": (worked, broken)})
    assert not unwell.healthy
    assert unwell.lines[-1].word.startswith("1 fault to cure")
