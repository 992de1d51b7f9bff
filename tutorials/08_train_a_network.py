"""Train a network with care: augmentation, averages, calibration, curves, an interrupted run.

Half a minute on one core, most of it imports; the sizes are small so that it runs everywhere.
"""

import neurodecode as nd

epochs = nd.load("sim-mi", subjects=["1", "2", "3"])
train, test = (epochs[epochs.groups("session") == number] for number in ("1", "2"))
print(train)

# ---------------------------------------------------------------- what is done to training batches
# Names, names with settings, or functions of your own; validation and test trials stay as they
# are. Left and right swap in the labels too where the head is mirrored.
print("augmentations:", nd.list("augmentation"))
clf = nd.decoders.NetClassifier(
    "shallow",
    epochs=12,
    augment=["time-shift", "channel-symmetry", {"name": "channel-dropout", "share": 0.1}],
    label_smoothing=0.1,
    calibrate=True,  # one temperature for all logits, from the validation trials
    plan_params={"ema": 0.9},  # keep the average of the last weights instead of the last ones
    lr=5e-3,
)


# ---------------------------------------------------------------- curves, wherever they go
class Printer:
    """Stands for TensorBoard's SummaryWriter; a run of W&B goes in its place as well."""

    def add_scalar(self, name: str, value: float, step: int) -> None:
        if step % 4 == 3:
            print(f"  epoch {step + 1:2}  {name:12} {value:.3f}")


clf.set_params(on_epoch=nd.training.curves_to(Printer()))

# ---------------------------------------------------------------- a run that may be killed
# Start the script again after kill -9: it goes on from the last state, and ends with the same
# weights to the bit. The file goes when the run is over.
clf.set_params(checkpoints="runs/states")
clf.fit(train, train.y)

print(f"kept epoch {clf.history_['best_epoch'] + 1}, temperature {clf.temperature_:.2f}")
print(f"next session: {clf.score(test, test.y):.2f} right of 1, chance 0.50")
p = clf.predict_proba(test)
print(
    "calibration error:",
    round(nd.evaluation.score("ece", test.y, clf.predict(test), p, clf.classes_), 3),
)
