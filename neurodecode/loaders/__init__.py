"""Where data come in: files of any format, data sets by name, simulators, and their static checks.

`read` opens files, `load` opens data sets by the name of their card, `simulate_*` make data with
known truth, `static_checks` compares a data set with its card. Nothing here knows of preprocessing,
decoders or the benchmark; checks that train a baseline live in `bench`.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.loaders.binning import rebin as rebin
    from neurodecode.loaders.binning import recording_from_spikes as recording_from_spikes
    from neurodecode.loaders.card_cut import cut as cut
    from neurodecode.loaders.card_sources import find_card as find_card
    from neurodecode.loaders.card_sources import has_recordings as has_recordings
    from neurodecode.loaders.card_sources import present_datasets as present_datasets
    from neurodecode.loaders.checks import Check as Check
    from neurodecode.loaders.checks import static_checks as static_checks
    from neurodecode.loaders.dataset import load as load
    from neurodecode.loaders.downloading import download as download
    from neurodecode.loaders.inspection import Inspection as Inspection
    from neurodecode.loaders.inspection import inspect_recording as inspect_recording
    from neurodecode.loaders.reading import read as read
    from neurodecode.loaders.repair import RepairWarning as RepairWarning
    from neurodecode.loaders.simulate.blocks import simulate_fmri as simulate_fmri
    from neurodecode.loaders.simulate.cursor import simulate_cursor as simulate_cursor
    from neurodecode.loaders.simulate.evoked_fields import simulate_meg as simulate_meg
    from neurodecode.loaders.simulate.motor_imagery import simulate_mi as simulate_mi
    from neurodecode.loaders.simulate.oddball import simulate_p300 as simulate_p300
    from neurodecode.loaders.simulate.segments import simulate_segments as simulate_segments
    from neurodecode.loaders.simulate.steady_state import simulate_ssvep as simulate_ssvep
    from neurodecode.loaders.store.epoch_store import EpochStore as EpochStore
    from neurodecode.loaders.unpacking import unpack as unpack

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Check": "checks",
        "EpochStore": "store.epoch_store",
        "Inspection": "inspection",
        "RepairWarning": "repair",
        "cut": "card_cut",
        "download": "downloading",
        "find_card": "card_sources",
        "has_recordings": "card_sources",
        "inspect_recording": "inspection",
        "load": "dataset",
        "present_datasets": "card_sources",
        "read": "reading",
        "rebin": "binning",
        "recording_from_spikes": "binning",
        "simulate_cursor": "simulate.cursor",
        "simulate_fmri": "simulate.blocks",
        "simulate_meg": "simulate.evoked_fields",
        "simulate_mi": "simulate.motor_imagery",
        "simulate_p300": "simulate.oddball",
        "simulate_segments": "simulate.segments",
        "simulate_ssvep": "simulate.steady_state",
        "static_checks": "checks",
        "unpack": "unpacking",
    },
)
