"""Every classifier network of braindecode by name: its input checked, its last layer set apart.

Layers, initial values and defaults are braindecode's; its pages say where they differ from the
papers. Weights are random and nothing is fetched: positions and names of channels, which some of
these classes would download when they are made, come from the `Spec` or are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets import _braindecode
from neurodecode.nets._borrow import borrow
from neurodecode.nets.needs import check_multiple, check_names, check_positions

Prepare = Callable[[Spec, dict[str, Any]], dict[str, Any]]

# Names in braindecode.models that are no network from trials to outputs, and why.
LEFT_OUT = {
    "DANCE": "finds events: sets of classes, starts and ends, not one output a trial",
    "EMG2QwertyNet": "types from 32 electrodes of sEMG at 2 kHz: a sequence of keys",
    "EEGModuleMixin": "the base of all others",
    "InterpolatedBENDR": "bendr behind a map to its own channels; experimental there",
    "InterpolatedBIOT": "biot behind a map to its own channels; experimental there",
    "InterpolatedEEGPT": "eegpt behind a map to its own channels; experimental there",
    "InterpolatedLaBraM": "labram behind a map to its own channels; experimental there",
    "InterpolatedModel": "makes the four before",
    "InterpolatedSignalJEPA": "an encoder, as SignalJEPA",
    "HybridNet": "an example of how to add two networks",
    "MetaNeuromotorHand": "16 electrodes of sEMG at 2 kHz: a sequence of letters",
    "NeuroPose": "joint angles over time from 16 electrodes of sEMG at 2 kHz",
    "SensingDynamics": "joint angles over time from 16 electrodes of sEMG at 2 kHz",
    "SignalJEPA": "an encoder: a sequence of tokens, no outputs",
    "TCN": "the layers of bdtcn: an output for each time, not for a trial",
    "VEMG2Pose": "joint angles over time from 16 electrodes of sEMG at 2 kHz",
}


def _channels(spec: Spec) -> list[dict[str, Any]]:
    """Names and, where they are known, positions as MNE's ``info["chs"]`` has them."""
    names = spec.channel_names or [f"channel {i + 1}" for i in range(spec.n_channels)]
    entries: list[dict[str, Any]] = [{"ch_name": name, "kind": "eeg"} for name in names]
    if spec.positions is not None:
        for entry, position in zip(entries, spec.positions, strict=True):
            entry["loc"] = np.concatenate([position, np.zeros(9)])
    return entries


def _with_names(net: str) -> Prepare:
    """Pass the channels; refuse where they have no names."""

    def prepare(spec: Spec, params: dict[str, Any]) -> dict[str, Any]:
        check_names(net, spec)
        return {"chs_info": _channels(spec), **params}

    return prepare


def _with_positions(net: str, patch: str = "", default: int = 1) -> Prepare:
    """Pass the channels; refuse where they have no positions, or where patches do not fit."""

    def prepare(spec: Spec, params: dict[str, Any]) -> dict[str, Any]:
        check_positions(net, spec)
        check_multiple(net, spec, params.get(patch, default))
        return {"chs_info": _channels(spec), **params}

    return prepare


def _in_patches(net: str, patch: str = "patch_size", default: int = 200) -> Prepare:
    """Refuse trials that are no whole number of patches."""

    def prepare(spec: Spec, params: dict[str, Any]) -> dict[str, Any]:
        check_multiple(net, spec, params.get(patch, default))
        return params

    return prepare


def _one_channel(spec: Spec, params: dict[str, Any]) -> dict[str, Any]:
    if spec.n_channels != 1:
        raise DataError(
            f"attnsleep takes one channel, this has {spec.n_channels}",
            found=f"{spec.n_channels} channels",
            expected="one: the paper's is Fpz-Cz, 30 s at 100 Hz",
            fix="epochs.pick([name])",
        )
    return params


def _labram_channels(spec: Spec, params: dict[str, Any]) -> dict[str, Any]:
    """LaBraM learned an embedding for each of 128 named electrodes; others have none."""
    known = _braindecode.load().labram.LABRAM_CHANNEL_ORDER
    check_names("labram", spec, known)
    check_multiple("labram", spec, params.get("patch_size", 200))
    return {"chs_info": _channels(spec), **params}


class NamedChannels(nn.Module):
    """A network that is told the names of its channels with each batch."""

    def __init__(self, net: nn.Module, names: list[str]):
        super().__init__()
        self.net, self.names = net, names

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives for x, (batch, n_channels, n_times)."""
        return self.net(x, ch_names=self.names)


class MeanOfGroups(nn.Module):
    """TCFormer's last layer: outputs of groups of features, averaged.

    Parameters
    ----------
    conv : nn.Conv1d of kernel 1 with n_groups groups, n_groups * n_outputs filters
    """

    def __init__(self, conv: nn.Conv1d):
        super().__init__()
        self.conv = conv

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, n_features) to (batch, n_outputs)."""
        outputs = self.conv(features[..., None])[..., 0]  # (batch, n_groups * n_outputs)
        return outputs.unflatten(1, (self.conv.groups, -1)).mean(1)


