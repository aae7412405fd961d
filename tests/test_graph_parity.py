"""HCLG beside the chain of Kaldi's operations, as kaldifst exposes them, and its decoder on both graphs."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.fst.openfst import read_fst, write_fst
from harken.decoder.graph.context_fst import ContextFst
from harken.decoder.graph.context_tables import left_biphone_table
from harken.decoder.graph.hclg import compose_hclg
from harken.decoder.graph.hmm_fst import compile_hmms
from harken.decoder.graph.lexicon_fst import LexiconOptions
from harken.decoder.graph.lexicon_grammar import compose_lexicon_grammar, without_symbols
from harken.decoder.graph.pdf_table import PdfTable
from harken.decoder.graph.search_graph import Graph
from harken.decoder.graph.self_loops import add_self_loops
from harken.decoder.graph.tlg import lexicon_and_ngrams
from harken.decoder.graph.topology import chain_topology, left_to_right_topology
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.options import SearchOptions
from harken.lm.pronunciation.lexicon import Pronunciation

from .kaldi_search import as_kaldi
from .test_decoder_graph import arpa_of

pytestmark = pytest.mark.parity
PHONES = ("SIL", *"ABCDEFGH")


def model(seed):
    """Return 150 words of random phones, homophones and prefixes among them, and a bigram model."""
    random = np.random.default_rng(seed)
    words = [f"w{number}" for number in range(150)]
    entries = []
    for word in words:
        for phones in {tuple(random.choice(list("ABCDEFGH"), random.integers(1, 5))) for _ in range(2)}:
            entries.append(Pronunciation(word, tuple(map(str, phones)), 0.5))
    listed = ("<unk>", "<s>", "</s>", *words)
    unigrams = {word: (float(random.uniform(-3, -1)), float(random.uniform(-0.5, 0))) for word in listed}
    unigrams["<s>"] = (-99.0, -0.3)
    pairs = random.choice(len(words), (400, 2))
    bigrams = {f"{words[one]} {words[other]}": (float(random.uniform(-1.5, -0.3)), 0.0) for one, other in pairs}
    bigrams |= {f"<s> {words[one]}": (-1.0, 0.0) for one in range(20)}
    return entries, arpa_of(listed, unigrams, bigrams)


def triphones(topology):
    """Return a table whose pdfs depend on the left phone and the class of the right one."""
    windows, columns = [], []
    for left, phone, right in itertools.product(range(10), range(1, 10), range(10)):
        for state in range(len(topology.states(PHONES[phone - 1]))):
            pdf = ((phone * 10 + left) * 3 + right % 3) * 2 + state
            windows.append((left, phone, right))
            columns.append((state, pdf, pdf))
    return PdfTable.from_rows(PHONES, 1, windows, columns)


def through(kaldifst, folder, *fsts):
    """Return transducers as kaldifst's, by way of files."""
    read = []
    for number, fst in enumerate(fsts):
        write_fst(fst, folder / f"{number}.fst")
        read.append(kaldifst.StdVectorFst.read(str(folder / f"{number}.fst")))
    return read


def back(folder, theirs):
    theirs.write(str(folder / "back.fst"))
    return read_fst(folder / "back.fst")


