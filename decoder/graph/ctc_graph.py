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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..fst.transducer import EPSILON, Fst, read_only


@dataclass(frozen=True, slots=True, eq=False)
class CtcLabels:
    """The input labels of a CTC graph: 1 is the blank, and a phone ``u`` (from 1 on) has three.

    ``initial[u] = 3u - 1`` where it begins a word, ``internal[u] = 3u`` elsewhere, ``repeated[u] = 3u + 1`` for one
    more frame of it (``repeated[0]`` is the blank). By label: ``phone`` int32 (0 for epsilon and blank),
    ``is_self_loop`` and ``starts_word`` bool.
    """

    initial: NDArray[np.int32]
    internal: NDArray[np.int32]
    repeated: NDArray[np.int32]
    phone: NDArray[np.int32]
    is_self_loop: NDArray[np.bool_]
    starts_word: NDArray[np.bool_]

    @classmethod
    def of_phones(cls, count: int) -> "CtcLabels":
        """Return the labels of phones 1 to ``count``."""
        phones = np.arange(count + 1, dtype=np.int32)
        label = np.arange(3 * count + 2, dtype=np.int32)
        phone = ((label + 1) // 3).astype(np.int32)
        phone[:2] = 0
        return cls(
            initial=np.maximum(3 * phones - 1, 0),
            internal=3 * phones,
            repeated=3 * phones + 1,
            phone=phone,
            is_self_loop=(label % 3 == 1) & (label > 1),
            starts_word=(label % 3 == 2),
        )


def expand_ctc(fst: Fst, labels: CtcLabels) -> Fst:
    """Return the CTC expansion of ``fst``, whose input labels are initial and internal ones of ``labels``.

    ``fst`` is in search order, and so is what comes out. Raises OptionsError where an input label is none of them, or
    the graph is too large.
    """
    from .ctc_graph_kernels import MASK_BITS, SPLIT, Frames, Phones, Plan, expand, make_plan

    entry = ~labels.is_self_loop & (labels.phone > 0)
    entry[EPSILON] = True
    if fst.arcs and (int(fst.ilabels.max()) >= len(entry) or not entry[fst.ilabels].all()):
        raise OptionsError("transducer: an input label is no phone's entry; expand a transducer of phones and words.")
    whole = fst.arrays
    phones = Phones(
        whole.arc_begin,
        read_only(fst.epsilon_begin),
        whole.ilabels,
        whole.olabels,
        whole.weights,
        whole.nextstates,
        labels.phone,
    )
    plan = Plan(
        kind=np.zeros(fst.states, dtype=np.int8),
        base=np.zeros(fst.states + 1, dtype=np.int64),
        entered=np.zeros((fst.states, (len(labels.repeated) - 1) // MASK_BITS + 1), dtype=np.int64),
    )
    arcs = make_plan(phones, plan)
    states = int(plan.base[-1])
    if states >= 2**31:
        raise OptionsError("transducer: the expansion has more than 2^31 states; prune the language model.")
    frames = Frames(
        arc_begin=np.zeros(states + 1, dtype=np.int64),
        ilabels=np.empty(arcs, dtype=np.int32),
        olabels=np.empty(arcs, dtype=np.int32),
        weights=np.empty(arcs, dtype=np.float32),
        nextstates=np.empty(arcs, dtype=np.int32),
    )
    expand(phones, plan, labels.repeated, frames)
    finals = np.repeat(fst.final_weights, np.diff(plan.base))
    split = plan.kind == SPLIT
    finals[plan.base[:-1][split]] = np.inf
    return Fst(
        start=int(plan.base[fst.start]) + int(split[fst.start]),
        arc_begin=frames.arc_begin,
        ilabels=frames.ilabels,
        olabels=frames.olabels,
        weights=frames.weights,
        nextstates=frames.nextstates,
        final_weights=finals,
    )
