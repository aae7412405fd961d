"""H: the transducer from the frames of HMMs to windows of phones, without self-loops, and what its labels mean.

Windows that sound the same (the same phone, marks, pdfs) are one HMM. Leaving a state of it reads the state's
``forward`` label; self-loops are added last, to the finished graph (``self_loops``), as Kaldi does: before, they would
only be in the way of determinisation.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..fst.transducer import EPSILON, Fst
from .arc_columns import ArcColumns
from .context_fst import ContextFst
from .pdf_table import PdfTable
from .topology import HmmState, Topology


@dataclass(frozen=True, slots=True, eq=False)
class HmmLabels:
    """Labels 1 to 2n, two for every emitting state: ``2k - 1`` reads its first frame, ``2k`` one frame more.

    By label, the epsilon first: ``score_column`` int32, ``phone`` int32, ``is_self_loop`` bool, ``same_phone`` bool (a
    frame of the phone that the frame before was of: all but the first one of state 0), ``starts_word`` bool.
    ``stay`` float64 (n + 1,): the probability of the self-loop of state k (0: it has none), entry 0 unused.
    """

    score_column: NDArray[np.int32]
    phone: NDArray[np.int32]
    is_self_loop: NDArray[np.bool_]
    same_phone: NDArray[np.bool_]
    starts_word: NDArray[np.bool_]
    stay: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HmmFst:
    """H. ``fst`` reads ``labels``, then the disambiguation symbols, and writes HMMs, then the same symbols.

    ``hmm_of_window`` int32 (windows + 1,): the HMM of every label of the ``ContextFst``, its output label; the symbols
    follow the last HMM.
    """

    fst: Fst
    labels: HmmLabels
    hmm_of_window: NDArray[np.int32]
    disambiguation_symbols: int

    @property
    def first_disambiguation(self) -> int:
        """The input label of the first disambiguation symbol."""
        return len(self.labels.phone)

    def relabel(self, context: ContextFst) -> Fst:
        """Return the transducer of ``context`` with HMMs in place of windows, ready to be composed with H."""
        hmms = int(self.hmm_of_window.max(initial=0))
        symbols = np.arange(context.disambiguation_symbols, dtype=np.int32) + np.int32(hmms + 1)
        return replace(context.fst, ilabels=np.concatenate([self.hmm_of_window, symbols])[context.fst.ilabels])


def compile_hmms(
    context: ContextFst, topology: Topology, table: PdfTable, silence: int = 0, transition_scale: float = 1.0
) -> HmmFst:
    """Compile H for the windows of ``context``.

    ``silence`` is the number of the phone that stands between words: where it begins none, its labels have phone 0.
    ``transition_scale`` weighs the costs of transitions (self-loops apart). Raises OptionsError where the table has
    other contexts or lacks a window.
    """
    windows = context.windows
    if windows.shape[1] != table.context_width:
        raise OptionsError(
            f"HMMs: contexts of {windows.shape[1]} phones need a table of pdfs as wide, not {table.context_width}."
        )
    phone = windows[:, table.central_position]
    states_of = [topology.states(name) for name in table.phones]
    counts = np.array([0, *(len(states) for states in states_of)])
    lengths = counts[phone]
    window = np.repeat(np.arange(len(windows)), lengths)
    hmm_state = (np.arange(len(window)) - np.repeat(np.cumsum(lengths) - lengths, lengths)).astype(np.int32)
    pdfs = table.look_up(windows[window], hmm_state)
    starts = context.starts_word[window] & (hmm_state == 0)
    rows, emitting = np.unique(np.column_stack([phone[window], hmm_state, starts, pdfs]), axis=0, return_inverse=True)
    emitting = emitting.reshape(-1)
    longest = int(lengths.max(initial=0))
    shapes = np.full((len(windows), longest), -1)
    shapes[window, hmm_state] = emitting
    hmms, hmm_of_window = np.unique(shapes, axis=0, return_inverse=True)
    arcs, states = ArcColumns(), 1
    for hmm, own in enumerate(hmms.tolist(), start=1):
        entry = states_of[rows[own[0], 0] - 1]
        places = [0, *range(states, states + len(entry) - 1), 0]  # the loop state is the beginning and the end
        states += len(entry) - 1
        for number, state in enumerate(entry):
            leaving = [(target, share) for target, share in state.transitions if target != number]
            rest = 1.0 - state.self_loop(number)
            for target, share in leaving:
                cost = -math.log(min(share / rest, 1.0)) * transition_scale
                label, written = 2 * own[number] + 1, hmm if number == 0 else EPSILON
                arcs.add([places[number]], label, written, cost, places[target])
    symbols = np.arange(context.disambiguation_symbols)
    arcs.add(np.zeros_like(symbols), 2 * len(rows) + 1 + symbols, len(hmms) + 1 + symbols, 0.0, 0)
    finals = np.full(states, np.inf)
    finals[0] = 0.0
    return HmmFst(
        fst=arcs.build(0, finals),
        labels=_labels(rows, states_of, silence),
        hmm_of_window=np.concatenate([[0], hmm_of_window.reshape(-1) + 1]).astype(np.int32),
        disambiguation_symbols=context.disambiguation_symbols,
    )


def _labels(rows: NDArray[np.int64], states_of: list[tuple[HmmState, ...]], silence: int) -> HmmLabels:
    """Return the labels of the emitting states, whose rows are phone, HMM state, starts a word, pdfs."""
    phone, hmm_state, starts, forward, loop = rows.T
    between = (phone == silence) & (starts == 0)
    both = 2 * len(rows)
    columns = np.zeros(both + 1, dtype=np.int32)
    columns[1::2], columns[2::2] = forward, loop
    phones = np.zeros(both + 1, dtype=np.int32)
    phones[1::2] = phones[2::2] = np.where(between, 0, phone)
    is_loop = np.zeros(both + 1, dtype=np.bool_)
    is_loop[2::2] = True
    same_phone = is_loop.copy()
    same_phone[1::2] = hmm_state > 0
    begins = np.zeros(both + 1, dtype=np.bool_)
    begins[1::2] = starts
    stay = [
        states_of[name - 1][number].self_loop(number)
        for name, number in zip(phone.tolist(), hmm_state.tolist(), strict=True)
    ]
    return HmmLabels(columns, phones, is_loop, same_phone, begins, np.array([0.0, *stay]))
