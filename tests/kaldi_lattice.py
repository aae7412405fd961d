"""Lattices of kaldi-decoder, as this package's and as pynini's acceptors."""

from __future__ import annotations

import struct
import tempfile
from typing import Any

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph
from harken.decoder.lattice.assemble import Pieces, assemble
from harken.decoder.lattice.lattice import LabelTable, Lattice


def raw_lattice(graph: Graph, kaldi_graph: Any, scores: Any, beam: float, lattice_beam: float) -> Any:
    """Return what LatticeSimpleDecoder keeps, as kaldifst's Lattice: pairs of graph and acoustic costs."""
    kaldi_decoder = pytest.importorskip("kaldi_decoder")
    config = kaldi_decoder.LatticeSimpleDecoderConfig(beam=beam, lattice_beam=lattice_beam)
    decoder = kaldi_decoder.LatticeSimpleDecoder(kaldi_graph, config)
    expanded = np.ascontiguousarray(scores[:, graph.score_column[1:]])
    assert decoder.decode(kaldi_decoder.DecodableCtc(expanded))
    done, lattice = decoder.get_raw_lattice()
    assert done
    return lattice


_ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("graph", "<f4"), ("acoustic", "<f4"), ("target", "<i4")])


def arc_rows(lattice: Any) -> tuple[Any, Any]:
    """Return the arcs (source, ilabel, olabel, graph, acoustic, target) and the finals (state, graph, acoustic).

    kaldifst has no iterator over the arcs of a Lattice, so they are read from its OpenFst file.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/lattice.fst"
        lattice.write(path)
        with open(path, "rb") as file:
            data = file.read()
    arcs, finals = [], []
    place = _body(data)
    for state in range(lattice.num_states):
        graph_cost, acoustic, count = struct.unpack_from("<ffq", data, place)
        if np.isfinite(graph_cost):
            finals.append((state, graph_cost, acoustic))
        rows = np.frombuffer(data, _ARC, count, place + 16)
        arcs += [(state, *row) for row in rows.tolist()]
        place += 16 + count * _ARC.itemsize
    assert place == len(data)
    return arcs, finals


def _body(data: bytes) -> int:
    """Return where an OpenFst file's header ends: magic, two names, version, flags, properties, start, two counts."""
    place = 4
    for _ in range(2):
        place += 4 + struct.unpack_from("<i", data, place)[0]
    return place + 4 + 4 + 8 + 8 + 8 + 8


def as_lattice(lattice: Any, graph: Graph, scale: float = 1.0) -> Lattice:
    arcs, finals = arc_rows(lattice)
    source, ilabel, olabel, graph_cost, acoustic, target = (np.array(column) for column in zip(*arcs, strict=True))
    final_costs = np.zeros((lattice.num_states, 4))
    final_costs[:, 0] = np.inf
    for state, first, second in finals:
        final_costs[state, :2] = first, second
    none = np.zeros(len(source))
    pieces = Pieces(
        sources=source,
        nextstates=target,
        words=olabel,
        label_begin=np.concatenate([[0], np.cumsum(ilabel != 0)]),
        labels=ilabel[ilabel != 0],
        costs=np.stack([graph_cost, acoustic, none, none], axis=1),
        final_costs=final_costs,
    )
    made = assemble(pieces, lattice.start, scale, graph.words, LabelTable.of_graph(graph))
    made.check()
    return made


def as_acceptor(lattice: Any, scale: float = 1.0) -> Any:
    """Return a tropical pynini acceptor of the words: graph cost plus scaled acoustic cost."""
    pynini = pytest.importorskip("pynini")
    arcs, finals = arc_rows(lattice)
    fst = pynini.Fst()
    for _ in range(lattice.num_states):
        fst.add_state()
    fst.set_start(lattice.start)
    for source, _, olabel, graph_cost, acoustic, target in arcs:
        fst.add_arc(source, pynini.Arc(olabel, olabel, graph_cost + scale * acoustic, target))
    for state, graph_cost, acoustic in finals:
        fst.set_final(state, graph_cost + scale * acoustic)
    return fst


def best_sequences(acceptor: Any, count: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the best distinct word sequences of a pynini acceptor and their costs, best first."""
    import pynini

    acceptor.rmepsilon()
    best = pynini.shortestpath(acceptor, nshortest=count, unique=True)
    return sorted(_paths(best, best.start(), (), 0.0), key=lambda item: item[1])


def _paths(fst: Any, state: int, words: tuple[int, ...], cost: float) -> list[tuple[tuple[int, ...], float]]:
    found = []
    final = float(fst.final(state))
    if np.isfinite(final):
        found.append((words, cost + final))
    for arc in fst.arcs(state):
        longer = (*words, arc.ilabel) if arc.ilabel else words
        found += _paths(fst, arc.nextstate, longer, cost + float(arc.weight))
    return found
