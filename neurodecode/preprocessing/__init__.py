"""Steps that give recordings or epochs back: filter, resample, reference, scale, align.

`Recording -> Recording` where that is exact (before the cut) and `Epochs -> Epochs`. Nothing here
knows nets, decoders or scores; the mathematics is in `linalg`.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.preprocessing.align import EuclideanAlign as EuclideanAlign
    from neurodecode.preprocessing.filters import Bandpass as Bandpass
    from neurodecode.preprocessing.filters import Notch as Notch
    from neurodecode.preprocessing.reference import Reference as Reference
    from neurodecode.preprocessing.resample import Decimate as Decimate
    from neurodecode.preprocessing.resample import Resample as Resample
    from neurodecode.preprocessing.scale import Scale as Scale

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Bandpass": "filters",
        "Decimate": "resample",
        "EuclideanAlign": "align",
        "Notch": "filters",
        "Reference": "reference",
        "Resample": "resample",
        "Scale": "scale",
    },
)
