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
    from .ctc_graph_kernels import DIRECT, MERGED, SPLIT, Frames, Words, expand

    sources = fst.sources().astype(np.int64)
    emitting = fst.ilabels != EPSILON
    arc_phones = np.where(emitting, phone_of_label[fst.ilabels], 0).astype(np.int64)
    if np.any(emitting & (arc_phones <= 0)):
        raise OptionsError("transducer: an input label is no phone; expand a transducer of phones and words.")
    phones = len(self_loops)

    pairs = np.unique(fst.nextstates[emitting] * np.int64(phones) + arc_phones[emitting])
    from_, to = sources[~emitting], fst.nextstates[~emitting].astype(np.int64)
    fresh = pairs
    while len(fresh) and len(from_):  # a phone leads through epsilon arcs as well
        begin = np.searchsorted(fresh, from_ * phones)
        count = np.searchsorted(fresh, (from_ + 1) * phones) - begin
        which = np.repeat(np.arange(len(from_)), count)
        row = begin[which] + np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        fresh = np.setdiff1d(to[which] * phones + fresh[row] % phones, pairs)
        pairs = np.union1d(pairs, fresh)

    states = np.arange(fst.states)
    begin = np.searchsorted(pairs, np.append(states, fst.states) * phones)
    contexts = np.diff(begin)
    arcs = fst.epsilon_begin - fst.arc_begin[:-1].astype(np.int64)
    epsilons = np.diff(fst.arc_begin) - arcs
    at = np.minimum(np.searchsorted(pairs, sources * phones + arc_phones), max(len(pairs) - 1, 0))
    clashing = emitting & (pairs[at] == sources * phones + arc_phones) if len(pairs) else np.zeros(0, dtype=bool)
    clashes = np.bincount(sources[clashing], minlength=fst.states)
    direct = 1 + arcs + epsilons + contexts * (2 + arcs + epsilons) - clashes
    split = 2 + arcs + epsilons - clashes + contexts * (3 + clashes + epsilons)
    kind = np.where((epsilons == 0) & (clashes == 0), MERGED, np.where(split + 1 < direct, SPLIT, DIRECT))
    number = 1 + contexts + (kind == SPLIT)
    base = np.cumsum(number) - number
    total_states = int(number.sum())
    total_arcs = int(np.select([kind == MERGED, kind == SPLIT], [1 + arcs + 2 * contexts, split], direct).sum())
    if total_states >= 2**31:
        raise OptionsError("transducer: the expansion has more than 2^31 states; prune the language model.")

    frames = Frames(
        arc_begin=np.zeros(total_states + 1, dtype=np.int64),
        epsilon_begin=np.zeros(total_states, dtype=np.int64),
        ilabels=np.zeros(total_arcs, dtype=narrow(np.append(self_loops, blank)).dtype),
        olabels=np.zeros(total_arcs, dtype=fst.olabels.dtype),
        weights=np.zeros(total_arcs, dtype=np.float32),
        nextstates=np.zeros(total_arcs, dtype=np.int32),
    )
    expand(
        Words(
            fst.arc_begin, fst.epsilon_begin, fst.ilabels, fst.olabels, fst.weights, fst.nextstates,
            arc_phones.astype(np.int32), kind.astype(np.int8), base, begin, (pairs % phones).astype(np.int32),
            self_loops,
        ),
        blank,
        frames,
    )  # fmt: skip
    finals = np.repeat(fst.final_weights, number)
    finals[base[kind == SPLIT]] = np.inf
    index = index_dtype(total_arcs)
    return Fst(
        start=int(base[fst.start] + (kind[fst.start] == SPLIT)),
        arc_begin=frames.arc_begin.astype(index),
        epsilon_begin=frames.epsilon_begin.astype(index),
        ilabels=frames.ilabels,
        olabels=frames.olabels,
        weights=frames.weights,
        nextstates=frames.nextstates,
        final_weights=finals,
    )
