"""Ways from Python into the inner kernels of a history."""

import numpy as np
from harken.decoder.search.history_kernels import HistoryArrays, narrow, successors
from harken.jit import kernel
from numpy.typing import NDArray


@kernel
def steps(
    model: HistoryArrays, history: int, label: int, histories: NDArray[np.int64], costs: NDArray[np.float32]
) -> int:
    """Copy what follows ``history`` on ``label`` to ``histories`` and ``costs``; return how many there are."""
    count = successors(model, history, label)
    for i in range(count):
        histories[i] = model.next_history[i]
        costs[i] = model.next_lm[i]
    return count


@kernel
def enter(model: HistoryArrays, state: int, history: int) -> tuple[int, float, np.float32]:
    """Return the history in a graph state, the look-ahead cost and what is paid."""
    return narrow(model, state, history)
