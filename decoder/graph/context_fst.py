"""C composed with LG: input labels become windows of phones.

The states of the result are pairs of a state and the ``context_width - 1`` phones read last, as in the composition with
Kaldi's InverseContextFst; disambiguation symbols and epsilons pass through and leave the phones as they are. Where the
window reaches to the right of the phone that is said, its label comes that much later than the phone: the first phones
read a symbol of their own (Kaldi's "#-1", which keeps the result determinisable), and after the last one the pending
windows are read, with no phone at the right.
"""

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..fst.transducer import Fst, read_only
from .phone_labels import PhoneLabels

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class ContextFst:
    """``fst`` reads the windows 1 to n, then, from label n + 1 on, the disambiguation symbols.

    ``windows`` int32 (n, context_width) holds phone numbers (0: none), ``starts_word`` bool (n,) whether the phone in
    the centre begins a word. The symbols are #0, #1, ... and last the one that first phones read.
    """

    fst: Fst
    windows: NDArray[np.int32]
    starts_word: NDArray[np.bool_]
    disambiguation_symbols: int


def compose_context(fst: Fst, labels: PhoneLabels, context_width: int = 1, central_position: int = 0) -> ContextFst:
    """Expand ``fst``, which reads ``labels``, to windows of ``context_width`` phones.

    ``central_position`` (from 0) is where the phone that is said stands: (1, 0) no context, (2, 1) left-biphones,
    (3, 1) triphones. Raises OptionsError where that makes no window, or the result is too large.
    """
    from .context_kernels import FULL, Arcs, Pairs, Window, expand_contexts

    if not 0 <= central_position < context_width <= 16:
        raise OptionsError(f"context: position {central_position} does not lie in a window of {context_width} phones.")
    if fst.start < 0 or (fst.arcs and int(fst.ilabels.max()) >= len(labels.phone)):
        raise OptionsError("context: the transducer is empty or reads labels that are none of the phones'.")
    base = len(labels.phone)
    if base**context_width * 2 >= 2**62:
        raise OptionsError(f"context: windows of {context_width} out of {base} labels are too many; narrow them.")
    window = Window(
        plain=read_only(labels.phone),
        base=base,
        width=context_width,
        central=central_position,
        history=base ** (context_width - 1),
        pending=base ** (context_width - 1 - central_position),
    )
    room = fst.states + fst.arcs + 1024
    while True:
        if room >= 2**31:
            raise OptionsError("context: the expansion has more than 2^31 states; prune the language model.")
        pairs = Pairs(
            state=np.empty(room, np.int32),
            phones=np.empty(room, np.int64),
            table=np.full(1 << (2 * room).bit_length(), -1, np.int32),
            arc_begin=np.zeros(room + 1, np.int64),
            final_weights=np.empty(room, np.float32),
        )
        arcs = Arcs(
            windows=np.empty(4 * room, np.int64),
            olabels=np.empty(4 * room, np.int32),
            weights=np.empty(4 * room, np.float32),
            nextstates=np.empty(4 * room, np.int32),
        )
        states = int(expand_contexts(fst.arrays, fst.start, window, pairs, arcs))
        if states != FULL:
            break
        room *= 2
    count = int(pairs.arc_begin[states])
    read = arcs.windows[:count]
    numbers, ilabels = np.unique(read[read > 0], return_inverse=True)
    relabelled = np.zeros(count, dtype=np.int32)
    relabelled[read > 0] = ilabels.reshape(-1) + 1
    passed = read < 0
    relabelled[passed] = -read[passed] - labels.first_disambiguation + len(numbers) + 1
    powers = base ** np.arange(context_width - 1, -1, -1, dtype=np.int64)
    digits = (numbers[:, None] // powers) % base
    expanded = Fst(
        start=0,
        arc_begin=pairs.arc_begin[: states + 1].copy(),
        ilabels=relabelled,
        olabels=arcs.olabels[:count].copy(),
        weights=arcs.weights[:count].copy(),
        nextstates=arcs.nextstates[:count].copy(),
        final_weights=pairs.final_weights[:states].copy(),
        semiring=fst.semiring,
        osymbols=fst.osymbols,
    )
    logger.info("with context (%d phones): %d states, %d arcs, %d windows", context_width, states, count, len(numbers))
    return ContextFst(
        fst=expanded,
        windows=labels.phone[digits],
        starts_word=labels.starts_word[digits[:, central_position]],
        disambiguation_symbols=labels.disambiguation_symbols + 1,
    )
