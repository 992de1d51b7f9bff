"""Pretrained encoders of brain signals behind one contract.

A card (TOML, one per checkpoint) says what the encoder was trained on; input adapters bring
`Epochs` of any unit, rate and montage to it; checkpoints are loaded with a report of every tensor.
Nothing here reaches the network.
"""
