"""Neo: signals, spikes and events of one segment; agrees with MNE where both read a file."""

import sys

import numpy as np
import pytest

from neurodecode import read
from neurodecode.core import Bundle
from neurodecode.core.errors import DataError, MissingDependency
from neurodecode.loaders.formats import neo_files

neo = pytest.importorskip("neo")


def block(n_segments=1):
    """A block as Neo's readers give it: two streams, two units, two kinds of events."""
    made = neo.Block()
    for _ in range(n_segments):
        segment = neo.Segment()
        ramp = np.arange(1000.0)[:, None]
        segment.analogsignals += [
            neo.AnalogSignal(ramp, units="mV", sampling_rate=1000 * neo_hz(), t_start=0.5 * neo_s(),
                             name="wide", array_annotations={"channel_names": ["A1"]}),
            neo.AnalogSignal(ramp[:100], units="degC", sampling_rate=100 * neo_hz(), name="bath"),
        ]  # fmt: skip
        for name, times in (("a", [0.1, 0.2]), ("b", [1.0])):
            segment.spiketrains.append(
                neo.SpikeTrain(times, units="s", t_start=0.0, t_stop=2.0, name=name)
            )
        segment.events += [
            neo.Event(np.array([0.6, 0.7]), labels=["go", "stop"], units="s", name="cue"),
            neo.Event(np.array([0.8]), labels=["1"], units="s", name="lick"),
        ]
        made.segments.append(segment)
    return made


def neo_hz():
    import quantities

    return quantities.Hz


def neo_s():
    import quantities

    return quantities.s


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """`nd.read` of a Plexon file that Neo would read as `block()`."""

    def open_as(made, **options):
        class Reader:
            def read(self):
                return [made]

        monkeypatch.setattr(neo.io, "get_io", lambda path: Reader())
        path = tmp_path / "a.plx"
        path.write_bytes(b"plexon")
        return read(path, **options)

    return open_as


def test_streams_and_spikes_are_a_bundle(opened):
    bundle = opened(block())
    assert isinstance(bundle, Bundle) and bundle.names == ["wide", "bath", "spikes"]
    assert bundle.offsets == {"wide": 0.5, "bath": 0.0, "spikes": 0.0}
    wide = bundle["wide"]
    assert wide.channels.names == ("A1",) and wide.channels.units == ("µV",)
    assert wide.data[0, 2] == 2000.0  # mV
    assert bundle["bath"].channels.kinds == ("misc",) and bundle["bath"].channels.units == ("degC",)
    assert bundle["spikes"].data.sum(axis=1).tolist() == [2.0, 1.0]
    assert bundle.events["label"].tolist() == ["cue/go", "cue/stop", "lick/1"]
    np.testing.assert_allclose(wide.events["onset"], [0.1, 0.2, 0.3])


def test_one_member_and_one_segment_by_name(opened):
    rec = opened(block(2), segment=1, signal="spikes", bin=0.5)
    assert rec.sfreq == 2.0 and rec.channels.names == ("a", "b")
    with pytest.raises(DataError, match="holds 2 segments"):
        opened(block(2))
    with pytest.raises(DataError, match="did you mean 'spikes'"):
        opened(block(), signal="spike")
    with pytest.raises(DataError, match="0 to 1"):
        opened(block(2), segment=5)


def test_a_damaged_file_and_a_missing_package(tmp_path, monkeypatch):
    path = tmp_path / "a.plx"
    path.write_bytes(b"no plexon")
    with pytest.raises(DataError, match="cannot be read"):
        read(path)
    monkeypatch.setitem(sys.modules, "neo", None)
    with pytest.raises(MissingDependency, match=r"\[spikes\]"):
        read(path)


def test_neo_and_mne_agree(shared_data):
    path = shared_data / "io_zoo" / "blackrock_nsx" / "Test_anonymized.ns3"
    by_mne, by_neo = read(path), neo_files.read_file(path, None, {}, {})
    assert by_neo.channels.names == by_mne.channels.names and by_neo.sfreq == by_mne.sfreq
    np.testing.assert_allclose(by_neo.data, by_mne.data, rtol=1e-6)
