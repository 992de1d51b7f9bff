"""Public names: unique, never hidden by a module, documented with an example or a source."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import mne
import pytest

import neurodecode as nd

ROOMS = [name for name in dir(nd) if inspect.ismodule(getattr(nd, name))]
MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(nd.__path__, "neurodecode.")
    if not found.name.endswith("__main__")
)
PUBLIC = [
    (room, name)
    for room in ROOMS
    for name in getattr(importlib.import_module(f"neurodecode.{room}"), "__all__", ())
]
IDS = [f"{room}.{name}" for room, name in PUBLIC]
# Headings that count as proof that a docstring shows how, or where from.
PROOFS = ("Examples\n", "Source:", "Source\n", "References\n")


@pytest.fixture(scope="module", autouse=True)
def everything_imported() -> list[ModuleType]:
    """Import every module, so that a module hiding a function would have done so."""
    return [importlib.import_module(name) for name in MODULES]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_it_holds(room: str):
    module = importlib.import_module(f"neurodecode.{room}")
    assert hasattr(module, "__all__"), f"neurodecode/{room}/__init__.py: lazy.attach is missing"
    assert (module.__doc__ or "").strip(), f"neurodecode/{room}/__init__.py has no docstring"


def test_the_public_face_is_whole():
    missing = [name for name in nd.__all__ if getattr(nd, name, None) is None]
    assert not missing
    promised = "list load read concat recipe split benchmark save load_model Epochs Recording Study"
    assert set(promised.split()) <= set(nd.__all__)


@pytest.mark.parametrize(("room", "name"), PUBLIC, ids=IDS)
def test_no_module_hides_a_public_name(room: str, name: str):
    value = getattr(importlib.import_module(f"neurodecode.{room}"), name)
    assert not inspect.ismodule(value), (
        f"neurodecode/{room}/{name}.py hides the function {name}: call the file by a noun"
    )


def test_no_public_name_is_a_rooms_name():
    rooms = {*ROOMS, "cli", "datasets", "pipelines"}
    assert not [f"{room}.{name}" for room, name in PUBLIC if name in rooms]
    assert not [
        name for name in nd.__all__ if name in rooms and not inspect.ismodule(getattr(nd, name))
    ]


def test_public_names_are_unique():
    owners: dict[str, set[int]] = {}
    for room, name in PUBLIC:
        value = getattr(importlib.import_module(f"neurodecode.{room}"), name)
        owners.setdefault(name, set()).add(id(value))
    assert not [name for name, values in owners.items() if len(values) > 1]


@pytest.mark.parametrize(("room", "name"), PUBLIC, ids=IDS)
def test_every_public_name_is_documented(room: str, name: str):
    value = getattr(importlib.import_module(f"neurodecode.{room}"), name)
    if not callable(value):
        return  # a constant is explained by the comment above it
    text = value.__doc__ or ""
    assert text.strip(), f"{room}.{name} has no docstring"
    if not (inspect.isclass(value) and issubclass(value, Exception)):
        text = inspect.cleandoc(text) + "\n"
        assert any(proof in text for proof in PROOFS), (
            f"{room}.{name}: its docstring has neither an Examples part nor a Source"
        )


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name: str, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    # MNE and braindecode log to the same stream as the examples print to.
    with mne.utils.use_log_level("ERROR"):
        failed, _ = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert failed == 0, f"an example in {name} no longer gives what it says (see above)"