def kaldi_hclg(kaldifst, folder, ell, grammar, topology, table):
    """Return the graph that Kaldi's operations make of the same L, G and H, our self-loops added."""
    lexicon, words = through(kaldifst, folder, replace(ell.fst, isymbols=None, osymbols=None),
                             replace(grammar, isymbols=None, osymbols=None))  # fmt: skip
    kaldifst.arcsort(lexicon, "olabel")
    kaldifst.arcsort(words, "ilabel")
    lg = kaldifst.StdVectorFst(kaldifst.compose(lexicon, words))
    kaldifst.determinize_star(lg)
    kaldifst.minimize_encoded(lg)
    phones = ell.phones
    symbols = np.flatnonzero(phones.is_disambiguation).tolist()
    clg, meanings = kaldifst.compose_context(symbols, table.context_width, table.central_position, lg)
    said = [label for label, meaning in enumerate(meanings) if meaning and meaning[0] >= 0 and meaning != [0]]
    relabelled = np.zeros(len(meanings), dtype=np.int32)
    relabelled[said] = np.arange(1, len(said) + 1)
    for label, meaning in enumerate(meanings):
        if meaning == [0]:
            relabelled[label] = len(said) + 1 + len(symbols)
        elif meaning and meaning[0] < 0:
            relabelled[label] = len(said) + 1 - meaning[0] - phones.first_disambiguation
    expanded = back(folder, clg)
    windows = np.array([meanings[label] for label in said], dtype=np.int32)
    context = ContextFst(
        fst=replace(expanded, ilabels=relabelled[expanded.ilabels]),
        windows=windows,
        starts_word=np.zeros(len(windows), dtype=np.bool_),
        disambiguation_symbols=len(symbols) + 1,
    )
    hmms = compile_hmms(context, topology, table, ell.silence)
    h, c = through(kaldifst, folder, hmms.fst, hmms.relabel(context))
    kaldifst.arcsort(h, "olabel")
    kaldifst.arcsort(c, "ilabel")
    hclg = kaldifst.StdVectorFst(kaldifst.compose(h, c))
    kaldifst.determinize_star(hclg)
    silent = without_symbols(back(folder, hclg), hmms.first_disambiguation)
    (small,) = through(kaldifst, folder, silent)
    kaldifst.minimize_encoded(small)
    fst = add_self_loops(back(folder, small), hmms.labels)
    labels = hmms.labels
    words_ = tuple(name for _, name in ell.words)[:-1]
    return Graph(fst.in_search_order(), words_, labels.score_column, labels.phone, labels.same_phone,
                 labels.starts_word), lg  # fmt: skip


def kaldi_best(graph, kaldi_graph, scores):
    """Return the words and the cost of kaldi-decoder's best path."""
    kaldi_decoder, kaldifst = pytest.importorskip("kaldi_decoder"), pytest.importorskip("kaldifst")
    decoder = kaldi_decoder.FasterDecoder(kaldi_graph, kaldi_decoder.FasterDecoderOptions(beam=60.0))
    # Its DecodableCtc reads column ilabel - 1, so every input label gets a column of its own.
    decoder.decode(kaldi_decoder.DecodableCtc(np.ascontiguousarray(scores[:, graph.score_column[1:]])))
    found, path = decoder.get_best_path()
    assert found
    assert decoder.reached_final()
    _, _, olabels, weight = kaldifst.get_linear_symbol_sequence(path)
    return tuple(graph.words[label] for label in olabels), weight.value1 + weight.value2


@pytest.mark.parametrize("contexts", ["left-biphones", "triphones"])
def test_the_chain_of_kaldi_gives_the_same_costs(contexts, tmp_path):
    kaldifst = pytest.importorskip("kaldifst")
    pytest.importorskip("kaldi_decoder")
    topology = chain_topology() if contexts == "left-biphones" else left_to_right_topology(2, 0.5)
    table = left_biphone_table(PHONES, topology, ["SIL"]) if contexts == "left-biphones" else triphones(topology)
    entries, arpa = model(1)
    ell, grammar = lexicon_and_ngrams(entries, arpa, PHONES, LexiconOptions("SIL", mark_starts=False))
    theirs, lg = kaldi_hclg(kaldifst, tmp_path, ell, grammar, topology, table)
    ours = compose_hclg(ell, grammar, topology, table)
    our_lg = compose_lexicon_grammar(ell, grammar)
    assert abs(our_lg.states / lg.num_states - 1) < 0.01
    assert ours.fst.states <= theirs.fst.states
    assert ours.fst.arcs <= theirs.fst.arcs
    kaldi_graph, kaldi_own = as_kaldi(ours), as_kaldi(theirs)
    for seed in range(3):
        scores = np.log(np.random.default_rng(seed).dirichlet(np.full(table.pdfs, 0.05), size=40) + 1e-6)
        scores = scores.astype(np.float32)
        words, cost = kaldi_best(ours, kaldi_graph, scores)
        known, same = kaldi_best(theirs, kaldi_own, scores)
        assert words == known
        assert cost == pytest.approx(same, rel=1e-4, abs=1e-2)
        assert len(words) > 2
        search = BeamSearch(ours, SearchOptions(beam=60.0, max_active=1 << 30, lattice_beam=0.0)).start()
        search.advance(scores)
        best = search.finish().best
        assert best.words == words
        assert best.total_cost == pytest.approx(cost, rel=1e-4, abs=1e-2)
