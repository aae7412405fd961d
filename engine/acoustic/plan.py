"""Planning a network's buffers and times once, so that running it decides nothing and copies little.

Rows are numbered by their absolute time: row i of a node with period p lies at input frame i * p (negative before the
recording, where the edge rule has rows). The network is run block after block of input frames; after frame T every
node has all rows that frame T allows. How far a node lags behind T is its ``reach``, a constant; so is the number of
its last rows that later blocks still need, its ``keep``. Between blocks a stream holds those rows and nothing else.

During a block each node has a piece of memory, a slot, that holds the kept rows and the new ones in order, with room
around them for the spare rows of matrix products (whose content is of no account). A slot is used again as soon as the
last reader of its node is done; a layer that can work in place writes over the node that it reads.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .layers import Layer
from .products import PLACE_MODULUS

BLOCK_ROWS = 720


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a node's rows are: ``capacity`` rows of ``width`` values in slot number ``slot``.

    There, ``lead`` spare rows come first, then ``keep`` kept ones, then the new ones. ``first_row`` is the first row
    that the output needs; ``origin`` is where the node would have begun had it been computed from the first frame on,
    which it is for the places of rows in matrix products: blocks of the largest size then begin at good places. The
    rows of an ``overwritten`` node do not outlive the block: its reader works in place, in the same memory.
    """

    name: str
    width: int
    period: int
    first_row: int
    origin: int
    reach: int
    keep: int
    lead: int
    capacity: int
    slot: int
    overwritten: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers that the output needs, every node's place, the slots' sizes in values, and the largest block."""

    layers: tuple[Layer, ...]
    places: Mapping[str, Place]
    slot_sizes: tuple[int, ...]
    scratch_size: int
    block_frames: int


def make_plan(layers: Sequence[Layer], inputs: Mapping[str, int], output: str, block_rows: int = BLOCK_ROWS) -> Plan:
    """Plan the memory for blocks of up to ``block_rows`` output rows; layers stand in topological order."""
    first = dict.fromkeys(inputs, 0) | _first_times(layers, output)
    layers = tuple(layer for layer in layers if layer.name in first)
    period = dict.fromkeys(inputs, 1) | {layer.name: layer.period for layer in layers}
    width = dict(inputs) | {layer.name: layer.width for layer in layers}
    reach = _reaches(layers, inputs)
    block_frames = block_rows * period[output]
    most = {name: -(-block_frames // p) for name, p in period.items()}
    over = _overwritten(layers, period, width, reach)
    keep, before, after = _rows_around(layers, period, reach, over)
    capacity = {name: before[name] + keep[name] + most[name] + after[name] for name in period}
    slots, sizes = _assign_slots(layers, inputs, output, over, {name: capacity[name] * width[name] for name in period})
    start = min(0, *(first[name] for name in inputs))
    places = {
        name: Place(
            name, width[name], period[name], start if name in inputs else first[name] // period[name],
            (start - 1 - reach[name]) // period[name] + 1, reach[name], keep[name], before[name], capacity[name],
            slots[name], overwritten=name in over.values(),
        )
        for name in period
    }  # fmt: skip
    scratch = max(layer.scratch(most[layer.name] + sum(_most_spare_rows(layer))) for layer in layers)
    return Plan(layers, places, sizes, scratch, block_frames)


def _rows_around(
    layers: Sequence[Layer], period: Mapping[str, int], reach: Mapping[str, int], over: Mapping[str, str]
) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Return how many rows of each node later blocks need again, and how many spare rows lie before and after.

    Just after a block that ends with frame T, a node's next row is the first one later than T - reach, by at most one
    period; so is its reader's, which says how far back that one can look.
    """
    keep, before, after = dict.fromkeys(period, 0), dict.fromkeys(period, 0), dict.fromkeys(period, 0)
    for layer in layers:
        before[layer.name], after[layer.name] = _most_spare_rows(layer)
    for layer in layers:
        first_spare, last_spare = _most_spare_rows(layer)
        for tap in layer.taps:
            lag, step = reach[layer.name] - reach[tap.source] - tap.offset, layer.period // period[tap.source]
            keep[tap.source] = max(keep[tap.source], (lag + period[tap.source] - 1) // period[tap.source])
            before[tap.source] = max(before[tap.source], first_spare * step)
            after[tap.source] = max(after[tap.source], last_spare * step)
    for rows in (keep, before, after):  # nodes that share memory have one layout
        for layer in reversed(layers):
            if layer.name in over:
                rows[over[layer.name]] = max(rows[over[layer.name]], rows[layer.name])
        for layer in layers:
            if layer.name in over:
                rows[layer.name] = rows[over[layer.name]]
    return keep, before, after


def _most_spare_rows(layer: Layer) -> tuple[int, int]:
    """Return the most spare rows before and after that the layer needs: for a single row, wherever it lies."""
    spare = [layer.spare_rows(row, 1) for row in range(PLACE_MODULUS)]
    return max(before for before, _ in spare), max(after for _, after in spare)


def _first_times(layers: Sequence[Layer], output: str) -> dict[str, int]:
    """Return the earliest time at which each node is needed for the output from time 0 on (its dead nodes left out)."""
    first = {output: 0}
    for layer in reversed(layers):
        if layer.name in first:
            for tap in layer.taps:
                time = first[layer.name] + tap.offset
                first[tap.source] = min(time, first.get(tap.source, time))
    return first


def _reaches(layers: Sequence[Layer], inputs: Mapping[str, int]) -> dict[str, int]:
    """Return how many input frames after its own time each node needs."""
    reach = dict.fromkeys(inputs, 0)
    for layer in layers:
        reach[layer.name] = max(0, *(reach[tap.source] + tap.offset for tap in layer.taps))
    return reach


def _overwritten(
    layers: Sequence[Layer], period: Mapping[str, int], width: Mapping[str, int], reach: Mapping[str, int]
) -> dict[str, str]:
    """Return, for each layer that works in place, the node that it writes over: one that only it reads, row for row."""
    reads = Counter(tap.source for layer in layers for tap in layer.taps)
    computed = {layer.name for layer in layers}
    over = {}
    for layer in layers:
        tap = layer.taps[0]
        same = all(table[tap.source] == table[layer.name] for table in (period, width, reach))
        if layer.in_place and same and tap.offset == 0 and reads[tap.source] == 1 and tap.source in computed:
            over[layer.name] = tap.source
    return over


def _assign_slots(
    layers: Sequence[Layer], inputs: Mapping[str, int], output: str, over: Mapping[str, str], size: Mapping[str, int]
) -> tuple[dict[str, int], tuple[int, ...]]:
    """Return each node's slot and each slot's size, a slot being free again once its node's last reader is done."""
    last_reader = {tap.source: layer.name for layer in layers for tap in layer.taps}
    slots: dict[str, int] = {}
    sizes: list[int] = []
    free: list[int] = []

    def place(name: str) -> None:
        if name in over:
            slots[name] = slots[over[name]]
        elif free:
            slots[name] = free.pop()
        else:
            slots[name] = len(sizes)
            sizes.append(0)
        sizes[slots[name]] = max(sizes[slots[name]], size[name])

    for name in inputs:
        place(name)
    for layer in layers:
        place(layer.name)
        for source in {tap.source: None for tap in layer.taps}:
            if last_reader[source] == layer.name and source != over.get(layer.name) and source != output:
                free.append(slots[source])
    return slots, tuple(sizes)
