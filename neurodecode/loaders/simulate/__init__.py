"""Data with known truth: sources in MNE's spherical head, activity by formula, seeded.

One file a data set. Each offers ``<set>_recordings(...) -> (list of Recording, truth)`` and
``simulate_<set>(...) -> (Epochs, truth)``; `truth` holds what was planted (patterns, frequencies,
latencies, kernels), so that tests can ask a method for it back. Nothing is downloaded.
"""
