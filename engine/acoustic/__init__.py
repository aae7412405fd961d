"""The neural acoustic model: a network description, its weights, and a NumPy forward pass."""
