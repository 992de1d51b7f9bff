"""Adapters of channels: kinds, names, derivations, splines, places, learned mixtures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.montage import electrode_name, template_places
from neurodecode.linalg import fit_sphere, interpolation_matrix
from neurodecode.nets.encoders.adapter import Adapted, Adapter, picked, take_rows
from neurodecode.nets.encoders.scaling import units_of
from neurodecode.nets.max_norm import max_norm

# Old and new names of the same electrodes of the 10-20 system.
_PAIRS = (("T3", "T7"), ("T4", "T8"), ("T5", "P7"), ("T6", "P8"))
ALIASES = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
_SAME_PLACE = 1e-3  # m: an electrode this near is the one meant
# m from the origin: finds millimetres. Templates in MNE's head frame, whose origin lies between the
# ears and not in the middle, reach 0.143.
_HEAD_RADII = (0.05, 0.15)


def where_named(names: Sequence[str], wanted: Sequence[str]) -> dict[str, int]:
    """Which channel stands for each wanted electrode, where there is one.

    Case, "EEG " before and a reference behind do not matter; the name itself goes before its
    other name in the 10-20 system (T3 and T7, T4 and T8, T5 and P7, T6 and P8).

    Examples
    --------
    >>> where_named(["EEG T3-REF", "Cz"], ["CZ", "T7", "Oz"])
    {'CZ': 1, 'T7': 0}
    """
    rows: dict[str, int] = {}
    for row, name in enumerate(names):
        for form in (name.upper(), electrode_name(name).upper()):
            rows.setdefault(form, row)
    found: dict[str, int] = {}
    for name in wanted:
        if name.upper() in rows:
            found[name] = rows[name.upper()]
    taken = set(found.values())
    for name in wanted:
        row = rows.get(ALIASES.get(name.upper(), ""))
        if name not in found and row is not None and row not in taken:
            found[name] = row
            taken.add(row)
    return {name: found[name] for name in wanted if name in found}


def _needs_names(spec: Spec, who: str) -> tuple[str, ...]:
    if not spec.channel_names:
        raise DataError(
            f"{who} goes by the names of the channels",
            found="channels without names",
            fix="give a Spec with channel_names, or Epochs",
        )
    return spec.channel_names


def _needs_places(spec: Spec, who: str) -> np.ndarray:
    places = spec.positions
    lost = np.ones(spec.n_channels, bool) if places is None else ~np.isfinite(places).all(axis=1)
    if places is None or lost.any():
        names = spec.channel_names or [f"channel {i + 1}" for i in range(spec.n_channels)]
        raise DataError(
            f"{who} goes by the places of the electrodes",
            found="no place of " + ", ".join(names[i] for i in np.flatnonzero(lost)[:10]),
            fix='rec.set_montage("standard_1005"), or leave these channels out',
        )
    return np.asarray(places, dtype=np.float64)


def _none_left(who: str, spec: Spec, wanted: Sequence[str]) -> DataError:
    names = spec.channel_names
    return DataError(
        f"{who}: no channel is left",
        found=", ".join(names[:12]) or "channels without names",
        expected="some of " + ", ".join(wanted[:12]),
        fix=(did_you_mean(names[0], wanted) if names else "")
        or "rec.rename({old: new}), or another encoder",
    )


class _Rows(Adapter):
    """Channels taken by position."""

    rows: Tensor

    def __init__(self, outcome: Adapted, rows: Sequence[int]):
        super().__init__(outcome)
        self.register_buffer("rows", torch.tensor(list(rows)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The channels that are kept, in their new order."""
        return take_rows(x, self.rows)


