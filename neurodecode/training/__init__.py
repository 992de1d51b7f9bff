"""The one training loop, its schedules, losses and checkpoints.

This room knows modules and index arrays. It knows no scikit-learn estimators, no `Epochs` and no
data files; which trials train and which validate is decided above it.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.training.adversary import Adversary as Adversary
    from neurodecode.training.checkpoint import load_weights as load_weights
    from neurodecode.training.checkpoint import save_weights as save_weights
    from neurodecode.training.inference import outputs_of as outputs_of
    from neurodecode.training.loop import Plan as Plan
    from neurodecode.training.loop import train as train
    from neurodecode.training.losses import cross_entropy as cross_entropy
    from neurodecode.training.losses import squared_error as squared_error
    from neurodecode.training.members import Member as Member
    from neurodecode.training.members import train_members as train_members
    from neurodecode.training.restructure.form import form_report as form_report

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Adversary": "adversary",
        "Member": "members",
        "Plan": "loop",
        "cross_entropy": "losses",
        "form_report": "restructure.form",
        "load_weights": "checkpoint",
        "outputs_of": "inference",
        "save_weights": "checkpoint",
        "squared_error": "losses",
        "train": "loop",
        "train_members": "members",
    },
)
