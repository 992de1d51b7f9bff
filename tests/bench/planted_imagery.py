"""A small simulated imagery set as a class of MOABB: three people, two sessions, two runs."""

import numpy as np
from moabb.datasets.fake import FakeDataset

CHANNELS = ("FC3", "FC4", "C3", "Cz", "C4", "CP3", "CP4", "Pz")
CLASSES = ("left_hand", "right_hand")


class PlantedImagery(FakeDataset):
    """A 12 Hz rhythm over C4 is weaker for the left hand, over C3 for the right one."""

    def __init__(self, n_subjects=3, event_list=CLASSES, **unused):
        super().__init__(
            event_list=event_list, n_sessions=2, n_runs=2, n_subjects=n_subjects,
            channels=CHANNELS, sfreq=128, duration=64, n_events=16, code="PlantedImagery", seed=0,
        )  # fmt: skip

    def _get_single_subject_data(self, subject):
        self.phases = np.random.default_rng(subject)
        return super()._get_single_subject_data(subject)

    def _generate_raw(self, n_events, duration):
        raw = super()._generate_raw(n_events, duration)
        codes = raw._data[-1]  # the trigger channel
        samples = codes.nonzero()[0]
        times = np.arange(3 * self.sfreq) / self.sfreq
        weak = {1: "C4", 2: "C3", 3: "Cz"}
        for sample in samples:
            for name in ("C3", "Cz", "C4"):
                size = 0.35 if weak[int(codes[sample])] == name else 1.0
                phase = self.phases.uniform(0, 2 * np.pi)
                wave = 6e-6 * size * np.sin(2 * np.pi * 12 * times + phase)
                stop = min(sample + len(times), raw.n_times)
                row = raw.ch_names.index(name)
                raw._data[row, sample:stop] += wave[: stop - sample]
        return raw
