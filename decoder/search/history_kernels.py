"""What a token's history does on an arc: the inner kernels that the search calls where a search has a history.

A history is an int64: LM state << 20 | phrase state. ``model`` is a NamedTuple of arrays (``HistoryArrays``); a search
without a history passes None instead and never calls these functions (the branches are not even compiled).

What the search does with them, for a token (graph state s, history h, cost, ahead), ``ahead`` being the look-ahead cost
that its cost includes:
* an arc s -> t without an output label: cost += weight + acoustic; h stays; only where the arc is flagged
  ("look-ahead may change", because ``points[s] != points[t]``, see ``History.points``) also
  ahead' = look_ahead(model, t, h), cost += ahead' - ahead. Links never hold look-ahead costs.
* an arc with output label w: ``successors`` is asked once, then for each of its answers i
  ahead' = look_ahead(model, t, model.next_history[i]),
  cost' = cost + weight + acoustic + next_lm[i] + next_phrase[i] + ahead' - ahead;
  the link keeps weight, next_lm[i], next_phrase[i] and acoustic apart.
  Before asking, the search drops the arc where cost + weight + acoustic - model.slack is outside the beam: ``slack`` is
  the most by which next_lm + next_phrase + ahead' - ahead may fall below 0 (infinite: nothing is known).
* at the end (``end_costs``): final cost of the graph state + LM cost of </s> + the removal of a phrase begun but not ended.

In Python the search takes an object ``history`` (``BeamSearch(graph, options, history)``) with ``arrays``: these,
``start``: the first history, and ``points``: int32 (graph states,), equal numbers where the look-ahead cost is equal for
every history, or None where there is no look-ahead.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel


class HistoryArrays(NamedTuple):
    """The arrays behind a history; ``next_*`` are scratch that ``successors`` fills (as long as its longest answer)."""

    next_history: NDArray[np.int64]
    next_lm: NDArray[np.float32]
    next_phrase: NDArray[np.float32]
    slack: float


@inner_kernel
def successors(model: HistoryArrays, history: int, word: int) -> int:
    """Fill ``model.next_*`` with what follows ``history`` on output label ``word``; return how many there are."""
    model.next_history[0], model.next_lm[0], model.next_phrase[0] = history, 0.0, 0.0
    return 1


@inner_kernel
def look_ahead(model: HistoryArrays, state: int, history: int) -> float:
    """Return the least LM cost of any word still reachable from graph state ``state``; 0 without look-ahead."""
    return 0.0


@kernel
def end_costs(
    model: HistoryArrays,
    histories: NDArray[np.int64],
    final: bool,
    lm: NDArray[np.float32],
    phrase: NDArray[np.float32],
) -> None:
    """Set ``lm`` and ``phrase`` (tokens,) to what ending in each history costs; ``final`` False: no </s> is read."""
    lm[:] = 0.0
    phrase[:] = 0.0
