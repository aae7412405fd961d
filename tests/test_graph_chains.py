"""TLG and HCLG: the costs of every word sequence, against all label paths and all alignments."""

import itertools
import logging
import math

import numpy as np
import pytest
from harken.decoder.fst.compose import compose
from harken.decoder.fst.transducer import Fst
from harken.decoder.graph.context_tables import left_biphone_table, monophone_table
from harken.decoder.graph.ctc_graph import CtcLabels
from harken.decoder.graph.ctc_topology import ctc_labels_of, ctc_topology
from harken.decoder.graph.hclg import HmmOptions, compile_hclg, compose_hclg
from harken.decoder.graph.lexicon_fst import Filler, LexiconOptions
from harken.decoder.graph.local_epsilons import remove_epsilons_locally
from harken.decoder.graph.pdf_table import PdfTable
from harken.decoder.graph.phone_labels import PhoneLabels
from harken.decoder.graph.search_graph import compile_ctc_graph
from harken.decoder.graph.tlg import compile_tlg, compose_tlg, lexicon_and_ngrams
from harken.decoder.graph.topology import HmmState, Topology, chain_topology, left_to_right_topology
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.options import SearchOptions
from harken.errors import OptionsError
from harken.lm.pronunciation.lexicon import Pronunciation
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import assert_same_costs, language, random_fsts
from .naive_graph import acoustic_costs, best_costs, collapse, search, sentence_cost
from .naive_graph_building import best_alignment, spoken
from .test_decoder_graph import BIGRAMS, FINE, LEXICON, TRIGRAMS, UNIGRAMS, UNITS, WORDS, arpa_of, models

WIDE = SearchOptions(beam=1000.0, max_active=1 << 30, lattice_beam=0.0)


@settings(max_examples=25, deadline=None)
@given(models(), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_tlg_gives_the_best_cost_of_every_word_sequence(model, frames, seed):
    lexicon, arpa = model
    scores = np.random.default_rng(seed).normal(size=(frames, len(UNITS))).astype(np.float32)
    found = search(compile_tlg(lexicon, arpa, UNITS), scores)
    expected = best_costs(lexicon, arpa, UNITS, scores, longest=frames)
    assert found.keys() == expected.keys()
    for words, cost in expected.items():
        assert found[words] == pytest.approx(cost, abs=5e-3)


def test_tlg_decodes_as_the_other_compiler_does():
    """The same words, times and costs on longer scores, by the beam search."""
    arpa = arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS)
    one = BeamSearch(compile_tlg(LEXICON, arpa, UNITS), WIDE)
    other = BeamSearch(compile_ctc_graph(LEXICON, arpa, UNITS, FINE), WIDE)
    for seed in range(5):
        scores = 2 * np.random.default_rng(seed).normal(size=(40, 3)).astype(np.float32)
        results = []
        for machine in (one, other):
            going = machine.start()
            going.advance(scores)
            results.append(going.finish().best)
        assert results[0].words == results[1].words
        assert results[0].times == results[1].times
        assert results[0].total_cost == pytest.approx(results[1].total_cost, abs=5e-3)
        assert len(results[0].words) > 3


def test_every_step_logs_its_size(caplog):
    with caplog.at_level(logging.INFO, logger="harken.decoder.graph"):
        graph = compile_tlg(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS), UNITS)
    said = [record.getMessage() for record in caplog.records]
    for step in ("lexicon:", "grammar:", "lexicon with grammar:", "determinised:", "minimised:", "with CTC topology:"):
        assert any(line.startswith(step) for line in said), step
    assert f"with CTC topology: {graph.fst.states} states, {graph.fst.arcs} arcs" in said[-1]
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="harken.decoder.graph"):
        table = monophone_table(("A", "B"), chain_topology())
        graph = compile_hclg(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS), chain_topology(), table)
    said = [record.getMessage().split(":")[0] for record in caplog.records]
    assert said[4:] == [
        "minimised", "with context (1 phones)", "HMMs", "with HMMs", "determinised",
        "minimised, without disambiguation symbols", "with self-loops",
    ]  # fmt: skip
    assert f"{graph.fst.states} states, {graph.fst.arcs} arcs" in caplog.records[-1].getMessage()


