"""Lattices: what a search leaves of the alternatives, and what can be read off them."""