class Kinds(_Rows):
    """Channels of the kinds that the encoder knows.

    Parameters
    ----------
    spec : Spec
        All channels are taken where it names no kinds.
    keep : sequence of str
        Kinds, such as ``["eeg"]``.

    Raises
    ------
    DataError
        No channel is of these kinds.

    Examples
    --------
    >>> Kinds(Spec(2, 9, 9.0, 2, channel_names=("Cz", "EOG"), channel_kinds=("eeg", "eog")),
    ...       ["eeg"]).dropped
    ('EOG',)
    """

    def __init__(self, spec: Spec, keep: Sequence[str]):
        kinds = spec.channel_kinds or (keep[0],) * spec.n_channels
        rows = [row for row, kind in enumerate(kinds) if kind in keep]
        if not rows:
            raise DataError(
                "this encoder does not know channels of such kinds",
                found=", ".join(sorted(set(kinds))),
                expected=", ".join(keep),
                fix='an encoder of this modality: nd.list("encoder")',
            )
        lost = _lost(spec, rows)
        super().__init__(Adapted(picked(spec, rows), _kept_text(len(rows), lost), lost), rows)


class NameMap(_Rows):
    """Channels by the encoder's own names, in its own order.

    Parameters
    ----------
    spec : Spec
        With names.
    vocabulary : sequence of str
        Names that the encoder knows.
    unknown : "drop", "keep" or "error", default "drop"
        What becomes of other channels; kept ones follow the known, in their own order.

    Raises
    ------
    DataError
        No names, none known, or some unknown with "error".

    Examples
    --------
    >>> names = NameMap(Spec(3, 9, 9.0, 2, channel_names=("T3", "Nose", "CZ")), ["Cz", "T7"])
    >>> names.spec.channel_names, names.dropped
    (('Cz', 'T7'), ('Nose',))
    """

    def __init__(self, spec: Spec, vocabulary: Sequence[str], unknown: str = "drop"):
        if unknown not in ("drop", "keep", "error"):
            raise DataError("no such choice", found=unknown, expected="drop, keep, error")
        names = _needs_names(spec, "this encoder")
        found = where_named(names, vocabulary)
        known = list(found.values())
        others = [row for row in range(spec.n_channels) if row not in set(known)]
        if others and unknown == "error":
            raise DataError(
                "the encoder does not know every channel",
                found=", ".join(names[row] for row in others[:12]),
                expected="some of " + ", ".join(vocabulary[:12]),
                fix=did_you_mean(names[others[0]], vocabulary) or "leave these channels out",
            )
        rows = known + (others if unknown == "keep" else [])
        if not rows:
            raise _none_left("the encoder's names", spec, vocabulary)
        new_names = [*found, *(names[row] for row in rows[len(known) :])]
        lost = _lost(spec, rows)
        renamed = [f"{names[row]} as {name}" for name, row in found.items()
                   if electrode_name(names[row]).upper() != name.upper()]  # fmt: skip
        did = _kept_text(len(rows), lost) + "".join(f"; {each}" for each in renamed)
        if unknown == "keep" and others:
            did += f"; not in the encoder's list: {', '.join(names[row] for row in others)}"
        super().__init__(Adapted(picked(spec, rows, new_names), did, lost), rows)


