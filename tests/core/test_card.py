"""Cards: what a file must hold, and what a wrong one is told."""

import pytest

from neurodecode.core import registry
from neurodecode.core.card import Card, parse_card, read_card
from neurodecode.core.errors import CardError, UnknownName

GOOD = """
name = "toy"
version = 1
title = "A toy"
modality = "eeg"
paradigm = "none"
simulated = true
subjects = ["1"]
classes = ["a", "b"]
zero = "cue"
tmin = 0
tmax = 1.0
sfreq = 100
metric = "accuracy"
licence = "BSD-3-Clause"
citation = "nobody"
source = { kind = "simulated" }
channels = { names = ["Cz"], kind = "eeg" }
split = { kind = "within-session", unit = "trial", k = 5 }
expected = { trials = 10, classes = { a = 5, b = 5 } }

[[published]]
method = "LDA"
metric = "accuracy"
score = 0.5
protocol = "coin"
source = "here"
comparable = false

[[flaws]]
kind = "mis-cut"
text = "wrong stride"
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_a_good_card_gives_its_values():
    card = parse_card(GOOD)
    assert (card.name, card.tmin, card.sfreq) == ("toy", 0.0, 100.0)
    assert isinstance(card.sfreq, float)
    assert card.published[0].form == "repaired" and card.published[0].recipe is None
    assert card.flaw("mis-cut").text == "wrong stride" and card.flaw("duplicates") is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("zero = ", "zeroo = ", "did you mean 'zero'?"),
        ('title = "A toy"\n', "", "lacks title"),
        ("version = 1", "version = true", "version has the wrong type"),
        ("sfreq = 100", 'sfreq = "100"', "sfreq has the wrong type"),
        ("tmax = 1.0", "tmax = 0.0", "impossible window"),
        ('"within-session"', '"within-sesion"', "did you mean 'within-session'?"),
        ("unit = ", "unti = ", "did you mean 'unit'?"),
        ("score = ", "scor = ", "did you mean 'score'?"),
        ('method = "LDA"\n', "", "number 1 is incomplete"),
        ('kind = "mis-cut"', 'kind = "miscut"', "did you mean 'mis-cut'?"),
        ("{ a = 5, b = 5 }", "{ a = 5, c = 5 }", "classes that the card does not have"),
        ('{ kind = "simulated" }', "{ }", "source.kind is missing"),
        ("version = 1", "version = = 1", "not valid TOML"),
    ],
)
def test_a_wrong_card_is_told_what_is_wrong(old, new, says):
    with pytest.raises(CardError, match=says.replace("?", r"\?")):
        parse_card(changed(old, new), where="toy.toml")


def test_a_card_is_read_from_a_path(tmp_path):
    path = tmp_path / "toy.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert isinstance(read_card(path), Card)
    with pytest.raises(CardError, match="no such file"):
        read_card(tmp_path / "other.toml")


def test_a_name_finds_its_card_in_any_case():
    assert read_card("BLINK") == read_card("Blink")
    with pytest.raises(UnknownName, match="did you mean 'sim-mi'"):
        read_card("sim-m1")


@pytest.mark.parametrize("name", registry.names("dataset"))
def test_every_bundled_card_agrees_with_itself(name):
    card = read_card(name)
    assert card.name == name
    expected = card.expected
    if "times" in expected:  # cards of sets nobody has opened here may leave counts out
        averaged = card.source.get("average", False)
        assert expected["times"] == (1 if averaged else round((card.tmax - card.tmin) * card.sfreq))
    if "names" in card.channels and "channels" in expected:
        assert len(card.channels["names"]) == expected["channels"]
    for table in ("classes", "parts"):
        if table in expected:
            assert sum(expected[table].values()) == expected["trials"]
    # A score measured on a flawed form is never offered as comparable.
    flawed = card.flaw("mis-cut") or card.flaw("duplicates")
    assert not (flawed and any(row.comparable for row in card.published))
