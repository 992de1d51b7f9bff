"""Compiled kernels against their twins, in every form that this processor runs."""

import ctypes
import platform

import numpy as np
import pytest
from scipy import signal

from neurodecode.core.errors import DataError
from neurodecode.linalg import butterworth, inverse_sqrt, riemannian_mean, zero_phase
from neurodecode.linalg._native import eigen, library, logs, samples, sections
from neurodecode.linalg.filtering import causal, forward, start_state
from neurodecode.linalg.logs import log_sum, logarithms, squared_log_norms
from neurodecode.linalg.spd import squared_distances, tangent_vectors

BUILT = pytest.mark.skipif(not library.forms(), reason="no kernels built here (no C compiler?)")


@pytest.fixture(params=library.forms() or [None], ids=lambda form: form and form.name)
def form(request, monkeypatch):
    """The kernels in one form after the other."""
    if request.param is None:
        pytest.skip("no kernels built here (no C compiler?)")
    monkeypatch.setattr(eigen, "kernels", lambda: request.param)
    monkeypatch.setattr(eigen, "_LARGEST", dict.fromkeys(eigen._LARGEST, 96))
    monkeypatch.setattr(logs, "kernels", lambda: request.param)
    monkeypatch.setattr(sections, "kernels", lambda: request.param)
    monkeypatch.setattr(samples, "kernels", lambda: request.param)
    return request.param


@pytest.fixture
def twins(monkeypatch):
    """A function that gives what a call gives without kernels."""

    def run(function, *arguments):
        with monkeypatch.context() as patch:
            patch.setattr(eigen, "kernels", lambda: None)
            patch.setattr(logs, "kernels", lambda: None)
            patch.setattr(sections, "kernels", lambda: None)
            patch.setattr(samples, "kernels", lambda: None)
            return function(*arguments)

    return run


