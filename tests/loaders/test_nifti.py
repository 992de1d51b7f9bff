"""NIfTI volumes: voxels and regions against nilearn's maskers, time, events, what is refused."""

import json
import pickle
import sys

import numpy as np
import pandas as pd
import pytest

from neurodecode import load
from neurodecode.core.errors import DataError, MissingDependency
from neurodecode.loaders.inspection import inspect_recording
from neurodecode.loaders.reading import read

nibabel = pytest.importorskip("nibabel", reason="images need nibabel: the extra fmri")
maskers = pytest.importorskip("nilearn.maskers", reason="masks need nilearn: the extra fmri")

AFFINE = np.array([[-3.0, 0, 0, 20], [0, 3, 0, -20], [0, 0, 3, -10], [0, 0, 0, 1]])
SHAPE = (9, 8, 7)
N = 30


def write(path, volumes, tr=2.0, unit="sec", affine=AFFINE, code=1):
    image = nibabel.Nifti1Image(volumes, affine)
    image.header.set_xyzt_units("mm", unit)
    if volumes.ndim == 4:
        image.header["pixdim"][4] = tr
    image.header.set_sform(affine, code=code)
    nibabel.save(image, path)
    return path


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """A folder with a run of int16 volumes, a mask, and an atlas with large labels."""
    folder = tmp_path_factory.mktemp("scan")
    rng = np.random.default_rng(0)
    inside = np.zeros(SHAPE, dtype=bool)
    inside[2:7, 2:6, 1:6] = True
    volumes = (100 * inside[..., None] * (5 + rng.normal(size=(*SHAPE, N)))).astype(np.int16)
    write(folder / "bold.nii", volumes)
    write(folder / "bold.nii.gz", volumes)
    write(folder / "mask.nii.gz", inside.astype(np.uint8))
    atlas = np.where(inside, rng.choice([3, 300, 40_000, 100_001], SHAPE), 0)
    write(folder / "atlas.nii.gz", atlas.astype(np.int32))
    return folder


@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
def test_voxels_are_those_of_niftimasker(scan, name):
    rec = read(scan / name, mask=scan / "mask.nii.gz")
    expected = maskers.NiftiMasker(scan / "mask.nii.gz", standardize=None).fit_transform(
        scan / name
    )
    assert rec.data.dtype == np.float32
    np.testing.assert_allclose(rec.data, expected.T, rtol=1e-6)
    assert (rec.sfreq, rec.channels.kind_counts()) == (0.5, {"bold": 100})
    np.testing.assert_array_equal(rec.read(3, 9, [7, 2]), rec.data[[7, 2], 3:9])


