"""Forced alignment: when the words and phones of a known text were said."""

from .alignment import AlignedPhone, AlignedWord, Alignment, AlignOptions, align, align_graph
from .hmm_alignment import align_hmm
from .interchange import to_ctm, to_textgrid

__all__ = [
    "AlignOptions",
    "AlignedPhone",
    "AlignedWord",
    "Alignment",
    "align",
    "align_graph",
    "align_hmm",
    "to_ctm",
    "to_textgrid",
]
