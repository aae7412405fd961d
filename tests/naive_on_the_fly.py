"""Slow twins of the search with a history: labels that come next, models walked word by word, phrases counted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harken.decoder.fst.transducer import Fst
from harken.decoder.search.phrases import Phrase
from harken.decoder.search.word_automaton import WordAutomaton


def labels_that_come_next(fst: Fst, state: int) -> tuple[set[int], bool]:
    """Return the output labels that a path from ``state`` may have first, and whether it may end before any."""
    labels, ends, seen, waiting = set(), False, {state}, [state]
    while waiting:
        here = waiting.pop()
        ends |= math.isfinite(fst.final_weights[here])
        for arc in range(fst.arc_begin[here], fst.arc_begin[here + 1]):
            target, label = int(fst.nextstates[arc]), int(fst.olabels[arc])
            if label:
                labels.add(label)
            elif target not in seen:
                seen.add(target)
                waiting.append(target)
    return labels, ends


def least_listed(model: WordAutomaton, state: int, labels: set[int], ends: bool) -> tuple[float, set[int]]:
    """Return the least cost of the words among ``labels`` that ``state`` lists, or of ending where ``ends``.

    And those labels, none of them where nothing says for certain that a word comes, or to which state it leads.
    """
    ranks = {int(model.rank[label]) for label in labels}
    costs = [float(model.final_costs[state])] if ends else []
    found = []
    for place in range(model.begin[state], model.begin[state + 1]):
        if int(model.ranks[place]) in ranks:
            costs.append(float(model.costs[place]))
            found.append(int(model.ranks[place]))
    listed = {label for label in labels if int(model.rank[label]) in found}
    return min(costs, default=math.inf), listed if len(found) == len(set(found)) and not ends else set()


def followers(model: WordAutomaton, state: int, label: int) -> list[tuple[int, float]]:
    """Return every state that ``label`` may lead to from ``state``, backed off or not, and at what cost."""
    found = []
    for place in range(model.begin[state], model.begin[state + 1]):
        if model.ranks[place] == model.rank[label]:
            target, cost = int(model.targets[place]), float(model.costs[place])
            while target >= 0:
                found.append((target, cost))
                cost += float(model.backoff_costs[target])
                target = int(model.backoff_targets[target])
    return found


def phrase_cost(words: Sequence[str], phrases: Sequence[Phrase]) -> float:
    """Return what the phrases add to the cost of a whole word sequence: each of them, wherever it stands."""
    best = {phrase.words: -math.inf for phrase in phrases}
    for phrase in phrases:
        best[phrase.words] = max(best[phrase.words], phrase.weight)
    total = 0.0
    for wanted, weight in best.items():
        for first in range(len(words) - len(wanted) + 1):
            if tuple(words[first : first + len(wanted)]) == wanted:
                total -= weight * len(wanted)
    return total
