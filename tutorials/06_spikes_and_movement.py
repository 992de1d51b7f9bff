"""Spikes and movement: counts in bins, windows at a steady pace, a Kalman filter.

On a simulated cursor task, so that it runs anywhere. With your own data: ``nd.read("session.nwb",
bin=0.05)``, or a card that describes your arrays (docs/data.md). A few seconds.
"""

import neurodecode as nd

# Units x time, the velocity of the cursor as a target on the same clock; one recording a session.
study = nd.load("sim-cursor", form="recording")
print(study)

# Windows of half a second, ten a second; the target is the velocity at the last bin of each.
epochs = study.windows(length=0.5, step=0.1, target="velocity")
print(epochs)

# Neighbouring windows share samples: only whole sessions (or contiguous folds) part them.
first = epochs.groups("session") == "1"
train, test = epochs[first], epochs[~first]

# R2 over both axes, on a day that the decoders never saw.
kalman = nd.decoders.Kalman().fit(train, train.y)
print(f"Kalman filter        R2 {kalman.score(test, test.y):.2f}")
wiener = nd.recipe("wiener").fit(train, train.y)
print(f"Wiener filter        R2 {wiener.score(test, test.y):.2f}")
