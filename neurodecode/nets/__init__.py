"""Networks: functions from a `Spec` to an `nn.Module`, one paper a file.

A registered network maps (batch, n_channels, n_times) to (batch, n_outputs) and has ``encode(x)``
and ``.head``. This room knows tensors; it knows neither training nor scikit-learn nor files.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.nets.catalogue import applicable as applicable
    from neurodecode.nets.catalogue import build as build
    from neurodecode.nets.headed import Headed as Headed
    from neurodecode.nets.spiking.neurons import LIF as LIF
    from neurodecode.nets.spiking.neurons import LIFState as LIFState
    from neurodecode.nets.spiking.neurons import decay_per_step as decay_per_step
    from neurodecode.nets.spiking.surrogate import spike as spike

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "LIF": "spiking.neurons",
        "Headed": "headed",
        "LIFState": "spiking.neurons",
        "applicable": "catalogue",
        "build": "catalogue",
        "decay_per_step": "spiking.neurons",
        "spike": "spiking.surrogate",
    },
)
