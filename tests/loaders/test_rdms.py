"""Matrices of dissimilarities between 92 images: no recordings, but their figures hold."""

import numpy as np
import pytest
from scipy.io import loadmat
from scipy.stats import spearmanr

from neurodecode.core.errors import DataError
from neurodecode.loaders.reading import read


def upper(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


def test_scans_of_one_person_and_animacy_agree_as_measured(shared_data):
    folder = shared_data / "rsa_92images"
    brain = loadmat(folder / "92_brainRDMs.mat")["RDMs"][0]["RDM"]  # (people, scans)
    models = loadmat(folder / "92_modelRDMs.mat")["Models"].ravel()
    rdms = np.array([[upper(scan) for scan in person] for person in brain])
    assert rdms.shape == (4, 2, 92 * 91 // 2)
    again = [spearmanr(first, second).statistic for first, second in rdms]
    np.testing.assert_allclose(again, [0.28, 0.10, 0.38, 0.12], atol=0.006)
    animacy = next(each["RDM"] for each in models if "animacy" in str(each["name"]))
    found = spearmanr(rdms.mean(axis=(0, 1)), upper(animacy)).statistic
    assert found == pytest.approx(0.59, abs=0.006)


def test_they_are_refused_as_recordings(shared_data):
    with pytest.raises(DataError):
        read(shared_data / "rsa_92images/92_brainRDMs.mat")
