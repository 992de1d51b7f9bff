"""Augmentations: functions ``(trials, targets, generator) -> (trials, targets)`` on the device.

Each name stands for a maker, which gets `Facts` about the training trials and its settings and
gives the function. What comes in stays as it is; each trial of a batch draws for itself.
"""
