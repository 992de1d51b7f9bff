"""Networks: functions from a `Spec` to an `nn.Module`, one paper a file.

A registered network maps (batch, n_channels, n_times) to (batch, n_outputs) and has ``encode(x)``
and ``.head``. This room knows tensors; it knows neither training nor scikit-learn nor files.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.nets.catalogue import applicable as applicable
    from neurodecode.nets.catalogue import build as build
    from neurodecode.nets.encoders.adapter import InputAdapter as InputAdapter
    from neurodecode.nets.encoders.adapter import build_adapter as build_adapter
    from neurodecode.nets.encoders.card import EncoderCard as EncoderCard
    from neurodecode.nets.encoders.card import read_encoder_card as read_encoder_card
    from neurodecode.nets.encoders.checkpoints import LoadReport as LoadReport
    from neurodecode.nets.encoders.encoder import AdaptedEncoder as AdaptedEncoder
    from neurodecode.nets.encoders.encoder import Encoder as Encoder
    from neurodecode.nets.encoders.encoder import load_report as load_report
    from neurodecode.nets.encoders.encoder import make_encoder as make_encoder
    from neurodecode.nets.encoders.tokens import Tokens as Tokens
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
        "AdaptedEncoder": "encoders.encoder",
        "Encoder": "encoders.encoder",
        "EncoderCard": "encoders.card",
        "InputAdapter": "encoders.adapter",
        "LIF": "spiking.neurons",
        "Headed": "headed",
        "LIFState": "spiking.neurons",
        "LoadReport": "encoders.checkpoints",
        "PrototypeHead": "prototypes",
        "Tokens": "encoders.tokens",
        "applicable": "catalogue",
        "build": "catalogue",
        "build_adapter": "encoders.adapter",
        "count_macs": "macs",
        "curvature": "graph.ricci",
        "decay_per_step": "spiking.neurons",
        "load_report": "encoders.encoder",
        "make_encoder": "encoders.encoder",
        "read_encoder_card": "encoders.card",
        "ricci_flow": "graph.ricci",
        "spike": "spiking.surrogate",
        "with_prototypes": "prototypes",
    },
)
