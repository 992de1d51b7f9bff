"""Values of channels become images again: exactly, for any selection, with any labels."""

import pickle

import numpy as np
import pytest

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.space import ParcelSpace, SurfaceSpace, VolumeSpace

pytest.importorskip("nibabel", reason="images need nibabel: the extra fmri")

AFFINE = np.array([[-3.0, 0, 0, 60], [0, 3.5, 0, -35], [0, 0, 4, -10], [0, 0, 0, 1]])


def small_mask(seed=0):
    return np.random.default_rng(seed).random((4, 5, 6)) > 0.6


def test_image_is_the_exact_inverse_of_the_mask():
    mask = small_mask()
    space = VolumeSpace(mask, AFFINE)
    volumes = np.random.default_rng(1).normal(size=(4, 5, 6, 3)).astype(np.float32)
    image = space.to_image(volumes[mask].T)
    back = np.asarray(image.dataobj)
    assert back.dtype == np.float32 and image.shape == (4, 5, 6, 3)
    np.testing.assert_array_equal(back[mask], volumes[mask])
    assert not back[~mask].any()
    np.testing.assert_array_equal(image.affine, AFFINE)


def test_selected_channels_go_back_to_their_own_voxels():
    mask = small_mask()
    space = VolumeSpace(mask, AFFINE)
    epochs = Epochs(
        np.zeros((2, len(space.names), 1)), channels=space.names, sfreq=1.0, space=space
    )
    some = epochs.pick(list(space.names[5:2:-1]))
    image = np.asarray(some.to_image([1.0, 2.0, 3.0]).dataobj)
    np.testing.assert_array_equal(image[mask][3:6], [3.0, 2.0, 1.0])
    assert image.sum() == 6.0


def test_voxel_places_are_those_of_the_affine():
    mask = np.zeros((4, 5, 6), dtype=bool)
    mask[1, 2, 3] = True
    expected = (AFFINE @ [1, 2, 3, 1])[:3] / 1000
    np.testing.assert_allclose(VolumeSpace(mask, AFFINE).positions(), [expected])


def test_labels_of_any_size_are_kept():
    atlas = np.zeros((2, 2, 2), dtype=np.int64)
    atlas[0, 0] = [300, 40_000]
    atlas[1, 1] = [2**40, -7]
    space = ParcelSpace(atlas, AFFINE)
    assert space.names == ("label -7", "label 300", "label 40000", f"label {2**40}")
    image = np.asarray(space.to_image([1, 2, 3, 4]).dataobj)
    assert image[0, 0].tolist() == [2, 3] and image[1, 1].tolist() == [4, 1]


def test_surface_maps_are_gifti():
    image = SurfaceSpace(3, "CortexLeft").to_image(np.eye(3)[:2])
    assert [array.data.tolist() for array in image.darrays] == [[1, 0, 0], [0, 1, 0]]
    assert image.meta["AnatomicalStructurePrimary"] == "CortexLeft"


@pytest.mark.parametrize(
    ("values", "message"),
    [([1.0, 2.0], "do not fit"), (np.zeros((1, 1, 1)), "one number a channel"), (["a"], "number")],
)
def test_values_that_are_no_map_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        SurfaceSpace(1).to_image(values)


def test_channels_without_a_place_are_refused():
    space = SurfaceSpace(2)
    with pytest.raises(DataError, match="no place in the image"):
        space.to_image([1.0], ["component 1"])
    plain = Epochs(np.zeros((1, 1, 2)), channels=["Cz"], sfreq=1.0)
    with pytest.raises(DataError, match="do not come from an image"):
        plain.to_image([1.0])


def test_runs_with_different_masks_share_voxels_but_not_grids():
    first, second = VolumeSpace(small_mask(0), AFFINE), VolumeSpace(small_mask(1), AFFINE)
    assert first == second
    assert first != VolumeSpace(small_mask(0), 2 * AFFINE)
    assert first != ParcelSpace(small_mask(0).astype(int), AFFINE)
    parts = [
        Epochs(np.ones((1, len(s.names), 1)), channels=s.names, sfreq=1.0, space=s)
        for s in (first, second)
    ]
    both = Epochs.concat(parts, on="common")
    image = np.asarray(both.to_image(np.ones(both.shape[1])).dataobj)
    np.testing.assert_array_equal(image != 0, first.mask & second.mask)
    moved = VolumeSpace(second.mask, AFFINE + np.eye(4))
    other = Epochs(np.ones((1, len(moved.names), 1)), channels=moved.names, sfreq=1.0, space=moved)
    with pytest.raises(DataError, match="brain spaces differ"):
        Epochs.concat([parts[0], other], on="common")


def test_a_space_survives_a_pickle_and_a_step():
    space = VolumeSpace(small_mask(), AFFINE)
    epochs = Epochs(np.ones((2, len(space.names), 1)), channels=space.names, sfreq=1.0, space=space)
    again = pickle.loads(pickle.dumps(epochs)).with_data(2 * epochs.data)
    assert again.space == space
    assert "in the mask" in repr(again.space)
