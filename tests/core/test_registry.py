"""The registry: every name leads somewhere, typos are guessed."""

import pytest

from neurodecode.core import registry
from neurodecode.core.errors import UnknownName


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_name_resolves(kind):
    names = registry.names(kind)
    assert names, f"nothing registered as {kind}"
    for name in names:
        assert registry.resolve(kind, name) is not None
        assert registry.target(kind, name.upper()) == registry.target(kind, name)


def test_typos_are_guessed():
    with pytest.raises(UnknownName, match="did you mean 'HandMovementDirection'"):
        registry.target("dataset", "HandMovmentDirection")
    with pytest.raises(UnknownName, match="did you mean 'dataset'"):
        registry.names("datset")


def test_packages_of_others_add_names_through_entry_points(monkeypatch):
    from importlib.metadata import EntryPoint, EntryPoints

    mine = EntryPoint("my-step", "json:loads", "neurodecode.steps")
    registry._entries.cache_clear()
    monkeypatch.setattr(registry, "_all_entry_points", lambda: EntryPoints([mine]))
    try:
        import json

        assert registry.resolve("step", "my-step") is json.loads
    finally:
        registry._entries.cache_clear()


def test_a_name_is_found_in_any_card():
    assert registry._card_name('name = "Zhou2016"\nversion = 1\n', "zhou") == "Zhou2016"
    assert registry._card_name("version = 1\nname = 'Zhou2016'\n", "zhou") == "Zhou2016"
    assert registry._card_name('version = 1\n[deep]\nname = "no"\n', "zhou") == "zhou"
