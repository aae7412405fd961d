"""How often a model itself expects its n-grams: their share of a text that it would write without end.

Entropy pruning weighs contexts by their frequency. Where nothing was counted, the product of a context's own
probabilities (Stolcke 1998) is a poor guess in a Kneser-Ney model, whose shorter n-grams are made for backing off
alone. What the whole model writes has the right frequencies all the same, since Kneser-Ney smoothing keeps the
marginals (Chen and Goodman 1998, section 4.1.6): a few steps of the model as a Markov chain over its histories find
them.
"""

from dataclasses import replace

import numpy as np

from .backoff_tables import BackoffTables
from .linked_model import link
from .ngram_rows import END_ID, START_ID

_ROUNDS = 4
"""Words that the model writes; half of what is wrong at first remains after one, a thousandth after eight."""


def with_expected_frequencies(model: BackoffTables, rounds: int = _ROUNDS) -> BackoffTables:
    """Return ``model`` with the frequencies that its n-grams have in what it writes; its own are the first guess."""
    if len(model.tables) < 2:
        return model
    from .expected_kernels import write_word

    linked = link(model)
    arrays, size, longest = linked.arrays, linked.first[-1], linked.first[-2]
    context = linked.context.copy()
    context[linked.rows(1)] = -1
    # The frequencies are of every n-gram at the end of the text; the mass is of the longest alone.
    mass = np.append(np.concatenate([table.frequency for table in model.tables]).astype(np.float64), 0.0)
    mass[longest:] = 0
    mass[:size][arrays.word == END_ID] = 0
    for n in range(2, linked.order):
        here = linked.rows(n)
        mass -= np.bincount(arrays.back[here], weights=mass[here], minlength=size + 1)
    mass = np.maximum(mass, 0)
    if not mass.sum() > 0:
        mass[START_ID] = 1
    mass /= mass.sum()
    flow = np.empty(size)
    for _ in range(rounds):
        write_word(arrays, context, linked.lower, longest, mass, flow)
    for n in range(linked.order, 1, -1):
        here = linked.rows(n)
        flow += np.bincount(arrays.back[here], weights=flow[here], minlength=size)
    flow /= max(flow[linked.rows(1)].sum(), 1e-30)
    flow[START_ID] = flow[END_ID]
    frequencies = [flow[linked.rows(n)].astype(np.float32) for n in range(1, linked.order + 1)]
    tables = [replace(table, frequency=values) for table, values in zip(model.tables, frequencies, strict=True)]
    return BackoffTables(model.words, tuple(tables))
