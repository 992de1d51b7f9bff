"""Inspection: planted faults are found, sound channels are not accused, the page is whole."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.loaders.inspection import inspect_recording
from neurodecode.loaders.signal_checks import sample_blocks, suspects

SFREQ = 200.0
NAMES = ["Fp1", "Fp2", "C3", "Cz", "C4", "P3", "P5", "T7", "O1", "Photodiode"]


def noise(n_seconds=60, scale=12.0, seed=0, n_channels=10):
    rng = np.random.default_rng(seed)
    return rng.normal(scale=scale, size=(n_channels, round(n_seconds * SFREQ)))


def recording(data, events=None, **parts):
    kinds = ["eeg"] * (len(data) - 1) + ["misc"]
    channels = Channels(NAMES, kinds=kinds)
    return Recording(data, channels=channels, sfreq=SFREQ, events=events, **parts)


def two_classes(n=12, gap=4.0):
    onsets = 1.0 + gap * np.arange(n)
    labels = [f"Stimulus/S  {1 + i % 2}" for i in range(n)]
    return pd.DataFrame({"onset": onsets, "label": labels})


@pytest.fixture(scope="module")
def faulty():
    """Noise with a flat, a loud, a quiet, a clipped, a missing and a copied channel."""
    data = noise()
    t = np.arange(data.shape[1]) / SFREQ
    data += 10 * np.sin(2 * np.pi * 50 * t)
    data[7, : round(0.9 * data.shape[1])] = 3.0
    data[1] *= 19
    data[4] *= 0.01
    data[0] = np.clip(data[0], -10, 10)
    data[8, 500:800] = np.nan
    data[6] = data[5]
    gap = pd.DataFrame({"onset": [50.0], "duration": [3.2], "kind": ["gap"]})
    rec = recording(data, two_classes(), intervals=gap, recording="sub-01.vhdr")
    return inspect_recording(rec.set_montage("standard_1005"))


def test_every_planted_fault_is_named_and_nothing_else(faulty):
    reasons = {suspect.channel: suspect.reason for suspect in faulty.suspects}
    assert set(reasons) == {"Fp1", "Fp2", "C4", "P5", "T7", "O1"}
    assert "rests at its own extreme" in reasons["Fp1"]
    assert reasons["Fp2"].startswith("s.d.") and "times the median" in reasons["Fp2"]
    assert "the median is" in reasons["C4"]
    assert reasons["P5"] == "equal to P3 at lag 0 (r = 1.000)"
    assert reasons["T7"].startswith("flat for")
    assert "missing (NaN)" in reasons["O1"]


def test_sound_channels_are_not_accused():
    for seed in range(3):
        rec = recording(noise(20, seed=seed))
        assert suspects(rec, sample_blocks(rec)[0]) == []


def test_a_channel_and_its_negative_are_one():
    data = noise(20)
    data[3] = -data[2]
    found = inspect_recording(recording(data)).suspects
    assert [each.reason for each in found] == ["the negative of C3 at lag 0 (r = -1.000)"]


@pytest.mark.parametrize(("scale", "ok"), [(12.0, True), (12e-6, False), (12e3, False)])
def test_amplitudes_tell_the_wrong_unit(scale, ok):
    inspection = inspect_recording(recording(noise(20, scale)))
    assert inspection.amplitudes[0].ok is ok
    assert inspection.amplitudes[0].median_sd == pytest.approx(scale, rel=0.05)
    assert ("is the unit right?" in str(inspection)) is not ok


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_the_mains_peak_is_found_at_its_frequency(mains):
    data = noise(40)
    assert inspect_recording(recording(data)).spectrum.mains is None
    data += 8 * np.sin(2 * np.pi * mains * np.arange(data.shape[1]) / SFREQ)
    assert inspect_recording(recording(data)).spectrum.mains == mains


def test_the_spectrum_holds_the_variance_of_white_noise():
    found = inspect_recording(recording(noise(60))).spectrum
    density = 12.0**2 / (SFREQ / 2)
    assert np.median(found.power[2:-2]) == pytest.approx(density, rel=0.1)


def test_blocks_never_bridge_an_edge_and_stay_within_their_budget(monkeypatch):
    edge = pd.DataFrame({"onset": [6.0], "duration": [0.0], "kind": ["edge"]})
    rec = recording(noise(20), intervals=edge)
    blocks, starts = sample_blocks(rec)
    stop = starts + blocks.shape[-1]
    assert not ((starts < 1200) & (stop > 1200)).any()
    monkeypatch.setattr("neurodecode.loaders.signal_checks.MOST_VALUES", 2 * 800 * len(NAMES))
    assert sample_blocks(rec)[0].shape == (2, len(NAMES), 800)
    assert inspect_recording(rec).share == pytest.approx(0.4)


def test_events_are_counted_and_a_first_call_is_suggested(faulty):
    assert faulty.events[["label", "count", "shortest_gap"]].to_numpy().tolist() == [
        ["S  1", 6, 8.0], ["S  2", 6, 8.0],
    ]  # fmt: skip
    text = str(faulty)
    assert "Looks like two classes of 6 trials" in text
    assert 'rec.epoch({"one": "S  1", "two": "S  2"}, tmin=0.5, tmax=3.0)' in text
    assert len(faulty.recording.with_data(noise()).epoch(faulty.suggestion["classes"])) == 12


def test_close_events_suggest_a_short_window_and_none_suggest_windows():
    near = inspect_recording(recording(noise(20), two_classes(12, gap=0.7)))
    assert (near.suggestion["tmin"], near.suggestion["tmax"]) == (0.0, 0.7)
    assert "rec.windows(" in str(inspect_recording(recording(noise(20))))


def test_the_text_follows_the_order_of_the_page(faulty):
    text = str(faulty)
    words = ["channels", "amplitude", "bad?", "spectrum", "gaps", "events", "Looks like", "--html"]
    places = [text.index(word) for word in words]
    assert places == sorted(places)
    assert text.startswith("sub-01.vhdr   in memory · 1 min 0 s at 200 Hz · ")
    assert "mains 50 Hz:" in text
    assert "1, at 0:50 for 3.2 s: no window will cross it" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_page_is_whole_and_loads_nothing(faulty, tmp_path):
    faulty.to_html(tmp_path / "look.html")
    html = (tmp_path / "look.html").read_text(encoding="utf-8")
    assert len(html) < 1_000_000
    assert "http" not in html.replace("http-equiv", "")
    assert html.count("<svg") == 4
    for start in range(4):
        piece = html.split("<svg")[start + 1].split("</svg>")[0]
        svg = ElementTree.fromstring(f"<svg{piece}</svg>")
        assert svg.get("aria-label")
        assert "nan" not in piece.lower()
    for suspect in faulty.suspects:
        assert suspect.reason in html


def test_names_cannot_inject_markup(tmp_path):
    rec = recording(noise(10), two_classes(2)).rename({"Cz": "<b>Cz"})
    events = pd.DataFrame({"onset": [1.0], "label": ["<script>alert(1)</script>"]})
    inspect_recording(rec.with_events(events)).to_html(tmp_path / "x.html")
    html = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<b>Cz" not in html


def test_tiny_and_brainless_recordings_are_looked_at(tmp_path):
    tiny = Recording(np.ones((1, 3)), channels=Channels(["x"], "misc"), sfreq=10.0)
    inspection = inspect_recording(tiny)
    assert "no brain channel" in str(inspection)
    inspection.to_html(tmp_path / "tiny.html")


def test_files_say_their_format_and_size(tmp_path):
    mne = pytest.importorskip("mne")
    raw = mne.io.RawArray(noise(10)[:2] * 1e-6, mne.create_info(["C3", "C4"], SFREQ, "eeg"),
                          verbose="error")  # fmt: skip
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    inspection = inspect_recording(tmp_path / "a_raw.fif")
    assert inspection.format == "FIF"
    assert inspection.bytes_on_disk == (tmp_path / "a_raw.fif").stat().st_size
    assert "2 of 2 have positions (template standard_1005)" in str(inspection)


def test_a_study_is_refused(tmp_path, monkeypatch):
    study = Study([recording(noise(5))], pd.DataFrame({"file": ["a.fif"]}))
    monkeypatch.setattr("neurodecode.loaders.reading.read", lambda path: study)
    with pytest.raises(DataError, match="not a study"):
        inspect_recording("sub-{subject}.fif")
