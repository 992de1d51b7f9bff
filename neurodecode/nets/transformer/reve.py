"""REVE: patches of each channel, placed in space and time, through one transformer.

El Ouahidi, Lys, Thölke, Farrugia, Pasdeloup, Gripon, Jerbi, Lioi: "REVE: a foundation model for
EEG - adapting to any setup with large-scale pretraining on 25,000 subjects", NeurIPS 2025,
arXiv:2510.21585.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets import _braindecode
from neurodecode.nets._borrow import borrow
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_names, check_positions

_make = borrow("reve", "REVE", "El Ouahidi et al. 2025, arXiv:2510.21585", head="final_layer.2")


def reve(spec: Spec, *, position_bank: str | Path | None = None, **params: Any) -> Headed:
    """REVE as braindecode builds it, weights random, without the download it makes there.

    Parameters
    ----------
    spec : Spec
        One patch of 200 samples or more; the model is meant for 200 Hz. With positions, or with
        names that the bank holds.
    position_bank : path, optional
        JSON file, name of an electrode -> [x, y, z] in metres; REVE's own has 543 names (upper and
        lower case differ). Default: the positions of the `Spec`.
    **params
        Arguments of ``braindecode.models.REVE``: embed_dim, depth, heads, ...

    Returns
    -------
    net : Headed
        Mostly the transformer: 22 layers of width 512.

    Raises
    ------
    DataError
        No positions, a name that the bank does not hold, or too few samples.

    Examples
    --------
    >>> import numpy as np
    >>> spec = Spec(2, 400, 200.0, 2, channel_names=("C3", "C4"), positions=np.eye(2, 3) / 10)
    >>> net = reve(spec, depth=1, embed_dim=32, heads=2, head_dim=16)
    >>> net(torch.zeros(5, 2, 400)).shape
    torch.Size([5, 2])
    """
    if position_bank is None:
        check_positions("reve", spec)
        positions = torch.as_tensor(spec.positions, dtype=torch.float32)
    else:
        positions = _from_bank(Path(position_bank), spec)
    _braindecode.load()
    upstream = importlib.import_module("braindecode.models.reve")
    with patch.object(upstream, "RevePositionBank", lambda: KnownPositions(positions)):
        return _make(spec, chs_info=[{"ch_name": ""}] * spec.n_channels, **params)


class KnownPositions(nn.Module):
    """Stands where braindecode's class would fetch the bank: the positions of these channels."""

    def __init__(self, positions: Tensor):
        super().__init__()
        self.positions = positions

    def forward(self, channel_names: list[str]) -> Tensor:
        """Positions, (n_channels, 3), metres."""
        return self.positions


def _from_bank(path: Path, spec: Spec) -> Tensor:
    check_names("reve", spec)
    bank = json.loads(path.read_text(encoding="utf-8"))
    strange = [name for name in spec.channel_names if name not in bank]
    if strange:
        raise DataError(
            f"the bank holds no position for {len(strange)} of {spec.n_channels} channels",
            found=", ".join(strange[:8]),
            expected=f"some of the {len(bank)} names in {path.name}",
            fix="rename the channels, pick those it holds, or set a montage and leave the bank out",
        )
    return torch.tensor([bank[name] for name in spec.channel_names], dtype=torch.float32)
