"""The graph of a known text: its words one after the other, each in all its pronunciations, silence between them."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from ...errors import OptionsError
from ...lm.pronunciation.lexicon import Lexicon
from ..fst.transducer import EPSILON, Fst
from ..graph.ctc_graph import CtcLabels
from ..graph.phone_graph import PhoneGraph
from ..graph.search_graph import Graph

Ways = Sequence[tuple[tuple[str, ...], float]]
"""The pronunciations of a word, each with its probability."""
Pronounce = Callable[[str], Ways]


def pronunciations(
    words: Sequence[str], lexicon: Lexicon, pronounce: Pronounce | None = None
) -> tuple[list[Ways], list[str]]:
    """Return the pronunciations of every word of a text, and the words that were guessed.

    ``pronounce`` says how a word that the lexicon lacks is said. Raises OptionsError, naming the words, where it is
    None and there are such words.
    """
    unknown = sorted({word for word in words if word not in lexicon})
    if unknown and pronounce is None:
        raise OptionsError(f"align: no pronunciation is known for {', '.join(unknown)}; add it to the lexicon.")
    guessed = {word: pronounce(word) for word in unknown} if pronounce else {}
    listed = {
        word: [(entry.phones, entry.probability) for entry in lexicon.get(word)] for word in words if word in lexicon
    }
    return [guessed[word] if word in guessed else listed[word] for word in words], unknown


def transcript_graph(
    words: Sequence[str], ways: Sequence[Ways], units: Sequence[str], silence: str | None = None
) -> Graph:
    """Return the CTC graph that reads exactly ``words``; output label ``k`` is the k-th word.

    ``ways[k]`` are the pronunciations of ``words[k]``; ``units`` names the score columns, the blank first; ``silence``
    is a unit that may stand between words, before the first and after the last (blanks may anyway). Raises
    OptionsError for an unknown phone or a word without pronunciation.
    """
    labels = CtcLabels.of_phones(len(units) - 1)
    number = {unit: place for place, unit in enumerate(units) if place}
    if silence is not None and silence not in number:
        raise OptionsError(f"align: the silence {silence!r} is no unit; name one of them, or None.")
    arcs: list[tuple[int, int, int, float, int]] = []
    states = 1
    here = 0
    for place, (word, several) in enumerate(zip(words, ways, strict=True), 1):
        if not several:
            raise OptionsError(f"align: {word!r} has no pronunciation; give one.")
        here, states = _optional(arcs, here, states, silence and labels.internal[number[silence]])
        target, states = states, states + 1
        for phones, probability in several:
            unknown = [phone for phone in phones if phone not in number]
            if unknown or not phones:
                raise OptionsError(f"align: {word!r} is said with {unknown or 'nothing'}, which are no units.")
            source = here
            for position, phone in enumerate(phones):
                last = position == len(phones) - 1
                goal = target if last else states
                states += not last
                entry = labels.internal if position else labels.initial
                cost = 0.0 if position else -math.log(probability)
                arcs.append((source, int(entry[number[phone]]), 0 if position else place, cost, goal))
                source = goal
        here = target
    here, states = _optional(arcs, here, states, silence and labels.internal[number[silence]])
    finals = np.full(states, np.inf)
    finals[here] = 0.0
    sources, ilabels, olabels, weights, targets = zip(*arcs, strict=True) if arcs else ((), (), (), (), ())
    fst = Fst.from_arcs(0, sources, ilabels, olabels, weights, targets, finals).in_search_order()
    return Graph.from_phones(PhoneGraph(fst, ("<eps>", *words), len(units) - 1, 1.0 / 1024))


def _optional(
    arcs: list[tuple[int, int, int, float, int]], here: int, states: int, label: int | str | None
) -> tuple[int, int]:
    """Add one silence that may be left out; return the state behind it and the number of states."""
    if not label:
        return here, states
    arcs.append((here, int(label), EPSILON, 0.0, states))
    arcs.append((here, EPSILON, EPSILON, 0.0, states))
    return states, states + 1
