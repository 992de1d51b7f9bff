"""The pages on methods name everything registered, and papers as the docstrings have them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import neurodecode as nd
from neurodecode.core import registry

CHECKOUT = Path(__file__).resolve().parents[2]
METHODS = (CHECKOUT / "docs/methods.md").read_text(encoding="utf-8")
PAGES = METHODS + (CHECKOUT / "docs/preprocessing.md").read_text(encoding="utf-8")
ROOMS = [nd.decoders, nd.features, nd.preprocessing, nd.evaluation]


@pytest.mark.parametrize("kind", ["decoder", "feature"])
def test_everything_registered_stands_in_a_table(kind: str):
    classes = {registry.target(kind, name).partition(":")[2] for name in nd.list(kind)}
    missing = [name for name in sorted(classes) if not re.search(rf"\| `{name}\b", PAGES)]
    assert not missing


def test_every_augmentation_stands_in_its_table_with_its_paper():
    table = (CHECKOUT / "docs/training.md").read_text(encoding="utf-8")
    for name in nd.list("augmentation"):
        row = re.search(rf"^\| `{name}` \|.*$", table, re.MULTILINE)
        assert row, f"docs/training.md: no row for {name}"
        known = inspect.getdoc(registry.resolve("augmentation", name)) or ""
        assert _papers(row[0]) <= _papers(known)


def test_every_recipe_stands_on_the_page():
    missing = [name for name in nd.list("recipe") if f"`{name}`" not in PAGES]
    assert not missing


def test_every_network_stands_on_the_page():
    missing = [name for name in nd.list("net") if f"`{name}`" not in METHODS]
    assert not missing


def _rows() -> list[str]:
    found = [line for line in METHODS.splitlines() if re.match(r"\| .*\| `", line)]
    return [row for row in found if _papers(row.rsplit("|", 2)[1])]


def _papers(text: str) -> set[str]:
    """DOIs, arXiv and HAL numbers."""
    found = re.findall(r"10\.\d{4,}/[^\s;,`\"]+|arXiv[ :]\d{4}\.\d{4,5}|hal-\d+", text)
    return {one.replace("arXiv:", "arXiv ").rstrip(".") for one in map(_closed, found)}


def _closed(identifier: str) -> str:
    """Without a bracket that was opened before it."""
    extra = identifier.count(")") > identifier.count("(")
    return identifier.rstrip(".").removesuffix(")") if extra else identifier


def _documented(name: str) -> str:
    for room in ROOMS:
        if hasattr(room, name):
            return inspect.getdoc(getattr(room, name)) or ""
    path = registry.target("recipe", name)  # raises where a name is neither
    return Path(path).read_text(encoding="utf-8")


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.split("`")[1])
def test_papers_are_those_of_the_docstrings(row: str):
    cells, paper = row.rsplit("|", 2)[:2]
    known = set().union(*(_papers(_documented(name)) for name in re.findall(r"`([\w-]+)`", cells)))
    assert _papers(paper) <= known
