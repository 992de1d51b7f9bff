"""Networks with attention, one paper a file. They know tensors and `Spec`, no training."""
