"""Recurrent networks, one paper a file. They know tensors and `Spec`, no training."""
