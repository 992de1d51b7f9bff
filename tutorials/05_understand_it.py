"""Understand a decoder: its training, its errors, where and when the information is.

Figures are written to ``figures/``. Under half a minute on one core.
"""

from pathlib import Path

from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import neurodecode as nd

figures = Path("figures")
figures.mkdir(exist_ok=True)

epochs = nd.load("sim-meg")
print(epochs)

# ---------------------------------------------------------------- where: patterns, not weights
# A weight is large also where noise is suppressed; its pattern (Haufe et al. 2014) shows where
# the signal comes from.
pipe = make_pipeline(nd.features.WindowMeans(6), nd.decoders.ShrinkageLDA())
pipe.fit(epochs, epochs.y)
nd.viz.patterns(pipe, epochs).savefig(figures / "patterns.png")

# ---------------------------------------------------------------- when: trained here, tested there
# Ten windows, each averaged; trained in one, tested in all.
at_one_time = make_pipeline(nd.features.WindowMeans(1), nd.decoders.ShrinkageLDA())
over_time = nd.decoders.TimeGeneralization(at_one_time, n_windows=10)
scores = over_time.scores(epochs, cv=nd.split("within-session", k=3))
nd.viz.time_generalization(scores).savefig(figures / "time_generalization.png")

# ---------------------------------------------------------------- which: errors between classes
if __name__ == "__main__":
    lda = ("window means", clone(pipe))  # unfitted: the benchmark fits it in each fold anew
    result = nd.benchmark(epochs, [lda], split="within-session", k=3)
    nd.viz.confusion(result).savefig(figures / "confusion.png")

    # ------------------------------------------------------------ how: a net and its training
    clf = nd.decoders.NetClassifier("eegnet", epochs=8)
    clf.fit(epochs, epochs.y)
    nd.viz.history(clf).savefig(figures / "history.png")

    # What the net looks at, trial by trial: gradient times input, same shape as the trials.
    print("relevance:", clf.explain(epochs[:20]).shape)
    print("figures:", sorted(path.name for path in figures.iterdir()))
