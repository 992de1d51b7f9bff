"""Code blocks of README and docs run, command lines parse, links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
NAMES = [path.relative_to(CHECKOUT).as_posix() for path in PAGES]


def blocks(path: Path, language: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "path", [page for page in PAGES[1:] if blocks(page, "python")], ids=lambda p: p.stem
)
def test_python_blocks_of_a_page_run_in_order(
    path: Path, tmp_path: Path, run_script: Callable[[Path], None]
):
    script = tmp_path / f"{path.stem}.py"
    script.write_text("\n".join(blocks(path, "python")), encoding="utf-8")
    run_script(script)


def test_the_readme_runs_in_a_python_just_started(tmp_path: Path):
    code = "\n".join(blocks(PAGES[0], "python"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr


def command_lines() -> list[str]:
    lines = [
        line.removeprefix("$ ").partition("#")[0]
        for page in PAGES
        for block in blocks(page, "console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    return sorted({line.strip() for line in lines if line.startswith("neurodecode ")})


@pytest.mark.parametrize("line", command_lines())
def test_commands_and_options_exist(line: str, capsys: pytest.CaptureFixture[str]):
    from neurodecode.cli import main

    _, *words = line.split()
    named = [word for word in words if not word.startswith("-")]
    command = named[:2] if named[0] in ("datasets", "recipes", "nets", "cache") else named[:1]
    with pytest.raises(SystemExit) as left:
        main([*command, "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    missing = [word for word in words if word.startswith("--") and word not in shown]
    assert not missing, f"{line}: no such option {missing}"


def test_make_targets_named_in_the_documents_exist():
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    texts = [page.read_text(encoding="utf-8") for page in [*PAGES, CHECKOUT / "CONTRIBUTING.md"]]
    named = {found for text in texts for found in re.findall(r"[`$ ]make ([a-z-]+)[` ]", text)}
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_links_lead_to_files(path: Path):
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)\)", text)
    local = [link for link in links if "://" not in link]
    missing = [link for link in local if not (path.parent / link).exists()]
    assert not missing


def test_every_page_is_in_the_navigation():
    text = (CHECKOUT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r": ([\w/]+\.md)", text))
    pages = {path.relative_to(CHECKOUT / "docs").as_posix() for path in PAGES[1:]}
    assert listed == pages
    assert yaml.safe_load(text)["docs_dir"] == "docs"


def test_every_room_with_public_names_has_an_api_page():
    texts = "".join(path.read_text(encoding="utf-8") for path in PAGES if path.parent.name == "api")
    rooms = "core loaders preprocessing features nets decoders evaluation bench viz".split()
    assert all(f"<!-- public names: neurodecode.{room} -->" in texts for room in rooms)


@pytest.mark.slow  # half a minute: every docstring is parsed
def test_the_site_builds(tmp_path: Path):
    pytest.importorskip("mkdocs", reason="the extra [docs] is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site/api/evaluation/index.html").read_text(encoding="utf-8")
    assert "nd.evaluation.chance_level" in page  # headed by the name that users write
    assert "shape(" not in page  # types are words, not calls
