"""T: the CTC topology as a transducer of its own, from frames to phones.

One state follows a blank (and the beginning), one follows each phone: a phone may be repeated, a blank may follow it,
or any other phone; the same phone follows itself only after a blank. ``ctc_graph.expand_ctc`` does in one pass what
the composition with this machine does, and gives smaller graphs; this one is for looking into and composing by hand.
"""

import numpy as np

from ..fst.transducer import EPSILON, Fst
from .arc_columns import ArcColumns
from .ctc_graph import CtcLabels
from .phone_labels import PhoneLabels


def ctc_topology(phones: PhoneLabels) -> Fst:
    """Return T, which reads the labels of ``CtcLabels.of_phones`` and writes those of ``phones``.

    State 0 follows a blank, state ``p`` phone ``p``; all are final. Disambiguation symbols pass through every state,
    read as the labels after the last of ``CtcLabels``, in their order.
    """
    count = len(phones.phones)
    frames = CtcLabels.of_phones(count)
    states = np.arange(count + 1)
    arcs = ArcColumns()
    arcs.add(states, frames.repeated[0], EPSILON, 0.0, 0)
    arcs.add(states[1:], frames.repeated[1:], EPSILON, 0.0, states[1:])
    source, phone = (grid.reshape(-1) for grid in np.meshgrid(states, states[1:], indexing="ij"))
    source, phone = source[source != phone], phone[source != phone]
    arcs.add(source, frames.internal[phone], phone, 0.0, phone)
    if phones.marks_starts:
        arcs.add(source, frames.initial[phone], phones.initial(phone.astype(np.int32)), 0.0, phone)
    symbols = np.arange(phones.disambiguation_symbols)
    source, symbol = (grid.reshape(-1) for grid in np.meshgrid(states, symbols, indexing="ij"))
    arcs.add(source, len(frames.phone) + symbol, phones.first_disambiguation + symbol, 0.0, source)
    return arcs.build(0, np.zeros(count + 1), osymbols=phones.symbols)


def ctc_labels_of(phones: PhoneLabels) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    """Return the label of ``CtcLabels`` for each of ``phones``: that of its first frame; 0 for the symbols."""
    frames = CtcLabels.of_phones(len(phones.phones))
    entered = np.where(phones.starts_word, frames.initial[phones.phone], frames.internal[phones.phone])
    return np.where(phones.phone > 0, entered, EPSILON).astype(np.int32)
