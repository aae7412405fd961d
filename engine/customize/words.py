"""Words of a text that a lexicon lacks, taken into a customised model where the text repeats them."""

from collections.abc import Iterable

from ...errors import ModelError, OptionsError
from ...lm.pronunciation.added_words import AddedWord, AddedWords, pronounce_words
from ...lm.pronunciation.g2p import G2p
from ...lm.pronunciation.lexicon import Lexicon
from ...lm.pronunciation.words import WantedWord
from .text import DomainText


def words_of_text(
    text: DomainText, lexicon: Lexicon, g2p: G2p | None, phones: Iterable[str], least: int | None
) -> tuple[AddedWords, tuple[str, ...]]:
    """Return the words that ``lexicon`` lacks and the text holds at least ``least`` times, and those left out.

    Left out, commonest first, are rarer words, those that no reader would take for words (Roman numerals, letters
    without a vowel) and those that ``g2p`` cannot say; all of them where ``least`` or ``g2p`` is None.
    """
    from ..training.language_models import pronounceable

    unknown = [word for word, _ in text.counts.most_common() if word not in lexicon]
    if g2p is None or least is None:
        return AddedWords(()), tuple(unknown)
    words: list[AddedWord] = []
    left_out: list[str] = []
    phones = frozenset(phones)
    for word in unknown:
        if text.counts[word] < least or not pronounceable(word):
            left_out.append(word)
            continue
        try:
            words += pronounce_words([WantedWord(word)], lexicon, g2p, phones=phones).words
        except (ModelError, OptionsError):
            left_out.append(word)
    return AddedWords(tuple(words)), tuple(left_out)