class Prototypes(nn.Module):
    """SST-DPN's last layer: inner products with a prototype of each class, at most `bound` long.

    Parameters
    ----------
    prototypes : nn.Parameter, shape (n_outputs, n_features)
    bound : float
    """

    def __init__(self, prototypes: nn.Parameter, bound: float):
        super().__init__()
        self.prototypes, self.bound = prototypes, bound

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, n_features) to (batch, n_outputs)."""
        return features @ torch.renorm(self.prototypes, 2, 0, self.bound).T


def _told_its_channels(net: Any) -> nn.Module:
    return NamedChannels(net, [channel["ch_name"] for channel in net.chs_info])


def _sstdpn_split(net: Any) -> tuple[nn.Module, nn.Module]:
    """Without the prototypes of its second loss, which no output rests on."""
    return net.encoder, Prototypes(net.proto_sep, net.proto_sep_maxnorm)


def _tcformer_split(net: Any) -> tuple[nn.Module, nn.Module]:
    head, net.final_layer = MeanOfGroups(net.final_layer.conv), nn.Flatten()
    return net, head


attentionbasenet = borrow(
    "attentionbasenet",
    "AttentionBaseNet",
    "Wimpff et al. 2023, arXiv:2310.11198",
    head="final_layer.1",
)
attnsleep = borrow(
    "attnsleep",
    "AttnSleep",
    "Eldele et al. 2021, doi:10.1109/TNSRE.2021.3076234",
    prepare=_one_channel,
)
bdtcn = borrow(
    "bdtcn", "BDTCN", "Gemein et al. 2020, NeuroImage 220, 117021", head="base_tcn.final_layer.fc"
)
bendr = borrow("bendr", "BENDR", "Kostas et al. 2021, doi:10.3389/fnhum.2021.653659")
biot = borrow(
    "biot", "BIOT", "Yang, Westover, Sun 2023, NeurIPS", head="final_layer.classification_head"
)
brainmodule = borrow(
    "brainmodule",
    "BrainModule",
    "Défossez et al. 2023, Nature Machine Intelligence 5(10), 1097-1107",
    head="final_layer.2",
)
cbramod = borrow(
    "cbramod",
    "CBraMod",
    "Wang et al. 2025, arXiv:2412.07236",
    head="final_layer.1",
    prepare=_in_patches("cbramod"),
)
codebrain = borrow(
    "codebrain",
    "CodeBrain",
    "Ding et al. 2025, arXiv:2506.09110",
    head="final_layer.7",
    prepare=_in_patches("codebrain"),
)
contrawr = borrow("contrawr", "ContraWR", "Yang et al. 2023, JMIR AI 2(1), e46769")
ctnet = borrow("ctnet", "CTNet", "Zhao et al. 2024, Scientific Reports 14(1), 20237")
deep4 = borrow(
    "deep4",
    "Deep4Net",
    "Schirrmeister et al. 2017, doi:10.1002/hbm.23730",
    head="final_layer.conv_classifier",
)
deepsleepnet = borrow(
    "deepsleepnet", "DeepSleepNet", "Supratak et al. 2017, IEEE TNSRE 25(11), 1998-2008"
)
dgcnn_braindecode = borrow(
    "dgcnn-braindecode",
    "DGCNN",
    "Song et al. 2018, doi:10.1109/TAFFC.2018.2817622",
    prepare=_with_positions("dgcnn-braindecode"),
)
eegdino = borrow("eegdino", "EEGDINO", "Wang et al. 2025, MICCAI", head="final_layer.classifier.6")
eeginceptionerp = borrow(
    "eeginceptionerp",
    "EEGInceptionERP",
    "Santamaría-Vázquez et al. 2020, doi:10.1109/TNSRE.2020.3048106",
    head="final_layer.fc",
)
eeginceptionmi = borrow(
    "eeginceptionmi",
    "EEGInceptionMI",
    "Zhang, Kim, Eskandarian 2021, Journal of Neural Engineering 18(4), 046014",
    head="final_layer.fc",
)
eegitnet = borrow(
    "eegitnet",
    "EEGITNet",
    "Salami, Andreu-Perez, Gillmeister 2022, doi:10.1109/ACCESS.2022.3161489",
)
eegminer = borrow(
    "eegminer", "EEGMiner", "Ludwig et al. 2024, Journal of Neural Engineering 21(3), 036010"
)
eegnex_braindecode = borrow(
    "eegnex-braindecode",
    "EEGNeX",
    "Chen et al. 2024, Biomedical Signal Processing and Control 87, 105475",
)
eegpt = borrow(
    "eegpt", "EEGPT", "Wang et al. 2024, NeurIPS 37, 39249-39280", head="final_layer.probe2"
)
eegsimpleconv = borrow("eegsimpleconv", "EEGSimpleConv", "El Ouahidi et al. 2023, arXiv:2309.07159")
eegsym = borrow(
    "eegsym",
    "EEGSym",
    "Pérez-Velasco et al. 2022, IEEE TNSRE 30, 1766-1775",
    prepare=_with_names("eegsym"),
)
eegtcnet = borrow("eegtcnet", "EEGTCNet", "Ingolfsson et al. 2020, arXiv:2006.00622")
fbcnet = borrow("fbcnet", "FBCNet", "Mane et al. 2021, arXiv:2104.01233")
fblightconvnet = borrow("fblightconvnet", "FBLightConvNet", "Ma et al. 2023, IEEE TNSRE")
fbmsnet = borrow("fbmsnet", "FBMSNet", "Liu et al. 2022, IEEE TBME 70(2), 436-445")
ifnet = borrow("ifnet", "IFNet", "Wang, Yao, Wang 2023, IEEE TNSRE 31, 1900-1911")
labram = borrow(
    "labram",
    "Labram",
    "Jiang, Zhao, Lu 2024, ICLR",
    head="net.final_layer",
    wrap=_told_its_channels,
    prepare=_labram_channels,
)
luna = borrow(
    "luna",
    "LUNA",
    "Döner et al. 2025, NeurIPS",
    head="final_layer.decoder_ffn.fc2",
    prepare=_with_positions("luna"),
)
medformer = borrow("medformer", "MEDFormer", "Wang et al. 2024, doi:10.52202/079017-1145")
msvtnet = borrow(
    "msvtnet", "MSVTNet", "Liu et al. 2024, IEEE Journal of Biomedical and Health Informatics"
)
mvpformer = borrow("mvpformer", "MVPFormer", "Carzaniga et al. 2026, ICLR")
pbt = borrow("pbt", "PBT", "Klein, Minakowski, Sager 2025, doi:10.1038/s41598-025-86294-3")
sccnet = borrow("sccnet", "SCCNet", "Wei, Koike-Akino, Wang 2019, IEEE NER, 328-331")
signaljepa_contextual = borrow(
    "signaljepa-contextual",
    "SignalJEPA_Contextual",
    "Guetschel, Moreau, Tangermann 2024, doi:10.3217/978-3-99161-014-4-003",
    head="final_layer.linear",
    prepare=_with_positions("signaljepa-contextual"),
)
signaljepa_postlocal = borrow(
    "signaljepa-postlocal",
    "SignalJEPA_PostLocal",
    "Guetschel, Moreau, Tangermann 2024, doi:10.3217/978-3-99161-014-4-003",
    head="final_layer.linear",
)
signaljepa_prelocal = borrow(
    "signaljepa-prelocal",
    "SignalJEPA_PreLocal",
    "Guetschel, Moreau, Tangermann 2024, doi:10.3217/978-3-99161-014-4-003",
    head="final_layer.1",
)
sincshallownet = borrow(
    "sincshallownet", "SincShallowNet", "Borra, Fantozzi, Magosso 2020, Neural Networks 129, 55-74"
)
sleepstagerblanco2020 = borrow(
    "sleepstagerblanco2020",
    "SleepStagerBlanco2020",
    "Fernandez-Blanco, Rivero, Pazos 2020, doi:10.1007/s00500-019-04174-1",
    head="final_layer.1",
)
sleepstagerchambon2018 = borrow(
    "sleepstagerchambon2018",
    "SleepStagerChambon2018",
    "Chambon et al. 2018, IEEE TNSRE 26(4), 758-769",
    head="final_layer.1",
)
sparcnet = borrow("sparcnet", "SPARCNet", "Jing et al. 2023, Neurology 100(17), e1750-e1762")
sstdpn = borrow(
    "sstdpn", "SSTDPN", "Han et al. 2025, Knowledge-Based Systems 315, 113315", split=_sstdpn_split
)
steegformer = borrow("steegformer", "STEEGFormer", "Yang et al. 2026, ICLR")
syncnet = borrow("syncnet", "SyncNet", "Li et al. 2017, NeurIPS 30")
tcformer = borrow(
    "tcformer",
    "TCFormer",
    "Altaheri, Karray, Karimi 2025, doi:10.1038/s41598-025-16219-7",
    split=_tcformer_split,
)
tidnet = borrow(
    "tidnet", "TIDNet", "Kostas, Rudzicz 2020, doi:10.1088/1741-2552/abb7a7", head="final_layer.0"
)
tsception = borrow("tsception", "TSception", "Ding et al. 2020, IJCNN")
usleep = borrow(
    "usleep", "USleep", "Perslev et al. 2021, npj Digital Medicine 4, 72", head="final_layer.2"
)
zuna = borrow(
    "zuna",
    "ZUNA",
    "Warner et al. 2026, arXiv:2602.18478",
    head="final_layer.1",
    prepare=_with_positions("zuna", "fine_time_pts", 32),
)
