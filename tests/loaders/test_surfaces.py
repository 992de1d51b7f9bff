"""GIFTI and CIFTI series: vertices and grayordinates in, maps out."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.loaders.reading import read

nibabel = pytest.importorskip("nibabel", reason="surfaces need nibabel: the extra fmri")
SERIES = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)  # vertices x volumes


def write_gifti(path, step="0", series=SERIES, structure="CortexLeft"):
    from nibabel.gifti.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

    meta = GiftiMetaData({"AnatomicalStructurePrimary": structure})
    image = GiftiImage(meta=meta)
    for volume in series.T:
        image.add_gifti_data_array(
            GiftiDataArray(
                volume,
                intent="NIFTI_INTENT_TIME_SERIES",
                datatype="NIFTI_TYPE_FLOAT32",
                meta=GiftiMetaData({"TimeStep": step}),
            )
        )
    nibabel.save(image, path)
    return path


def cifti_axes():
    from nibabel.cifti2.cifti2_axes import BrainModelAxis, SeriesAxis

    cortex = BrainModelAxis.from_surface(np.array([0, 4, 9]), 10, "CortexLeft")
    mask = np.zeros((2, 2, 2), dtype=bool)
    mask[0, 1] = True
    deep = BrainModelAxis.from_mask(mask, affine=np.eye(4), name="ThalamusLeft")
    return SeriesAxis(0.0, 0.72, 7, unit="SECOND"), cortex + deep


def write_cifti(path, axes):
    nibabel.save(nibabel.Cifti2Image(SERIES.T[:, : len(axes[1])], header=axes), path)
    return path


def test_gifti_series_are_vertices_by_volumes(tmp_path):
    rec = read(write_gifti(tmp_path / "lh.func.gii", "2000.0"))
    np.testing.assert_array_equal(rec.data, SERIES)
    assert (rec.sfreq, rec.channels.names[4]) == (0.5, "vertex 4")
    image = rec.pick(["vertex 3", "vertex 1"]).to_image([1.0, 2.0])
    assert image.darrays[0].data.tolist() == [0, 2, 0, 1, 0]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("lh.func.gii", "rh.func.gii"),
        ("sub-Lara_hemi-L_bold.func.gii", "sub-Lara_hemi-R_bold.func.gii"),
        ("100307.L.func.gii", "100307.R.func.gii"),
    ],
)
def test_a_pair_of_hemispheres_is_one_recording(tmp_path, left, right):
    other = 10 + SERIES[:3]
    paths = [
        write_gifti(tmp_path / left, "2000.0"),
        write_gifti(tmp_path / right, "2000.0", other, "CortexRight"),
    ]
    for path in paths:
        rec = read(path, pair=True)
        np.testing.assert_array_equal(rec.data, np.concatenate([SERIES, other]))
        assert rec.channels.names[4:6] == ("CortexLeft vertex 4", "CortexRight vertex 0")
    sides = rec.pick(["CortexRight vertex 1", "CortexLeft vertex 0"]).to_image([1.0, 2.0])
    assert [side.darrays[0].data.tolist() for side in sides] == [[2, 0, 0, 0, 0], [0, 1, 0]]
    assert sides[1].meta["AnatomicalStructurePrimary"] == "CortexRight"
    assert read(paths[0]).shape == SERIES.shape


def test_hemispheres_that_are_no_pair_are_told(tmp_path):
    path = write_gifti(tmp_path / "lh.func.gii", "2000.0")
    with pytest.raises(DataError, match="no other hemisphere"):
        read(path, pair=True)
    write_gifti(tmp_path / "rh.func.gii", "2000.0", SERIES[:, :6], "CortexRight")
    with pytest.raises(DataError, match="not of one run"):
        read(path, pair=True)
    write_gifti(tmp_path / "rh.func.gii", "2000.0")
    with pytest.raises(DataError, match="both files say"):
        read(path, pair=True)


def test_gifti_without_a_time_step_asks_for_it(tmp_path):
    path = write_gifti(tmp_path / "lh.func.gii")
    with pytest.raises(DataError, match="does not say"):
        read(path)
    assert read(path, tr=1.5, standardize=False).sfreq == pytest.approx(1 / 1.5)


@pytest.mark.parametrize("name", ["run.dtseries.nii", "run.nii"])
def test_cifti_series_are_grayordinates_by_volumes(tmp_path, name):
    axes = cifti_axes()
    rec = read(write_cifti(tmp_path / name, axes))
    np.testing.assert_allclose(rec.data, SERIES, rtol=1e-6)
    assert 1 / rec.sfreq == pytest.approx(0.72)
    assert rec.channels.names[1] == "CORTEX_LEFT vertex 4"
    assert rec.channels.names[3] == "THALAMUS_LEFT v0-1-0"
    np.testing.assert_array_equal(rec.read(2, 5, [4, 0]), rec.data[[4, 0], 2:5])
    image = rec.to_image(np.arange(5.0))
    assert np.asarray(image.dataobj).tolist() == [[0, 1, 2, 3, 4]]
    assert image.header.get_axis(1) == axes[1]


def test_cifti_parcels_are_read(tmp_path):
    from nibabel.cifti2.cifti2_axes import ParcelsAxis

    series, models = cifti_axes()
    parcels = ParcelsAxis.from_brain_models([("left", models[:3]), ("deep", models[3:])])
    rec = read(write_cifti(tmp_path / "run.ptseries.nii", (series, parcels)))
    assert rec.channels.names == ("left", "deep")
    assert rec.space.to_image([1.0, 2.0]).shape == (1, 2)


def test_maps_and_meshes_are_no_recordings(tmp_path):
    from nibabel.cifti2.cifti2_axes import ScalarAxis

    _, models = cifti_axes()
    path = write_cifti(
        tmp_path / "map.dscalar.nii", (ScalarAxis([f"m{i}" for i in range(7)]), models)
    )
    with pytest.raises(DataError, match="no series of volumes"):
        read(path)
