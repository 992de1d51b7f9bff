"""What lies under `Recording`: its parts, checked once, and what can be read off them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.checks import check_rate
from neurodecode.core.errors import DataError
from neurodecode.core.events import check_events
from neurodecode.core.intervals import check_intervals, good_spans
from neurodecode.core.memory import check_bytes
from neurodecode.core.readers import ArrayReader, SignalReader, as_reader
from neurodecode.core.series import check_series

if TYPE_CHECKING:
    from neurodecode.core.space import Space


def _channel_table(channels: Channels | Sequence[str]) -> Channels:
    return channels if isinstance(channels, Channels) else Channels(channels)


# What a part passes when it is new; parts without an entry are taken as they are.
_CHECKS: dict[str, Callable[[Any], Any]] = {
    "channels": _channel_table, "sfreq": check_rate, "events": check_events,
    "intervals": check_intervals, "recording": str, "subject": str, "session": str, "run": str,
    "first_sample": int, "notes": tuple, "simulated": bool,
}  # fmt: skip


class Signal:
    """Samples of named channels on one clock, with all that is known of them.

    `Recording` says what the parts mean; they are checked when they come in, and only then.
    """

    channels: Channels
    sfreq: float
    events: pd.DataFrame
    intervals: pd.DataFrame
    recording: str
    subject: str
    session: str
    run: str
    first_sample: int
    line_freq: float | None
    source: str | None
    notes: tuple[str, ...]
    targets: dict[str, np.ndarray]
    band: tuple[float | None, float | None]
    simulated: bool
    space: Space | None
    rank: int | None

    def __init__(
        self,
        data: np.ndarray | SignalReader,
        *,
        channels: Channels | Sequence[str],
        sfreq: float,
        events: pd.DataFrame | None = None,
        intervals: pd.DataFrame | None = None,
        recording: str = "rec",
        subject: str = "1",
        session: str = "1",
        run: str = "1",
        first_sample: int = 0,
        line_freq: float | None = None,
        source: str | None = None,
        notes: Sequence[str] = (),
        targets: Mapping[str, np.ndarray] | None = None,
        band: tuple[float | None, float | None] = (None, None),
        simulated: bool = False,
        space: Space | None = None,
        rank: int | None = None,
    ):
        self._take(
            {
                "channels": channels, "data": data, "sfreq": sfreq, "events": events,
                "intervals": intervals, "recording": recording, "subject": subject,
                "session": session, "run": run, "first_sample": first_sample,
                "line_freq": line_freq, "source": source, "notes": notes, "band": band,
                "simulated": simulated, "space": space, "targets": targets or {}, "rank": rank,
            }
        )  # fmt: skip

    def _take(self, parts: Mapping[str, Any]) -> None:
        """Check parts and keep them; samples must fit the channels, and targets the samples."""
        for name, value in parts.items():
            if name not in ("data", "targets"):
                setattr(self, name, _CHECKS[name](value) if name in _CHECKS else value)
        if self.rank is not None:  # a choice of channels can leave fewer
            self.rank = min(int(self.rank), len(self.channels.good_brain()))
        if "data" in parts:
            self._reader = as_reader(parts["data"], self.channels)
        if "targets" in parts:
            self.targets = check_series(parts["targets"], self.n_times)

    def _again(self, **changes: Any) -> Self:
        """A twin with other parts. Tables are its own: they can be changed in place."""
        made = copy.copy(self)
        made.events, made.intervals = self.events.copy(), self.intervals.copy()
        made.targets = dict(self.targets)
        made._take(changes)
        return made

    # ------------------------------------------------------------------ time
    @property
    def n_times(self) -> int:
        """Number of samples."""
        return int(self._reader.n_times)

    @property
    def dtype(self) -> np.dtype:
        """Type of the samples: float32 or float64."""
        return np.dtype(self._reader.dtype)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_channels, n_times)."""
        return len(self.channels), self.n_times

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.n_times / self.sfreq

    @property
    def times(self) -> np.ndarray:
        """Time of every sample, seconds from the first, shape (n_times,)."""
        return np.arange(self.n_times) / self.sfreq

    @property
    def n_bytes(self) -> int:
        """Bytes that all samples take in memory."""
        return len(self.channels) * self.n_times * self.dtype.itemsize

    def good_spans(self) -> list[tuple[int, int]]:
        """Stretches between edges and gaps as (start, stop) samples; filters never bridge them.

        Examples
        --------
        >>> Signal(np.zeros((1, 500)), channels=["Cz"], sfreq=100).good_spans()
        [(0, 500)]
        """
        return good_spans(self.intervals, self.sfreq, self.n_times)

    # ------------------------------------------------------------------ samples
    @property
    def reader(self) -> SignalReader:
        """What gives the samples."""
        return self._reader

    def read(
        self, start: int, stop: int, channel_indices: Sequence[int] | np.ndarray | None = None
    ) -> np.ndarray:
        """Samples start to stop (excluded), shape (n_channels, stop - start), natural units.

        Raises
        ------
        DataError
            The samples lie outside the recording.
        """
        if not 0 <= start <= stop <= self.n_times:
            raise DataError(
                "these samples lie outside the recording",
                found=f"{start} to {stop}",
                expected=f"within 0 to {self.n_times}",
            )
        index = None if channel_indices is None else np.asarray(channel_indices, dtype=np.int64)
        return self._reader.read(int(start), int(stop), index)

    @property
    def data(self) -> np.ndarray:
        """All samples, shape (n_channels, n_times), natural units; read at each call.

        Raises
        ------
        DataError
            They would take more than half of the free memory.
        """
        if not isinstance(self._reader, ArrayReader):
            check_bytes(
                self.n_bytes,
                f"{len(self.channels)} channels × {self.n_times} samples",
                shrink="rec.pick(channels), rec.read(start, stop) in parts, or rec.epoch(...)",
            )
        return self.read(0, self.n_times)
