"""Registered networks: name -> ``"module:function"``, each a function `Spec` -> `nn.Module`."""

TABLE: dict[str, str] = {
    "atcnet": "neurodecode.nets.transformer.atcnet:atcnet",
    "conformer": "neurodecode.nets.transformer.conformer:conformer",
    "eegnet": "neurodecode.nets.cnn.eegnet:eegnet",
    "shallow": "neurodecode.nets.cnn.shallow:shallow",
    "spiking-lif": "neurodecode.nets.spiking.small_net:spiking_lif",
}
