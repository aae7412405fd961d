"""Forced alignment: when the words and phones of a known text were said."""

from .alignment import AlignedPhone, AlignedWord, Alignment, AlignOptions, align
from .interchange import to_ctm, to_textgrid

__all__ = ["AlignOptions", "AlignedPhone", "AlignedWord", "Alignment", "align", "to_ctm", "to_textgrid"]
