"""Every data set card: complete in words, and true of the data where these are present."""

import pytest

from neurodecode import load
from neurodecode.core import read_card, registry
from neurodecode.core.errors import DownloadError, MissingDependency

NAMES = registry.names("dataset")


def test_there_are_at_least_ten():
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_words_are_complete(name):
    card = read_card(name)
    assert card.name == name
    for field in ("title", "modality", "paradigm", "licence", "citation", "zero", "metric"):
        assert getattr(card, field), f"{name}: {field} is empty. Fix: fill it in the card."
    assert card.split["kind"], f"{name}: no split. Fix: [split] kind = ..."
    assert card.version >= 1
    for figure in card.published:
        assert figure.protocol and figure.source, f"{name}: a published score lacks its protocol"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_true_of_its_data(name):
    card = read_card(name)
    try:
        epochs = load(name)
    except (MissingDependency, DownloadError) as reason:
        pytest.skip(str(reason).splitlines()[0])
    assert epochs.name == name and epochs.simulated == card.simulated
    assert epochs.zero == card.zero
    if card.classes:
        assert sorted(map(str, epochs.classes)) == sorted(map(str, card.classes))
    again = load(name)
    assert again.data_stamp == epochs.data_stamp, f"{name}: two loads differ. Fix: seed it."
