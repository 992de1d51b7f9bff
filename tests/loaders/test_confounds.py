"""Confounds: fMRIPrep's by strategy, tables as they are, and the regression itself."""

import json

import numpy as np
import pandas as pd
import pytest

from neurodecode.core.errors import DataError
from neurodecode.loaders.reading import read

nibabel = pytest.importorskip("nibabel", reason="images need nibabel: the extra fmri")
signal = pytest.importorskip("nilearn.signal", reason="confounds need nilearn: the extra fmri")

N = 60
TR = 2.0
MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
TRENDS = ("", "_derivative1", "_power2", "_derivative1_power2")


def fmriprep_table(rng, jump=None):
    """Columns that fMRIPrep writes and the strategies ask for; `jump` is a volume with motion."""
    names = [name + trend for name in [*MOTION, "white_matter", "csf"] for trend in TRENDS]
    frame = pd.DataFrame(rng.normal(size=(N, len(names))), columns=names)
    frame["global_signal"] = rng.normal(size=N)
    for i in range(2):
        frame[f"cosine{i:02d}"] = np.cos(np.pi * (i + 1) * (np.arange(N) + 0.5) / N)
    frame["framewise_displacement"] = 0.1
    frame["std_dvars"] = 1.0
    if jump is not None:
        frame.loc[jump, "framewise_displacement"] = 5.0
    for name in frame.columns[frame.columns.str.contains("derivative1")]:
        frame.loc[0, name] = np.nan
    frame.loc[0, ["framewise_displacement", "std_dvars"]] = np.nan
    return frame


@pytest.fixture
def scan(tmp_path):
    """Writes a preprocessed run whose voxels mix planted signal and confounds."""

    def make(name="sub-01_task-x_desc-preproc_bold.nii.gz", jump=None):
        rng = np.random.default_rng(0)
        frame = fmriprep_table(rng, jump)
        frame.to_csv(
            tmp_path / "sub-01_task-x_desc-confounds_timeseries.tsv", sep="\t", index=False,
            na_rep="n/a",
        )  # fmt: skip
        (tmp_path / "sub-01_task-x_desc-confounds_timeseries.json").write_text(json.dumps({}))
        noise = frame[MOTION].to_numpy() @ rng.normal(size=(6, 8))
        planted = np.sin(2 * np.pi * 0.05 * TR * np.arange(N))
        data = 500 + 30 * noise + 5 * planted[:, None]
        volumes = data.T.reshape(2, 2, 2, N).astype(np.float32)
        image = nibabel.Nifti1Image(volumes, np.eye(4))
        image.header.set_xyzt_units("mm", "sec")
        image.header["pixdim"][4] = TR
        nibabel.save(image, tmp_path / name)
        return tmp_path / name, planted, data

    return make


@pytest.mark.parametrize(
    "name", ["sub-01_task-x_desc-preproc_bold.nii.gz", "sub-01_task-x_bold.nii.gz"]
)
def test_a_strategy_finds_the_table_and_takes_the_confounds_out(scan, name):
    path, planted, data = scan(name)
    raw = read(path, mask="all")
    rec = read(path, mask="all", confounds="simple")
    assert abs(np.corrcoef(raw.data[0], planted)[0, 1]) < 0.5
    # 28 regressors take some of the planted wave with them
    assert np.corrcoef(rec.data[0], planted)[0, 1] > 0.6
    np.testing.assert_allclose(rec.data.mean(axis=1), data.mean(axis=0), rtol=1e-4)
    assert rec.targets["confounds"].shape == (28, N)
    assert any("28 confounds" in note and "simple" in note for note in rec.notes)


def test_cleaning_is_one_call_of_nilearn(scan):
    path, _, data = scan()
    table = np.random.default_rng(3).normal(size=(N, 4))
    rec = read(path, mask="all", confounds=table, detrend=True, high_pass=0.01, standardize=True)
    expected = signal.clean(
        data.astype(np.float32).astype(np.float64), confounds=table, detrend=True,
        standardize="zscore_sample", filter="cosine", high_pass=0.01, t_r=TR,
    )  # fmt: skip
    np.testing.assert_allclose(rec.data, expected.T, atol=1e-5)


def test_scrubbed_volumes_are_marked_and_their_trials_dropped(scan):
    path, _, _ = scan(jump=30)
    events = pd.DataFrame({"onset": [20.0, 56.0, 90.0], "duration": 8.0, "trial_type": "a"})
    rec = read(path, mask="all", confounds="scrubbing", events=events)
    assert np.isfinite(rec.data).all()
    spans = rec.intervals
    assert set(spans["kind"]) == {"BAD_scrubbed"} and 60.0 in spans["onset"].tolist()
    epochs = rec.epoch(tmin=0.0, tmax=8.0)
    assert epochs.trials["onset"].tolist() == [20.0, 90.0]
    assert "BAD_scrubbed" in epochs.dropped["reason"].iloc[0]
    line = rec.data[:, spans["onset"].min().astype(int) // 2 - 1 :]
    assert abs(np.diff(line, axis=1)).max() < 200


def test_runs_of_one_file_are_cleaned_apart(scan):
    path, _, _ = scan()
    labels = pd.DataFrame({"labels": ["a", "b"] * (N // 2), "chunks": [0] * 20 + [1] * 40})
    rec = read(path, mask="all", events=labels, standardize=True)
    for low, high in ((0, 20), (20, 60)):
        np.testing.assert_allclose(rec.data[:, low:high].mean(axis=1), 0, atol=1e-5)
        np.testing.assert_allclose(rec.data[:, low:high].std(axis=1, ddof=1), 1, rtol=1e-5)


def test_tables_without_a_header_are_read(scan, tmp_path):
    path, _, _ = scan()
    np.savetxt(tmp_path / "motion.txt", np.random.default_rng(0).normal(size=(N, 6)), fmt="%.3e")
    rec = read(path, mask="all", confounds=tmp_path / "motion.txt")
    assert rec.targets["confounds"].shape == (6, N)


@pytest.mark.parametrize(
    ("confounds", "message"),
    [
        ("simpel", "did you mean 'simple'"),
        ("compcor", "no confounds for"),
        (np.ones((N - 1, 2)), "do not fit"),
        (np.full((N, 2), np.nan), "no number"),
        (np.zeros((N, N)), "as many confounds as volumes"),
        (pd.DataFrame({"a": ["x"] * N}), "no number"),
        ("nowhere.tsv", "no such file of confounds"),
    ],
)
def test_confounds_that_cannot_be_are_refused(scan, confounds, message):
    path, _, _ = scan()
    with pytest.raises(DataError, match=message):
        read(path, mask="all", confounds=confounds)
