"""Tables of regions: rows are volumes."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.loaders.reading import read

SERIES = np.random.default_rng(0).normal(size=(20, 3)).round(4)


@pytest.mark.parametrize(
    ("header", "names"),
    [("V1 V2 MT", ("V1", "V2", "MT")), ("3dROIstats v1", ("region 1", "region 2", "region 3"))],
)
def test_rows_are_volumes(tmp_path, header, names):
    np.savetxt(tmp_path / "rois.1D", SERIES, header=header, fmt="%.4f")
    rec = read(tmp_path / "rois.1D", tr=2.0)
    np.testing.assert_allclose(rec.data, SERIES.T, rtol=1e-6)
    assert (rec.channels.names, rec.sfreq, set(rec.channels.kinds)) == (names, 0.5, {"bold"})


def test_regions_are_cleaned_as_voxels_are(tmp_path):
    pytest.importorskip("nilearn", reason="cleaning needs nilearn: the extra fmri")
    np.savetxt(tmp_path / "rois.1D", SERIES)
    rec = read(tmp_path / "rois.1D", tr=2.0, standardize=True)
    np.testing.assert_allclose(rec.data.std(axis=1, ddof=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("1 2\n3 4\n", {}, "does not say"),
        ("1 2\n3\n", {"tr": 2.0}, "no table of numbers"),
        ("", {"tr": 2.0}, "no table of numbers"),
        ("1 2\n", {"tr": 2.0, "mask": "m.nii"}, "without this argument"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, options, message):
    (tmp_path / "rois.1D").write_text(text)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "rois.1D", **options)
