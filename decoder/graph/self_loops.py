"""Self-loops of HMM states, added last, to the graph that reads first frames alone.

As in Kaldi's add-self-loops with reordering, the self-loop of an emitting state stands after the arc that reads its
first frame: on the state where that arc ends, if every arc that ends there reads the same label; otherwise on a new
state in between, which an epsilon arc leaves. Going on from there costs what not staying costs.
"""

from dataclasses import replace

import numpy as np

from ..fst.transducer import EPSILON, Fst
from .hmm_fst import HmmLabels


def add_self_loops(fst: Fst, labels: HmmLabels, self_loop_scale: float = 1.0) -> Fst:
    """Return ``fst``, which reads the first-frame labels of ``labels``, with all self-loops.

    ``self_loop_scale`` weighs their costs and those of going on.
    """
    states = fst.states
    emitting = (fst.ilabels.astype(np.int64) + 1) // 2  # the label 2k - 1 is that of the emitting state k
    staying = labels.stay[emitting] > 0
    emitting = np.where(staying, emitting, 0)
    # The one emitting state that leads to a state, 0 where none with a self-loop does.
    first = np.full(states, -2, dtype=np.int64)
    first[fst.nextstates] = emitting
    several = np.zeros(states, dtype=bool)
    several[fst.nextstates[first[fst.nextstates] != emitting]] = True
    if fst.start >= 0:
        several[fst.start] |= first[fst.start] > 0
    own = np.where(several, 0, np.maximum(first, 0))
    # An arc into a state with several ways in goes to a new state, one for each emitting state and target.
    moved = (emitting > 0) & several[fst.nextstates]
    targets, place = np.unique(
        fst.nextstates[moved].astype(np.int64) * len(labels.stay) + emitting[moved], return_inverse=True
    )
    nextstates = fst.nextstates.astype(np.int64)
    nextstates[moved] = states + place.reshape(-1)
    landing, between = targets // len(labels.stay), targets % len(labels.stay)
    holder = np.concatenate([np.flatnonzero(own), states + np.arange(len(targets))])
    looping = np.concatenate([own[own > 0], between])
    loop_cost = -np.log(np.where(labels.stay > 0, labels.stay, 1.0)) * self_loop_scale  # those of 0 have none
    go_cost = -np.log1p(-labels.stay) * self_loop_scale
    zeros, added = np.zeros(len(targets), dtype=np.int64), states + np.arange(len(targets))
    return replace(
        Fst.from_arcs(
            fst.start,
            np.concatenate([fst.sources(), added, holder]),
            np.concatenate([fst.ilabels, zeros + EPSILON, 2 * looping]),
            np.concatenate([fst.olabels, zeros, np.zeros(len(holder), dtype=np.int64)]),
            np.concatenate([fst.weights + go_cost[own][fst.sources()], go_cost[between], loop_cost[looping]]),
            np.concatenate([nextstates, landing, holder]),
            np.concatenate([fst.final_weights + go_cost[own], np.full(len(targets), np.inf)]),
        ),
        semiring=fst.semiring,
        isymbols=fst.isymbols,
        osymbols=fst.osymbols,
    )