def test_the_image_is_given_back_exactly(scan):
    rec = read(scan / "bold.nii.gz", mask=scan / "mask.nii.gz")
    image = rec.to_image(rec.data.T)
    original = nibabel.load(scan / "bold.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), np.asarray(original.dataobj))
    np.testing.assert_allclose(image.affine, original.affine)


def test_regions_are_those_of_niftilabelsmasker(scan):
    rec = read(scan / "bold.nii.gz", atlas=scan / "atlas.nii.gz")
    assert rec.channels.names == ("label 3", "label 300", "label 40000", "label 100001")
    expected = maskers.NiftiLabelsMasker(scan / "atlas.nii.gz", standardize=None).fit_transform(
        scan / "bold.nii.gz"
    )
    np.testing.assert_allclose(rec.data, expected.T, rtol=1e-5)
    atlas = np.asarray(nibabel.load(scan / "atlas.nii.gz").dataobj)
    image = np.asarray(rec.to_image([1.0, 2.0, 3.0, 4.0]).dataobj)
    assert set(atlas[image == 3.0]) == {40_000}


def test_an_atlas_on_another_grid_keeps_its_labels(scan, tmp_path):
    atlas = np.asarray(nibabel.load(scan / "atlas.nii.gz").dataobj).astype(np.float64)
    atlas[atlas == 3] = 2.0**40  # no float32, int16 or int32 on the way could hold it
    fine = np.repeat(np.repeat(np.repeat(atlas, 2, 0), 2, 1), 2, 2)
    affine = AFFINE @ np.diag([0.5, 0.5, 0.5, 1.0])
    affine[:3, 3] -= np.array([-3, 3, 3]) / 4
    image = nibabel.Nifti1Image(fine, affine)
    rec = read(scan / "bold.nii.gz", atlas=image)
    assert rec.channels.names[-1] == f"label {2**40}"
    plain = read(scan / "bold.nii.gz", atlas=scan / "atlas.nii.gz")
    np.testing.assert_allclose(rec.data, np.roll(plain.data, -1, axis=0), rtol=1e-6)
    assert any("another grid" in note for note in rec.notes)


def test_smoothing_is_nilearns(scan):
    rec = read(scan / "bold.nii.gz", mask=scan / "mask.nii.gz", smoothing=5.0)
    masker = maskers.NiftiMasker(scan / "mask.nii.gz", smoothing_fwhm=5.0, standardize=None)
    np.testing.assert_allclose(rec.data, masker.fit_transform(scan / "bold.nii.gz").T, rtol=1e-4)


def test_without_a_mask_the_brain_is_found_and_said(scan):
    rec = read(scan / "bold.nii.gz")
    assert 0 < len(rec.channels) <= 100
    assert any(note.startswith("no mask given") for note in rec.notes)
    assert len(read(scan / "bold.nii.gz", mask="all").channels) == np.prod(SHAPE)


def test_positions_and_frame_come_from_the_header(scan, tmp_path):
    rec = read(scan / "bold.nii", mask=scan / "mask.nii.gz")
    first = (AFFINE @ [2, 2, 1, 1])[:3] / 1000
    np.testing.assert_allclose(rec.channels.positions[0], first)
    assert rec.channels.frame == "device"
    volumes = np.ones((*SHAPE, 3), dtype=np.int16)
    assert read(write(tmp_path / "mni.nii", volumes, code=4), mask="all").channels.frame == "mni"


@pytest.mark.parametrize(
    ("tr", "unit", "expected"), [(2500, "msec", 2.5), (800_000, "usec", 0.8), (2.5, "unknown", 2.5)]
)
def test_repetition_time_has_the_unit_of_the_header(tmp_path, tr, unit, expected):
    path = write(tmp_path / "bold.nii", np.ones((*SHAPE, 3), dtype=np.int16), tr, unit)
    assert 1 / read(path, mask="all").sfreq == pytest.approx(expected)


@pytest.mark.parametrize(
    ("tr", "message", "fix"), [(0.0, "does not say", "tr=2.0"), (2500.0, "no plausible", "tr=2.5")]
)
def test_a_repetition_time_that_cannot_be_is_asked_for(tmp_path, tr, message, fix):
    path = write(tmp_path / "bold.nii", np.ones((*SHAPE, 3), dtype=np.int16), tr)
    with pytest.raises(DataError, match=message) as error:
        read(path, mask="all")
    assert fix in str(error.value.fix)
    assert 1 / read(path, mask="all", tr=2.5).sfreq == pytest.approx(2.5)


def test_the_json_beside_the_image_counts(tmp_path):
    volumes = np.ones((*SHAPE, 3), dtype=np.int16)
    path = write(tmp_path / "sub-1_bold.nii.gz", volumes, 0.0)
    (tmp_path / "sub-1_bold.json").write_text(json.dumps({"RepetitionTime": 1.5}))
    assert 1 / read(path, mask="all").sfreq == pytest.approx(1.5)
    write(path, volumes, 2.0)
    with pytest.raises(DataError, match="two repetition times"):
        read(path, mask="all")


def test_events_beside_a_bids_image_are_found(scan, tmp_path):
    path = tmp_path / "sub-01_task-x_run-2_bold.nii"
    path.write_bytes((scan / "bold.nii").read_bytes())
    table = pd.DataFrame({"onset": [4.0, 20.0], "duration": 10.0, "trial_type": ["a", "b"]})
    table.to_csv(tmp_path / "sub-01_task-x_run-2_events.tsv", sep="\t", index=False)
    rec = read(path, mask=scan / "mask.nii.gz")
    assert (rec.subject, rec.run) == ("01", "2")
    epochs = rec.epoch(tmin=4.0, tmax=10.0, average=True)
    np.testing.assert_allclose(epochs.data[0, :, 0], rec.data[:, 4:7].mean(axis=1), rtol=1e-5)
    assert epochs.y.tolist() == ["a", "b"]
    assert epochs.space == rec.space


def test_labels_of_volumes_become_blocks_and_runs(scan, tmp_path):
    labels = ["rest"] * 5 + ["face"] * 5 + ["face"] * 5 + ["rest"] * 5 + ["house"] * 10
    runs = [0] * 10 + [1] * 20
    frame = pd.DataFrame({"labels": labels, "chunks": runs})
    frame.to_csv(tmp_path / "labels.txt", sep=" ", index=False)
    frame.to_csv(tmp_path / "bare.txt", sep=" ", index=False, header=False)
    for name in ("labels.txt", "bare.txt"):
        rec = read(scan / "bold.nii", mask=scan / "mask.nii.gz", events=tmp_path / name)
        assert rec.good_spans() == [(0, 10), (10, 30)]
        epochs = rec.epoch({"face": "face", "house": "house"}, tmax=10.0, average=True)
        assert epochs.y.tolist() == ["face", "face", "house"]
        assert epochs.trials["run"].tolist() == ["0", "1", "1"]
        assert epochs.trials["onset"].tolist() == [10.0, 20.0, 40.0]


def test_labels_that_do_not_fit_the_volumes_are_refused(scan, tmp_path):
    (tmp_path / "labels.txt").write_text("rest 0\n" * 31)
    for events in (pd.DataFrame({"labels": ["a"] * 7}), tmp_path / "labels.txt"):
        with pytest.raises(DataError, match="do not fit the volumes"):
            read(scan / "bold.nii", mask="all", events=events)


def test_tables_of_onsets_may_hold_blanks_in_labels(scan, tmp_path):
    (tmp_path / "events.csv").write_text("onset,label\n4.0,left hand\n20.0,rest\n")
    rec = read(scan / "bold.nii", mask="all", events=tmp_path / "events.csv")
    assert rec.events["label"].tolist() == ["left hand", "rest"]
    with pytest.raises(DataError, match="no such file"):
        read(scan / "bold.nii", mask="all", events=tmp_path / "nowhere.txt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"maks": "m.nii"}, "without this argument"),
        ({"mask": "all", "atlas": "a.nii"}, "either a mask or an atlas"),
        ({"mask": nibabel.Nifti1Image(np.zeros(SHAPE, np.uint8), AFFINE)}, "nothing of the image"),
        ({"atlas": nibabel.Nifti1Image(np.full(SHAPE, 0.5), AFFINE)}, "no atlas"),
        ({"mask": nibabel.Nifti1Image(np.ones(SHAPE, np.uint8), AFFINE + 900)}, "nothing of the"),
    ],
)
def test_masks_that_cannot_be_are_refused(scan, options, message):
    with pytest.raises(DataError, match=message):
        read(scan / "bold.nii.gz", **options)


