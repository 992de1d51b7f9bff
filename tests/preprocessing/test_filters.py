"""`Bandpass` and `Notch` on epochs with margins and on recordings with gaps."""

import warnings

import numpy as np
import pytest

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.linalg import butterworth, zero_phase
from neurodecode.preprocessing import Bandpass, Notch

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
