"""CONTRIBUTING.md, followed to the letter in a copy of the source."""

from __future__ import annotations

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


def run(code: str, root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("section", ["A step", "A net", "A decoder", "A data set"])
def test_following_the_text_works(section: str, recipe_book: list[Block], extended: Path):
    (code,) = [b.text for b in recipe_book if (b.section, b.title) == (section, "try it")]
    here = f"import neurodecode; assert neurodecode.__file__.startswith({str(extended)!r})\n"
    run(here + code, extended)


def test_examples_in_the_added_files_run(recipe_book: list[Block], extended: Path):
    added = [block.title for block in recipe_book if block.title.endswith(".py") and not block.at]
    modules = [title.removesuffix(".py").replace("/", ".") for title in added]
    assert len(modules) == 3
    code = "import doctest, importlib, sys\nfailed = 0\n" + "".join(
        f"failed += doctest.testmod(importlib.import_module({name!r})).failed\n" for name in modules
    )
    run(code + "sys.exit(failed)", extended)
