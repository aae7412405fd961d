"""Weighted finite-state transducers: the container, its files, the operations on it."""
