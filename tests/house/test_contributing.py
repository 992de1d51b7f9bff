"""CONTRIBUTING.md, followed to the letter in a copy of the source."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest


class Block(NamedTuple):
    """A fenced block: section it stands in, file it belongs to, place in that file, text."""

    section: str
    title: str
    at: str
    text: str


def blocks(text: str) -> Iterator[Block]:
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        name = section.splitlines()[0].strip()
        pattern = r'^```\w+ title="([^"]+)"(?: at="([^"]+)")?\n(.*?)^```$'
        for found in re.finditer(pattern, section, flags=re.MULTILINE | re.DOTALL):
            yield Block(name, found[1], found[2] or "", found[3])


def insert(path: Path, at: str, lines: str) -> None:
    """Put table lines behind the brace that follows the word `at` at its last mention."""
    text = path.read_text(encoding="utf-8")
    brace = text.index("{\n", text.rindex(at)) + 2
    path.write_text(text[:brace] + lines + text[brace:], encoding="utf-8")


@pytest.fixture(scope="module")
def recipe_book(checkout: Path) -> list[Block]:
    return list(blocks((checkout / "CONTRIBUTING.md").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def extended(
    recipe_book: list[Block], checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A copy of the source, laid out as installed, with every file and line of the text in it."""
    root = tmp_path_factory.mktemp("extended")
    no_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(checkout / "neurodecode", root / "neurodecode", ignore=no_caches)
    for folder in ("datasets", "pipelines"):
        shutil.copytree(checkout / folder, root / "neurodecode" / folder, ignore=no_caches)
    for block in recipe_book:
        if block.title == "try it":
            continue
        inside = block.title.removeprefix("neurodecode/")
        path = root / "neurodecode" / inside
        if block.at:
            insert(path, block.at, block.text)
        else:
            assert not path.exists(), f"{inside} exists: the text needs another example"
            path.write_text(block.text, encoding="utf-8")
    return root


# Runs in the copy: every example, each with names of its own; prints what went wrong in which.
RUN_ALL = """
import doctest, importlib, json, sys, traceback
import neurodecode
examples, modules = json.load(sys.stdin)
report = {"copy": neurodecode.__file__}
for section, code in examples.items():
    try:
        exec(compile(code, section, "exec"), {"__name__": "__main__"})
        report[section] = ""
    except Exception:
        report[section] = traceback.format_exc()
for name in modules:
    found = doctest.testmod(importlib.import_module(name))
    report[name] = "" if found.attempted and not found.failed else str(found)
print(json.dumps(report))
"""


def test_following_the_text_works(recipe_book: list[Block], extended: Path):
    examples = {block.section: block.text for block in recipe_book if block.title == "try it"}
    assert list(examples) == ["A step", "A net", "A decoder", "A data set"]
    added = [block.title for block in recipe_book if block.title.endswith(".py") and not block.at]
    modules = [title.removesuffix(".py").replace("/", ".") for title in added]
    assert len(modules) == 3
    done = subprocess.run(  # one process: libraries are loaded once for all sections
        [sys.executable, "-c", RUN_ALL],
        input=json.dumps([examples, modules]),
        cwd=extended,
        env=os.environ | {"PYTHONPATH": str(extended)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert Path(report.pop("copy")).is_relative_to(extended)
    assert set(report) == {*examples, *modules}
    for name, problem in report.items():
        assert not problem, f"CONTRIBUTING.md, {name}: {problem}\n{done.stdout}"
