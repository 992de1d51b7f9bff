"""Networks: functions from a `Spec` to an `nn.Module`, one paper a file.

A registered network maps (batch, n_channels, n_times) to (batch, n_outputs) and has ``encode(x)``
and ``.head``. This room knows tensors; it knows neither training nor scikit-learn nor files.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.nets.catalogue import applicable as applicable
    from neurodecode.nets.catalogue import build as build
    from neurodecode.nets.graph.ricci import curvature as curvature
    from neurodecode.nets.graph.ricci import ricci_flow as ricci_flow
    from neurodecode.nets.headed import Headed as Headed
    from neurodecode.nets.macs import count_macs as count_macs
    from neurodecode.nets.prototypes import PrototypeHead as PrototypeHead
    from neurodecode.nets.prototypes import with_prototypes as with_prototypes
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
        "PrototypeHead": "prototypes",
        "applicable": "catalogue",
        "build": "catalogue",
        "count_macs": "macs",
        "curvature": "graph.ricci",
        "decay_per_step": "spiking.neurons",
        "ricci_flow": "graph.ricci",
        "spike": "spiking.surrogate",
        "with_prototypes": "prototypes",
    },
)
