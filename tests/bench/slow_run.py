"""A benchmark in a script without a `__main__` guard, of a decoder that takes its time.

Arguments: results folder, log of fits, seconds a fit, number of folds, then key=value for
`benchmark`. The class lives in `__main__`, as in a user's script.
"""

import os
import sys
import time

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from neurodecode.bench import benchmark
from neurodecode.core.epochs import Epochs

out, log, seconds, k = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
options = dict(argument.split("=", 1) for argument in sys.argv[5:])
if "jobs" in options:
    options["jobs"] = int(options["jobs"])


class Slow(ClassifierMixin, BaseEstimator):
    """Threshold on the mean of a trial; writes a line to the log after each fit."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y):
        time.sleep(seconds)
        self.classes_ = np.unique(y)
        with open(log, "a") as file:
            file.write(f"{self.shift} {os.getpid()}\n")
        return self

    def predict(self, X):
        return self.classes_[(X.data.mean((1, 2)) > self.shift).astype(int)]


rng = np.random.default_rng(0)
y = np.tile(["left", "right"], 20)
data = rng.standard_normal((40, 2, 8)) + (y == "right")[:, None, None]
epochs = Epochs(data, channels=["C3", "C4"], sfreq=8, y=y, name="slow")
# Every recipe is a batch of its own: `k` of them, each with two folds.
recipes = [(f"slow-{i}", Slow(i / 10)) for i in range(k)]
result = benchmark(epochs, recipes, k=2, out=out, quiet=True, **options)
numbers = [result.info[name] for name in ("n_cells", "n_from_earlier", "n_failed")]
sys.stdout.write(f"{numbers} {result.frame['value'].notna().all()}")