class _Mixed(Adapter):
    """Channels that are fixed sums of the channels before."""

    weights: Tensor

    def __init__(self, outcome: Adapted, weights: np.ndarray):
        super().__init__(outcome)
        self.register_buffer("weights", torch.from_numpy(weights).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``weights @ x``."""
        return self.weights @ x


class Bipolar(_Mixed):
    """Differences A - B of two electrodes: derivations, not places between them.

    Parameters
    ----------
    spec : Spec
        With names. Channels that already are such a derivation, by name, are taken as they are.
    pairs : sequence of str
        "A-B" each. Pairs that cannot be had are left out, and the report names them.

    Raises
    ------
    DataError
        No names, no pair can be had, or the two electrodes of a pair have different units.

    Examples
    --------
    >>> pair = Bipolar(Spec(2, 1, 9.0, 2, channel_names=("F7", "T3")), ["F7-T7", "T7-P7"])
    >>> pair(torch.tensor([[[5.0], [2.0]]])), pair.did
    (tensor([[[3.]]]), '1 of 2 derivations; not to be had: T7-P7')
    """

    def __init__(self, spec: Spec, pairs: Sequence[str]):
        names, units = _needs_names(spec, "a derivation"), units_of(spec)
        ready = {name.upper(): row for row, name in enumerate(names)}
        weights, kept, sources = [], [], []
        for pair in pairs:
            ends = pair.split("-")
            found = where_named(names, ends)
            row = np.zeros(spec.n_channels)
            if pair.upper() in ready:
                sources.append(ready[pair.upper()])
                row[sources[-1]] = 1.0
            elif len(found) == 2:
                plus, minus = found[ends[0]], found[ends[1]]
                if units[plus] != units[minus]:
                    raise DataError(
                        f"{pair} needs two channels of one unit",
                        found=f"{units[plus]} and {units[minus]}",
                        fix="unit-scale before bipolar",
                    )
                row[[plus, minus]] = 1.0, -1.0
                sources.append(plus)
            else:
                continue
            weights.append(row)
            kept.append(pair)
        if not kept:
            raise _none_left("derivations", spec, pairs)
        new = replace(picked(spec, sources, kept), positions=None)
        missing = [pair for pair in pairs if pair not in kept]
        did = f"{len(kept)} of {len(pairs)} derivations"
        did += f"; not to be had: {', '.join(missing)}" if missing else ""
        used = np.any(weights, axis=0)
        lost = tuple(name for name, one in zip(names, used, strict=True) if not one)
        super().__init__(Adapted(new, did, lost), np.array(weights))


class SphericalSpline(_Mixed):
    """Potentials at the encoder's electrodes, from those that were measured.

    Parameters
    ----------
    spec : Spec
        With places, m.
    names : sequence of str
        The encoder's electrodes.
    montage : str, default "standard_1005"
        Where they are. An electrode measured within 1 mm is taken as it is.

    Raises
    ------
    DataError
        A place is unknown, or no sphere fits.

    Source: Perrin et al. 1989, doi:10.1016/0013-4694(89)90180-6.
    """

    def __init__(self, spec: Spec, names: Sequence[str], montage: str = "standard_1005"):
        measured = _needs_places(spec, "a spherical spline")
        known = template_places(montage)
        strange = [name for name in names if name.lower() not in known]
        if strange:
            raise DataError(
                f"{montage} does not know every electrode",
                found=", ".join(strange),
                fix=did_you_mean(strange[0], known) or "another montage",
            )
        places = np.array([known[name.lower()] for name in names])
        apart = np.linalg.norm(places[:, None] - measured[None], axis=-1)
        same = apart.min(axis=1) < _SAME_PLACE
        weights = np.zeros((len(names), spec.n_channels))
        weights[same, apart[same].argmin(axis=1)] = 1.0
        if not same.all():
            weights[~same] = interpolation_matrix(measured, places[~same])
        units = units_of(spec)
        if len(set(units)) > 1:
            raise DataError(
                "a spline needs channels of one unit",
                found=", ".join(sorted(set(units))),
                fix="unit-scale before spherical-spline",
            )
        new = replace(
            spec, n_channels=len(names), channel_names=tuple(names), positions=places,
            channel_kinds=(spec.channel_kinds or ("eeg",))[:1] * len(names),
            channel_units=units[:1] * len(names),
        )  # fmt: skip
        did = f"{same.sum()} electrodes as measured, {(~same).sum()} interpolated"
        super().__init__(Adapted(new, did), weights)


class PositionBank(_Rows):
    """Places of the electrodes in the encoder's own frame, by name.

    Parameters
    ----------
    spec : Spec
        With names.
    bank : path of a JSON file, or mapping: name -> [x, y, z], m
    recentre : bool, default False
        Move the places so that the sphere which fits them has its centre at 0.

    Raises
    ------
    DataError
        No channel is in the bank, or its places do not lie at 0.05 to 0.15 m: not metres.

    Examples
    --------
    >>> bank = {"Cz": [0.0, 0.0, 0.1], "Oz": [0.0, -0.1, 0.0]}
    >>> placed = PositionBank(Spec(2, 9, 9.0, 2, channel_names=("CZ", "X1")), bank)
    >>> placed.spec.positions.tolist(), placed.dropped
    ([[0.0, 0.0, 0.1]], ('X1',))
    """

    def __init__(
        self,
        spec: Spec,
        bank: str | Path | Mapping[str, Sequence[float]],
        recentre: bool = False,
    ):
        names = _needs_names(spec, "a position bank")
        if not isinstance(bank, Mapping):
            bank = json.loads(Path(bank).read_text(encoding="utf-8"))
        assert isinstance(bank, Mapping)
        by_upper = {name.upper(): place for name, place in bank.items()}
        places: list[np.ndarray] = []
        rows: list[int] = []
        for row, name in enumerate(names):
            plain = electrode_name(name).upper()
            place = by_upper.get(plain, by_upper.get(ALIASES.get(plain, "")))
            if place is not None:
                places.append(np.asarray(place, dtype=np.float64))
                rows.append(row)
        if not rows:
            raise _none_left("the position bank", spec, list(bank))
        table = np.array(places)
        radii = np.linalg.norm(table, axis=1)
        if radii.min() < _HEAD_RADII[0] or radii.max() > _HEAD_RADII[1]:
            raise DataError(
                "places that are not on a head, in metres",
                found=f"distances of {radii.min():.4g} to {radii.max():.4g} from the origin",
                expected=f"{_HEAD_RADII[0]} to {_HEAD_RADII[1]} m",
                fix="a bank in metres, in head coordinates",
            )
        if recentre:
            table = table - fit_sphere(table)[0]
        lost = _lost(spec, rows)
        new = replace(picked(spec, rows), positions=table)
        super().__init__(Adapted(new, _kept_text(len(rows), lost), lost), rows)


class LearnedChannelMix(Adapter):
    """A learned sum of channels for each channel of the encoder.

    Parameters
    ----------
    spec : Spec
    n_out : int
        Channels of the encoder.
    bound : float, > 0, default 1
        Largest norm of the weights that lead to one of them.

    Notes
    -----
    A convolution of width 1 with capped weights, as in the probes of EEGPT (Wang et al. 2024,
    NeurIPS). Its weights are random until they are trained.

    Examples
    --------
    >>> LearnedChannelMix(Spec(64, 9, 9.0, 2), 19)(torch.zeros(2, 64, 9)).shape
    torch.Size([2, 19, 9])
    """

    def __init__(self, spec: Spec, n_out: int, bound: float = 1.0):
        units = set(units_of(spec))
        new = replace(
            spec, n_channels=n_out, channel_names=tuple(f"mix {i + 1}" for i in range(n_out)),
            channel_kinds=(spec.channel_kinds or ("eeg",))[:1] * n_out, positions=None,
            channel_units=(units.pop() if len(units) == 1 else "",) * n_out,
        )  # fmt: skip
        did = f"{spec.n_channels} -> {n_out} channels by weights to be trained"
        super().__init__(Adapted(new, did))
        self.mix = max_norm(nn.Conv1d(spec.n_channels, n_out, 1), bound)

    def forward(self, x: Tensor) -> Tensor:
        """The mixtures."""
        return self.mix(x)


def _lost(spec: Spec, rows: Sequence[int]) -> tuple[str, ...]:
    names = spec.channel_names or [f"channel {i + 1}" for i in range(spec.n_channels)]
    return tuple(names[row] for row in range(spec.n_channels) if row not in set(rows))


def _kept_text(n: int, lost: Sequence[str]) -> str:
    return f"{n} channels" + (f"; left out: {', '.join(lost)}" if lost else "")
