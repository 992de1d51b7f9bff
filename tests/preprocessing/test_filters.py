"""`Bandpass`, `Notch` and `Comb` on epochs with margins and on recordings with gaps."""

import warnings

import numpy as np
import pytest

from neurodecode import Epochs, Recording
from neurodecode.core.errors import DataError
from neurodecode.linalg import butterworth, fir_taps, zero_phase
from neurodecode.preprocessing import Bandpass, Comb, Notch

SFREQ = 250.0


def test_epochs_with_a_margin_equal_the_filtered_recording_where_the_margin_suffices():
    signal = np.random.default_rng(0).normal(size=(1, 5000))
    whole = zero_phase(signal, butterworth(8, 32, SFREQ), n_pad=31)
    cut = Epochs(signal[None, :, 1750:3250], channels=["Cz"], sfreq=SFREQ, pad=2.0)
    out = Bandpass(8, 32).transform(cut)
    assert out.shape == (1, 1, 500) and out.pad == 2.0
    assert np.abs(out.data[0] - whole[:, 2250:2750]).max() < 1e-6 * np.abs(whole).max()


def test_short_epochs_warn_and_long_ones_do_not(epochs):
    with pytest.warns(UserWarning, match="cut with a margin"):
        Bandpass(1, 40).transform(epochs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Bandpass(8, 32).transform(epochs)
        Bandpass(None, 8).transform(epochs)


def test_dtype_labels_and_input_stay(epochs):
    before = epochs.data.copy()
    out = Bandpass(8, 32).transform(epochs)
    assert out.dtype == np.float32 and out.y.tolist() == epochs.y.tolist()
    assert np.array_equal(epochs.data, before)


def test_spans_are_filtered_alone_and_stim_and_gap_are_left(recording):
    out = Bandpass(8, 32).transform(recording)
    sections = butterworth(8, 32, SFREQ)
    first = zero_phase(recording.data[:3, :2000], sections, n_pad=31)
    assert np.array_equal(out.data[:3, :2000], first)
    assert np.array_equal(out.data[3], recording.data[3])
    assert np.array_equal(out.data[:, 2000:2500], recording.data[:, 2000:2500])
    assert "Bandpass" in out.notes[-1]


def test_causal_output_never_depends_on_later_samples(epochs):
    later = epochs.data.copy()
    later[..., 300:] = 0
    step = Bandpass(8, 32, phase="causal")
    a, b = step.transform(epochs).data, step.transform(epochs.with_data(later)).data
    assert np.array_equal(a[..., :300], b[..., :300])
    zero = Bandpass(8, 32)
    a, b = zero.transform(epochs).data, zero.transform(epochs.with_data(later)).data
    assert not np.array_equal(a[..., :300], b[..., :300])


def test_delay_is_that_of_the_causal_filter():
    assert Bandpass(1, 40, phase="causal").delay([10, 20, 30], SFREQ) == pytest.approx(
        [3.57, 3.14, 3.96], abs=0.01
    )
    assert Bandpass(1, 40).delay([10], SFREQ).tolist() == [0.0]


def test_moabb_filter_is_equal_away_from_the_ends():
    import mne

    x = np.random.default_rng(0).normal(size=(2, 5000))
    raw = mne.io.RawArray(x.copy(), mne.create_info(2, SFREQ, "eeg"), verbose="ERROR")
    raw.filter(8, 32, method="iir", verbose="ERROR")
    ours = zero_phase(x, butterworth(8, 32, SFREQ), n_pad=31)
    assert np.abs(raw.get_data() - ours)[:, 500:-500].max() < 1e-9


@pytest.mark.parametrize("step", [Bandpass(8, 32, phase="zerro"), Notch(50, phase="linear")])
def test_unknown_phase_is_refused(step, epochs):
    with pytest.raises(DataError, match="phase"):
        step.transform(epochs)


def test_edges_that_do_not_fit_are_refused(epochs):
    for step in (Bandpass(8, 130), Bandpass(), Bandpass(30, 8)):
        with pytest.raises(DataError, match="0 < low < high"):
            step.transform(epochs)


def test_notch_takes_the_line_and_its_harmonics_out(epochs):
    t = np.arange(2000) / SFREQ
    hum = sum(np.sin(2 * np.pi * f * t) for f in (50, 100))
    tone = np.sin(2 * np.pi * 20 * t)
    made = Epochs((hum + tone)[None, None], channels=["Cz"], sfreq=SFREQ, line_freq=50.0)
    left = Notch().transform(made).data[0, 0] - tone
    assert np.abs(left[800:1200]).max() < 0.01
    only_50 = Notch(50).transform(made).data[0, 0] - tone
    assert np.abs(only_50[800:1200]).max() == pytest.approx(1.0, abs=0.05)


def test_notch_asks_when_nobody_knows_the_line(epochs):
    unknown = Epochs(epochs.data, channels=epochs.channels, sfreq=SFREQ)
    with pytest.raises(DataError, match="which frequency"):
        Notch().transform(unknown)


def test_notch_works_on_recordings(recording):
    out = Notch().transform(recording)
    assert out.shape == recording.shape
    assert not np.array_equal(out.data[0], recording.data[0])


def test_fir_equals_mne_ends_included():
    import mne

    x = np.random.default_rng(0).normal(size=(2, 3000)) + 20
    ours = Bandpass(1, 40, method="fir").transform(Recording(x, channels=["C3", "C4"], sfreq=SFREQ))
    theirs = mne.filter.filter_data(x, SFREQ, 1, 40, verbose="ERROR")
    assert np.abs(ours.data - theirs).max() < 1e-12


@pytest.mark.parametrize(
    ("edges", "n_taps"), [((0.1, None), 8251), ((0.5, 40), 1651), ((1, 40), 825), ((8, 32), 413)]
)
def test_length_and_gain_of_fir(edges, n_taps):
    taps = fir_taps(*edges, SFREQ)
    assert len(taps) == n_taps
    if edges == (1, 40):
        gains = np.abs(np.exp(-2j * np.pi * np.outer([10, 0.5, 45, 50], np.arange(825)) / SFREQ)
                       @ taps)  # fmt: skip
        assert gains[0] == pytest.approx(0.99834, abs=1e-5)
        assert 20 * np.log10(gains[1:]) == pytest.approx([-6.08, -6.03, -50.5], abs=0.05)


@pytest.mark.parametrize(
    ("low", "peak", "before"), [(0.1, 0.975, -0.025), (1.0, 0.754, -0.186), (2.0, 0.541, -0.216)]
)
def test_high_pass_distorts_slow_responses_by_the_published_amounts(low, peak, before):
    t = np.arange(-15000, 15000) / SFREQ
    response = np.exp(-0.5 * ((t - 0.4) / 0.1) ** 2)
    recording = Recording(response[None], channels=["Pz"], sfreq=SFREQ)
    out = Bandpass(low, None, method="fir").transform(recording).data[0]
    assert out.max() == pytest.approx(peak, abs=0.003)
    assert out[t < 0.4].min() == pytest.approx(before, abs=0.003)


STREAMS = [
    (Bandpass(8, 32, phase="causal"), 0.0),
    (Bandpass(None, 40, phase="causal"), 0.0),
    (Notch([50, 100], phase="causal"), 0.0),
    (Comb(50, phase="causal"), 0.0),
    (Bandpass(8, 32, phase="causal", method="fir"), 1e-13),
    (Bandpass(8, 32, phase="causal", method="fir-minimum"), 1e-13),
]


@pytest.mark.parametrize(("step", "tolerance"), STREAMS, ids=lambda value: str(value)[:60])
def test_any_chunks_give_what_the_whole_gives(step, tolerance, recording):
    data = recording.data.astype(np.float64) + 100
    whole = Recording(data, channels=recording.channels, sfreq=SFREQ)
    expected = step.transform(whole).data
    rng = np.random.default_rng(0)
    cuts = np.cumsum(rng.integers(1, 97, size=400))
    stream = step.stream(SFREQ, recording.channels)
    chunks = np.split(data, cuts[cuts < 5000], axis=1)
    out = np.concatenate([stream.push(chunk) for chunk in chunks], axis=1)
    assert np.abs(out - expected).max() <= tolerance * np.abs(data).max()
    assert np.array_equal(out[3], data[3])  # the stim channel passes


def test_a_stream_goes_on_from_its_state_and_checks_what_comes():
    step, data = Bandpass(8, 32, phase="causal"), np.random.default_rng(0).normal(size=(2, 200))
    first, second = step.stream(SFREQ, ["C3", "C4"]), step.stream(SFREQ, ["C3", "C4"])
    whole = step.stream(SFREQ, ["C3", "C4"]).push(data)
    first.push(data[:, :77])
    second.state = first.state
    assert np.array_equal(second.push(data[:, 77:]), whole[:, 77:])
    with pytest.raises(DataError, match="does not fit the stream"):
        first.push(np.zeros((3, 5)))
    with pytest.raises(DataError, match="NaN"):
        first.push(np.full((2, 5), np.nan))
    with pytest.raises(DataError, match="later samples"):
        Bandpass(8, 32).stream(SFREQ, ["C3"])


@pytest.mark.parametrize("method", ["iir", "fir", "fir-minimum"])
def test_delay_is_where_the_energy_of_the_response_lies(method, epochs):
    impulse = np.zeros((1, 1, 4000))
    impulse[..., 1000] = 1
    with_impulse = Epochs(impulse, channels=["Cz"], sfreq=SFREQ)
    step = Bandpass(8, 32, phase="causal", method=method).fit(with_impulse)
    energy = step.transform(with_impulse).data[0, 0] ** 2
    centre = np.sum(energy * np.arange(4000)) / np.sum(energy)
    assert step.delay_ == pytest.approx((centre - 1000) / SFREQ, abs=1e-6)
    assert Bandpass(8, 32).fit(epochs).delay_ == 0.0
    if method == "fir":
        assert step.delay_ == pytest.approx(206 / SFREQ)  # half of 413 taps
    if method == "fir-minimum":
        assert 0 < step.delay_ < 0.1


def test_what_no_filter_can_do_is_refused(epochs):
    with pytest.warns(UserWarning, match="short"), pytest.raises(DataError, match="iir"):
        Bandpass(1, 40, method="fir").transform(epochs)
    with pytest.raises(DataError, match="did you mean 'fir'"):
        Bandpass(1, 40, method="firr").transform(epochs)
    with pytest.raises(DataError, match="minimum-phase"):
        Bandpass(8, 40, method="fir-minimum").transform(epochs)


def test_teeth_of_a_comb_are_all_as_wide():
    t = np.arange(20000) / SFREQ
    tones = np.array([np.sin(2 * np.pi * f * t) for f in (50, 100, 51, 101)])
    out = Comb(50, width=1.0).transform(Recording(tones, channels=list("abcd"), sfreq=SFREQ)).data
    level = np.abs(out[:, 8000:12000]).max(axis=1)
    assert level[:2].max() < 1e-3
    # One hertz off the centre is twice the half width: 1/5 of the power is lost, twice.
    assert level[2:] == pytest.approx([0.8, 0.8], abs=0.01)
