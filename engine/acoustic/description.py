"""The network description: which nodes there are, what each reads, and at which times.

A description is a JSON object (the ``network`` of a bundle's ``model.json``)::

    {"inputs": {"features": 80}, "output": "output", "subsampling": 3, "left_context": 4, "right_context": 4,
     "edge": "repeat", "streaming": true,
     "nodes": [{"name": "tdnn1", "kind": "affine", "inputs": [["features", -3], ["features", 3]], "period": 3}, ...]}

Times count input frames (10 ms). A node with ``period`` 3 has rows at t = 0, 3, 6, ...; its row at t reads each of its
inputs at t + offset. The nodes stand in topological order. The edge rule ``repeat`` repeats the first and the last
input frame beyond both ends, as far as the network looks, so every node is a plain function of existing rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import ModelError

EDGES = ("repeat",)
_NODE_FIELDS = ("name", "kind", "inputs", "period")


@dataclass(frozen=True, slots=True)
class Tap:
    """One input of a node: the row of ``source`` that lies ``offset`` input frames after the node's own row."""

    source: str
    offset: int


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the network; ``options`` are the fields that belong to its kind alone (``epsilon``, ``scales``)."""

    name: str
    kind: str
    taps: tuple[Tap, ...]
    period: int
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Network:
    """A whole description, checked: ``inputs`` maps each input to its width, ``nodes`` stand in topological order."""

    inputs: Mapping[str, int]
    nodes: tuple[Node, ...]
    output: str
    subsampling: int
    left_context: int
    right_context: int
    streaming: bool


def parse_network(description: Mapping[str, Any]) -> Network:
    """Return the description as a Network.

    Raises ModelError where a field is missing or of the wrong type, where a node reads something that does not stand
    before it or between the rows of its input, and where the stated contexts are less than the network looks.
    """
    inputs = _field(description, "inputs", Mapping, "network")
    for name, width in inputs.items():
        if not _is_count(width):
            raise ModelError(f"network: input {name!r} needs a positive width, not {width!r}.")
    periods = dict.fromkeys(inputs, 1)
    nodes = []
    for index, entry in enumerate(_field(description, "nodes", Sequence, "network")):
        node = _parse_node(entry, index)
        _check_times(node, periods)
        periods[node.name] = node.period
        nodes.append(node)
    if (edge := description.get("edge")) not in EDGES:
        raise ModelError(f"network: edge rule {edge!r} is unknown; this version knows {', '.join(EDGES)}.")
    network = Network(
        inputs=dict(inputs),
        nodes=tuple(nodes),
        output=_field(description, "output", str, "network"),
        subsampling=_field(description, "subsampling", int, "network"),
        left_context=_field(description, "left_context", int, "network"),
        right_context=_field(description, "right_context", int, "network"),
        streaming=_field(description, "streaming", bool, "network"),
    )
    _check_output(network, periods)
    return network


def needed_times(network: Network) -> dict[str, tuple[int, int]]:
    """Return the earliest and the latest time at which each node or input is needed for the output row at time 0."""
    times = {network.output: (0, 0)}
    for node in reversed(network.nodes):
        if node.name in times:
            earliest, latest = times[node.name]
            for tap in node.taps:
                first, last = earliest + tap.offset, latest + tap.offset
                known = times.get(tap.source, (first, last))
                times[tap.source] = min(first, known[0]), max(last, known[1])
    return times


def context(network: Network) -> tuple[int, int]:
    """Return how many input frames before and after t the output row at t depends on."""
    times = needed_times(network)
    spans = [times[name] for name in network.inputs if name in times]
    return max(0, *(-first for first, _ in spans)), max(0, *(last for _, last in spans))


def _parse_node(entry: Any, index: int) -> Node:
    if not isinstance(entry, Mapping):
        raise ModelError(f"network: node {index} must be an object, not {entry!r}.")
    name = _field(entry, "name", str, f"network: node {index}")
    where = f"network: node {name!r}"
    taps = []
    for pair in _field(entry, "inputs", Sequence, where):
        match pair:
            case [str(source), int(offset)]:
                taps.append(Tap(source, offset))
            case _:
                raise ModelError(f"{where}: an input must be a pair [node, time offset], not {pair!r}.")
    period = _field(entry, "period", int, where)
    if not taps or period < 1:
        raise ModelError(f"{where} needs at least one input and a period of 1 or more.")
    options = {key: value for key, value in entry.items() if key not in _NODE_FIELDS}
    return Node(name, _field(entry, "kind", str, where), tuple(taps), period, options)


def _check_times(node: Node, periods: Mapping[str, int]) -> None:
    """Check that what ``node`` reads stands before it, and has rows at the times at which it is read."""
    if node.name in periods:
        raise ModelError(f"network: there are two nodes named {node.name!r}.")
    for tap in node.taps:
        if tap.source not in periods:
            raise ModelError(f"network: node {node.name!r} reads {tap.source!r}, which does not stand before it.")
        period = periods[tap.source]
        if node.period % period or tap.offset % period:
            raise ModelError(
                f"network: node {node.name!r} (period {node.period}) reads {tap.source!r} at offset {tap.offset}, "
                f"where it has no row (period {period})."
            )


def _check_output(network: Network, periods: Mapping[str, int]) -> None:
    if network.output not in periods or network.output in network.inputs:
        raise ModelError(f"network: the output {network.output!r} is not one of the nodes.")
    if periods[network.output] != network.subsampling:
        raise ModelError(
            f"network: subsampling is {network.subsampling}, but {network.output!r} has period "
            f"{periods[network.output]}; the two must be equal."
        )
    left, right = context(network)
    if network.left_context < left or network.right_context < right:
        raise ModelError(
            f"network: left_context {network.left_context} and right_context {network.right_context} are stated, but "
            f"the nodes look {left} and {right} frames away."
        )


def _field(entry: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    if not isinstance(entry, Mapping) or key not in entry:
        raise ModelError(f"{where}: field {key!r} is missing.")
    value = entry[key]
    wrong = isinstance(value, str) if kind is Sequence else isinstance(value, bool) and kind is int
    if wrong or not isinstance(value, kind):
        raise ModelError(f"{where}: field {key!r} must be of type {kind.__name__}, not {value!r}.")
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
