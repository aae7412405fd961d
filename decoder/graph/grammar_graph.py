"""Search graphs of grammars: command recognition with a model's lexicon and units."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import ModelError, OptionsError
from ...lm.pronunciation.lexicon import Lexicon, Pronunciation
from ..fst.transducer import Fst
from .grammar_expression import Grammar
from .grammar_network import compile_grammar
from .lexicon_fst import Filler, LexiconFst, LexiconOptions, compile_lexicon
from .phrase_list import UNKNOWN_SPEECH
from .search_graph import Graph
from .tlg import compose_tlg

if TYPE_CHECKING:
    from ...lm.pronunciation.g2p import G2p

logger = logging.getLogger(__name__)

FILLER = Filler(UNKNOWN_SPEECH, phone_cost=2.0)
"""The filler for the bundled model: of 30 keywords in 94 short clips it lets 26 through, with 3 false ones."""


@dataclass(frozen=True, slots=True)
class GrammarOptions:
    """How a grammar's graph is made.

    filler: what ``[unk]`` in a grammar stands for; it is used where its word is among the grammar's. silence and
    silence_probability: as in LexiconOptions, for models with a silence phone. drop_unknown: leave out what holds words
    without pronunciation, instead of refusing the grammar. g2p_ways: how many pronunciations a grapheme-to-phoneme
    model gives for such a word.
    """

    filler: Filler = FILLER
    silence: str | None = None
    silence_probability: float = 0.5
    drop_unknown: bool = False
    g2p_ways: int = 2


def unknown_words(grammar: Grammar, lexicon: Lexicon, filler: Filler = FILLER) -> tuple[str, ...]:
    """Return the words of ``grammar`` that have no pronunciation, in their order."""
    return tuple(word for word in grammar.words if word not in lexicon and word != filler.word)


def compile_grammar_graph(
    grammar: Grammar,
    lexicon: Lexicon,
    units: Sequence[str],
    options: GrammarOptions | None = None,
    g2p: "G2p | None" = None,
) -> Graph:
    """Compile ``grammar`` into a search graph for a CTC model, whose ``units`` are the blank and the phones.

    Words that ``lexicon`` doesn't list are pronounced by ``g2p``, where one is given. Raises OptionsError, naming them,
    where words are left without pronunciation (``drop_unknown`` leaves them out), or where nothing can be said.
    """
    return compose_tlg(*lexicon_and_grammar(grammar, lexicon, units[1:], options, g2p))


def lexicon_and_grammar(
    grammar: Grammar,
    lexicon: Lexicon,
    phones: Sequence[str],
    options: GrammarOptions | None = None,
    g2p: "G2p | None" = None,
) -> tuple[LexiconFst, Fst]:
    """Return L of the words of ``grammar``, and G: what ``compose_tlg`` and ``compose_hclg`` take."""
    options = options or GrammarOptions()
    entries: list[Pronunciation] = []
    missing = []
    for word in grammar.words:
        if word == options.filler.word:
            continue
        ways = lexicon.get(word) or _spelled(word, g2p, options.g2p_ways)
        entries += ways
        missing += [] if ways else [word]
    if missing and not options.drop_unknown:
        shown = ", ".join(map(repr, missing[:10])) + (" and more" if len(missing) > 10 else "")
        raise OptionsError(f"{grammar.name}: no pronunciation for {shown}; add them to the lexicon or leave them out.")
    if missing:
        logger.warning("%s: left out for want of a pronunciation: %s", grammar.name, ", ".join(missing))
    filler = options.filler if options.filler.word in grammar.words else None
    known = [word for word in grammar.words if word not in missing]
    if not known:
        raise OptionsError(f"{grammar.name}: none of its words has a pronunciation.")
    compiled = compile_lexicon(
        entries,
        phones,
        known,
        LexiconOptions(options.silence, options.silence_probability, filler=filler),
    )
    return compiled, compile_grammar(grammar, compiled.words)


def _spelled(word: str, g2p: "G2p | None", ways: int) -> Iterable[Pronunciation]:
    """Return what ``g2p`` takes for the word's pronunciations, none where it knows no answer."""
    if g2p is None:
        return ()
    try:
        found = g2p.pronounce(word, ways)
    except ModelError:
        return ()
    return tuple(Pronunciation(word, phones, min(share, 1.0)) for phones, share in found)