def test_single_volumes_and_broken_files_are_refused(scan, tmp_path):
    with pytest.raises(DataError, match="no series of volumes"):
        read(scan / "mask.nii.gz")
    whole = (scan / "bold.nii.gz").read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="before its last volume"):
        _ = read(tmp_path / "cut.nii.gz", mask=scan / "mask.nii.gz").data
    (tmp_path / "text.nii").write_text("not an image")
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "text.nii")


def test_a_missing_package_is_named_with_its_line(scan, monkeypatch):
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(MissingDependency, match=r"neurodecode-toolkit\[fmri\]"):
        read(scan / "bold.nii.gz", mask="all")


def test_opening_reads_no_volume_and_a_copy_travels(scan):
    rec = read(scan / "bold.nii.gz", mask=scan / "mask.nii.gz")
    assert rec._reader._all is None
    before = rec.data
    again = pickle.loads(pickle.dumps(rec))
    assert len(pickle.dumps(rec)) < 20_000 + 200 * len(rec.channels)
    np.testing.assert_array_equal(again.data, before)


def test_inspection_says_what_volumes_are(scan):
    page = str(inspect_recording(read(scan / "bold.nii.gz", mask=scan / "mask.nii.gz")))
    for words in ("NIfTI", "100 BOLD", "9 × 8 × 7 voxels of 3 × 3 × 3 mm", "average=True"):
        assert words in page
    assert "set_montage" not in page and "mains peak" not in page


def test_haxby_block_means_reach_the_measured_figure(shared_data, monkeypatch):
    """Leave-one-run-out, 8 categories, one slice: .69 measured on 64 blocks (Wilson .57 to .79)."""
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    monkeypatch.setenv("NEURODECODE_DATA", str(shared_data))
    epochs = load("haxby-slice")
    assert epochs.shape == (64, 530, 1)
    pipe = make_pipeline(
        SelectKBest(f_classif, k=300), StandardScaler(), LogisticRegression(max_iter=1000)
    )
    scores = cross_val_score(
        pipe, epochs.data[..., 0], epochs.y, groups=epochs.groups("run"), cv=LeaveOneGroupOut()
    )
    assert 0.57 < scores.mean() < 0.79


@pytest.mark.slow  # three seconds
def test_haxby_betas_tell_categories_apart(shared_data):
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_score
    from sklearn.svm import LinearSVC

    run = f"{(shared_data / 'fmri_haxby').as_posix()}/run0{{run}}"
    study = read(
        f"{run}/bold_1slice.nii.gz",
        events=f"{run}/bold_events.tsv",
        confounds=f"{run}/bold_moest.txt",
    )
    epochs = study.epoch(hrf="lss")
    x = epochs.data[..., 0]
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    scores = cross_val_score(
        LinearSVC(), x, epochs.y, groups=epochs.groups("run"), cv=LeaveOneGroupOut()
    )
    assert scores.mean() > 0.3  # chance .125; .24 is the 99th percentile of chance for 64 blocks


def test_volumes_of_the_zoo_agree_with_nibabel(shared_data):
    folder = shared_data / "io_zoo/nifti"
    rec = read(folder / "functional.nii", mask="all")
    image = nibabel.load(folder / "functional.nii")
    np.testing.assert_allclose(rec.data, image.get_fdata().reshape(-1, 20), rtol=1e-6)
    assert 1 / rec.sfreq == pytest.approx(2.0)
    short = read(folder / "example_nifti2.nii.gz", mask="all", tr=2.0)
    assert short.shape == (32 * 20 * 12, 2) and short.dtype == np.float32
