"""Forced alignment with models of HMMs: the text becomes an HCLG of its own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ...errors import OptionsError, ScoresError
from ...lm.pronunciation.lexicon import Lexicon, Pronunciation
from ..fst.transducer import Fst
from ..graph.hclg import HmmOptions, compose_hclg
from ..graph.lexicon_fst import LexiconFst, LexiconOptions, compile_lexicon
from ..graph.pdf_table import PdfTable
from ..graph.topology import Topology
from .alignment import Alignment, AlignOptions, align_graph
from .transcript_graph import Pronounce, pronunciations


def align_hmm(
    scores: ArrayLike,
    transcript: Sequence[str],
    lexicon: Lexicon,
    topology: Topology,
    table: PdfTable,
    pronounce: Pronounce | None = None,
    options: AlignOptions | None = None,
    hmm_options: HmmOptions | None = None,
) -> Alignment:
    """Return when each word of ``transcript`` was said, with a model whose score columns are the pdfs of ``table``.

    ``scores`` is float32 (frames, pdfs), natural logarithms of likelihoods. The silence of ``options`` is one of the
    table's phones. Everything else, and the errors, are as in ``align``.
    """
    options = options or AlignOptions()
    words = tuple(transcript)
    if not words:
        raise OptionsError("align: the text is empty; give the words that were said.")
    ways, unknown = pronunciations(words, lexicon, pronounce)
    entries = {
        (word, phones): Pronunciation(word, tuple(phones), probability)
        for word, several in zip(words, ways, strict=True)
        for phones, probability in several
    }
    compiled = compile_lexicon(
        entries.values(), table.phones, tuple(dict.fromkeys(words)), LexiconOptions(silence=options.silence)
    )
    graph = compose_hclg(compiled, _straight(words, compiled), topology, table, hmm_options)
    rows = np.ascontiguousarray(scores, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] < graph.columns:
        raise ScoresError(f"align: scores have shape {rows.shape}; the graph reads {graph.columns} pdfs.")
    return align_graph(rows, graph, words, ("", *table.phones), options, frozenset(unknown))


def _straight(words: Sequence[str], lexicon: LexiconFst) -> Fst:
    """Return the grammar that reads exactly ``words``."""
    labels = [lexicon.words.label(word) for word in words]
    places = np.arange(len(words))
    finals = np.full(len(words) + 1, np.inf)
    finals[-1] = 0.0
    return Fst.from_arcs(0, places, labels, labels, np.zeros(len(words)), places + 1, finals)
