"""G: an n-gram model as an acceptor of words, with back-off arcs.

The shape is that of Kaldi's arpa2fst: a state a history, an arc a listed n-gram, the cost of ``</s>`` as a final
weight, and back-off arcs that read #0 and write nothing, so that the composition with a lexicon stays
determinisable. A history after which nothing is listed is left out; what led there leads on to where it backs off to.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...lm.ngram.arpa import Arpa
from ..fst.symbols import SymbolTable
from ..fst.transducer import EPSILON, Fst
from .arc_columns import ArcColumns
from .lexicon_fst import BACKOFF
from .ngram_nodes import ZERO_LOG10, NgramNodes


def compile_ngrams(arpa: Arpa, words: SymbolTable, word_penalty: float = 0.0) -> Fst:
    """Compile ``arpa`` into G over ``words`` (``LexiconFst.words``; #0 among them is the back-off symbol).

    N-grams with other words are left out (their probability goes to nobody), as are those of probability zero;
    ``word_penalty`` nats are added to the cost of every word. Input and output labels are equal but for #0. Raises
    FormatError where a context is missing, or the model has no ``<s>`` or ``</s>`` or nothing to say.
    """
    nodes = NgramNodes.from_arpa(arpa)
    label_of = {name: label for label, name in words}
    if BACKOFF not in label_of:
        raise FormatError(f"n-gram model: the table of words lacks {BACKOFF}; take the lexicon's.")
    labels = np.array([label_of.get(word, 0) for word in arpa.words], dtype=np.int64)
    labels[[nodes.begin, nodes.end]] = 0
    possible = nodes.log10_prob > ZERO_LOG10
    listed = (nodes.word >= 0) & possible & (labels[nodes.word] > 0) & _without(nodes, labels)
    ending = (nodes.word == nodes.end) & possible & _without(nodes, labels)
    if not listed.any():
        raise FormatError("n-gram model: none of its words is among the lexicon's.")
    nats = -np.log(10.0)
    able = nodes.log10_backoff > ZERO_LOG10
    backoff = np.where(able, nodes.log10_backoff * nats, np.inf)
    histories, state, skipped = nodes.histories(listed | ending, backoff)
    arcs = ArcColumns()
    row = np.flatnonzero(listed & np.isfinite(skipped))
    spoken = labels[nodes.word[row]]
    costs = nodes.log10_prob[row] * nats + skipped[row] + word_penalty
    arcs.add(state[nodes.prefix[row]], spoken, spoken, costs, state[row])
    longer = histories[1:]
    lower = nodes.suffix[longer]
    down: NDArray[Any] = backoff[longer] + skipped[lower]
    open_ = np.isfinite(down)
    arcs.add(state[longer[open_]], label_of[BACKOFF], EPSILON, down[open_], state[lower[open_]])
    finals = np.full(len(histories), np.inf)
    finals[state[nodes.prefix[ending]]] = nodes.log10_prob[ending] * nats
    if not np.isfinite(finals).any():
        raise FormatError("n-gram model: </s> has no probability; estimate the model with sentence marks.")
    return arcs.build(int(state[nodes.start]), finals, isymbols=words, osymbols=words)


def _without(nodes: NgramNodes, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the n-grams whose contexts hold no word that is left out (``<s>`` may stand at their beginning)."""
    sayable = labels > 0
    sayable[nodes.begin] = True
    good = np.zeros(len(nodes.word), dtype=bool)
    good[0] = True  # an n-gram's prefix stands before it
    for first, last in zip(nodes.offsets[:-1], nodes.offsets[1:], strict=True):
        span = np.arange(first, last)
        good[span] = good[nodes.prefix[span]] & sayable[nodes.word[span]]
    context = np.zeros(len(nodes.word), dtype=bool)
    context[1:] = good[nodes.prefix[1:]]
    return context
