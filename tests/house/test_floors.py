"""A room imports only rooms on lower floors, never a sibling."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "neurodecode"
FLOORS = {
    "core": 1,
    "linalg": 2,
    "evaluation": 3,
    "loaders": 4,
    "preprocessing": 5,
    "features": 5,
    "nets": 5,
    "training": 6,
    "decoders": 7,
    "viz": 8,
    "bench": 9,
    "cli": 10,
    "__main__": 11,
}
# What a room must not know beside rooms above it.
STRANGERS = {"nets": {"sklearn"}, "training": {"sklearn"}, "evaluation": {"torch", "mne"}}


def imports(source: str, module: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything `module` imports outside `if TYPE_CHECKING`."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped.update(child for stmt in node.body for child in ast.walk(stmt))
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.split(".")[: -node.level], *filter(None, [base])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def violations(source: str, module: str) -> list[str]:
    """Sentences about imports of `module` that go up, sideways, or to a stranger."""
    room = module.split(".")[1]
    found = []
    for line, name in imports(source, module):
        parts = name.split(".")
        if parts[0] in STRANGERS.get(room, ()):
            found.append(f"{module}:{line}: {room} must not know {parts[0]}")
        if parts[0] != "neurodecode" or name == "neurodecode.__version__":
            continue
        other = parts[1] if len(parts) > 1 else ""
        if other in ("datasets", "pipelines"):
            continue
        if other not in FLOORS:
            found.append(f"{module}:{line}: imports the public face; import the room it needs")
        elif other != room and FLOORS[other] >= FLOORS[room]:
            way = "a sibling" if FLOORS[other] == FLOORS[room] else "upwards"
            found.append(
                f"{module}:{line}: {room} imports {way}: {name}; move the shared part down"
            )
    return found


def modules() -> list[tuple[str, Path]]:
    paths = sorted(PACKAGE.rglob("*.py"))
    named = [(path.relative_to(PACKAGE.parent).with_suffix("").parts, path) for path in paths]
    return [
        (".".join(parts), path) for parts, path in named if len(parts) > 2 or parts[1] in FLOORS
    ]


def test_rooms_import_downwards_only():
    found = [
        sentence
        for module, path in modules()
        for sentence in violations(path.read_text(encoding="utf-8"), module)
    ]
    assert not found, "\n".join(found)


def test_every_folder_is_a_room_with_a_floor():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(FLOORS) - {"cli", "__main__"}


@pytest.mark.parametrize(
    ("module", "source", "word"),
    [
        ("neurodecode.core.epochs", "from neurodecode.bench import Result", "upwards"),
        ("neurodecode.features.csp", "import neurodecode.preprocessing.filters", "a sibling"),
        ("neurodecode.nets.cnn.eegnet", "from ...training import fit", "upwards"),
        ("neurodecode.nets.cnn.eegnet", "def f():\n    import sklearn.svm", "must not know"),
        ("neurodecode.viz.maps", "import neurodecode as nd", "public face"),
    ],
)
def test_the_check_sees_a_planted_fault(module: str, source: str, word: str):
    assert word in "".join(violations(source, module))


def test_type_checking_imports_are_free():
    source = "if TYPE_CHECKING:\n    from neurodecode.bench import Result"
    assert not violations(source, "neurodecode.core.epochs")
