"""`Recording`: continuous channels on one clock, read when they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.events import Wanted
from neurodecode.core.readers import PickedReader, SignalReader
from neurodecode.core.recording_base import Signal
from neurodecode.core.series import series_at


class Recording(Signal):
    """Continuous channels on one clock, with events and the spans windows must respect.

    Nothing is read until `.read`, `.data`, `.epoch` or `.windows` asks for it. Times are seconds
    from the recording's first sample. Objects are not changed: methods give new ones.

    Parameters
    ----------
    data : float array, shape (n_channels, n_times), or reader
        Natural units (see `Channels`). A reader has `n_times`, `dtype` and
        ``read(start, stop, channel_indices)``.
    channels : Channels or sequence of str
        Names alone mean EEG in microvolts.
    sfreq : float
        Sampling rate, Hz.
    events : DataFrame, optional
        onset (s), duration (s), label, code; see `check_events`.
    intervals : DataFrame, optional
        onset (s), duration (s), kind: "edge", "gap" or "BAD_...".
    recording, subject, session, run : str
        Identity; goes into every trial cut from here.
    first_sample : int, default 0
        Number of the first sample on the acquisition system's clock; event arrays of shape
        (n, 3) count on that clock.
    line_freq : float, optional
        Mains frequency, Hz.
    source : str, optional
        Where the data come from: a path.
    notes : sequence of str
        Things a reader or a step wants known.
    targets : dict of name -> float array, shape (k, n_times), optional
        Continuous variables on the same clock: velocities, envelopes.
    band : (float or None, float or None)
        Pass band the recording has been filtered to, Hz.
    simulated : bool, default False
        True: no brain made these data.
    space : Space, optional
        Mask and affine, atlas, or surface that the channels sit on.
    rank : int, optional
        Rank that the steps so far have left to the good brain channels; None: full.

    Raises
    ------
    DataError
        Parts that do not fit one another.

    Examples
    --------
    >>> events = pd.DataFrame({"onset": [1.0, 3.0], "label": ["left", "right"]})
    >>> rec = Recording(np.zeros((1, 500)), channels=["Cz"], sfreq=100, events=events)
    >>> rec.epoch(tmin=0.5, tmax=1.5)
    2 trials · 1 EEG (µV) · 0.5 to 1.5 s at 100 Hz, 0 = event · 2 classes
    """

    # ------------------------------------------------------------------ other recordings
    def with_data(
        self,
        data: np.ndarray | SignalReader,
        *,
        channels: Channels | None = None,
        sfreq: float | None = None,
        note: str | None = None,
        rank: int | Literal["same"] | None = "same",
    ) -> Recording:
        """Same recording with other samples: what a step returns.

        Events and intervals stay where they are in seconds; targets follow to the new samples
        by linear interpolation.

        Parameters
        ----------
        data : float array, shape (n_channels, n_times), or reader
        channels, sfreq : default: unchanged
        note : str, optional
            What was done, for `.notes`.
        rank : int, None, or "same"

        Examples
        --------
        >>> rec = Recording(np.ones((1, 500)), channels=["Cz"], sfreq=100)
        >>> rec.with_data(2 * rec.data).data.max()
        np.float64(2.0)
        """
        rate = self.sfreq if sfreq is None else float(sfreq)
        n_times = data.shape[1] if isinstance(data, np.ndarray) else data.n_times
        targets = self.targets
        if targets and (rate != self.sfreq or n_times != self.n_times):
            targets = series_at(targets, self.times, np.arange(n_times) / rate)
        return self._again(
            data=data,
            channels=self.channels if channels is None else channels,
            sfreq=rate,
            first_sample=round(self.first_sample * rate / self.sfreq),
            notes=self.notes if note is None else (*self.notes, note),
            targets=targets,
            rank=self.rank if rank == "same" else rank,
        )

    def with_events(self, events: pd.DataFrame) -> Recording:
        """Same recording with another table of events."""
        return self._again(events=events)

    def with_intervals(self, intervals: pd.DataFrame) -> Recording:
        """Same recording with another table of edges, gaps and bad spans."""
        return self._again(intervals=intervals)

    def with_targets(self, targets: Mapping[str, np.ndarray]) -> Recording:
        """Same recording with other continuous variables, each of shape (k, n_times)."""
        return self._again(targets=targets)

    def with_notes(self, notes: Sequence[str]) -> Recording:
        """Same recording with other notes."""
        return self._again(notes=notes)

    def with_ids(self, **ids: str) -> Recording:
        """Same recording with another `recording`, `subject`, `session` or `run`.

        Examples
        --------
        >>> Recording(np.zeros((1, 5)), channels=["Cz"], sfreq=5).with_ids(subject="07").subject
        '07'
        """
        strange = sorted(set(ids) - {"recording", "subject", "session", "run"})
        if strange:
            raise DataError(
                "unknown part of a recording's identity",
                found=", ".join(strange),
                expected="recording, subject, session, run",
            )
        return self._again(**ids)

    def pick(self, channels: str | Sequence[str] | Sequence[int] | np.ndarray) -> Recording:
        """Select channels by name, by position, or by kind ("eeg", "brain"), in the order given.

        Examples
        --------
        >>> rec = Recording(np.zeros((2, 5)), channels=["C3", "C4"], sfreq=5)
        >>> rec.pick(["C4"]).channels.names
        ('C4',)
        """
        index = self.channels.select(channels)
        return self._again(
            data=PickedReader(self._reader, index), channels=self.channels.pick(index)
        )

    def rename(self, mapping: Mapping[str, str]) -> Recording:
        """Give channels other names.

        Parameters
        ----------
        mapping : dict of old name -> new name

        Raises
        ------
        DataError
            An old name does not exist, or two channels would share a name.

        Examples
        --------
        >>> rec = Recording(np.zeros((1, 5)), channels=["Fc5."], sfreq=5)
        >>> rec.rename({"Fc5.": "FC5"}).channels.names
        ('FC5',)
        """
        return self._again(channels=self.channels.rename(mapping))

    def with_bads(self, bads: Iterable[str]) -> Recording:
        """Mark channels as bad, in place of those marked before.

        Examples
        --------
        >>> Recording(np.zeros((1, 5)), channels=["T7"], sfreq=5).with_bads(["T7"]).channels.bads
        frozenset({'T7'})
        """
        return self._again(channels=self.channels.replace(bads=bads))

    def set_montage(self, name: str) -> Recording:
        """Give EEG channels the template places of a standard montage, by name.

        Parameters
        ----------
        name : str
            A montage of MNE: "standard_1005", "biosemi64", "GSN-HydroCel-128", ...

        Raises
        ------
        DataError
            The montage is unknown, or no channel name is in it.

        Examples
        --------
        >>> rec = Recording(np.zeros((1, 5)), channels=["Cz"], sfreq=5)
        >>> rec.set_montage("standard_1005").channels.position_from
        'template'
        """
        from neurodecode.core.montage import with_template_places

        return self._again(channels=with_template_places(self.channels, name))

    # ------------------------------------------------------------------ the cut
    def epoch(
        self,
        labels: Mapping[Any, Wanted] | Sequence[str | int] | str | None = None,
        tmin: float = 0.0,
        tmax: float = 1.0,
        baseline: tuple[float | None, float | None] | None = None,
        kinds: str | Sequence[str] = "brain",
        reject: Mapping[str, float] | None = None,
        pad: float = 0.0,
        include_tmax: bool = False,
        max_bytes: int | None = None,
        average: bool = False,
        hrf: str | None = None,
    ) -> Epochs:
        """Windows around events.

        The first sample lies ``round(tmin * sfreq)`` after the event's; tmax is excluded. A
        window, its margin included, never crosses an edge or a gap and never touches a BAD span.

        Parameters
        ----------
        labels : dict of class -> event name, code, or list of them; list of names; optional
            Tags match partially: "left" finds "left/easy". Default: all events, by their label.
        tmin, tmax : float, s from the event
        baseline : (start, stop), s, optional
            The mean of this part of each channel is subtracted; None: the window's own end.
        kinds : str or sequence of str, default "brain"
            Channel kinds to keep; "all" keeps all. Channels marked bad are left out.
        reject : dict of channel kind -> peak-to-peak, optional
            Largest amplitude inside the window, in the channels' unit.
        pad : float, s, default 0
            Margin read on both sides and kept hidden, for filters.
        include_tmax : bool, default False
            True: MNE's convention, one sample more.
        max_bytes : int, optional
            Refuse to need more; default half of the free memory.
        average : bool, default False
            True: one sample a trial, the mean of its window (block means in fMRI). The response
            lags 4 to 6 s behind; an onset is shifted by `tmin` and `tmax`, not by this.
        hrf : "lss", optional
            In place of a window, one sample a trial: its beta by least squares separate, from
            the events' onsets and durations; see `neurodecode.core.betas`. All events are part
            of the model, wanted or not. `tmin`, `tmax` and what acts on a window stay out.

        Returns
        -------
        epochs : Epochs
            `.dropped` lists the events left out: onset, label, reason.

        Raises
        ------
        DataError
            No events for a class, no window or channel left, or too many bytes.
        MissingDependency
            `hrf` needs nilearn.

        Examples
        --------
        >>> events = pd.DataFrame({"onset": [1.0, 4.9], "label": ["left/easy", "right/easy"]})
        >>> rec = Recording(np.zeros((1, 500)), channels=["Cz"], sfreq=100, events=events)
        >>> rec.epoch({"L": "left", "R": "right"}, tmax=0.5).dropped["reason"].tolist()
        ['ends after the recording']
        """
        from neurodecode.core.cutting import cut_betas, cut_epochs

        if hrf is not None:
            window = (tmin, tmax, baseline, reject, pad, include_tmax, average)
            return cut_betas(self, labels, kinds, max_bytes, hrf, window)
        return cut_epochs(
            self, labels, tmin, tmax, baseline, kinds, reject, pad, include_tmax, max_bytes, average
        )

    def windows(
        self,
        length: float,
        step: float,
        target: str | None = None,
        kinds: str | Sequence[str] = "brain",
        pad: float = 0.0,
        max_bytes: int | None = None,
    ) -> Epochs:
        """Windows at a steady pace, starting anew after every edge and gap.

        Parameters
        ----------
        length, step : float, s
            Length of a window, and from the start of one to the start of the next.
        target : str, optional
            Name in `.targets`: its value at the last sample of each window becomes `y`, shape
            (n, k), so that a decoder sees only what came before.
        kinds, pad, max_bytes : as in `epoch`

        Returns
        -------
        epochs : Epochs
            `.dropped` lists the windows that touch BAD spans.

        Raises
        ------
        DataError
            No target of that name, no window or channel left, or too many bytes.

        Examples
        --------
        >>> rec = Recording(np.zeros((1, 500)), channels=["Cz"], sfreq=100)
        >>> len(rec.windows(length=1.0, step=0.5))
        9
        """
        from neurodecode.core.cutting import cut_windows

        return cut_windows(self, length, step, target, kinds, pad, max_bytes)

    def to_image(self, values: Any) -> Any:
        """An image of one value (or row of values) per channel; see `Space.to_image`.

        Raises
        ------
        DataError
            The channels do not come from an image.
        """
        from neurodecode.core.space import image_of

        return image_of(values, self.space, self.channels.names)

    def __repr__(self) -> str:
        from neurodecode.core.recording_text import text

        return text(self)

    def _repr_html_(self) -> str:
        from neurodecode.core.recording_text import html

        return html(self)
