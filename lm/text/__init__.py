"""Written English and spoken words. Reading order: normalizer, written, numbers."""

from .normalizer import normalize

__all__ = ["normalize"]
