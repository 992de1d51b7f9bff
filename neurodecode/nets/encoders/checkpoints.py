"""Weights from files, with an account of every tensor.

Files hold numbers and nothing else: pickles are read with ``weights_only=True``, onto the CPU.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neurodecode.core.errors import DataError
from neurodecode.core.files import damage_named, sha256_of
from neurodecode.core.words import plural
from neurodecode.nets.encoders.card import EncoderCard

SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt", ".bin")
# Where training scripts put the weights inside what they save.
_HOLDERS = ("state_dict", "model", "module", "model_state_dict", "params", "ema")
_SHOWN = 8


@dataclass(frozen=True)
class LoadReport:
    """What became of every tensor of an encoder and of a checkpoint.

    Attributes
    ----------
    source, sha256 : the file.
    released : whether it is the file that the card knows; None where the card knows none.
    layout : the key map that fitted best ("as is": none).
    matched, missing : names in the encoder that the file filled, or did not.
    unexpected : names in the file that nothing in the encoder takes.
    left_out : names that the card leaves out on purpose: heads, tokenizers.
    reshaped : name -> what was done to fit a longer table.
    n_matched, n_parameters : numbers in the encoder that were filled, and all.

    Examples
    --------
    >>> LoadReport("a.pt", "", None, "as is", ("w",), ("b",), (), (), {}, 9, 10).fraction
    0.9
    """

    source: str
    sha256: str
    released: bool | None
    layout: str
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    left_out: tuple[str, ...]
    reshaped: dict[str, str]
    n_matched: int
    n_parameters: int

    @property
    def fraction(self) -> float:
        """Part of the encoder's numbers that the file filled."""
        return self.n_matched / self.n_parameters

    def __str__(self) -> str:
        known = {True: "the released file", False: "not the file of the card", None: ""}
        lines = [
            f"{self.source}   {known[self.released]}".rstrip(),
            f"  layout     {self.layout}",
            f"  matched    {plural(len(self.matched), 'tensor')}, {self.n_matched} of "
            f"{self.n_parameters} numbers ({self.fraction:.2%})",
        ]
        for word in ("missing", "unexpected", "left_out"):
            names: tuple[str, ...] = getattr(self, word)
            if names:
                lines.append(f"  {word.replace('_', ' '):<10} {_some(names)}")
        lines += [f"  reshaped   {name}: {how}" for name, how in self.reshaped.items()]
        return "\n".join(lines)


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], Path]:
    """Tensors of a checkpoint, by name, on the CPU.

    Parameters
    ----------
    path : path
        A .safetensors, .pth, .pt, .ckpt or .bin file, or a folder that holds one of them.

    Returns
    -------
    tensors : dict of name to tensor
    file : Path
        The file they were read from.

    Raises
    ------
    DataError
        No such file, several in the folder, damaged, no tensors, or a pickle of other objects.

    Examples
    --------
    >>> torch.save({"state_dict": {"w": torch.ones(2)}}, "a.pt")
    >>> read_tensors("a.pt")[0]
    {'w': tensor([1., 1.])}
    """
    file = _one_file(Path(path))
    with damage_named("this checkpoint", file):
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(file, device="cpu"), file
        held = _unpickled(file)
    tensors = _found(held)
    if tensors is None:
        inside = ", ".join(map(str, held)) if isinstance(held, Mapping) else type(held).__name__
        raise DataError(
            "no weights in this checkpoint",
            found=f"{file}: {inside[:200]}",
            expected="names with tensors, as they are or under " + ", ".join(_HOLDERS),
        )
    return tensors, file


def _one_file(path: Path) -> Path:
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES)
        if len(files) == 1:
            return files[0]
        found = ", ".join(each.name for each in files) or "none"
    else:
        if path.is_file() and path.suffix in SUFFIXES:
            return path
        found = "another kind of file" if path.is_file() else "no such file"
    raise DataError(
        "no checkpoint to read",
        found=f"{path}: {found}",
        expected="one file of " + ", ".join(SUFFIXES) + ", or a folder that holds one",
        fix="give the path of the file",
    )


def _unpickled(file: Path) -> Any:
    import pickle

    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        refused = re.search(r"GLOBAL ([\w.]+)", str(error))
        if refused is None:
            raise
        raise DataError(
            "this checkpoint holds more than numbers, and is not opened",
            found=f"{file}: an object of {refused[1]}",
            expected="tensors, numbers, text",
            fix="ask for a .safetensors file; or, for a type of data that you trust, "
            "torch.serialization.add_safe_globals([...]) before",
        ) from error


def _found(held: Any) -> dict[str, Tensor] | None:
    """The mapping from names to tensors, at the top or one level below."""
    if not isinstance(held, Mapping):
        return None
    for key in _HOLDERS:
        inside = held.get(key)
        if isinstance(inside, Mapping) and any(isinstance(v, Tensor) for v in inside.values()):
            held = inside
            break
    tensors = {str(key): value for key, value in held.items() if isinstance(value, Tensor)}
    return tensors or None


