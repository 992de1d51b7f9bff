"""From many people to a new one: train on all, then tune a little on a few of the new trials.

A few seconds on one core after the imports. Simulated people; with real ones, compare on many.
"""

import copy

import numpy as np

import neurodecode as nd

epochs = nd.load("sim-mi")
new = epochs.groups("subject") == "3"
others, person = epochs[~new], epochs[new]
few, test = person[:20], person[20:]  # the first trials in time, never random ones

# ---------------------------------------------------------------- by hand
pooled = nd.decoders.NetClassifier("shallow", epochs=10, lr=5e-3).fit(others, others.y)
print(f"trained on the others        {pooled.score(test, test.y):.2f} of 1, chance 0.50")

for layers in ("head", "all"):
    # Layers that stand still keep their batch-norm statistics; layer_decay slows early layers.
    # Few trials: all of them train, none chooses the epoch.
    tuned = copy.deepcopy(pooled)
    tuned.fine_tune(few, few.y, layers, layer_decay=0.5, validation=0, epochs=10, lr=1e-3)
    print(f"then tuned on 20 trials, {layers:4} {tuned.score(test, test.y):.2f}")

# Trials that come one after the other: a pass over each new block.
live = copy.deepcopy(pooled).set_params(lr=1e-4)
for block in np.array_split(np.arange(20), 2):
    live.partial_fit(few[block], few.y[block])
print(f"block by block               {live.score(test, test.y):.2f}")

# ---------------------------------------------------------------- as one estimator
# The same for everybody: the first trials of each class of the tested person are called "target",
# train, and are not scored.
if __name__ == "__main__":
    net = nd.decoders.NetClassifier("shallow", epochs=6, lr=5e-3)
    recipes = [("pooled", net), ("tuned", nd.decoders.FineTuning(net, epochs=10, lr=1e-3))]
    result = nd.benchmark(epochs, recipes, split="cross-subject", k=3, n_calibration=10, quiet=True)
    print(result.table())
