"""`Bundle`: named recordings on one clock, all carrying the same markers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import BRAIN_KINDS
from neurodecode.core.epochs import Epochs
from neurodecode.core.epochs_bundle import EpochsBundle, no_such_member
from neurodecode.core.errors import DataError, NeurodecodeError
from neurodecode.core.events import Wanted, check_events, select_events
from neurodecode.core.recording import Recording
from neurodecode.core.recording_text import duration_words, events_words

_ROW = "_marker"  # row of the marker table; travels through the cut and is taken out after it


class Bundle:
    """Named recordings on one clock: brain and stimulus, EEG and fNIRS, spikes and field potential.

    Members may have different rates and lengths. Each keeps its own time, seconds from its own
    first sample; `offsets` say where that lies on the clock of the bundle. Row k of every member's
    events is the same marker, so a member whose clock drifts stays aligned.

    Parameters
    ----------
    members : dict of name -> Recording
        The first gives subject, session, run and the name of the bundle.
    events : DataFrame, optional
        Markers on the clock of the bundle, as `check_events` takes them; every member gets them.
        Default: the members' own, which must be the same markers in the same order, or those of
        the one member that has any.
    offsets : dict of name -> float, optional
        Time of a member's first sample on the clock of the bundle, s; default 0.
    notes : sequence of str
        Things a reader wants known.

    Raises
    ------
    DataError
        No member, members that share no time, or different markers.

    Examples
    --------
    >>> events = pd.DataFrame({"onset": [1.0, 3.0], "label": ["talk", "talk"]})
    >>> eeg = Recording(np.zeros((2, 500)), channels=["C3", "C4"], sfreq=100, events=events)
    >>> sound = Recording(np.zeros((1, 5000)), channels=["envelope"], sfreq=1000)
    >>> bundle = Bundle({"eeg": eeg, "sound": sound})
    >>> bundle.epoch(tmax=0.5)["sound"].shape
    (2, 1, 500)
    """

    def __init__(
        self,
        members: Mapping[str, Recording],
        *,
        events: pd.DataFrame | None = None,
        offsets: Mapping[str, float] | None = None,
        notes: Sequence[str] = (),
    ):
        _check_members(members, offsets or {})
        self.offsets = {name: float((offsets or {}).get(name, 0.0)) for name in members}
        self._members = _with_markers(dict(members), self.offsets, events)
        self.notes = tuple(notes)
        if self.span[0] >= self.span[1]:
            raise DataError(
                "the members share no time",
                found="; ".join(self._extent(name) for name in self.names),
                fix="correct offsets=, the time of each first sample on the common clock",
            )

    # ------------------------------------------------------------------ members
    @property
    def members(self) -> dict[str, Recording]:
        """The recordings by name, in order."""
        return dict(self._members)

    @property
    def names(self) -> list[str]:
        """Names of the members."""
        return list(self._members)

    def __getitem__(self, name: str) -> Recording:
        if name not in self._members:
            raise no_such_member(name, self.names)
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def with_member(self, name: str, recording: Recording) -> Bundle:
        """Same bundle with another recording of that name, on the same place of the clock.

        Raises
        ------
        DataError
            It does not carry the markers of the bundle.

        Examples
        --------
        >>> rec = Recording(np.ones((1, 100)), channels=["Cz"], sfreq=100)
        >>> Bundle({"eeg": rec}).with_member("eeg", rec.with_data(2 * rec.data))["eeg"].data.max()
        np.float64(2.0)
        """
        members = {**self._members, name: recording}
        return Bundle(members, offsets=self.offsets, notes=self.notes)

    def with_ids(self, **ids: str) -> Bundle:
        """Same bundle with another `recording`, `subject`, `session` or `run` in every member."""
        members = {name: member.with_ids(**ids) for name, member in self._members.items()}
        return Bundle(members, offsets=self.offsets, notes=self.notes)

    # ------------------------------------------------------------------ time
    @property
    def span(self) -> tuple[float, float]:
        """Start and end of what all members share, s on the clock of the bundle."""
        starts = [self.offsets[name] for name in self._members]
        ends = [self.offsets[name] + member.duration for name, member in self._members.items()]
        return max(starts), min(ends)

    @property
    def events(self) -> pd.DataFrame:
        """The markers, onset in s on the clock of the bundle."""
        first = self.names[0]
        table = self._members[first].events
        return table.assign(onset=table["onset"] + self.offsets[first])

    # ------------------------------------------------------------------ the cut
    def epoch(
        self,
        labels: Mapping[Any, Wanted] | Sequence[str | int] | str | None = None,
        tmin: float = 0.0,
        tmax: float = 1.0,
        baseline: tuple[float | None, float | None] | None = None,
        kinds: str | Sequence[str] | Mapping[str, str] = "brain",
        reject: Mapping[str, float] | None = None,
        pad: float = 0.0,
        include_tmax: bool = False,
        max_bytes: int | None = None,
    ) -> EpochsBundle:
        """Windows around the markers, the same trials in every member.

        A trial stays only where its window fits in all members: inside each of them, across no
        edge or gap, on no BAD span. Every member is cut at its own rate, to the nearest sample.

        Parameters
        ----------
        labels, tmin, tmax, pad, include_tmax : as in `Recording.epoch`
        baseline : (start, stop), s, optional
            Subtracted in members with brain channels; a stimulus keeps its level.
        kinds : as in `Recording.epoch`, or a dict of member -> kinds
            Members without brain channels keep all of theirs unless the dict names them.
        reject : dict of channel kind -> peak-to-peak, optional
            Applies to the members that have the kind.
        max_bytes : int, optional
            Limit of each member.

        Returns
        -------
        epochs : EpochsBundle
            `.dropped` lists the markers left out: onset (s, clock of the bundle), label, reason.

        Raises
        ------
        DataError
            As in `Recording.epoch`, naming the member, or no trial fits in all members.
        """
        rows, _ = select_events(self._members[self.names[0]].events, labels, self._title())
        parts, reasons = {}, dict.fromkeys(rows.tolist(), "")
        for name, member in self._members.items():
            brain = bool(len(member.channels.of_kind("brain")))
            marked = member.with_events(member.events.assign(**{_ROW: range(len(member.events))}))
            try:
                part = marked.epoch(
                    labels, tmin, tmax, baseline if brain else None, _kinds_of(name, brain, kinds),
                    _limits_of(member, reject), pad, include_tmax, max_bytes,
                )  # fmt: skip
            except NeurodecodeError as error:
                error.add_note(f"in member {name!r} of the bundle")
                raise
            parts[name] = part
            kept = set(part.groups(_ROW).tolist())
            lost = [row for row in rows.tolist() if row not in kept]
            why = [] if part.dropped is None else part.dropped["reason"]
            for row, reason in zip(lost, why, strict=True):
                reasons[row] = reasons[row] or f"{name}: {reason}"
        return self._aligned(parts, reasons)

    def windows(
        self,
        length: float,
        step: float,
        kinds: str | Sequence[str] | Mapping[str, str] = "brain",
        pad: float = 0.0,
        max_bytes: int | None = None,
    ) -> EpochsBundle:
        """Windows at a steady pace through the time that all members share.

        Parameters
        ----------
        length, step : float, s
            Length of a window, and from the start of one to the start of the next.
        kinds, pad, max_bytes : as in `epoch`

        Returns
        -------
        epochs : EpochsBundle, without targets
            `.dropped` lists the windows that do not fit in all members.

        Raises
        ------
        DataError
            No window fits, or `step` is shorter than a sample.
        """
        slowest = min(member.sfreq for member in self._members.values())
        if step * slowest < 1:
            raise DataError(
                "windows would not move on",
                found=f"step={step:g} s, slowest member at {slowest:g} Hz",
                expected=f"at least one sample, {1 / slowest:.3g} s",
            )
        start, stop = self.span
        # A millionth of a sample more: the last window ends where the shortest member does.
        n = int(np.floor((stop - start - length - 2 * pad) / step + 1e-6)) + 1
        onsets = start + pad + step * np.arange(max(n, 0))
        grid = pd.DataFrame({"onset": onsets, "duration": 0.0, "label": "window"})
        paced = Bundle(self._members, events=grid, offsets=self.offsets, notes=self.notes)
        cut = paced.epoch("window", 0.0, length, None, kinds, None, pad, False, max_bytes)
        members = {name: _as_windows(cut[name]) for name in cut.names}
        return EpochsBundle(members, dropped=cut.dropped)

    def _aligned(self, parts: dict[str, Epochs], reasons: dict[int, str]) -> EpochsBundle:
        """Trials that every member kept, in the order of the markers."""
        keep = np.array([row for row, reason in reasons.items() if not reason], dtype=np.int64)
        table = self.events.iloc[list(reasons)]
        why = np.array(list(reasons.values()), dtype=object)
        dropped = table.assign(reason=why).loc[why != "", ["onset", "label", "reason"]]
        if not len(keep):
            raise DataError(
                f"no window of {self._title()} fits in all members",
                found="; ".join(dict.fromkeys(dropped["reason"])),
                fix="a shorter window or pad, or correct offsets=",
            )
        members = {}
        for name, part in parts.items():
            chosen = part[np.flatnonzero(np.isin(part.groups(_ROW), keep))]
            members[name] = chosen.with_trials(chosen.trials.drop(columns=_ROW))
        return EpochsBundle(members, dropped=dropped.reset_index(drop=True))

    # ------------------------------------------------------------------ text
    def _title(self) -> str:
        return self._members[self.names[0]].recording

    def _extent(self, name: str) -> str:
        start = self.offsets[name]
        return f"{name} from {start:g} to {start + self._members[name].duration:g} s"

    def __repr__(self) -> str:
        start, stop = self.span
        lines = [
            f"{self._title()} · {len(self.names)} members share {duration_words(stop - start)}"
        ]
        width = max(10, *(len(name) for name in self.names))
        for name, member in self._members.items():
            lines.append(
                f"  {name:<{width}} {member.channels.text()} at {member.sfreq:g} Hz, "
                f"{self._extent(name).removeprefix(name + ' ')}"
            )
        lines.append(f"  {'events':<{width}} {events_words(self.events)}")
        notes = list(self.notes) + [
            f"{name}: {note}" for name in self.names for note in self._members[name].notes
        ]
        return "\n".join(lines + [f"  {'note':<{width}} {note}" for note in notes])


def _check_members(members: Mapping[str, Recording], offsets: Mapping[str, float]) -> None:
    strange = [name for name, each in members.items() if not isinstance(each, Recording)]
    if not members or strange:
        raise DataError(
            "a bundle holds recordings",
            found=f"{strange[0]!r} is a {type(members[strange[0]]).__name__}"
            if strange else "no member",
            expected="a dict of name -> Recording",
        )  # fmt: skip
    unknown = [name for name in offsets if name not in members]
    if unknown:
        raise no_such_member(unknown[0], list(members))


def _with_markers(
    members: dict[str, Recording], offsets: dict[str, float], events: pd.DataFrame | None
) -> dict[str, Recording]:
    """Members that all carry the same markers, each in its own time."""
    if events is None:
        tables = {name: each.events for name, each in members.items() if len(each.events)}
        if not tables:
            return members
        name, table = next(iter(tables.items()))
        if any(each["label"].tolist() != table["label"].tolist() for each in tables.values()):
            raise DataError(
                "the members carry different markers",
                found="; ".join(f"{each}: {len(tables[each])} events" for each in tables),
                expected="the same markers in the same order, or markers in one member only",
                fix="Bundle(..., events=bundle_events) gives every member the same ones",
            )
        common = table.assign(onset=table["onset"] + offsets[name])
        without = {each: members[each] for each in members if each not in tables}
        return {**members, **_with_markers(without, offsets, common)}
    table = check_events(events)
    return {
        name: each.with_events(table.assign(onset=table["onset"] - offsets[name]))
        for name, each in members.items()
    }


def _kinds_of(name: str, brain: bool, kinds: Any) -> Any:
    own = kinds.get(name) if isinstance(kinds, Mapping) else kinds
    if isinstance(kinds, Mapping) and own is None:
        own = "brain"
    return "all" if own == "brain" and not brain else own


def _limits_of(member: Recording, reject: Mapping[str, float] | None) -> dict[str, float] | None:
    present = set(member.channels.kinds) & {*BRAIN_KINDS, "eog", "ecg", "emg"}
    return {kind: limit for kind, limit in (reject or {}).items() if kind in present} or None


def _as_windows(part: Epochs) -> Epochs:
    """Trials cut at a steady pace: no label, and time zero is where the window starts."""
    return Epochs(
        part.padded(), channels=part.channels, sfreq=part.sfreq, tmin=part.tmin,
        trials=part.trials.drop(columns="event"), pad=part.pad, zero="window start",
        name=part.name, rank=part.rank, line_freq=part.line_freq,
        simulated=part.simulated,
    )  # fmt: skip
