"""Where a run computes: Lightning Fabric behind one function."""

from __future__ import annotations

import logging
from typing import Any

from neurodecode.core.runtime import pick_device


def fabric_for(device: str) -> Any:
    """A single-device `Fabric`.

    Parameters
    ----------
    device : "auto", "cpu", "cuda", "cuda:<index>" or "mps"

    Examples
    --------
    >>> fabric_for("cpu").device
    device(type='cpu')
    """
    from lightning_fabric import Fabric

    kind, _, number = pick_device(device).partition(":")
    # Fabric announces seeds and devices at INFO; our progress line says what matters.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    return Fabric(accelerator=kind, devices=[int(number)] if number else 1)
