"""Disambiguation symbols of a lexicon: what tells pronunciations apart that share their phones or begin one another.

Without them the composition of lexicon and grammar could not be determinised: after the phones of "red" a machine would
have to keep "red", "read" and the beginning of "reds" apart for ever. The rule is that of Kaldi's add_lex_disambig.pl:
a pronunciation that another entry shares, or that is the beginning of another, gets a last symbol, the first of #1, #2,
... that no earlier entry with the same phones has.
"""

from collections import Counter
from collections.abc import Iterable, Sequence


def disambiguate(pronunciations: Iterable[Sequence[str]]) -> list[int]:
    """Return the number of each pronunciation's symbol, 0 where it needs none."""
    entries = [tuple(phones) for phones in pronunciations]
    shared = Counter(entries)
    beginnings = {phones[:length] for phones in shared for length in range(1, len(phones))}
    used: Counter[tuple[str, ...]] = Counter()
    numbers = []
    for phones in entries:
        needed = shared[phones] > 1 or phones in beginnings
        used[phones] += needed
        numbers.append(used[phones] if needed else 0)
    return numbers