@pytest.mark.parametrize("marks", [False, True])
def test_the_topology_as_a_transducer(marks):
    """T reads what collapses to the phones it writes, and nothing else."""
    phones = PhoneLabels.of_phones(("A", "B"), 1, marks)
    fst = ctc_topology(phones)
    frames = CtcLabels.of_phones(2)
    own = ctc_labels_of(phones)
    found = language(fst, 3)
    for (read, written), cost in found.items():
        assert cost == 0
        if any(label >= len(frames.phone) for label in read):
            continue  # a disambiguation symbol
        units = [int(frames.phone[label]) for label in read]
        assert collapse(units) == tuple(int(phones.phone[label]) for label in written)
        firsts = [label for label in read if frames.phone[label] and not frames.is_self_loop[label]]
        assert firsts == [int(own[label]) for label in written]
    said = {tuple(int(frames.phone[label]) for label in read) for read, _ in found if max(read, default=0) < 8}
    assert len(said) == sum(3**length for length in range(4))


def test_expanding_is_composing_with_the_topology():
    """``expand_ctc`` gives the language of T o LG."""
    from harken.decoder.graph.ctc_graph import expand_ctc

    phones = PhoneLabels.of_phones(("A", "B"), 1)
    words = Fst.from_arcs(
        0, [0, 0, 1, 1, 2, 0], [3, 4, 1, 2, 1, 0], [1, 2, 0, 3, 0, 4], [0.5, 0.25, 1.0, 0.5, 0.0, 2.0],
        [1, 2, 2, 0, 0, 2], [0.0, np.inf, 1.0],
    )  # fmt: skip
    labelled = Fst.from_arcs(
        0, words.sources(), ctc_labels_of(phones)[words.ilabels], words.olabels, words.weights, words.nextstates,
        words.final_weights,
    )  # fmt: skip
    expanded = expand_ctc(labelled.in_search_order(), CtcLabels.of_phones(2))
    assert_same_costs(language(compose(ctc_topology(phones), words), 4), language(expanded, 4))


@settings(max_examples=60, deadline=None)
@given(random_fsts(max_states=6, max_arcs=10), st.booleans())
def test_local_epsilon_removal_keeps_the_language(fst, marked):
    from harken.decoder.fst.connect import connect

    fst = connect(fst)
    shorter = remove_epsilons_locally(fst, np.array([False, True, False]) if marked else None)
    assert shorter.states <= fst.states
    assert shorter.arcs <= fst.arcs
    assert_same_costs(language(fst, 3), language(shorter, 3))


def test_local_epsilon_removal_makes_one_arc_of_two():
    """A symbol's arc after a word's last phone goes; an output stays in front of the next word's first phone."""
    fst = Fst.from_arcs(0, [0, 1, 2], [1, 0, 2], [0, 7, 0], [1.0, 0.5, 0.25], [1, 2, 3], [np.inf] * 3 + [0.0])
    joined = remove_epsilons_locally(fst, np.array([False, False, True]))
    assert (joined.states, joined.arcs) == (3, 2)
    assert sorted(zip(joined.ilabels, joined.olabels, joined.weights, strict=True)) == [(1, 7, 1.5), (2, 0, 0.25)]
    apart = Fst.from_arcs(0, [0, 0, 1], [0, 0, 2], [7, 8, 0], [0.0, 0.0, 0.0], [1, 1, 2], [np.inf, np.inf, 0.0])
    assert remove_epsilons_locally(apart).arcs == 2
    assert remove_epsilons_locally(apart, np.array([False, False, True])).arcs == 3


PHONES = ("SIL", "A", "B")
SKIPPING = Topology(
    (HmmState(((0, 0.5), (1, 0.25), (2, 0.25))), HmmState(((1, 0.4), (2, 0.6)))),
    {
        "SIL": (
            HmmState(((0, 0.6), (1, 0.2), (2, 0.2))),
            HmmState(((1, 0.3), (2, 0.3), (3, 0.4))),
            HmmState(((3, 1.0),)),
        )
    },
)
TOPOLOGIES = {
    "chain": chain_topology(0.4),
    "two states": left_to_right_topology(2, 0.3),
    "skips": SKIPPING,
}


def merged_triphones(topology):
    """Return a table of triphones, some of them with the same pdfs, as a decision tree gives."""
    windows, columns = [], []
    for left, phone, right in itertools.product(range(4), range(1, 4), range(4)):
        for state in range(len(topology.states(PHONES[phone - 1]))):
            forward = 8 * phone + 2 * state + (left == 2)
            windows.append((left, phone, right))
            columns.append((state, forward, forward + (right == 3)))
    return PdfTable.from_rows(PHONES, 1, windows, columns)


