"""LG: the lexicon composed with the grammar, determinised and minimised, as in Kaldi's recipes.

Determinising makes a prefix tree of the pronunciations behind every grammar state, with costs as early as they are
certain; the disambiguation symbols keep it finite. They stay in the result: contexts and HMMs pass them on.
"""

import logging
from dataclasses import replace

import numpy as np

from ...errors import OptionsError
from ..fst.transducer import EPSILON, Fst
from .lexicon_fst import LexiconFst

logger = logging.getLogger(__name__)


def compose_lexicon_grammar(lexicon: LexiconFst, grammar: Fst, max_states: int | None = None) -> Fst:
    """Return min(det(L o G)); ``grammar`` reads ``lexicon.words``.

    Raises OptionsError where nothing is left of the grammar, or determinising needs more than ``max_states``.
    """
    from ..fst.arcsort import arcsort
    from ..fst.compose import compose
    from ..fst.determinize_star import determinize_star
    from ..fst.minimize import minimize_encoded

    log_size("lexicon", lexicon.fst)
    log_size("grammar", grammar)
    fst = compose(arcsort(lexicon.fst, "olabel"), arcsort(grammar, "ilabel"))
    log_size("lexicon with grammar", fst)
    if fst.start < 0:
        raise OptionsError("graph: lexicon and grammar have no sentence in common; look for words without entries.")
    fst = determinize_star(fst, max_states=max_states)
    log_size("determinised", fst)
    fst = minimize_encoded(fst)
    log_size("minimised", fst)
    return fst


def log_size(what: str, fst: Fst) -> None:
    """Log how large a machine is."""
    logger.info("%s: %d states, %d arcs, %.1f MB", what, fst.states, fst.arcs, fst.nbytes / 1e6)


def without_symbols(fst: Fst, first: int) -> Fst:
    """Return ``fst`` with epsilon in place of the input labels from ``first`` on, the disambiguation symbols."""
    return replace(fst, ilabels=np.where(fst.ilabels >= first, EPSILON, fst.ilabels).astype(np.int32), isymbols=None)


def words_of(lexicon: LexiconFst) -> tuple[str, ...]:
    """Return the words as a search graph lists them: by label, epsilon first, #0 left out."""
    return tuple(name for _, name in lexicon.words)[:-1]
