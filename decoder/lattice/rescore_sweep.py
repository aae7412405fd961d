"""The best words of a lattice under many weights, found in one pass: what tuning weights takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import SearchError
from ...lm.rescore import Parts, RescoreOptions
from ..fst.transducer import read_only
from .rescore_parts import SINGLE, LatticeParts

if TYPE_CHECKING:
    from .rescore_sweep_kernels import Parted


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """The best path of every point: ``sequences`` the distinct ones' words, ``chosen`` int32 (points,) which is whose.

    ``costs`` float64 (points,) is what each point's best path costs under its weights.
    """

    sequences: tuple[tuple[str, ...], ...]
    chosen: NDArray[np.int32]
    costs: NDArray[np.float64]


def sweep_weights(parts: LatticeParts, points: Sequence[RescoreOptions] | NDArray[np.float64]) -> Sweep:
    """Return the best words under each of ``points``: options, or what ``weight_rows`` made of them.

    Of paths that cost the same, the one whose arcs come first is taken. Raises SearchError where there is no path.
    """
    from .rescore_sweep_kernels import sweep

    if len(parts.ends) == 0:
        raise SearchError("sweep: the lattice has no path.")
    weights = points if isinstance(points, np.ndarray) else weight_rows(points, len(parts.arcs.models))
    lattice, longest = _parted(parts)
    chosen, begin, words, costs = sweep(lattice, read_only(weights), longest)
    if not np.isfinite(costs).all():
        raise SearchError("sweep: no path of the lattice leads to an end; trim it.")
    table, ranges = parts.lattice.words_table, pairwise(begin.tolist())
    sequences = [tuple(table[word] for word in words[first:last].tolist()) for first, last in ranges]
    return Sweep(tuple(sequences), chosen, costs)


def weight_rows(points: Sequence[RescoreOptions], models: int) -> NDArray[np.float64]:
    """Return what each part of a cost is multiplied with at each point, float64 (parts, points).

    The parts are those of ``Parts`` in order, ``models`` of them in the place of its models.
    """
    unit = iter(np.eye(len(SINGLE) + models))
    acoustic, graph, first_pass = next(unit), next(unit), next(unit)
    several = tuple(next(unit) for _ in range(models))
    parts = Parts(acoustic, graph, first_pass, several, next(unit), next(unit))
    return np.ascontiguousarray(np.stack([point.total(parts) for point in points], axis=1))


def _parted(parts: LatticeParts) -> "tuple[Parted, int]":
    from .expand_kernels import Shape, words_before
    from .rescore_sweep_kernels import Parted

    shape = parts.shape
    words = parts.lattice.words[shape.arcs]
    plain = tuple(read_only(np.ascontiguousarray(a)) for a in (shape.arc_begin, shape.nextstates, words, parts.ends))
    longest = int(words_before(Shape(*plain)).max(initial=0))
    columns = (
        plain[0],
        plain[1],
        shape.sources().astype(np.int32),
        words,
        _columns(parts.arcs),
        _columns(parts.finals),
        parts.ends,
    )
    return Parted(*(read_only(np.ascontiguousarray(column)) for column in columns)), longest


def _columns(parts: Parts) -> NDArray[np.float64]:
    """Return the parts as columns, in the order of ``weight_rows``."""
    columns = []
    for part in parts:
        columns += list(part) if isinstance(part, tuple) else [part]
    return np.stack(columns, axis=1)
