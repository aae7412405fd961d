"""The search graph of a lexicon alone: CTC topology and one pronunciation tree, without a language model.

A search composes it with an n-gram model on the fly, so that one such graph serves any model. All pronunciations are
one prefix tree that leads back to its root. A word's label stands on its last phone, where the next word begins: what a
language model has to look up there it looks up once, and homophones are arcs beside each other. Costs of pronunciations
stand as early as they are known.
"""

import logging
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ...lm.pronunciation.lexicon import Lexicon
from ..fst.transducer import Fst
from .ctc_graph import CtcLabels
from .lexicon_tree import Sounds
from .phone_graph import GraphOptions, PhoneGraph
from .search_graph import Graph

logger = logging.getLogger(__name__)

_NOT_WORDS = ("<s>", "</s>", "<eps>", "<unk>")


def compile_lexicon_graph(
    lexicon: Lexicon, units: Sequence[str], words: Collection[str] | None = None, options: GraphOptions | None = None
) -> Graph:
    """Compile CTC topology and pronunciations into a search graph that says nothing about which words are likely.

    ``units`` names the score columns: the blank first, then the phones. ``words`` are those to take from the lexicon
    (None: all of it). Of the ``options`` only ``quantum`` counts here; the language model brings the word penalty.
    Raises FormatError where a pronunciation has an unknown phone, OptionsError where no word is left.
    """
    return Graph.from_phones(compile_lexicon_tree(lexicon, units, words, options))


def compile_lexicon_tree(
    lexicon: Lexicon, units: Sequence[str], words: Collection[str] | None = None, options: GraphOptions | None = None
) -> PhoneGraph:
    """Compile the same before its CTC topology: a third of the size as a file, which ``Graph.load`` expands."""
    options = options or GraphOptions()
    if len(units) < 2 or len(set(units)) != len(units):
        raise OptionsError("units: name the blank first, then at least one phone, each once.")
    wanted = None if words is None else set(words)
    taken = [word for word in lexicon.words if (wanted is None or word in wanted) and word not in _NOT_WORDS]
    # Words that begin alike get numbers near each other, so that a search reads what it knows of them side by side.
    taken.sort(key=lambda word: (min(entry.phones for entry in lexicon[word]), word))
    if not taken:
        raise OptionsError("lexicon: none of the words has a pronunciation; give other words or another lexicon.")
    labels = CtcLabels.of_phones(len(units) - 1)
    names = ("<eps>", *taken)
    label_of_phone = dict(zip(units[1:], labels.internal[1:].tolist(), strict=True))
    olabels = {word: olabel for olabel, word in enumerate(names) if olabel}
    sounds = Sounds.from_lexicon(lexicon, olabels, label_of_phone, options.quantum)
    to_initial = np.arange(len(labels.phone), dtype=np.int32)
    to_initial[labels.internal] = labels.initial
    tree = pronunciation_tree(sounds, to_initial, options.quantum)
    logger.info("pronunciation tree of %d words: %d states, %d arcs", len(taken), tree.states, tree.arcs)
    return PhoneGraph(tree, names, len(units) - 1, options.quantum)


def pronunciation_tree(sounds: Sounds, initial: NDArray[np.int32], quantum: float) -> Fst:
    """Return the prefix tree of ``sounds`` as a loop over state 0, in search order.

    ``initial`` (by label) maps the labels of ``sounds`` to those that start a word.
    """
    lengths = np.diff(sounds.begin)
    longest = int(lengths.max())
    depth = np.arange(longest)
    inside = depth < lengths[:, None]
    letters = np.zeros((len(lengths), longest), np.int32)
    letters[inside] = sounds.labels

    # Pronunciations are sorted: the inner nodes that one shares with any earlier one, it shares with the one before.
    alike = np.zeros(len(lengths), np.int64)
    alike[1:] = np.cumprod((letters[1:] == letters[:-1]) & inside[1:] & inside[:-1], axis=1).sum(axis=1)
    alike[1:] = np.minimum(alike[1:], lengths[:-1] - 1)
    inner = (depth >= 1) & inside  # column d stands for the node behind d phones
    fresh = inner & (depth > alike[:, None])
    number = np.zeros(fresh.shape, np.int32)
    number[fresh] = np.arange(1, int(fresh.sum()) + 1)
    node = np.where(inner, np.maximum.accumulate(number, axis=0), 0)

    # What the cheapest way on costs, from every node.
    costs = np.full(len(lengths), np.iinfo(np.int64).max)
    np.minimum.at(costs, sounds.pronunciations, sounds.costs)
    least = np.full(int(node.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, node[inner], np.broadcast_to(costs[:, None], node.shape)[inner])
    least[0] = 0

    row, at = np.nonzero(fresh)
    parent, child = node[row, at - 1], node[row, at]
    spoken = letters[row, at - 1]
    last = lengths[sounds.pronunciations] - 1
    leaf = node[sounds.pronunciations, last]
    ending = letters[sounds.pronunciations, last]
    return Fst.from_arcs(
        start=0,
        sources=np.concatenate([parent, leaf]),
        ilabels=np.concatenate(
            [np.where(at == 1, initial[spoken], spoken), np.where(last == 0, initial[ending], ending)]
        ),
        olabels=np.concatenate([np.zeros_like(child), sounds.words]),
        weights=np.concatenate([least[child] - least[parent], sounds.costs - least[leaf]]) * quantum,
        nextstates=np.concatenate([child, np.zeros_like(leaf)]),
        final_weights=np.where(np.arange(len(least)) == 0, 0.0, np.inf),
    ).in_search_order()
