"""Written English and spoken words, both ways.

Reading order: normalizer, rule, written, word_rules, figure_rules, numbers; sentences, lines; inverse, figure_grammar,
spoken_numbers.
"""

from .inverse import to_written
from .lines import NormalizedLines, TextReport, normalize_lines
from .normalizer import RULES, explain, normalize
from .rule import Reading, Rule
from .sentences import split_sentences, spoken_sentences
from .spoken_amounts import WrittenOptions

__all__ = [
    "RULES",
    "NormalizedLines",
    "Reading",
    "Rule",
    "TextReport",
    "WrittenOptions",
    "explain",
    "normalize",
    "normalize_lines",
    "split_sentences",
    "spoken_sentences",
    "to_written",
]
