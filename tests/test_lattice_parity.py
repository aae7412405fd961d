"""Lattices of kaldi-decoder: determinized by us, beside OpenFst's n shortest unique paths; and as text."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph
from harken.decoder.lattice.determinize import DeterminizeOptions, determinize
from harken.decoder.lattice.kaldi_text import lattice_text
from harken.decoder.lattice.kaldi_text_reader import read_kaldi_text
from harken.decoder.lattice.nbest import best_path, nbest
from harken.decoder.lattice.posteriors import arc_posteriors

from .kaldi_lattice import as_acceptor, as_lattice, best_sequences, raw_lattice
from .kaldi_search import as_kaldi
from .naive_search import random_graph
from .shared_data import shared

pytestmark = pytest.mark.parity


def compare(graph: Graph, kaldi_graph: Any, scores: Any, beam: float, lattice_beam: float, scale: float = 1.0) -> None:
    pytest.importorskip("pynini")
    theirs = raw_lattice(graph, kaldi_graph, scores, beam, lattice_beam)
    expected = best_sequences(as_acceptor(theirs, scale), 20)
    raw = as_lattice(theirs, graph, scale)
    made = determinize(raw, DeterminizeOptions(beam=1.5 * lattice_beam))
    made.check()
    found = nbest(made, 20)
    assert len(found) == len(expected)
    assert [path.total_cost for path in found] == pytest.approx([cost for _, cost in expected], rel=1e-4, abs=1e-4)
    costs = dict(expected)
    last = expected[-1][1]
    for path in found:
        words = tuple(path.word_ids.tolist())
        # Sequences that cost the same to the last digits may change places, and one beyond the twentieth come in.
        assert words in costs or path.total_cost == pytest.approx(last, rel=1e-4, abs=1e-4)
        if words in costs:
            assert path.total_cost == pytest.approx(costs[words], rel=1e-4, abs=1e-4)
    for one, other in zip(nbest(raw, 20), found, strict=True):
        assert one.total_cost == pytest.approx(other.total_cost, abs=1e-3)


@pytest.mark.parametrize("seed", range(12))
def test_small_lattices_have_the_same_twenty_best_sequences(seed: int) -> None:
    graph = random_graph(seed, 30, 10, 12, 110)
    scores = np.log(np.random.default_rng(seed).dirichlet(np.full(graph.columns, 0.5), size=25) + 1e-9)
    compare(graph, as_kaldi(graph), scores.astype(np.float32), 60.0, 4.0, 1.0 if seed % 2 else 0.4)


@pytest.mark.speech
def test_real_speech_has_the_same_twenty_best_sequences() -> None:
    from harken import Recognizer
    from harken.engine.audio import read_audio

    clips = sorted(shared("speech/valid/commonvoice").glob("*.opus"))[::110]
    recognizer = Recognizer()
    kaldi_graph = as_kaldi(recognizer.graph)
    for clip in clips:
        scores = recognizer.scores(recognizer.features(read_audio(clip)[0]))
        compare(recognizer.graph, kaldi_graph, scores, 13.0, 8.0)
        raw = raw_lattice(recognizer.graph, kaldi_graph, scores, 13.0, 8.0)
        lattice = determinize(as_lattice(raw, recognizer.graph))
        posteriors = arc_posteriors(lattice)
        on_the_path = posteriors.arcs[best_path(lattice).arcs]
        assert 0 < on_the_path.min() <= on_the_path.max() <= 1


@pytest.mark.parametrize("seed", range(4))
def test_text_is_what_the_printer_of_lattices_prints(seed: int, tmp_path: Path) -> None:
    graph = random_graph(seed, 20, 8, 8, 60)
    scores = np.log(np.random.default_rng(seed).dirichlet(np.full(graph.columns, 0.5), size=6) + 1e-9)
    theirs = raw_lattice(graph, as_kaldi(graph), scores.astype(np.float32), 30.0, 3.0)
    printed = theirs.to_str(fst_field_separator="\t")
    (tmp_path / "lat.txt").write_text(f"key \n{printed}\n")
    lattice = as_lattice(theirs, graph)
    ((_, read),) = read_kaldi_text(tmp_path / "lat.txt", graph.words, lattice.label_table)
    assert [read.states, read.arcs] == [lattice.states, lattice.arcs]
    assert np.allclose(read.costs, lattice.costs, rtol=1e-5, atol=1e-6)
    assert np.array_equal(read.labels, lattice.labels)
    assert np.array_equal(read.frames, lattice.frames)
    # States are numbered anew; all else is printed alike, to Kaldi's six digits.
    mine = lattice_text(lattice, "key", compact=False, digits=6).removeprefix("key \n").rstrip("\n").split("\n")
    assert sorted(_content(line) for line in mine) == sorted(
        _content(line) for line in printed.rstrip("\n").split("\n")
    )


def _content(line: str) -> list[str]:
    columns = line.split("\t")
    return columns[2:] if len(columns) > 2 else columns[1:]
