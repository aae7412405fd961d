"""The neural acoustic model: a network description, its weights, and a NumPy forward pass."""

from .model import AcousticModel
from .stream import AcousticStream

__all__ = ["AcousticModel", "AcousticStream"]
