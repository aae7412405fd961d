"""Ways from Python into the inner kernels of a history, to look at what it does step by step."""

import numpy as np

from ...jit import kernel
from .history_kernels import HistoryArrays, narrow, successors


@kernel
def follow_word(model: HistoryArrays, history: int, label: int) -> int:
    """Fill ``model.next_*`` with what follows ``history`` on output label ``label``; return how many there are."""
    rank = np.int64(model.lm.rank[label]) if len(model.lm.rank) > 0 else np.int64(0)
    return successors(model, history, label, rank)


@kernel
def enter_state(model: HistoryArrays, state: int, history: int) -> tuple[int, float, float]:
    """Return the history in a graph state, the cost that is looked ahead to, and what is paid."""
    following, ahead, paid = narrow(model, model.ahead.points[state], history)
    return following, ahead, float(paid)
