"""Input adapters: what they promise, on numbers known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from neurodecode.core import Spec, registry
from neurodecode.core.errors import CardError, DataError
from neurodecode.core.montage import template_places
from neurodecode.linalg import interpolation_matrix
from neurodecode.nets import build_adapter, read_encoder_card
from neurodecode.nets.encoders.scaling import RobustScale, ZScore
from neurodecode.nets.encoders.sensors import (
    Bipolar,
    LearnedChannelMix,
    NameMap,
    PositionBank,
    SphericalSpline,
)
from neurodecode.nets.encoders.timing import Resample, WindowFit

NAMES = ("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T3", "C3", "Cz", "C4", "T4", "T5", "P3",
         "Pz", "P4", "T6", "O1", "O2")  # fmt: skip


def spec_of(names=NAMES, n_times=800, sfreq=200.0, unit="µV") -> Spec:
    n = len(names)
    return Spec(n, n_times, sfreq, 2, channel_names=tuple(names), channel_kinds=("eeg",) * n,
                channel_units=(unit,) * n)  # fmt: skip


def placed(names, montage="standard_1005") -> Spec:
    known = template_places(montage)
    places = np.array([known[name.lower()] for name in names])
    return replace(spec_of(names), positions=places)


@pytest.mark.parametrize("name", sorted(set(registry.names("encoder"))))
def test_one_recording_in_volts_millivolts_and_microvolts_gives_one_input(name: str):
    card = read_encoder_card(name)
    x = 30 * torch.randn(2, len(NAMES), 1000)
    inputs = [
        build_adapter(card.adapter, spec_of(n_times=1000, sfreq=250.0, unit=unit))(x * size)
        for unit, size in (("µV", 1.0), ("mV", 1e-3), ("V", 1e-6))
    ]
    scale = inputs[0].abs().max()
    for other in inputs[1:]:
        assert (other - inputs[0]).abs().max() < 1e-6 * scale


def test_units_that_cannot_be_converted_are_refused():
    tables = [{"name": "unit-scale", "unit": "µV"}]
    for unit in ("fT", ""):
        with pytest.raises(DataError, match="Fp1"):
            build_adapter(tables, spec_of(unit=unit))


def test_robust_scale_is_numpys_quantile_and_ignores_the_scale():
    x = torch.randn(2, 3, 77, dtype=torch.float64)
    scale = RobustScale(spec_of(NAMES[:3]))
    expected = x.numpy() / np.quantile(np.abs(x.numpy()), 0.95, axis=-1, keepdims=True)
    np.testing.assert_allclose(scale(x), expected, rtol=1e-12)
    np.testing.assert_allclose(scale(x * 1e-7), expected, rtol=1e-12)
    assert scale(torch.zeros(1, 3, 9)).eq(0).all()


def test_z_scores_of_windows_and_channels_with_a_flat_one_and_a_clip():
    x = torch.randn(4, 3, 500, dtype=torch.float64) * 7 + 5
    x[:, 0] = 2.0
    z = ZScore(spec_of(NAMES[:3]))(x)
    assert z[:, 0].eq(0).all()
    np.testing.assert_allclose(z[:, 1:].std(dim=-1, correction=0), 1.0, rtol=1e-9)
    whole = ZScore(spec_of(NAMES[:3]), over="window", clip=1.5)(x)
    assert whole.abs().max() == 1.5
    standardized = ZScore(spec_of(NAMES[:3], unit=""))
    assert standardized(x) is x and "left as it is" in standardized.did


def test_a_sine_keeps_its_amplitude_through_resampling():
    t = torch.arange(256 * 4) / 256
    sine = torch.sin(2 * torch.pi * 10 * t)[None, None]
    out = Resample(spec_of(["Cz"], 1024, 256.0), 200.0)(sine)[0, 0, 100:-100]
    expected = torch.sin(2 * torch.pi * 10 * torch.arange(800) / 200)[100:-100]
    assert (out - expected).abs().max() < 0.01


@pytest.mark.parametrize(
    ("policy", "n", "fitted", "real"),
    [("crop", 450, 400, 400), ("zero", 450, 600, 450), ("tile", 450, 600, 600),
     ("zero", 100, 400, 100), ("error", 400, 400, 400)],
)  # fmt: skip
def test_windows_are_fitted_as_asked(policy: str, n: int, fitted: int, real: int):
    fit = WindowFit(spec_of(n_times=n), 200, min_times=400, policy=policy)
    x = torch.arange(float(n)).expand(1, 19, n)
    out = fit(x)
    assert out.shape[-1] == fit.spec.n_times == fitted and fit.real(n) == real
    assert out[..., : min(n, fitted)].equal(x[..., : min(n, fitted)])
    if policy == "tile":
        assert out[0, 0, n:].equal(x[0, 0, : fitted - n])


@pytest.mark.parametrize(("policy", "n"), [("crop", 399), ("error", 450), ("zero", 801)])
def test_windows_that_do_not_fit_are_refused(policy: str, n: int):
    with pytest.raises(DataError, match="windows of this length"):
        WindowFit(spec_of(n_times=n), 200, min_times=400, max_times=800, policy=policy)


def test_names_are_found_under_old_names_and_references_and_losses_are_reported():
    given = ("EEG T3-REF", "cz", "P7", "Status", "T5")
    names = NameMap(spec_of(given), ["Cz", "T7", "P7", "T5"])
    assert names.spec.channel_names == ("Cz", "T7", "P7", "T5")
    assert names.dropped == ("Status",) and "Status" in names.did and "as T7" in names.did
    x = torch.arange(5.0)[None, :, None]
    assert names(x).flatten().tolist() == [1.0, 0.0, 2.0, 4.0]
    kept = NameMap(spec_of(given), ["Cz"], unknown="keep")
    assert kept.spec.channel_names == ("Cz", "EEG T3-REF", "P7", "Status", "T5")
    with pytest.raises(DataError, match="Status"):
        NameMap(spec_of(given), ["Cz", "T7", "P7", "T5"], unknown="error")
    with pytest.raises(DataError, match="no channel is left"):
        NameMap(spec_of(["A", "B"]), ["Cz"])


def test_derivations_are_the_matrix_product_of_differences():
    pairs = ["Fp1-F7", "F7-T7", "T7-P7", "P7-O1", "C3-A2"]
    bipolar = Bipolar(spec_of(), pairs)
    matrix = np.zeros((4, 19))
    for row, (plus, minus) in enumerate([("Fp1", "F7"), ("F7", "T3"), ("T3", "T5"), ("T5", "O1")]):
        matrix[row, NAMES.index(plus)], matrix[row, NAMES.index(minus)] = 1, -1
    x = np.random.default_rng(0).normal(size=(2, 19, 50)).astype(np.float32)
    np.testing.assert_allclose(bipolar(torch.from_numpy(x)), matrix @ x, atol=1e-6)
    assert "C3-A2" in bipolar.did and bipolar.spec.channel_names == tuple(pairs[:4])
    assert "Cz" in bipolar.dropped
    ready = Bipolar(spec_of(["EOG", "FP1-F7"]), pairs)
    assert ready(torch.tensor([[[1.0], [2.0]]])).flatten().tolist() == [2.0]


def test_a_spline_keeps_measured_electrodes_and_constant_fields():
    names = [name for name in NAMES if name not in ("Cz", "Pz")]
    same = SphericalSpline(placed(names), names)
    np.testing.assert_allclose(same.weights, np.eye(len(names)), atol=1e-5)
    spline = SphericalSpline(placed(names), NAMES)
    np.testing.assert_allclose(spline.weights.sum(dim=1), 1.0, atol=1e-5)
    assert spline.did == "17 electrodes as measured, 2 interpolated"
    known = template_places("standard_1005")
    targets = np.array([known["cz"], known["pz"]])
    sources = placed(names).positions
    assert sources is not None
    rows = [NAMES.index("Cz"), NAMES.index("Pz")]
    np.testing.assert_allclose(
        spline.weights[rows], interpolation_matrix(sources, targets), atol=1e-6
    )


def test_places_come_from_the_bank_in_metres_and_may_be_centred():
    bank = {name: place.tolist() for name, place in template_places("standard_1020").items()}
    placed_spec = PositionBank(spec_of([*NAMES, "X9"]), bank)
    assert placed_spec.dropped == ("X9",)
    assert placed_spec.spec.positions is not None
    np.testing.assert_allclose(placed_spec.spec.positions[9], bank["cz"])
    centred = PositionBank(spec_of(), bank, recentre=True).spec.positions
    assert centred is not None
    radii = np.linalg.norm(centred, axis=1)
    assert radii.std() < 0.1 * radii.mean()
    with pytest.raises(DataError, match="metres"):
        PositionBank(spec_of(), {name: [90.0, 0.0, 0.0] for name in NAMES})


def test_a_learned_mix_is_bounded_and_learns():
    mix = LearnedChannelMix(spec_of(), 5, bound=0.5)
    with torch.no_grad():
        mix.mix.parametrizations.weight.original.mul_(100)
    assert mix.mix.weight.flatten(1).norm(dim=1).max() <= 0.5 + 1e-6
    mix(torch.randn(2, 19, 10)).sum().backward()
    assert mix.mix.parametrizations.weight.original.grad is not None


def test_a_chain_reports_every_step_and_refuses_what_it_does_not_know():
    chain = build_adapter(read_encoder_card("labram-base").adapter, spec_of([*NAMES, "X9"]))
    assert [name for name, _ in chain.report] == [
        "kinds", "unit-scale", "name-map", "resample", "window-fit"
    ]  # fmt: skip
    assert chain.dropped == ("X9",) and "µV -> 100 µV" in str(chain)
    with pytest.raises(CardError, match="unit-scale"):
        build_adapter([{"name": "unitscale"}], spec_of())
    with pytest.raises(CardError, match="by"):
        build_adapter([{"name": "unit-scale", "by": 3}], spec_of())
