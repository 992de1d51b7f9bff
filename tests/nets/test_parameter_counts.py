"""Parameters of every network, at the input its paper or its public code names.

The counts of our own networks are those of the papers and of their public modules; the others were
read off braindecode's modules.
"""

import numpy as np
import pytest

from neurodecode.core import Spec, registry

_NAMES = (
    "Fp1 Fp2 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 CP5 CP1 CP2 CP6 P7 P3"
).split()  # fmt: skip

# name, channels, samples, Hz, outputs, further arguments: parameters
OURS = [
    ("atcnet", 22, 1000, 250, 4, {}, 113_732),
    ("conformer", 22, 1000, 250, 4, {}, 789_572),
    ("dbconformer", 22, 1001, 250, 2, {}, 93_747),
    ("dbconformer", 3, 1126, 250, 2, {}, 92_267),
    ("dbconformer", 59, 750, 250, 2, {}, 96_627),
    ("dbconformer", 14, 1251, 250, 2, {}, 93_187),
    ("dbconformer", 15, 2561, 512, 2, {"patch_length": 128, "depth": 4}, 172_547),
    ("deep-ssvep", 9, 50, 250, 40, {}, 294_284),
    ("deep-ssvep", 9, 100, 250, 40, {}, 414_284),
    ("deep-ssvep", 64, 250, 250, 40, {}, 780_884),
    ("dgcnn", 62, 200, 200, 3, {}, 16_785),
    ("eegnet", 22, 1000, 250, 4, {}, 3_444),
    ("eegnet-fusion", 64, 640, 160, 4, {}, 31_476),
    ("eegnex", 22, 500, 125, 4, {}, 56_484),
    ("eegnex", 22, 1000, 250, 4, {}, 57_476),
    ("geometric", 22, 1000, 250, 4, {"n_sweeps": 0}, 9_700),
    ("gru", 22, 1000, 250, 4, {}, 17_156),
    ("lstm", 22, 1000, 250, 4, {}, 22_788),
    ("mi-eegnet", 64, 640, 160, 4, {}, 134_020),
    ("mi-eegnet", 22, 1000, 250, 4, {}, 131_524),
    ("mi-eegnet", 22, 512, 128, 4, {}, 127_620),
    ("mvcnet", 22, 1000, 250, 2, {}, 6_722),
    ("resnet1d", 22, 1000, 250, 4, {}, 515_460),
    ("shallow", 22, 1000, 250, 4, {}, 46_084),
    ("tcn", 22, 1000, 250, 4, {}, 71_844),
]
BORROWED = [
    ("attentionbasenet", 3_692),
    ("bdtcn", 26_974),
    ("biot", 3_195_140),
    ("cbramod", 5_012_004),
    ("contrawr", 1_575_524),
    ("ctnet", 152_684),
    ("deep4", 282_879),
    ("dgcnn-braindecode", 490_281),
    ("eeginceptionerp", 26_744),
    ("eegitnet", 5_422),
    ("eegminer", 2_361),
    ("eegnex-braindecode", 56_452),
    ("eegsimpleconv", 730_404),
    ("eegsym", 32_474),
    ("eegtcnet", 4_304),
    ("fbcnet", 15_670),
    ("fblightconvnet", 10_454),
    ("fbmsnet", 20_089),
    ("ifnet", 12_636),
    ("labram", 5_818_740),
    ("luna", 7_102_781),
    ("medformer", 5_313_924),
    ("msvtnet", 75_494),
    ("mvpformer", 3_356_978),
    ("pbt", 840_324),
    ("sccnet", 14_394),
    ("signaljepa-contextual", 3_462_916),
    ("signaljepa-postlocal", 21_104),
    ("signaljepa-prelocal", 21_104),
    ("sincshallownet", 21_892),
    ("sleepstagerblanco2020", 2_644),
    ("sleepstagerchambon2018", 10_230),
    ("sparcnet", 992_747),
    ("sstdpn", 19_502 - 4 * 1072),  # without the prototypes of its second loss
    ("syncnet", 191),
    ("tcformer", 77_820),
    ("tidnet", 240_404),
    ("tsception", 403_049),
]
# Seconds each: large, or slow to run.
LARGE = [
    ("attnsleep", 1, 3000, 100, 520_404),
    ("bendr", 22, 1000, 250, 157_146_173),
    ("brainmodule", 22, 1000, 250, 6_165_444),
    ("codebrain", 22, 1000, 250, 32_929_404),
    ("deepsleepnet", 22, 1000, 250, 124_358_532),
    ("eegdino", 19, 1000, 250, 4_539_698),
    ("eeginceptionmi", 22, 1000, 250, 8_877_988),
    ("eegpt", 22, 1000, 250, 25_322_377),
    ("reve", 22, 1000, 250, 69_527_044),
    ("steegformer", 22, 1000, 250, 25_305_604),
    ("usleep", 22, 1000, 128, 3_115_400),
    ("zuna", 4, 1280, 256, 172_102_180),
]
# Made by the same few lines as those before the slow mark: one of each way.
_ALWAYS = {"bdtcn", "deep4", "sstdpn", "tcformer", "eegitnet", "fbcnet"}


def _spec(n_channels: int, n_times: int, sfreq: float, n_outputs: int) -> Spec:
    names = tuple(_NAMES[:n_channels]) if n_channels <= len(_NAMES) else ()
    angles = np.linspace(0, 2 * np.pi, n_channels, endpoint=False)
    ring = 0.09 * np.stack([np.cos(angles), np.sin(angles), 0.5 + 0 * angles], 1)
    return Spec(n_channels, n_times, sfreq, n_outputs, channel_names=names, positions=ring)


def _count(name: str, spec: Spec, **params: object) -> int:
    return sum(each.numel() for each in registry.resolve("net", name)(spec, **params).parameters())


@pytest.mark.parametrize(
    ("name", "n_channels", "n_times", "sfreq", "n_outputs", "params", "count"), OURS
)
def test_ours(name, n_channels, n_times, sfreq, n_outputs, params, count):
    assert _count(name, _spec(n_channels, n_times, sfreq, n_outputs), **params) == count


@pytest.mark.parametrize(
    ("name", "count"),
    [pytest.param(*row, marks=() if row[0] in _ALWAYS else pytest.mark.slow) for row in BORROWED],
)
def test_braindecodes(name, count):
    assert _count(name, _spec(22, 1000, 250.0, 4)) == count


@pytest.mark.slow
@pytest.mark.parametrize(("name", "n_channels", "n_times", "sfreq", "count"), LARGE)
def test_braindecodes_large(name, n_channels, n_times, sfreq, count):
    assert _count(name, _spec(n_channels, n_times, sfreq, 4)) == count


def test_no_network_is_forgotten():
    counted = {row[0] for row in [*OURS, *BORROWED, *LARGE]}
    elsewhere = {"atat", "eegdenoisenet-cnn", "eegdenoisenet-fcnn", "spiking-lif", "neurosketch"}
    assert counted | elsewhere == set(registry.names("net"))
