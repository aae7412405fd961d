"""The slow twin of lattice rescoring: every path of a small lattice, its costs put together by hand."""

from __future__ import annotations

import math

from harken.decoder.lattice.lattice import Lattice
from harken.lm.rescore import RescoreOptions

from .naive_lattice import all_paths


def rescored_paths(
    lattice: Lattice, models: list, options: RescoreOptions, first_pass=None
) -> list[tuple[float, tuple[int, ...], tuple[int, ...]]]:
    """Return total cost, words and labels of every path, best first; an apart LM cost is the first pass's."""
    found = []
    for path in all_paths(lattice):
        words = [lattice.words_table[word] for word in path.words]
        graph, acoustic, phrase, first = path.costs
        if first_pass is not None:
            first = -math.log(10) * first_pass.sentence_score(words)
            graph -= first
        weight = options.graph_weight if options.first_pass_weight is None else options.first_pass_weight
        total = options.graph_weight * graph + weight * first + options.acoustic_scale * acoustic + phrase
        total += options.word_insertion_penalty * len(words)
        for share, model in zip(options.lm_weights, models, strict=True):
            total += share * -math.log(10) * model.sentence_score(words)
        found.append((total, path.words, path.labels))
    return sorted(found)
