"""Static checks: silent on sound sets, loud on every planted fault, and honest about known ones."""

from dataclasses import replace

import numpy as np
import pytest

from neurodecode.core import registry
from neurodecode.core.card import Flaw, read_card
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.loaders import load, present_datasets, static_checks
from neurodecode.loaders.checks import lagged_copies
from neurodecode.loaders.repair import drop_repeated_recordings, repeated_recordings
from neurodecode.loaders.signal_checks import check_microvolts

PRESENT = [name for name in registry.names("dataset") if name in present_datasets()]


def failed(card, epochs):
    return [check.name for check in static_checks(card, epochs) if not check.ok]


def again(epochs: Epochs, data: np.ndarray) -> Epochs:
    return epochs.with_data(data.astype(np.float32))


@pytest.fixture(scope="module")
def sound():
    """A simulated set as the card expects it."""
    return read_card("sim-ssvep"), load("sim-ssvep")


@pytest.mark.data
@pytest.mark.parametrize("name", PRESENT)
def test_every_present_set_agrees_with_its_card(name):
    card = read_card(name)
    checks = static_checks(card, load(name, as_distributed=True))
    assert [check for check in checks if not check.ok] == []
    assert len(checks) >= 8


@pytest.mark.data
@pytest.mark.parametrize("name", ["SelfRegulationSCP1", "SelfRegulationSCP2", "FingerMovements"])
def test_mis_cut_sets_are_found_without_the_card(name):
    card = replace(read_card(name), flaws=[])
    epochs = load(name, as_distributed=True)
    assert failed(card, epochs) == ["lagged copies of channels"]
    n_channels = epochs.shape[1]
    copies = lagged_copies(epochs.data)
    assert len(copies) == n_channels - 1
    assert all(lag == (c - other) * n_channels for c, other, lag in copies)


@pytest.mark.data
def test_blink_copies_and_rail_are_found_without_the_card():
    card = replace(read_card("Blink"), flaws=[])
    checks = {c.name: c for c in static_checks(card, load("Blink", as_distributed=True))}
    assert checks["duplicate trials"].found == "50 within and 50 across parts"
    assert not checks["duplicate trials"].ok
    assert checks["not clipped"].found.startswith("AF8") and not checks["not clipped"].ok


def test_a_flaw_that_the_data_do_not_show_is_an_error(sound):
    card, epochs = sound
    card = replace(card, flaws=[Flaw("mis-cut", "not true")])
    assert failed(card, epochs) == ["lagged copies of channels"]


def test_missing_trials_and_classes_are_counted(sound):
    card, epochs = sound
    assert failed(card, epochs[:-1]) == ["trials", "classes"]
    assert "subjects" in failed(card, epochs[epochs.groups("subject") != "2"])


def test_volts_stored_as_microvolts_are_seen(sound):
    card, epochs = sound
    assert failed(card, again(epochs, epochs.data * 1e-6)) == ["eeg amplitude"]
    assert failed(card, again(epochs, epochs.data * 1e3)) == ["eeg amplitude"]


def test_flat_clipped_and_nan_channels_are_named(sound):
    card, epochs = sound
    flat = epochs.data.copy()
    flat[:, 3] = 5.0
    checks = {c.name: c for c in static_checks(card, again(epochs, flat))}
    assert checks["not flat"].found == "PO4 never change" and not checks["not flat"].ok
    clipped = epochs.data.copy()
    clipped[:, 2] = np.clip(clipped[:, 2], -8, 8)
    assert failed(card, again(epochs, clipped)) == ["not clipped"]
    broken = epochs.data.copy()
    broken[7, 1, 5] = np.nan
    assert "finite" in failed(card, again(epochs, broken))


def test_copied_trials_and_delayed_channels_are_seen(sound):
    card, epochs = sound
    copied = epochs.data.copy()
    copied[10] = copied[90]
    assert failed(card, again(epochs, copied)) == ["duplicate trials"]
    delayed = epochs.data.copy()
    delayed[:, 5, :-9] = delayed[:, 1, 9:]
    checks = {c.name: c for c in static_checks(card, again(epochs, delayed))}
    assert checks["lagged copies of channels"].found == "O1 = PO3 9 samples on"
    assert not checks["lagged copies of channels"].ok


def test_swapped_flicker_codes_are_seen(sound):
    card, epochs = sound
    swap = {"10 Hz": "12 Hz", "12 Hz": "10 Hz"}
    swapped = epochs.with_y(np.array([swap.get(name, name) for name in epochs.y]))
    assert failed(card, swapped) == ["spectral peaks"]


def test_a_repeated_recording_is_named(sound):
    card, epochs = sound
    data = epochs.data.copy()
    names = epochs.groups("recording").astype(str)
    first, last = names[0], names[-1]
    data[names == last] = data[names == first]
    checks = {check.name: check for check in static_checks(card, again(epochs, data))}
    assert checks["repeated recordings"].found == f"{last} repeats {first}"
    assert not checks["repeated recordings"].ok
    repeated = again(epochs, data)
    cleaned, said = drop_repeated_recordings(repeated, repeated_recordings(repeated))
    assert set(cleaned.groups("recording")) == set(names) - {last} and last in said[0]
    known = replace(card, flaws=[Flaw("duplicates", "known")])
    known.expected["as_distributed"] = {"duplicates": {"within": 48, "across": 0}}
    assert "repeated recordings" not in failed(known, again(epochs, data))
    del known.expected["as_distributed"]


def test_codes_taken_for_frequencies_are_seen(sound):
    card, epochs = sound
    codes = {name: float(i) for i, name in enumerate(card.frequencies, start=1)}
    coded = epochs.with_trials(epochs.trials.assign(code=[codes[name] for name in epochs.y]))
    assert failed(card, coded) == []
    wrong = failed(replace(card, frequencies=codes), coded)
    assert wrong[0] == "codes are no frequencies"


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e6])
def test_a_recording_in_a_wrong_unit_is_refused(factor):
    recording = load("sim-ssvep", form="recording", subjects=["1"])
    check_microvolts(recording.with_data(recording.data + 1e5), "x")  # an offset is no fault
    with pytest.raises(DataError, match="impossible size"):
        check_microvolts(recording.with_data(recording.data * np.float32(factor)), "x")


@pytest.mark.data
def test_a_changed_file_fails_its_checksum():
    card = read_card("EyesOpenShut")
    sums = dict.fromkeys(card.checksums, "0" * 64)
    assert failed(replace(card, checksums=sums), load("EyesOpenShut")) == [
        f"checksum {name}" for name in card.checksums
    ]


def test_spikes_must_be_counts():
    card = read_card("sim-cursor")
    epochs = load("sim-cursor")
    assert failed(card, again(epochs, epochs.data + 0.5)) == ["spikes are counts"]
