"""Spiking neurons, surrogate gradients, and networks of them. No training in here."""