def hmm_costs(entries, arpa, topology, table, scores, silence, most):
    """Return {words: least cost} by going through all that could be said, frame by frame."""
    found = {}
    width, central = table.context_width, table.central_position
    for (phones, words), cost in spoken(entries, most, silence, 0.25).items():
        if len(phones) > len(scores):
            continue
        numbers = [0] * central + [PHONES.index(phone) + 1 for phone in phones] + [0] * (width - 1 - central)
        states = []
        for place, phone in enumerate(phones):
            window = np.array([numbers[place : place + width]], dtype=np.int32)
            states.append(
                [
                    (state.transitions, *map(int, table.look_up(window, np.array([own]))[0]))
                    for own, state in enumerate(topology.states(phone))
                ]
            )
        graph_cost = sentence_cost(arpa, [arpa.words.index(word) for word in words])
        total = cost + graph_cost + best_alignment(scores, states)
        if total < found.get(words, math.inf):
            found[words] = total
    return found


@pytest.mark.parametrize("silence", [None, "SIL"])
@pytest.mark.parametrize("shape", ["monophones", "left-biphones", "triphones"])
@pytest.mark.parametrize("name", TOPOLOGIES)
def test_hclg_gives_the_best_cost_of_every_word_sequence(name, shape, silence):
    topology = TOPOLOGIES[name]
    table = {
        "monophones": lambda: monophone_table(PHONES, topology),
        "left-biphones": lambda: left_biphone_table(PHONES, topology, ("SIL",)),
        "triphones": lambda: merged_triphones(topology),
    }[shape]()
    entries = [entry for entry in LEXICON if entry.word != "reeds"]
    arpa = arpa_of(WORDS, UNIGRAMS, {gram: row for gram, row in BIGRAMS.items() if "reeds" not in gram})
    graph = compile_hclg(entries, arpa, topology, table, LexiconOptions(silence, 0.25))
    assert graph.columns <= table.pdfs
    scores = np.random.default_rng(3).normal(size=(5, table.pdfs)).astype(np.float32)
    found = search(
        graph, scores, in_order=shape != "triphones"
    )  # there, words are written a phone before they are read
    expected = hmm_costs(entries, arpa, topology, table, scores, silence, most=5)
    assert found.keys() == expected.keys()
    assert len(expected) >= 4
    for words, cost in expected.items():
        assert found[words] == pytest.approx(cost, abs=5e-3)


