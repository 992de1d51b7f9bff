"""A volunteer in the scanner: block means, voxels chosen in training data, one run left out.

On simulated volumes, so that it runs anywhere. With your own: ``nd.read("bold.nii.gz",
mask="mask.nii.gz", confounds="simple", events="events.tsv")`` gives the recording, and
``hrf="lss"`` in place of ``average=True`` one beta a trial (docs/data.md). A few seconds.
"""

from sklearn.pipeline import make_pipeline

import neurodecode as nd

study = nd.load("sim-fmri", subjects=["1"], form="recording")  # six runs of one volunteer
print(study)

# The response lags 4 to 6 s behind the picture: the window says so, nothing is shifted by itself.
classes = {"face": "face", "house": "house"}
epochs = study.epoch(classes, tmin=4.0, tmax=12.0, average=True)
print(epochs)

# Voxels are chosen in each training part anew; chosen on all runs they would leak.
svm = make_pipeline(nd.features.Voxels(k=50), nd.decoders.LinearSVM())
result = nd.benchmark(epochs, [("svm", svm)], split="leave-one-run-out", quiet=True)
print(result.table())

# Patterns, not weights: a weight is large also where it cancels noise (Haufe et al. 2014). Of a
# recording read from an image, `epochs.to_image(values)` turns them back into one.
svm.fit(epochs, epochs.y)
nd.viz.patterns(svm, epochs).savefig("voxel_patterns.png")
print("voxel_patterns.png")
