"""One or more real files of every format, against what independent readers measured.

The files are samples beside the checkout; without them these tests are skipped with a reason.
"""

import functools
import json

import numpy as np
import pytest

from neurodecode.core.errors import DataError, MissingDependency
from neurodecode.core.mne_epochs import si_factors
from neurodecode.loaders.reading import read

pytest.importorskip("mne")

FILES = [
    "ant_cnt/CA_208_refs/test-ref.cnt",
    "ant_cnt/user_annotations/test-user-annotation.cnt",
    "bdf/test.bdf",
    "bdf/test_bdf_stim_channel.bdf",
    "blackrock_nsx/Test_anonymized.ns3",
    "blackrock_nsx/test_BRSMPGRP_raw.ns3",
    "blackrock_nsx/test_NEURALCD_raw.ns3",
    "boxy/boxy_0_84_digaux_recording/boxy_0_84_triggers_parsed.txt",
    "brainvision/Analyzer_nV_Export.vhdr",
    "brainvision/test.vhdr",
    "brainvision/testv2.vhdr",
    "brainvision/test_VAmp.ahdr",
    "bti/test_pdf_linux",
    "curry/test_bdf_stim_channel Curry 7.dat",
    "curry/test_bdf_stim_channel Curry 8.cdt",
    "edf/duplicate_channel_labels.edf",
    "edf/test.edf",
    "edf/test_uneven_samp.edf",
    "edf_plus/chtypes_edf.edf",
    "edf_plus/subsecond_starttime.edf",
    "edf_plus/test_utf8_annotations.edf",
    "eeglab/test_raw_2021.set",
    "eeglab/test_raw_chanloc.set",
    "eeglab/test_raw_event_duration.set",
    "egi_mff/test_egi_pns.mff",
    "egi_raw/test_egi.raw",
    "eximia/test_eximia.nxe",
    "eyelink/test_eyelink_HREF.asc",
    "fif/neuromag122_test_file-raw.fif",
    "fif/test_ctf_comp_raw.fif",
    "fif/test_elekta_3ch_raw.fif",
    "gdf/test_1ch.gdf",
    "kit/test.sqd",
    "kit/test_umd-raw.sqd",
    "neuralynx",
    "neuroscan_cnt/test_CNT_events_mne_JWoess_clipped.cnt",
    "nicolet/test_nicolet_raw.data",
    "nihon_kohden/MB0400FU.EEG",
    "nirx/nirscout/nirx_15_2_recording_w_short",
    "nirx/nirsport_v2/aurora_2021_9_6",
    "persyst/sub-pt1_ses-02_task-monitor_acq-ecog_run-01_clip2.lay",
    "snirf/NIRx/NIRSport2/1.0.3/2021-04-23_005.snirf",
    # MNE compiles its head localisation for these: a minute on a fresh machine.
    pytest.param("ctf/somMDYO-18av.ds", marks=pytest.mark.slow),
    pytest.param(
        "artemis123/Artemis_Data_2017-04-14-10h-38m-59s_Phantom_1k_HPI_1s.bin",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        "snirf/MNE-NIRS/20220217/20220217_nirx_15_3_recording.snirf", marks=pytest.mark.slow
    ),
]
OPTIONS = {
    "neuroscan_cnt": {"data_format": "int16"},  # its sample width is written nowhere
    "nirx": {"fnirs": "intensity"},  # what the other readers give; ours is optical density
    "snirf": {"fnirs": "intensity"},
    "boxy": {"fnirs": "intensity"},
}
EXACT = {"seeg": "seeg", "mag": "mag", "grad": "grad", "stim": "stim"}
BY_NAME = ("eeg", "eog", "ecg", "emg")


@functools.cache
def expectations(folder):
    """What other readers found in each file."""
    return json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]


def open_or_skip(folder, name):
    try:
        return read(folder / name, **OPTIONS.get(name.partition("/")[0], {}))
    except MissingDependency as error:
        pytest.skip(f"optional reader package is not installed: {error.fix}")


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_what_other_readers_found(shared_data, name):
    folder = shared_data / "io_zoo"
    expected = expectations(folder)[name]
    rec = open_or_skip(folder, name)
    assert rec.shape == (expected["nchan"], expected["n_times"])
    assert rec.sfreq == pytest.approx(expected["sfreq"], rel=1e-9)
    assert rec.channels.names[0] == expected["ch0"]
    counts = rec.channels.kind_counts()
    for theirs, ours in EXACT.items():
        assert counts.get(ours, 0) == expected["ch_types"].get(theirs, 0)
    brain = sum(counts.get(kind, 0) for kind in BY_NAME)
    assert brain == sum(expected["ch_types"].get(kind, 0) for kind in BY_NAME)
    assert len(rec.events) + len(rec.intervals) >= expected["n_annotations"] - 1
    in_si = rec.data * si_factors(rec.channels)[:, None]
    np.testing.assert_allclose(in_si[0, :3], expected["ch0_first"][: rec.n_times], rtol=1e-5)
    assert np.abs(in_si).mean() == pytest.approx(expected["abs_mean"], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("blackrock_nsx/test_NEURALSG_raw.ns3", "cannot be read"),
        ("snirf/minimum_example.snirf", "cannot be read"),
        ("eeglab/test_epochs_onefile.set", r"mne\.read_epochs_eeglab"),
        ("fif/test-eve.fif", "holds events, not a recording"),
        ("nifti/anatomical.nii", "no series of volumes"),
        ("nifti/example4d.nii.gz", "no plausible repetition time"),
        ("gifti/pial_left.gii.gz", "no series of volumes"),
        ("gifti/rh.aparc.annot.gii", "no series of volumes"),
        ("besa/simulation.avr", "has no reader here yet"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(shared_data, name, message):
    with pytest.raises(DataError, match=message) as error:
        read(shared_data / "io_zoo" / name)
    assert error.value.found and error.value.fix


def test_first_events_agree_with_the_annotations(shared_data):
    folder = shared_data / "io_zoo"
    expected = expectations(folder)["brainvision/test.vhdr"]["first_annotations"]
    events = read(folder / "brainvision/test.vhdr").events
    assert events["label"].head(len(expected)).tolist() == [label for _, label in expected]
    np.testing.assert_allclose(events["onset"].head(len(expected)), [t for t, _ in expected])


def test_events_of_a_recording_whose_markers_lie_apart(shared_data):
    folder = shared_data / "mi_openbci"
    rec = read(folder / "S1_ses2_raw.fif", events=folder / "S1_ses2-eve.fif")
    epochs = rec.epoch({"right": 1, "left": 2}, tmin=0.5, tmax=3.0)
    assert sorted(set(epochs.y)) == ["left", "right"]
    assert epochs.shape[1:] == (13, 312)


def test_trailing_dots_do_not_hide_an_electrode(shared_data):
    rec = read(shared_data / "eegbci_s001" / "S001R03.edf")
    assert rec.channels.position_from == "template"
    assert np.isfinite(rec.channels.positions).all()
    epochs = rec.epoch({"left": "T1", "right": "T2"}, tmin=0.0, tmax=2.0)
    assert {name: int((epochs.y == name).sum()) for name in epochs.classes} == {
        "left": 8, "right": 7,
    }  # fmt: skip
