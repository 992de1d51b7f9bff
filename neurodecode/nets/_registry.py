"""Registered networks: name -> ``"module:function"``, each a function `Spec` -> `nn.Module`."""

TABLE: dict[str, str] = {
    "atat": "neurodecode.nets.transformer.atat:atat",
    "atcnet": "neurodecode.nets.transformer.atcnet:atcnet",
    "conformer": "neurodecode.nets.transformer.conformer:conformer",
    "eegdenoisenet-cnn": "neurodecode.nets.cnn.eegdenoisenet:denoise_cnn",
    "eegdenoisenet-fcnn": "neurodecode.nets.cnn.eegdenoisenet:denoise_fcnn",
    "eegnet": "neurodecode.nets.cnn.eegnet:eegnet",
    "shallow": "neurodecode.nets.cnn.shallow:shallow",
    "spiking-lif": "neurodecode.nets.spiking.small_net:spiking_lif",
}
