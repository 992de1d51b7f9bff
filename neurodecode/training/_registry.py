"""Registered augmentations: name -> where its maker lives."""

TABLE: dict[str, str] = {
    "amplitude-scale": "neurodecode.training.augment.level:amplitude_scale",
    "channel-dropout": "neurodecode.training.augment.channels:channel_dropout",
    "channel-symmetry": "neurodecode.training.augment.symmetry:channel_symmetry",
    "frequency-mask": "neurodecode.training.augment.frequency:frequency_mask",
    "frequency-shift": "neurodecode.training.augment.frequency:frequency_shift",
    "gaussian-noise": "neurodecode.training.augment.level:gaussian_noise",
    "mixup": "neurodecode.training.augment.mixing:mixup",
    "segment-recombination": "neurodecode.training.augment.mixing:segment_recombination",
    "time-mask": "neurodecode.training.augment.timing:time_mask",
    "time-shift": "neurodecode.training.augment.timing:time_shift",
}