@settings(max_examples=10, deadline=None)
@given(models(), st.sampled_from(sorted(TOPOLOGIES)), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_hclg_of_any_model(model, name, frames, seed):
    lexicon, arpa = model
    topology = TOPOLOGIES[name]
    table = left_biphone_table(PHONES, topology)
    scores = np.random.default_rng(seed).normal(size=(frames, table.pdfs)).astype(np.float32)
    found = search(compile_hclg(lexicon, arpa, topology, table), scores)
    expected = hmm_costs(list(lexicon), arpa, topology, table, scores, None, most=frames)
    expected = {words: cost for words, cost in expected.items() if math.isfinite(cost)}
    assert found.keys() == expected.keys()
    for words, cost in expected.items():
        assert found[words] == pytest.approx(cost, abs=5e-3)


def test_words_times_leave_silence_out():
    """With loud scores for SIL A A SIL B, the word starts and ends at its own phones."""
    topology = chain_topology()
    table = monophone_table(PHONES, topology)  # pdfs: SIL 0 1, A 2 3, B 4 5
    arpa = arpa_of(("<unk>", "<s>", "</s>", "a", "b"), dict.fromkeys(("<unk>", "<s>", "</s>", "a", "b"), (-0.5, 0.0)))
    entries = [entry for entry in LEXICON if entry.word == "a"]
    entries += [Pronunciation("b", ("B",))]
    graph = compile_hclg(entries, arpa, topology, table, LexiconOptions("SIL"))
    said = [0, 1, 2, 3, 3, 0, 1, 1, 4, 5]
    scores = np.full((len(said), 6), -20.0, np.float32)
    scores[np.arange(len(said)), said] = 0.0
    going = BeamSearch(graph, WIDE).start()
    going.advance(scores)
    best = going.finish().best
    assert best.words == ("a", "b")
    assert best.times == ((2, 5), (8, 10))


def test_words_that_sound_like_silence():
    """A word that is the silence phone stays apart from the silence between words, and begins and ends at its sound."""
    topology = chain_topology(0.4)
    table = left_biphone_table(PHONES, topology)
    entries = [Pronunciation("!sil", ("SIL",)), Pronunciation("a", ("A",)), Pronunciation("b", ("B", "SIL"))]
    words = ("<unk>", "<s>", "</s>", "!sil", "a", "b")
    arpa = arpa_of(words, dict.fromkeys(words, (-0.5, -0.25)), {"!sil a": (-0.25, 0.0)})
    graph = compile_hclg(entries, arpa, topology, table, LexiconOptions("SIL", 0.25))
    scores = np.random.default_rng(4).normal(size=(4, table.pdfs)).astype(np.float32)
    found = search(graph, scores)
    expected = hmm_costs(entries, arpa, topology, table, scores, "SIL", most=4)
    assert found.keys() == expected.keys()
    assert all(found[said] == pytest.approx(cost, abs=5e-3) for said, cost in expected.items())
    assert set(graph.label_phone[graph.label_starts_word]) == {1, 2, 3}


def test_a_filler_for_unknown_words():
    """``<unk>`` of the n-gram model, said as any phones."""
    options = LexiconOptions(filler=Filler("<unk>", phone_cost=0.5))
    arpa = arpa_of(WORDS, UNIGRAMS | {"<unk>": (-1.0, -0.3)}, {"<unk> a": (-0.2, 0.0)})
    graph = compile_tlg([entry for entry in LEXICON if entry.word == "a"], arpa, UNITS, options)
    assert graph.words == ("<eps>", "<unk>", "a")
    scores = np.random.default_rng(8).normal(size=(4, 3)).astype(np.float32)
    found = search(graph, scores)
    acoustic = acoustic_costs(scores)
    for phones in ((1, 2), (2,), (1, 1)):
        cost = 0.5 * len(phones) + acoustic[phones] + sentence_cost(arpa, [0])
        assert found[("<unk>",)] <= cost + 1e-3
    least = min(cost + 0.5 * len(phones) for phones, cost in acoustic.items() if phones)
    assert found[("<unk>",)] == pytest.approx(least + sentence_cost(arpa, [0]), abs=5e-3)
    assert ("<unk>", "a") in found


def test_a_unit_for_silence_is_no_part_of_words():
    units = ("<blank>", "SIL", "A", "B")
    words = ("<unk>", "<s>", "</s>", "a", "b")
    arpa = arpa_of(words, dict.fromkeys(words, (-0.5, 0.0)))
    entries = [Pronunciation("a", ("A",)), Pronunciation("b", ("B",))]
    graph = compile_tlg(entries, arpa, units, LexiconOptions("SIL"))
    said = [1, 1, 2, 2, 0, 1, 1, 3, 1]
    scores = np.full((len(said), 4), -20.0, np.float32)
    scores[np.arange(len(said)), said] = 0.0
    going = BeamSearch(graph, WIDE).start()
    going.advance(scores)
    best = going.finish().best
    assert best.words == ("a", "b")
    assert best.times == ((2, 4), (7, 8))


def test_scales_of_transitions():
    topology = left_to_right_topology(1, 0.75)
    table = monophone_table(PHONES, topology)
    arpa = arpa_of(WORDS, UNIGRAMS)
    scores = np.zeros((3, 3), np.float32)
    costs = []
    for scale in (0.0, 0.5, 1.0):
        found = search(compile_hclg(LEXICON, arpa, topology, table, None, HmmOptions(1.0, scale)), scores)
        costs.append(found[("a",)])
    staying = -2 * math.log(0.75) - math.log(0.25)
    assert costs[1] - costs[0] == pytest.approx(0.5 * staying, abs=1e-3)
    assert costs[2] - costs[0] == pytest.approx(staying, abs=1e-3)


def test_parts_that_do_not_fit_are_refused():
    arpa = arpa_of(WORDS, UNIGRAMS)
    topology = chain_topology()
    with pytest.raises(OptionsError, match="units"):
        compile_tlg(LEXICON, arpa, ("<blank>",))
    with pytest.raises(OptionsError, match="no word"):
        compile_tlg([], arpa, UNITS)
    part = monophone_table(("A", "B"), topology)
    columns = (part.windows, part.hmm_states, part.forward_pdfs, part.self_loop_pdfs)
    lacking = PdfTable(part.phones, 0, *(column[:1] for column in columns))
    with pytest.raises(OptionsError, match="window B has no row"):
        compile_hclg(LEXICON, arpa, topology, lacking)
    ell, grammar = lexicon_and_ngrams(list(LEXICON), arpa, ("A", "B"))
    with pytest.raises(OptionsError, match="other phones"):
        compose_hclg(ell, grammar, topology, monophone_table(PHONES, topology))
    nothing = Fst.from_arcs(0, [0], [1], [1], [0.0], [0], [np.inf])
    with pytest.raises(OptionsError, match="no sentence in common"):
        compose_tlg(ell, nothing)
    with pytest.raises(OptionsError):
        compose_tlg(ell, grammar, max_states=3)
    with pytest.raises(OptionsError, match="self_loop_scale"):
        HmmOptions(self_loop_scale=-1.0)
