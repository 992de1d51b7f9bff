"""Cards, recipes and templates travel in wheel, sdist and editable installs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

NATIVE = "neurodecode/linalg/_native"
SITE = sysconfig.get_paths()["purelib"]
NOT_SOURCE = shutil.ignore_patterns(
    ".git",
    ".venv*",
    "*.egg-info",
    "build",
    "dist",
    "__pycache__",
    "_kernels.*",
    "site",
    ".*_cache",
    "tests",
    "demo",
    "runs",
)


def run(*command: object, cwd: Path) -> str:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def source(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source, so that building leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("source") / "neurodecode"
    shutil.copytree(checkout, copy, ignore=NOT_SOURCE)
    return copy


COMPILER = shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0])
PIP_OPTIONS = ["--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"]


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the wheel (made from the sdist) and the sdist."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source, cwd=out)
    return out


def empty_environment(folder: Path) -> Path:
    """A new environment that sees the libraries of this one, but not what this one edits."""
    venv.create(folder, with_pip=False)
    python = next(folder.glob("[bS]*/python*"))
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    # Last in the alphabet: an editable install of this test is found before ours.
    (Path(site.strip()) / "zz_libraries.pth").write_text(SITE + "\n", encoding="utf-8")
    return python


# The wheel is made from the sdist, so that installing the sdist, too, adds little: it is slow.
@pytest.mark.parametrize(
    "form", ["wheel", "editable", pytest.param("sdist", marks=pytest.mark.slow)]
)
def test_installed_outside_the_checkout(
    form: str, source: Path, built: Path, checkout: Path, tmp_path: Path
):
    what = {
        "wheel": [next(built.glob("*.whl"))],
        "sdist": [next(built.glob("*.tar.gz"))],
        "editable": ["-e", source],
    }[form]
    python = empty_environment(tmp_path / "env")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, *PIP_OPTIONS, *what, cwd=tmp_path)

    listing = (
        "import json, neurodecode as nd; "
        "print(json.dumps([nd.__file__, nd.list('dataset'), nd.list('recipe')]))"
    )
    place, datasets, recipes = json.loads(run(python, "-c", listing, cwd=tmp_path))
    home = source if form == "editable" else tmp_path / "env"
    assert Path(place).resolve().is_relative_to(home.resolve())
    assert {name.lower() for name in datasets} == {p.stem for p in checkout.glob("datasets/*.toml")}
    assert set(recipes) == {path.stem for path in checkout.glob("pipelines/*.toml")}
    assert "0.1.0" in run(python, "-m", "neurodecode", "--version", cwd=tmp_path)
    assert (python.parent / "neurodecode").exists() or (python.parent / "neurodecode.exe").exists()
    assert bool(COMPILER) <= (kernels_of(python, tmp_path) != "()"), "kernels were not built"


def kernels_of(python: Path, cwd: Path) -> str:
    listing = "from neurodecode.linalg._native.library import forms; print(forms())"
    return run(python, "-c", listing, cwd=cwd).strip()


@pytest.mark.slow  # one more build, of a copy that holds nothing compiled
def test_installs_and_works_without_a_compiler(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(checkout, tmp_path / "source", ignore=NOT_SOURCE)
    monkeypatch.setenv("CC", shutil.which("false") or "no-such-compiler")
    python = empty_environment(tmp_path / "env")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, *PIP_OPTIONS, tmp_path / "source", cwd=tmp_path)
    assert kernels_of(python, tmp_path) == "()"
    filtering = (
        "import numpy as np; from neurodecode.linalg import butterworth, zero_phase; "
        "print(zero_phase(np.ones((2, 500)), butterworth(None, 40, 250)).round(6).min())"
    )
    assert run(python, "-c", filtering, cwd=tmp_path).strip() == "1.0"


def test_the_wheel_holds_every_file_of_the_packages(source: Path, built: Path):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    kernels = {name for name in packed if "/_native/_kernels." in name}
    assert len(kernels) == bool(COMPILER)
    expected = {
        f"{target}/{path.relative_to(source / folder).as_posix()}"
        for folder, target in [
            ("neurodecode", "neurodecode"),
            ("datasets", "neurodecode/datasets"),
            ("pipelines", "neurodecode/pipelines"),
        ]
        for path in (source / folder).rglob("*")
        if path.is_file() and not path.name.startswith("_kernels.")
    }
    assert packed - kernels == expected, (
        "a new file ending? name it in pyproject.toml, package-data"
    )


def test_wheel_and_sdist_carry_the_sources_of_the_kernels(checkout: Path, built: Path):
    sources = {path.name for path in (checkout / NATIVE).glob("*.[ch]")}
    assert {"lanes.h", "eigen.h", "module.c", "form_2.c", "form_4.c", "form_8.c"} <= sources
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        assert sources == in_room(wheel.namelist())
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        assert sources == in_room(sdist.getnames())


def in_room(names: list[str]) -> set[str]:
    return {Path(name).name for name in names if NATIVE in name and name.endswith((".c", ".h"))}


def test_every_header_of_the_kernels_is_known_to_the_build(checkout: Path):
    text = (checkout / "setup.py").read_text(encoding="utf-8")  # or a change of it builds nothing
    for path in (checkout / NATIVE).glob("*.h"):
        assert f'"{path.stem}"' in text, path.name


def test_wheels_are_built_and_tested_with_and_without_kernels(checkout: Path):
    text = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)["tool"]["cibuildwheel"]
    oldest = Version(project(checkout)["requires-python"].removeprefix(">="))
    assert table["build"].startswith(f"cp{oldest.major}{oldest.minor}-*")
    for system in (table, table["windows"]):
        tested = [line for line in system["test-command"] if "pytest" in line]
        assert ["NEURODECODE_NATIVE=0" in line for line in tested] == [False, True]


def project(checkout: Path) -> dict:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(checkout: Path) -> dict[str, Version]:
    lines = (checkout / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def test_constraints_pin_every_requirement_inside_its_range(checkout: Path):
    table = project(checkout)
    extras = table["optional-dependencies"]
    wanted = table["dependencies"] + [
        text for extra in ("data", "dask", "dev", "docs") for text in extras[extra]
    ]
    pinned = pins(checkout)
    for requirement in map(Requirement, wanted):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not pinned in constraints.txt"
        assert version in requirement.specifier, f"{requirement}: pinned {version}"


def test_extras_are_those_promised_and_all_holds_the_users_ones(checkout: Path):
    extras = project(checkout)["optional-dependencies"]
    assert set(extras) == set("data fmri spikes hub dask denoise docs dev all".split())
    (every,) = extras["all"]
    assert Requirement(every).extras == set(extras) - {"all", "dev", "docs"}


def test_environment_file_names_every_base_requirement(checkout: Path):
    text = (checkout / "environment.yml").read_text(encoding="utf-8")
    listed = [item for item in yaml.safe_load(text)["dependencies"] if isinstance(item, str)]
    names = {re.split("[<>=]", item)[0] for item in listed}
    on_conda_forge = {"torch": "pytorch", "matplotlib": "matplotlib-base", "mne": "mne-base"}
    wanted = {Requirement(text).name for text in project(checkout)["dependencies"]}
    assert not {on_conda_forge.get(name, name) for name in wanted} - names


def test_one_version_everywhere(checkout: Path):
    import neurodecode

    version = project(checkout)["version"]
    assert neurodecode.__version__ == version
    citation = yaml.safe_load((checkout / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version
    assert f"## {version}" in (checkout / "CHANGELOG.md").read_text(encoding="utf-8")


def test_change_fragments_have_a_known_kind(checkout: Path):
    kinds = {"added", "changed", "fixed", "deprecated", "data"}
    for path in (checkout / "changes").glob("*.md"):
        if path.name != "README.md":
            number, kind = path.stem.split(".")
            assert number.isdigit() and kind in kinds, f"{path.name}: expected <number>.<kind>.md"
