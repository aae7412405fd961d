"""Tuning the weights of rescoring on stored lattices. Reading order: tuner, lattices, surface, picture."""
