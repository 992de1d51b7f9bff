"""What a network looks at: by gradients, by covering, by patterns, and over time.

Half a minute on one core. The simulated rhythms sit over the two motor cortices: it is known what
an explanation should find.
"""

import numpy as np
import torch.nn as nn
from sklearn.pipeline import make_pipeline

import neurodecode as nd

epochs = nd.load("sim-mi", subjects=["1"], steps=[nd.preprocessing.Bandpass(8, 32)])
clf = nd.decoders.NetClassifier("shallow", epochs=15, lr=5e-3, sampling="balanced")
clf.fit(epochs, epochs.y)
names = np.array(epochs.channels.names)

# ---------------------------------------------------------------- which samples, which channels
for method in ("integrated-gradients", "gradient", "input-x-gradient"):
    relevance = clf.explain(epochs[:40], method)  # as the trials, in units of the logit
    strength = np.abs(relevance).mean(axis=(0, 2))
    print(f"{method:22}", *names[np.argsort(strength)[::-1][:4]])
# Without gradients: a sixteenth of one channel at a time is set to its mean.
covered = clf.explain(epochs[:4], "occlusion", target=clf.classes_[0])
print(f"{'occlusion':22}", *names[np.abs(covered).mean(axis=(0, 2)).argsort()[::-1][:4]])

# ---------------------------------------------------------------- features for something simple
embed = nd.decoders.NetEmbedder(nd.decoders.NetClassifier("shallow", epochs=10, lr=5e-3))
pipe = make_pipeline(embed, nd.decoders.ShrinkageLDA())
first = epochs.groups("session") == "1"
pipe.fit(epochs[first], epochs.y[first])
print(f"LDA on features, next session: {pipe.score(epochs[~first], epochs.y[~first]):.2f} of 1")


# ---------------------------------------------------------------- trained here, tested there
def tiny(spec: nd.Spec) -> nn.Module:
    """A linear layer on every sample of a short window."""
    return nn.Sequential(nn.Flatten(), nn.Linear(spec.n_channels * spec.n_times, spec.n_outputs))


fields = nd.load("sim-meg", subjects=["1"])
net = nd.decoders.NetClassifier(tiny, epochs=5, lr=5e-3, validation=0)

# Explanations look into the network; a pattern only asks how the channels change with its answer
# (Haufe et al. 2014). It is one of evoked signals: a network that reads power, as above, has none.
net.fit(fields, fields.y)
nd.viz.patterns(net, fields).savefig("network_patterns.png")

over_time = nd.decoders.TimeGeneralization(net, n_windows=4, n_permutations=50)
print(over_time.scores(fields, cv=nd.split("within-session", k=2)).values.round(2))