def load_weights(
    module: nn.Module, path: str | Path, card: EncoderCard, min_match: float | None = None
) -> LoadReport:
    """Fill an encoder from a checkpoint; nothing is left random in silence.

    Parameters
    ----------
    module : nn.Module
        Changed in place; its names are those that the card's key maps lead to.
    path : path of a file or folder, see `read_tensors`
    card : EncoderCard
    min_match : float, optional
        Default: the card's.

    Returns
    -------
    report : LoadReport

    Raises
    ------
    DataError
        Less than `min_match` of the numbers are in the file, shapes differ without a rule in the
        card, or values are not finite. The module is as it was.
    """
    tensors, file = read_tensors(path)
    target = module.state_dict()
    layout, renamed, left_out = _best_layout(tensors, target, card.key_maps)
    values, reshaped = _shaped(renamed, target, card.reshape, file)
    checksum = sha256_of(file)
    report = LoadReport(
        source=str(file),
        sha256=checksum,
        released=checksum == card.weights_sha256 if card.weights_sha256 else None,
        layout=layout,
        matched=tuple(values),
        missing=tuple(name for name in target if name not in values),
        unexpected=tuple(name for name in renamed if name not in target),
        left_out=left_out,
        reshaped=reshaped,
        n_matched=sum(value.numel() for value in values.values()),
        n_parameters=sum(value.numel() for value in target.values()),
    )
    least = card.min_match if min_match is None else min_match
    if report.fraction < least:
        raise DataError(
            f"{card.name}: this checkpoint leaves layers without weights",
            found=f"{report.fraction:.2%} of the numbers; missing {_some(report.missing)}"
            + (f"; not understood {_some(report.unexpected)}" if report.unexpected else ""),
            expected=f"at least {least:.0%}, named as in {', '.join(card.key_maps) or 'the code'}",
            fix=f"the file of {card.weights_url}, or a key map for this layout in the card",
        )
    module.load_state_dict(values, strict=False)
    return report


def _best_layout(
    tensors: Mapping[str, Tensor],
    target: Mapping[str, Tensor],
    key_maps: Mapping[str, Sequence[Sequence[str]]],
) -> tuple[str, dict[str, Tensor], tuple[str, ...]]:
    """The key map under which most names are found in the encoder."""
    best: tuple[str, dict[str, Tensor], tuple[str, ...]] = ("as is", dict(tensors), ())
    most = len(target.keys() & tensors.keys())
    for layout, rules in key_maps.items():
        renamed = {key: _renamed(key, rules) for key in tensors}
        hits = len(target.keys() & set(renamed.values()))
        if hits > most:
            most = hits
            best = (
                layout,
                {new: tensors[key] for key, new in renamed.items() if new},
                tuple(key for key, new in renamed.items() if not new),
            )
    return best


def _renamed(key: str, rules: Sequence[Sequence[str]]) -> str:
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key


def _shaped(
    renamed: Mapping[str, Tensor],
    target: Mapping[str, Tensor],
    rules: Mapping[str, str],
    file: Path,
) -> tuple[dict[str, Tensor], dict[str, str]]:
    values: dict[str, Tensor] = {}
    reshaped: dict[str, str] = {}
    for name in target:
        if name not in renamed:
            continue
        value, wanted = renamed[name], target[name].shape
        if value.shape != wanted:
            old = tuple(value.shape)
            value = _fitted(value, wanted, rules.get(name))
            if value is None:
                raise DataError(
                    "a tensor of this checkpoint has another shape",
                    found=f"{file}: {name} {old}",
                    expected=f"{tuple(wanted)}",
                    fix="the card of the other size of this encoder, or a rule under [reshape]",
                )
            reshaped[name] = f"{old} -> {tuple(wanted)}, {rules[name]}"
        if value.is_floating_point() and not value.isfinite().all():
            raise DataError(
                "a tensor of this checkpoint is not finite",
                found=f"{file}: {name}",
                fix="obtain the file again",
            )
        values[name] = value
    return values, reshaped


def _fitted(value: Tensor, wanted: torch.Size, rule: str | None) -> Tensor | None:
    """A table with more rows cut, or with other rows interpolated; None where no rule fits."""
    if rule is None or value.ndim != len(wanted):
        return None
    differ = [axis for axis, (a, b) in enumerate(zip(value.shape, wanted, strict=True)) if a != b]
    if len(differ) != 1:
        return None
    (axis,) = differ
    if rule == "slice":
        long_enough = value.shape[axis] > wanted[axis]
        return value.narrow(axis, 0, wanted[axis]) if long_enough else None
    rows = value.movedim(axis, -1)
    flat = nn.functional.interpolate(
        rows.reshape(1, -1, rows.shape[-1]), size=wanted[axis], mode="linear", align_corners=True
    )
    return flat.reshape(*rows.shape[:-1], wanted[axis]).movedim(-1, axis)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
