"""The nouns of the house: epochs, recordings, channels, specs, cards, recipes, errors, registry.

Everything here is known to every other room; this room knows none of them. It names data and
checks it once, at construction; it filters, learns and scores nothing.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.core.bundle import Bundle as Bundle
    from neurodecode.core.card import Card as Card
    from neurodecode.core.card import read_card as read_card
    from neurodecode.core.channels import Channels as Channels
    from neurodecode.core.epochs import Epochs as Epochs
    from neurodecode.core.epochs_bundle import EpochsBundle as EpochsBundle
    from neurodecode.core.inputs import as_epochs as as_epochs
    from neurodecode.core.inputs import as_trials as as_trials
    from neurodecode.core.joining import concat as concat
    from neurodecode.core.on import On as On
    from neurodecode.core.persistence import load_model as load_model
    from neurodecode.core.persistence import save as save
    from neurodecode.core.recipe import Recipe as Recipe
    from neurodecode.core.recording import Recording as Recording
    from neurodecode.core.spec import Spec as Spec
    from neurodecode.core.step import Step as Step
    from neurodecode.core.study import Study as Study

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Bundle": "bundle",
        "Card": "card",
        "Channels": "channels",
        "Epochs": "epochs",
        "EpochsBundle": "epochs_bundle",
        "On": "on",
        "Recipe": "recipe",
        "Recording": "recording",
        "Spec": "spec",
        "Step": "step",
        "Study": "study",
        "as_epochs": "inputs",
        "as_trials": "inputs",
        "concat": "joining",
        "load_model": "persistence",
        "read_card": "card",
        "save": "persistence",
    },
)