def ill_conditioned(count, n, condition=1e8, seed=0):
    """Positive definite matrices with eigenvalues spread evenly over a condition number."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(count, n, n)))[0]
    values = condition ** -np.linspace(0, 1, n)
    matrices = (basis * values) @ basis.transpose(0, 2, 1)
    return (matrices + matrices.transpose(0, 2, 1)) / 2


def close(a, b, tolerance):
    return np.linalg.norm(a - b) <= tolerance * np.linalg.norm(b)


def rebuilt(values, vectors):
    return (vectors * values[..., None, :]) @ vectors.swapaxes(-1, -2)


# ---------------------------------------------------------------------- eigenproblems
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 13, 22, 33, 64])
def test_eigenproblems_equal_lapack_up_to_a_condition_of_1e8(form, n):
    matrices = ill_conditioned(9, n)
    values, vectors = eigen.eigh(matrices)
    assert np.abs(values - np.linalg.eigvalsh(matrices)).max() < 1e-14
    assert np.abs(eigen.eigvalsh(matrices) - values).max() < 1e-14
    assert np.abs(matrices @ vectors - vectors * values[:, None]).max() < 1e-14
    assert np.abs(vectors.transpose(0, 2, 1) @ vectors - np.eye(n)).max() < 1e-13


@pytest.mark.parametrize("n", [2, 22, 64])
@pytest.mark.parametrize("condition", [1e2, 1e8])
def test_functions_of_matrices_equal_their_twins(form, twins, n, condition):
    matrices = ill_conditioned(6, n, condition)
    reference = ill_conditioned(1, n, 10.0, seed=1)[0]
    assert close(inverse_sqrt(matrices), twins(inverse_sqrt, matrices), 1e-8)
    for function in (tangent_vectors, squared_distances):
        ours = function(matrices, reference, "test")
        assert close(ours, twins(function, matrices, reference, "test"), 1e-8)
    assert close(riemannian_mean(matrices), twins(riemannian_mean, matrices), 1e-8)


def test_a_matrix_gets_the_same_bits_whatever_lies_beside_it(form):
    matrices = np.concatenate([ill_conditioned(3, 12), np.eye(12)[None], ill_conditioned(4, 12, 5)])
    values, vectors = eigen.eigh(matrices)
    for order in (np.arange(8)[::-1], np.array([2]), np.array([3, 0])):
        again = eigen.eigh(matrices[order])
        assert np.array_equal(again[0], values[order])
        assert np.array_equal(again[1], vectors[order])


def _blocks():
    """Zeros where the algorithm divides: blocks, a diagonal, equal and vanishing eigenvalues."""
    a = ill_conditioned(2, 3)
    blocks = np.zeros((6, 8, 8))
    blocks[0, :3, :3], blocks[0, 5:, 5:] = a
    blocks[1] = np.diag(np.arange(8.0) - 3)
    blocks[2] = np.ones((8, 8))
    blocks[3] = np.eye(8)
    blocks[4] = np.diag(np.ones(7), -1) + np.diag(np.ones(7), 1)
    return blocks  # the last one is all zeros


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e250])
def test_degenerate_matrices(form, scale):
    matrices = _blocks() * scale
    values, vectors = eigen.eigh(matrices)
    assert np.abs(values - np.linalg.eigvalsh(matrices)).max() < 1e-14 * 8 * scale
    assert np.abs(rebuilt(values, vectors) - matrices).max() < 1e-14 * 8 * scale
    assert np.abs(vectors.swapaxes(-1, -2) @ vectors - np.eye(8)).max() < 1e-14


@pytest.mark.parametrize(
    "stack",
    [
        np.empty((0, 5, 5)),
        np.empty((3, 0, 0)),
        ill_conditioned(1, 5),
        ill_conditioned(1, 5)[0],
        ill_conditioned(12, 5).reshape(2, 6, 5, 5),
        ill_conditioned(6, 5)[::2],
        ill_conditioned(6, 10)[:, ::2, ::2],
        ill_conditioned(6, 5).transpose(1, 2, 0).copy().transpose(2, 0, 1),
        ill_conditioned(6, 5, 10).astype(np.float32),
        np.tril(ill_conditioned(6, 5, 10)),
        ill_conditioned(2, max(eigen._LARGEST.values()) + 1, 10),
    ],
    ids="none zero one single 4d strided inner moved float32 lower large".split(),
)
def test_stacks_of_every_kind(form, stack):
    values, vectors = eigen.eigh(stack)
    expected = np.linalg.eigh(stack.astype(np.float64))
    assert values.shape == expected[0].shape and vectors.shape == expected[1].shape
    assert values.dtype == vectors.dtype == np.float64
    assert np.allclose(values, expected[0], rtol=1e-12, atol=1e-15)
    assert np.allclose(eigen.eigvalsh(stack), expected[0], rtol=1e-12, atol=1e-15)
    assert np.allclose(rebuilt(values, vectors), rebuilt(*expected), atol=1e-14)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_matrices_that_are_not_finite_are_lapacks_to_judge(form, twins, bad):
    matrices = ill_conditioned(5, 6)
    matrices[2, 1, 0] = bad
    for function in (eigen.eigh, eigen.eigvalsh):
        try:
            expected = twins(function, matrices)
        except np.linalg.LinAlgError as error:
            with pytest.raises(np.linalg.LinAlgError, match=str(error)):
                function(matrices)
        else:
            assert np.array_equal(function(matrices)[0], expected[0], equal_nan=True)


# ---------------------------------------------------------------------- logarithms
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 13, 22, 33])
@pytest.mark.parametrize("condition", [1.0, 1e3, 1e8])
def test_logarithms_equal_their_twins(form, twins, n, condition):
    matrices, rows = ill_conditioned(11, n, condition), np.array([10, 0, 3, 4, 5, 9])
    for factor in (None, np.tril(ill_conditioned(1, n, 10.0, 1)[0]), ill_conditioned(1, n, 3.0)[0]):
        expected = twins(logarithms, matrices, factor, "test", rows)
        ours = logarithms(matrices, factor, "test", rows)
        assert np.abs(ours - expected).max() < 1e-11 + 2e-15 * condition
        assert np.array_equal(ours, ours.transpose(0, 2, 1))
        norms = squared_log_norms(matrices, factor, "test", rows)
        assert np.allclose(norms, np.sum(ours**2, axis=(1, 2)), rtol=1e-11, atol=1e-20)
        total = log_sum(matrices, factor, "test", rows)
        assert np.allclose(total, ours.sum(axis=0), rtol=1e-11, atol=1e-12)


def test_a_logarithm_gets_the_same_bits_whatever_lies_beside_it(form):
    matrices = np.concatenate([ill_conditioned(3, 12), np.eye(12)[None], ill_conditioned(4, 12, 5)])
    whole, norms = logarithms(matrices), squared_log_norms(matrices)
    for order in (np.arange(8)[::-1], np.array([2]), np.array([3, 0])):
        assert np.array_equal(logarithms(matrices, rows=order), whole[order])
        assert np.array_equal(squared_log_norms(matrices, rows=order), norms[order])


def test_blocks_and_diagonals_have_logarithms(form):
    a = ill_conditioned(2, 3)
    blocks = np.tile(np.eye(8), (3, 1, 1))
    blocks[0, :3, :3], blocks[0, 5:, 5:] = a
    blocks[1] = np.diag(10.0 ** -np.arange(8))
    logs_of = logarithms(blocks)
    assert np.abs(logs_of[0, :3, :3] - logarithms(a)[0]).max() < 1e-8
    assert np.abs(logs_of[1] - np.diag(np.log(np.diag(blocks[1])))).max() < 1e-8
    assert np.abs(logs_of[2]).max() < 1e-12


def test_a_matrix_without_full_rank_is_named_whatever_lies_beside_it(form):
    matrices = ill_conditioned(9, 5)
    matrices[6] = np.ones((5, 5))
    for function in (logarithms, squared_log_norms, log_sum):
        with pytest.raises(DataError, match=r"here, trial 6 of 9: .*full rank") as caught:
            function(matrices, None, "here", np.array([3, 6, 2]))
        assert "rank 1" in str(caught.value)
        function(matrices, None, "here", np.array([3, 5, 2]))


# ---------------------------------------------------------------------- sections
@pytest.mark.parametrize("n_sections", range(1, 10))
def test_sections_equal_scipy(form, twins, n_sections):
    band = butterworth(8, 32, 250, order=n_sections)
    x = np.random.default_rng(0).normal(size=(n_sections, 700)) + 30
    assert close(zero_phase(x, band), twins(zero_phase, x, band), 1e-12)


@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(0).normal(size=(5, 3, 257)),
        np.random.default_rng(0).normal(size=300),
        np.random.default_rng(0).normal(size=(7, 300)).astype(np.float32),
        np.random.default_rng(0).normal(size=(300, 7)).T,
        np.random.default_rng(0).normal(size=(7, 600))[:, ::2],
        np.random.default_rng(0).normal(size=(3, 2)),
        np.random.default_rng(0).normal(size=(3, 1)),
        np.random.default_rng(0).normal(size=(7, 300)).astype(">f8"),
        np.random.default_rng(0).normal(size=(7, 300)).astype(np.float16),
    ],
    ids="3d 1d float32 moved strided two one swapped float16".split(),
)
def test_signals_of_every_kind(form, twins, x):
    band = butterworth(1, 40, 250)
    y, expected = zero_phase(x, band), twins(zero_phase, x, band)
    assert y.shape == x.shape and y.dtype == x.dtype
    assert np.allclose(y, expected, rtol=1e-6 if x.dtype == np.float32 else 1e-12, atol=1e-12)


@pytest.mark.parametrize("n_pad", [0, 100, 255, 256, 257, 299])
def test_every_length_of_padding(form, twins, n_pad):
    x = np.random.default_rng(0).normal(size=(3, 300))
    band = butterworth(0.5, 40, 250)
    assert close(zero_phase(x, band, n_pad), twins(zero_phase, x, band, n_pad), 1e-12)


def test_a_gap_stays_in_its_channel(form):
    x = np.random.default_rng(0).normal(size=(6, 400))
    band = butterworth(1, 40, 250)
    whole = zero_phase(x, band)
    x[4, 50] = np.nan
    assert np.array_equal(np.delete(zero_phase(x, band), 4, 0), np.delete(whole, 4, 0))


@pytest.mark.parametrize("edges", [(0.1, 40), (1, None), (None, 40)])
def test_steady_state_equals_scipys(edges):
    band = butterworth(*edges, sfreq=1000)
    assert sections.steady_state(band) == pytest.approx(
        signal.sosfilt_zi(band), rel=1e-8, abs=1e-12
    )


def test_sections_without_a_steady_state_are_scipys_to_refuse(form, twins):
    integrator = np.array([[1.0, 0, 0, 1, -1, 0]])
    with pytest.raises(np.linalg.LinAlgError):
        zero_phase(np.ones((3, 100)), integrator)


@pytest.mark.parametrize("n_sections", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forwards_equals_scipy_however_it_is_cut(form, twins, dtype, n_sections):
    x = (np.random.default_rng(0).normal(size=(n_sections, 900)) + 30).astype(dtype)
    band = butterworth(8, 32, 250, order=n_sections)
    whole, state = forward(x, band, start_state(x, band))
    expected, left = twins(forward, x, band, start_state(x, band))
    assert close(whole, expected, 1e-6 if dtype == np.float32 else 1e-12)
    assert close(state, left, 1e-12)
    assert np.array_equal(causal(x, band), whole)
    parts, state = [], start_state(x, band)
    for low, high in ((0, 1), (1, 256), (256, 513), (513, 513 + 256), (769, 900)):
        part, state = forward(x[:, low:high], band, state)
        parts.append(part)
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    one = forward(x[:1], band, start_state(x[:1], band))[0]
    assert np.array_equal(one, whole[:1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sections_in_place(form, dtype):
    x = np.random.default_rng(0).normal(size=(7, 700)).astype(dtype)
    band = butterworth(1, 40, 250)
    expected, kept = zero_phase(x, band), x.copy()
    x.flags.writeable = False
    assert np.array_equal(zero_phase(x, band, overwrite=True), expected)
    assert np.array_equal(x, kept)
    x.flags.writeable = True
    assert zero_phase(x, band, overwrite=True) is x
    assert np.array_equal(x, expected)


# ---------------------------------------------------------------------- samples
@pytest.mark.parametrize("kind", samples.KINDS)
@pytest.mark.parametrize(("step", "count"), [(1, 13), (5, 13), (3, 1), (22, 250)])
def test_samples_equal_their_twin(form, twins, kind, step, count):
    if kind == 2:
        step = 1  # they lie side by side
    rng = np.random.default_rng(0)
    starts = np.array([0, 2, 1]) * kind * (count if step == 1 else 1)
    n_bytes = int(starts.max()) + kind * step * count
    records = rng.integers(0, 256, (6, n_bytes), dtype=np.uint8)
    if kind == 4:  # no NaN among the floats
        floats = rng.normal(size=(6, n_bytes // 4)).astype(">f4")
        records = np.ascontiguousarray(floats).view(np.uint8)
    gains, offsets = np.array([0.1, -3e5, 1.0]), np.array([0.0, 7.25, -1e3])
    results = []
    for run in (samples.decode_samples, lambda *words: twins(samples.decode_samples, *words)):
        out = np.zeros((4, 6 * count + 3), dtype=np.float32)
        part = out[:3, 1:-2]  # rows of a wider array
        run(records, kind, starts, step * kind, count, gains, offsets, part)
        results.append(out)
    assert np.allclose(*results, rtol=1.3e-7, atol=0)
    assert not results[0][3].any() and not results[0][:, [0, -2, -1]].any()


def test_extremes_of_integers(form):
    for kind in (2, 3):
        top = 2 ** (8 * kind - 1)
        values = [-top, -1, 0, 1, top - 1]
        data = b"".join(value.to_bytes(kind, "little", signed=True) for value in values)
        out = np.empty((1, 5), dtype=np.float32)
        one, none = np.ones(1), np.zeros(1)
        records = np.frombuffer(data, dtype=np.uint8)[None]
        samples.decode_samples(records, kind, np.zeros(1, np.int64), kind, 5, one, none, out)
        assert out[0].tolist() == values


# ---------------------------------------------------------------------- the library
def test_the_switch_leaves_the_twins_alone(monkeypatch):
    monkeypatch.setenv(library.SWITCH, "0")
    assert library.kernels() is None
    assert library.words().startswith("NumPy and SciPy")
    x, band = np.random.default_rng(0).normal(size=(3, 200)), butterworth(1, 40, 250)
    assert np.array_equal(zero_phase(x, band), signal.sosfiltfilt(band, x, padlen=27))
    values, vectors = np.linalg.eigh(ill_conditioned(3, 8))
    assert np.array_equal(eigen.eigh(ill_conditioned(3, 8))[1], vectors)
    assert np.array_equal(eigen.eigh(ill_conditioned(3, 8))[0], values)


@BUILT
def test_the_widest_form_is_in_use_and_named(monkeypatch):
    monkeypatch.delenv(library.SWITCH, raising=False)
    lanes = [each.lanes for each in library.forms()]
    assert lanes == [n for n in (8, 4, 2) if n <= lanes[0]]
    assert library.kernels() is library.forms()[0]
    assert library.words() == f"{library.forms()[0].name}, {lanes[0]} lanes"


@BUILT
@pytest.mark.skipif(platform.machine() != "x86_64", reason="forms of x86-64 alone")
def test_every_form_is_compiled_whatever_this_processor_runs():
    handle = library._load()
    assert isinstance(handle, ctypes.CDLL)
    names = library._ARGUMENTS
    assert all(hasattr(handle, f"{name}_{n}") for name in names for n in (2, 4, 8))


def test_a_library_that_cannot_be_loaded_is_none(monkeypatch, tmp_path):
    (tmp_path / f"_kernels{library.EXTENSION_SUFFIXES[0]}").write_text("for another machine")
    monkeypatch.setattr(library, "__file__", str(tmp_path / "library.py"))
    assert library._load() is None
