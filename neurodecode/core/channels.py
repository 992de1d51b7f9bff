"""`Channels`: what each row of the data is, in which unit, and where it sat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError, did_you_mean

# Natural units keep float32 accurate: signals lie within a few orders of magnitude of one.
NATURAL_UNITS = {
    "eeg": "µV", "seeg": "µV", "ecog": "µV", "eog": "µV", "emg": "µV", "ecg": "µV",
    "mag": "fT", "grad": "fT/cm",
    "fnirs_od": "", "hbo": "µM", "hbr": "µM",
    "bold": "", "spikes": "counts", "calcium": "dF/F",
    "stim": "", "misc": "",
}  # fmt: skip
BRAIN_KINDS = (
    "eeg", "mag", "grad", "seeg", "ecog", "fnirs_od", "hbo", "hbr", "bold", "spikes", "calcium",
)  # fmt: skip
OPTICAL_KINDS = ("fnirs_od", "hbo", "hbr")
FRAMES = ("head", "device", "mni", "acpc")
POSITION_SOURCES = ("file", "template", "none")
KIND_WORDS = {
    "eeg": "EEG", "mag": "MEG", "grad": "MEG gradiometers", "seeg": "sEEG", "ecog": "ECoG",
    "eog": "EOG", "emg": "EMG", "ecg": "ECG", "fnirs_od": "fNIRS", "hbo": "HbO", "hbr": "HbR",
    "bold": "BOLD", "spikes": "units", "calcium": "calcium", "stim": "stim", "misc": "misc",
}  # fmt: skip


class Channels:
    """A columnar, immutable table of channels.

    Parameters
    ----------
    names : sequence of str, length n
        Unique.
    kinds : str or sequence of str, default "eeg"
        Keys of `NATURAL_UNITS`.
    units : str or sequence of str, optional
        Default: the natural unit of each kind.
    positions : float array, shape (n, 3), metres, optional
        NaN where unknown.
    frame : "head", "device", "mni" or "acpc"
        Coordinate frame of `positions`.
    position_from : "file", "template" or "none"
    orientations : float array, shape (n, 9), optional
        Coil axes ex, ey, ez of MEG sensors; of optical channels, whose position is the middle,
        source (m), detector (m), wavelength (nm) and two zeros.
    reference : str, optional
        Name of the reference: "average", "Cz", ...
    bads : iterable of str
        Channels marked bad.

    Raises
    ------
    DataError
        Repeated names, unknown kinds, arrays of another length.

    Examples
    --------
    >>> channels = Channels(["C3", "C4", "EOG"], kinds=["eeg", "eeg", "eog"])
    >>> channels.kind_counts(), channels.units
    ({'eeg': 2, 'eog': 1}, ('µV', 'µV', 'µV'))
    """

    __slots__ = (
        "bads", "frame", "kinds", "names", "orientations", "position_from", "positions",
        "reference", "units",
    )  # fmt: skip

    def __init__(
        self,
        names: Sequence[str],
        kinds: str | Sequence[str] = "eeg",
        units: str | Sequence[str] | None = None,
        positions: np.ndarray | None = None,
        frame: str = "head",
        position_from: str = "none",
        orientations: np.ndarray | None = None,
        reference: str | None = None,
        bads: Iterable[str] = (),
    ):
        set_ = object.__setattr__
        set_(self, "names", tuple(str(name) for name in names))
        n = len(self.names)
        set_(self, "kinds", _column("kinds", kinds, n))
        _check_words("channel kind", self.kinds, NATURAL_UNITS)
        natural = [NATURAL_UNITS[kind] for kind in self.kinds]
        set_(self, "units", _column("units", natural if units is None else units, n))
        set_(self, "positions", _places("positions", positions, n, 3))
        set_(self, "orientations", _places("orientations", orientations, n, 9))
        _check_words("frame", [frame], FRAMES)
        _check_words("position_from", [position_from], POSITION_SOURCES)
        set_(self, "frame", frame)
        set_(self, "position_from", position_from)
        set_(self, "reference", reference)
        set_(self, "bads", frozenset(bads))
        self._check()

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("Channels cannot be changed: build another one, or use .replace()")

    def _check(self) -> None:
        if len(set(self.names)) < len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise DataError(
                "channel names must be unique",
                found=", ".join(map(repr, twice)) + " more than once",
                fix="rename them before building the channels",
            )
        unknown = sorted(self.bads - set(self.names))
        if unknown:
            raise DataError(
                "a bad channel is not among the channels",
                found=", ".join(unknown),
                expected="names from: " + ", ".join(self.names[:20]),
                fix=did_you_mean(unknown[0], self.names),
            )

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Channels):
            return NotImplemented
        plain = ("names", "kinds", "units", "frame", "position_from", "reference", "bads")
        return all(getattr(self, part) == getattr(other, part) for part in plain) and all(
            _same_places(getattr(self, part), getattr(other, part))
            for part in ("positions", "orientations")
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Channels, tuple(self.describe().values())

    def __repr__(self) -> str:
        return f"<Channels: {self.text()}>"

    def describe(self) -> dict[str, Any]:
        """Constructor arguments that rebuild this table, by name."""
        return {
            "names": self.names,
            "kinds": self.kinds,
            "units": self.units,
            "positions": self.positions,
            "frame": self.frame,
            "position_from": self.position_from,
            "orientations": self.orientations,
            "reference": self.reference,
            "bads": sorted(self.bads),
        }

    def replace(self, **changes: Any) -> Channels:
        """Copy with some constructor arguments changed.

        Examples
        --------
        >>> Channels(["C3"]).replace(reference="average").reference
        'average'
        """
        return Channels(**{**self.describe(), **changes})

    def index(self, names: Iterable[str]) -> np.ndarray:
        """Positions of channels by name, in the order asked, int64.

        Raises
        ------
        DataError
            A name is absent; the message guesses the typo.

        Examples
        --------
        >>> Channels(["C3", "Cz", "C4"]).index(["C4", "C3"])
        array([2, 0])
        """
        where = {name: i for i, name in enumerate(self.names)}
        names = [names] if isinstance(names, str) else list(names)
        missing = [name for name in names if name not in where]
        if missing:
            raise DataError(
                "no channel of that name",
                found=", ".join(map(repr, missing)),
                expected="names from: " + ", ".join(self.names[:40]),
                fix=did_you_mean(missing[0], self.names),
            )
        return np.array([where[name] for name in names], dtype=np.int64)

    def select(self, wanted: str | Sequence[str] | Sequence[int] | np.ndarray) -> np.ndarray:
        """Positions of channels by name, by position, or by kind, int64, in the order given.

        Parameters
        ----------
        wanted : str, sequence of str, or integers
            One text is a name where a channel has it, else a kind ("eeg", "brain", "all").
            Negative integers count from the end.

        Raises
        ------
        DataError
            No such channel or kind, or a position that is no whole number.

        Examples
        --------
        >>> channels = Channels(["C3", "Cz", "EOG"], ["eeg", "eeg", "eog"])
        >>> channels.select("eeg"), channels.select(["EOG", "C3"]), channels.select([-1])
        (array([0, 1]), array([2, 0]), array([2]))
        """
        if isinstance(wanted, str):
            return self.index([wanted]) if wanted in self.names else self.of_kind(wanted)
        if all(isinstance(each, str) for each in wanted):
            return self.index(wanted)  # type: ignore[arg-type]
        positions = np.asarray(wanted)
        if positions.ndim != 1 or positions.dtype.kind not in "iu":
            raise DataError(
                "not positions of channels",
                found=f"{type(wanted).__name__} of {positions.dtype}",
                expected="names, a kind, or whole numbers",
                fix="np.flatnonzero(mask) turns a mask into positions",
            )
        outside = positions[(positions < -len(self)) | (positions >= len(self))]
        if len(outside):
            raise DataError(
                "no channel at that position",
                found=", ".join(map(str, outside[:10])),
                expected=f"0 to {len(self) - 1}",
            )
        return np.arange(len(self), dtype=np.int64)[positions]

    def of_kind(self, kinds: str | Iterable[str]) -> np.ndarray:
        """Positions of channels of some kinds, int64; "brain" stands for all brain signals.

        Examples
        --------
        >>> Channels(["C3", "EOG"], ["eeg", "eog"]).of_kind("brain")
        array([0])
        """
        wanted = {kinds} if isinstance(kinds, str) else set(kinds)
        if "brain" in wanted:
            wanted = (wanted - {"brain"}) | set(BRAIN_KINDS)
        if "all" in wanted:
            wanted = set(NATURAL_UNITS)
        _check_words("channel kind", sorted(wanted), [*NATURAL_UNITS, "brain", "all"])
        return np.array([i for i, kind in enumerate(self.kinds) if kind in wanted], dtype=np.int64)

    def good_brain(self) -> np.ndarray:
        """Positions of the brain channels that are not marked bad, int64: what a cut keeps.

        Examples
        --------
        >>> Channels(["C3", "T7", "EOG"], ["eeg", "eeg", "eog"], bads=["T7"]).good_brain()
        array([0])
        """
        brain = self.of_kind("brain")
        return brain[[self.names[i] not in self.bads for i in brain]]

    def lengths(self) -> np.ndarray:
        """Distance of source and detector, m, float64; NaN for other than optical channels.

        Examples
        --------
        >>> optodes = np.array([[0, 0, 0, 0, 0, 0.03, 760, 0, 0]])
        >>> Channels(["S1_D1 760"], "fnirs_od", orientations=optodes).lengths()
        array([0.03])
        """
        optical = np.isin(self.kinds, OPTICAL_KINDS)
        between = np.linalg.norm(self.orientations[:, 3:6] - self.orientations[:, :3], axis=1)
        return np.where(optical, between, np.nan)

    def pick(self, indices: Sequence[int] | np.ndarray) -> Channels:
        """Sub-table by position, in the order given.

        Examples
        --------
        >>> Channels(["C3", "Cz", "C4"]).pick([2, 0]).names
        ('C4', 'C3')
        """
        indices = np.asarray(indices, dtype=np.int64)
        names = [self.names[i] for i in indices]
        return self.replace(
            names=names,
            kinds=[self.kinds[i] for i in indices],
            units=[self.units[i] for i in indices],
            positions=self.positions[indices],
            orientations=self.orientations[indices],
            bads=self.bads & set(names),
        )

    def rename(self, mapping: Mapping[str, str]) -> Channels:
        """Table with other names, marks of bad channels included.

        Examples
        --------
        >>> Channels(["Fc5."]).rename({"Fc5.": "FC5"}).names
        ('FC5',)
        """
        self.index(mapping)  # refuses unknown names
        return self.replace(
            names=[mapping.get(name, name) for name in self.names],
            bads=[mapping.get(name, name) for name in self.bads],
        )

    def kind_counts(self) -> dict[str, int]:
        """Number of channels of each kind, in order of appearance."""
        return {kind: self.kinds.count(kind) for kind in dict.fromkeys(self.kinds)}

    def text(self) -> str:
        """One line: how many of which kind, in which unit."""
        parts = []
        for kind, count in self.kind_counts().items():
            units = sorted({u for k, u in zip(self.kinds, self.units, strict=True) if k == kind})
            unit = f" ({', '.join(filter(None, units))})" if any(units) else ""
            parts.append(f"{count} {KIND_WORDS[kind]}{unit}")
        return " + ".join(parts)

    def to_frame(self) -> pd.DataFrame:
        """One row a channel: name, kind, unit, x, y, z (m), bad.

        Examples
        --------
        >>> Channels(["C3"]).to_frame()[["name", "kind", "unit"]].values.tolist()
        [['C3', 'eeg', 'µV']]
        """
        frame = pd.DataFrame({"name": self.names, "kind": self.kinds, "unit": self.units})
        frame[["x", "y", "z"]] = self.positions
        frame["bad"] = [name in self.bads for name in self.names]
        return frame


def _column(what: str, value: str | Sequence[str], n: int) -> tuple[str, ...]:
    column = (value,) * n if isinstance(value, str) else tuple(str(each) for each in value)
    if len(column) != n:
        raise DataError(
            f"{what} do not fit the channels",
            found=f"{len(column)} {what}",
            expected=f"{n}, one per channel, or one word for all",
        )
    return column


def _places(what: str, value: np.ndarray | None, n: int, width: int) -> np.ndarray:
    # A copy, so that the caller's array stays writeable.
    places = np.array(np.full((n, width), np.nan) if value is None else value, dtype=np.float64)
    if places.shape != (n, width):
        raise DataError(
            f"{what} do not fit the channels",
            found=f"shape {places.shape}",
            expected=f"({n}, {width})",
        )
    places.flags.writeable = False
    return places


def _same_places(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True))


def _check_words(what: str, words: Iterable[str], allowed: Iterable[str]) -> None:
    allowed = list(allowed)
    for word in words:
        if word not in allowed:
            raise DataError(
                f"unknown {what}",
                found=repr(word),
                expected="one of " + ", ".join(allowed),
                fix=did_you_mean(word, allowed),
            )
