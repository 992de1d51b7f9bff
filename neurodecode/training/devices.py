"""Where a run computes: Lightning Fabric behind one function."""

from __future__ import annotations

import logging
import os
from typing import Any

from neurodecode.core.errors import TrainingError
from neurodecode.core.runtime import pick_device


def fabric_for(device: str, precision: Any = "32-true") -> Any:
    """A `Fabric` on one device, or on one for each process that ``torchrun`` has started.

    Parameters
    ----------
    device : "auto", "cpu", "cuda", "cuda:<index>" or "mps"
    precision : "32-true", "bf16-mixed" or "16-mixed"

    Raises
    ------
    TrainingError
        Half precision without CUDA.

    Examples
    --------
    >>> fabric_for("cpu").device
    device(type='cpu')
    """
    from lightning_fabric import Fabric

    kind, _, number = pick_device(device).partition(":")
    if precision == "16-mixed" and kind != "cuda":
        raise TrainingError(
            "16-mixed needs CUDA", found=f"device {kind}", fix='precision="bf16-mixed"'
        )
    # Fabric announces seeds and devices at INFO; our progress line says what matters.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        here = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        nodes = int(os.environ["WORLD_SIZE"]) // here
        fabric = Fabric(
            accelerator=kind, strategy="ddp", devices=here, num_nodes=nodes, precision=precision
        )
        fabric.launch()
        return fabric
    devices = [int(number)] if number else 1
    return Fabric(accelerator=kind, devices=devices, precision=precision)
