"""The one training loop, its schedules, losses and checkpoints.

This room knows modules and index arrays. It knows no scikit-learn estimators, no `Epochs` and no
data files; which trials train and which validate is decided above it.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.training.adversary import Adversary as Adversary
    from neurodecode.training.augment.facts import Facts as Facts
    from neurodecode.training.augment.facts import augmentations as augmentations
    from neurodecode.training.callbacks import curves_to as curves_to
    from neurodecode.training.checkpoint import load_weights as load_weights
    from neurodecode.training.checkpoint import save_weights as save_weights
    from neurodecode.training.finetuning import learning_layers as learning_layers
    from neurodecode.training.inference import outputs_of as outputs_of
    from neurodecode.training.loop import train as train
    from neurodecode.training.losses import cross_entropy as cross_entropy
    from neurodecode.training.losses import squared_error as squared_error
    from neurodecode.training.members import Member as Member
    from neurodecode.training.members import train_members as train_members
    from neurodecode.training.plan import Plan as Plan
    from neurodecode.training.restructure.form import form_report as form_report
    from neurodecode.training.resume import Checkpoints as Checkpoints
    from neurodecode.training.temperature import temperature_of as temperature_of

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Adversary": "adversary",
        "Checkpoints": "resume",
        "Facts": "augment.facts",
        "Member": "members",
        "Plan": "plan",
        "augmentations": "augment.facts",
        "cross_entropy": "losses",
        "curves_to": "callbacks",
        "form_report": "restructure.form",
        "learning_layers": "finetuning",
        "load_weights": "checkpoint",
        "outputs_of": "inference",
        "save_weights": "checkpoint",
        "squared_error": "losses",
        "temperature_of": "temperature",
        "train": "loop",
        "train_members": "members",
    },
)
