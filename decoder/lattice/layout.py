"""Where the arcs of a lattice go in a picture: time from left to right, likely arcs near the middle."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .arc_times import arc_times
from .lattice import Lattice
from .posteriors import PosteriorScales, arc_posteriors

MOST_ARCS = 2000
"""A picture of more is none that anybody could read."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Positions in a picture: ``x`` in frames, ``y`` in lanes, 0 the middle, lanes above it negative.

    ``state_x``, ``state_y`` float64 (states,); ``lanes`` int64 (arcs,), no two arcs that overlap in time in one lane;
    ``posteriors`` float64 (arcs,).
    """

    state_x: NDArray[np.float64]
    state_y: NDArray[np.float64]
    lanes: NDArray[np.int64]
    posteriors: NDArray[np.float64]


def lay_out(lattice: Lattice, widths: NDArray[np.float64], scales: PosteriorScales | None = None) -> Layout:
    """Give every arc a lane, the likeliest first, each the lane nearest to the middle that is free for its time.

    ``widths`` (arcs,) is how wide each arc's label is, in frames. A state stands where its words end and the next ones
    begin, on average. Raises OptionsError where there are more than ``MOST_ARCS`` arcs.
    """
    if lattice.arcs > MOST_ARCS:
        raise OptionsError(
            f"picture: the lattice has {lattice.arcs} arcs, and {MOST_ARCS} can be drawn; determinize and prune it."
        )
    posteriors = arc_posteriors(lattice, scales).arcs
    sources = lattice.sources()
    x = _state_times(lattice, sources, posteriors)
    begins, ends = x[sources], x[lattice.nextstates]
    middles = (begins + ends) / 2
    lows = np.minimum(begins, middles - widths / 2)
    highs = np.maximum(ends, middles + widths / 2)
    lanes = np.zeros(lattice.arcs, np.int64)
    taken: dict[int, list[tuple[float, float]]] = {}
    for arc in np.lexsort((np.arange(lattice.arcs), -posteriors)).tolist():
        for step in range(2 * lattice.arcs + 1):
            lane = (step + 1) // 2 * (-1 if step % 2 else 1)
            spans = taken.setdefault(lane, [])
            if all(highs[arc] <= low or lows[arc] >= high for low, high in spans):
                break
        spans.append((float(lows[arc]), float(highs[arc])))
        lanes[arc] = lane
    weight, height = np.zeros(lattice.states), np.zeros(lattice.states)
    for ends_of in (sources, lattice.nextstates):
        np.add.at(weight, ends_of, posteriors + 1e-9)
        np.add.at(height, ends_of, (posteriors + 1e-9) * lanes)
    y = np.divide(height, weight, out=np.zeros(lattice.states), where=weight > 0)
    return Layout(x, y, lanes, posteriors)


def _state_times(lattice: Lattice, sources: NDArray[np.int32], posteriors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return when each state is passed: between its words; never earlier than a state before it."""
    times = arc_times(lattice)
    spoken = lattice.words != 0
    weight, moment = np.zeros(lattice.states), np.zeros(lattice.states)
    for states, side in ((lattice.nextstates, 1), (sources, 0)):
        np.add.at(weight, states[spoken], posteriors[spoken] + 1e-9)
        np.add.at(moment, states[spoken], (posteriors[spoken] + 1e-9) * times[spoken, side])
    x = np.where(weight > 0, moment / np.where(weight > 0, weight, 1.0), lattice.frames)
    if lattice.states:
        x[0] = lattice.frames[0]
    for source, target in zip(sources.tolist(), lattice.nextstates.tolist(), strict=True):
        x[target] = max(x[target], x[source] + 1.0)
    return x
