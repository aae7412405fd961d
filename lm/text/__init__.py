"""Written English and spoken words. Reading order: normalizer, written, numbers, sentences, lines."""

from .lines import NormalizedLines, TextReport, normalize_lines
from .normalizer import normalize
from .sentences import split_sentences, spoken_sentences

__all__ = ["NormalizedLines", "TextReport", "normalize", "normalize_lines", "split_sentences", "spoken_sentences"]
