"""Signal space separation of MEG: what comes from outside the helmet is left out."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.loaders.formats.mne_raw import recording_from_raw


class Maxwell(Step):
    """Keep the part of MEG signals whose sources lie inside the head (SSS, tSSS).

    Parameters
    ----------
    duration : float or None, default None
        Seconds of a block for the temporal extension (tSSS; 10 is usual); None: spatial only.
    correlation : float, default 0.98
        Shared time courses of inner and outer field above this are removed, for tSSS.
    calibration, cross_talk : path or None, default None
        The site's fine calibration (.dat) and cross-talk (.fif); without them the gain is
        limited, because the ideal sensors of the model are not those of the helmet.
    origin : "auto" (default) or (x, y, z) in m
        Of the spherical harmonics; "auto" needs head points in the file, else (0, 0, 0.04) in
        head coordinates.

    Raises
    ------
    DataError
        No MEG, no file of MNE's behind the recording, or signals changed since it was read.

    Notes
    -----
    The first step of a chain: it needs coil types and places that only the file's header has,
    and acts on recordings alone. Mark bad channels before (`rec.with_bads`), or they spread to
    all; MNE recomputes them from the others. Never mix runs with and without. Internal order 8,
    external 3, regularized: 306 sensors keep a rank of about 73, which the result carries.

    Source: Taulu, Simola 2006, 10.1088/0031-9155/51/7/008, by `mne.preprocessing.maxwell_filter`.

    Examples
    --------
    >>> import neurodecode as nd
    >>> nd.preprocessing.Maxwell(duration=10)
    Maxwell(duration=10)
    """

    scope = "recording"
    accepts_recording = True

    def __init__(
        self,
        duration: float | None = None,
        correlation: float = 0.98,
        calibration: str | os.PathLike[str] | None = None,
        cross_talk: str | os.PathLike[str] | None = None,
        origin: str | tuple[float, float, float] = "auto",
    ):
        self.duration = duration
        self.correlation = correlation
        self.calibration = calibration
        self.cross_talk = cross_talk
        self.origin = origin

    def _transform_recording(self, recording: Recording) -> Recording:
        import mne

        raw = _header_and_signals(recording)
        in_head = raw.info["dev_head_t"] is not None
        filtered: Any = mne.preprocessing.maxwell_filter(
            raw,
            origin=self.origin,  # type: ignore[arg-type]
            calibration=self.calibration,
            cross_talk=self.cross_talk,
            st_duration=self.duration,
            st_correlation=self.correlation,
            coord_frame="head" if in_head else "meg",
            verbose="ERROR",
        )
        ranks = mne.compute_rank(filtered, rank="info", verbose="ERROR")
        rank = sum(int(n) for kind, n in ranks.items() if kind in ("meg", "mag", "grad"))
        made = recording_from_raw(filtered)
        others = len(recording.channels.good_brain()) - len(
            np.intersect1d(
                recording.channels.of_kind(("mag", "grad")), recording.channels.good_brain()
            )
        )
        return recording.with_data(
            made.data,
            channels=recording.channels.replace(
                bads=[name for name in recording.channels.bads if name not in _meg(recording)]
            ),
            note=str(self),
            rank=rank + others,
        )


def _meg(recording: Recording) -> set[str]:
    channels = recording.channels
    return {channels.names[i] for i in channels.of_kind(("mag", "grad"))}


def _header_and_signals(recording: Recording) -> Any:
    """The `mne.io.Raw` that the recording is read from, with its present marks."""
    raw = getattr(recording.reader, "raw", None)
    if raw is None or tuple(raw.ch_names) != recording.channels.names or not _meg(recording):
        raise DataError(
            "Maxwell needs MEG as it was read",
            found=recording.channels.text()
            + ("" if raw is not None else ", signals that a step has changed or an array"),
            expected="a recording of nd.read with all its MEG channels, no step before",
            fix="nd.preprocessing.Maxwell().transform(nd.read(path)) first, other steps after",
        )
    copy = raw.copy().load_data(verbose="ERROR")
    copy.info["bads"] = sorted(recording.channels.bads)
    return copy
