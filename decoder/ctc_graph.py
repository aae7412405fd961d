"""The CTC topology: phone arcs become frames, with blanks between phones and repeats inside them.

A path of the expanded transducer reads one label a frame. After phone ``p`` into state ``t`` one may repeat ``p`` (its
self-loop), read a blank (state ``(t, 0)``, which repeats blanks), or read the next phone; the next phone may follow at
once unless it is ``p`` again: two equal phones need a blank between them (Graves et al., "Connectionist temporal
classification", 2006). So a state becomes one state ``(t, 0)`` after a blank and one ``(t, p)`` for every phone that
leads to it, in the smallest of three forms:

* MERGED, where ``t`` has neither epsilon arcs nor arcs with a phone that also leads to it: ``(t, p)`` has its self-loop
  and an epsilon arc to ``(t, 0)``, whose arcs are those of ``t``.
* DIRECT: ``(t, p)`` has its self-loop, a blank arc to ``(t, 0)`` and all arcs of ``t`` but those with ``p``.
* SPLIT: as DIRECT, but the arcs with phones that don't lead to ``t`` stand once, in a state of their own that an
  epsilon arc reaches from every ``(t, p)`` and ``(t, 0)``.

The epsilon arcs of ``t`` keep the context, from ``(t, p)`` to ``(t', p)``. They lead to lower states where those of the
given transducer do.
"""

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionsError
from .fst import EPSILON, Fst, index_dtype, narrow


def expand_ctc(fst: Fst, blank: int, phone_of_label: NDArray[np.int32], self_loops: NDArray[np.int32]) -> Fst:
    """Return the CTC expansion of ``fst``, whose input labels are phone entries.

    ``blank`` is the input label of a blank frame, ``phone_of_label`` the phone (from 1 on) of every input label,
    ``self_loops`` the input label of one more frame of a phone, by phone. Raises OptionsError where an input label has
    no phone, or the graph is too large.
    """
    from .ctc_graph_kernels import MASK_BITS, SPLIT, Frames, Phones, Plan, expand, make_plan

    phone_of = np.where(np.arange(len(phone_of_label)) == EPSILON, 0, phone_of_label).astype(np.int32)
    known = phone_of > 0
    known[EPSILON] = True
    if fst.arcs and (int(fst.ilabels.max()) >= len(known) or not known[fst.ilabels].all()):
        raise OptionsError("transducer: an input label is no phone; expand a transducer of phones and words.")
    phones = Phones(fst.arc_begin, fst.epsilon_begin, fst.ilabels, fst.olabels, fst.weights, fst.nextstates, phone_of)
    plan = Plan(
        kind=np.zeros(fst.states, dtype=np.int8),
        base=np.zeros(fst.states + 1, dtype=np.int64),
        entered=np.zeros((fst.states, (len(self_loops) - 1) // MASK_BITS + 1), dtype=np.int64),
    )
    arcs = make_plan(phones, plan)
    states = int(plan.base[-1])
    if states >= 2**31:
        raise OptionsError("transducer: the expansion has more than 2^31 states; prune the language model.")
    frames = Frames(
        arc_begin=np.zeros(states + 1, dtype=index_dtype(arcs)),
        epsilon_begin=np.empty(states, dtype=index_dtype(arcs)),
        ilabels=np.empty(arcs, dtype=narrow(np.append(self_loops, blank)).dtype),
        olabels=np.empty(arcs, dtype=fst.olabels.dtype),
        weights=np.empty(arcs, dtype=np.float32),
        nextstates=np.empty(arcs, dtype=np.int32),
    )
    expand(phones, plan, blank, self_loops, frames)
    finals = np.repeat(fst.final_weights, np.diff(plan.base))
    split = plan.kind == SPLIT
    finals[plan.base[:-1][split]] = np.inf
    return Fst(
        start=int(plan.base[fst.start]) + int(split[fst.start]),
        arc_begin=frames.arc_begin,
        epsilon_begin=frames.epsilon_begin,
        ilabels=frames.ilabels,
        olabels=frames.olabels,
        weights=frames.weights,
        nextstates=frames.nextstates,
        final_weights=finals,
    )
