import itertools

import numpy as np
import pytest
from harken.decoder.graph.equal_histories import merge_equal_histories
from harken.decoder.graph.ngram_states import NgramStates
from harken.decoder.graph.search_graph import Graph, GraphOptions, compile_ctc_graph, compile_phone_graph
from harken.errors import FormatError, OptionsError
from harken.lm.ngram.arpa import Arpa, NgramTable
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from harken.tensorfile import map_arrays, save_arrays
from hypothesis import given, settings
from hypothesis import strategies as st

from .kaldi_chain import chain
from .naive_graph import best_costs, search

UNITS = ("<blank>", "A", "B")
FINE = GraphOptions(quantum=1e-5)


def arpa_of(words, *orders):
    """Make a model from {n-gram: (log10 probability, log10 back-off)} for every order, n-grams as words."""
    number = {word: index for index, word in enumerate(words)}
    tables = []
    for order, grams in enumerate(orders, start=1):
        rows = sorted((tuple(number[word] for word in gram.split()), *values) for gram, values in grams.items())
        tables.append(
            NgramTable(
                np.array([row[0] for row in rows], dtype=np.int32).reshape(-1, order),
                np.array([row[1] for row in rows], dtype=np.float32),
                np.array([row[2] for row in rows], dtype=np.float32),
            )
        )
    return Arpa(tuple(words), tuple(tables))


@st.composite
def models(draw):
    """Draw a tiny lexicon and n-gram model: homophones, prefixes, repeated phones, pruned contexts, unknown words."""
    said = ["a", "b", "c"][: draw(st.integers(1, 3))]
    sounds = st.lists(st.sampled_from(["A", "B"]), min_size=1, max_size=3).map(tuple)
    entries = []
    for word in said:
        for phones in draw(st.lists(sounds, min_size=word == "a", max_size=2, unique=True)):
            entries.append(Pronunciation(word, phones, draw(st.sampled_from([1.0, 0.5, 0.25, 0.1]))))
    words = ("<unk>", "<s>", "</s>", *said)
    log10 = st.floats(-3.0, -0.0625, width=32)
    backoff = st.sampled_from([0.0, 0.0, -0.5, -1.5, 0.2])
    orders = [{word: (-99.0 if word == "<s>" else draw(log10), draw(backoff)) for word in words}]
    for order in range(2, draw(st.integers(1, 3)) + 1):
        possible = [
            f"{context} {word}"
            for context in orders[-1]
            for word in ("</s>", *said)
            if context.split()[-1] != "</s>" and "<unk>" not in context
        ]
        chosen = draw(st.lists(st.sampled_from(possible), max_size=6 * order, unique=True)) if possible else []
        orders.append({gram: (draw(log10), draw(backoff)) for gram in chosen})
    return Lexicon(tuple(entries)), arpa_of(words, *orders)


def compare(lexicon, arpa, scores, units=UNITS):
    graph = compile_ctc_graph(lexicon, arpa, units, FINE)
    found = search(graph, scores)
    expected = best_costs(lexicon, arpa, units, scores, longest=len(scores))
    assert found.keys() == expected.keys()
    for words, cost in expected.items():
        assert found[words] == pytest.approx(cost, abs=2e-3)
    return graph


@settings(max_examples=40, deadline=None)
@given(models(), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_best_cost_of_every_word_sequence(model, frames, seed):
    lexicon, arpa = model
    compare(lexicon, arpa, np.random.default_rng(seed).normal(size=(frames, len(UNITS))).astype(np.float32))


LEXICON = Lexicon(
    (
        Pronunciation("read", ("A", "B"), 0.5),
        Pronunciation("read", ("A", "A"), 0.5),
        Pronunciation("reed", ("A", "B")),
        Pronunciation("reeds", ("A", "B", "B")),
        Pronunciation("a", ("A",)),
    )
)
WORDS = ("<unk>", "<s>", "</s>", "a", "read", "reed", "reeds")
UNIGRAMS = dict.fromkeys(WORDS, (-0.7, -0.3)) | {"<s>": (-99.0, -0.4)}
BIGRAMS = {"<s> a": (-0.3, -0.2), "a reed": (-0.4, 0.1), "reed a": (-0.2, 0.0), "reeds </s>": (-0.1, 0.0)}
TRIGRAMS = {"<s> a reed": (-0.1, 0.0), "a reed a": (-0.3, 0.0), "a reed </s>": (-0.6, 0.0)}


def test_homophones_prefixes_and_repeated_phones():
    scores = np.random.default_rng(5).normal(size=(6, 3)).astype(np.float32)
    compare(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS), scores)


def test_unigrams_alone():
    scores = np.random.default_rng(6).normal(size=(5, 3)).astype(np.float32)
    compare(LEXICON, arpa_of(WORDS, UNIGRAMS), scores)


def test_every_form_of_the_topology():
    """Many phones that lead on from a history make the split form; each phone can also repeat across the word end."""
    units = ("<blank>", *"ABCDEFGH")
    lexicon = Lexicon(tuple(Pronunciation(phone.lower(), (phone,)) for phone in units[1:]))
    words = ("<unk>", "<s>", "</s>", *(phone.lower() for phone in units[1:]))
    unigrams = dict.fromkeys(words, (-1.0, -0.2)) | {"<s>": (-99.0, -0.1)}
    bigrams = {f"a {word}": (-0.5, 0.0) for word in words[2:]} | {"<s> a": (-0.4, 0.0)}
    scores = np.random.default_rng(7).normal(size=(3, len(units))).astype(np.float32)
    graph = compare(lexicon, arpa_of(words, unigrams, bigrams), scores, units)
    fst = graph.fst
    staying = fst.sources() == fst.nextstates
    assert staying.sum() == fst.states - 1  # every state repeats its frame, but the one that holds split arcs


def test_labels():
    graph = compile_ctc_graph(LEXICON, arpa_of(WORDS, UNIGRAMS), UNITS)
    assert graph.words == ("<eps>", "a", "read", "reed", "reeds")
    assert graph.score_column.tolist() == graph.label_phone.tolist() == [0, 0, 1, 1, 1, 2, 2, 2]
    assert np.flatnonzero(graph.label_is_self_loop).tolist() == [4, 7]
    assert np.flatnonzero(graph.label_starts_word).tolist() == [2, 5]
    assert graph.columns == 3


def test_epsilon_arcs_lead_to_lower_states():
    fst = compile_ctc_graph(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS), UNITS).fst
    epsilon = fst.ilabels == 0
    assert np.all(fst.nextstates[epsilon] < fst.sources()[epsilon])


def test_equal_word_ends_are_shared():
    phones = [("A", *middle, "B", "A", "B", "A") for middle in itertools.product("AB", repeat=4)]
    lexicon = Lexicon(tuple(Pronunciation(f"w{index}", said) for index, said in enumerate(phones)))
    words = ("<unk>", "<s>", "</s>", *(f"w{index}" for index in range(16)))
    graph = compile_ctc_graph(lexicon, arpa_of(words, dict.fromkeys(words, (-1.0, 0.0))), UNITS)
    # 16 words of 8 phones: a tree of 1 + 2 + 4 + 8 states, then a chain of three states that all words share;
    # two or three states each with CTC (a state that both phones lead to has three), beside the root and the start.
    assert graph.fst.states < 3 * (15 + 4) + 6


def test_equal_histories_become_one():
    """Contexts that promise the same are one state, and so are, then, contexts that lead to them alike."""
    listed = {"read a": (-0.5, -0.1), "reed a": (-0.5, -0.1), "reeds a": (-0.4, -0.1)}
    longer = {"read a a": (-0.2, 0.0), "reed a a": (-0.2, 0.0), "reeds a a": (-0.2, 0.0)}
    arpa = arpa_of(WORDS, UNIGRAMS, listed, longer)
    mark = np.array([word in LEXICON for word in WORDS])
    histories = NgramStates.from_arpa(arpa, mark, quantum=1e-5)
    merged = merge_equal_histories(histories)
    # "", <s>, read, reed, reeds, read a, reed a, reeds a: the last three are equal, then read and reed
    assert (histories.states, merged.states) == (8, 5)
    assert (merged.begin[-1], histories.begin[-1]) == (4 + 2 + 1, 4 + 3 + 3)
    compare(LEXICON, arpa, np.random.default_rng(12).normal(size=(5, 3)).astype(np.float32))


def test_word_penalty_counts_once_a_word():
    arpa = arpa_of(WORDS, UNIGRAMS, BIGRAMS)
    scores = np.random.default_rng(8).normal(size=(5, 3)).astype(np.float32)
    plain = search(compile_ctc_graph(LEXICON, arpa, UNITS, FINE), scores)
    fined = search(compile_ctc_graph(LEXICON, arpa, UNITS, GraphOptions(quantum=1e-5, word_penalty=1.5)), scores)
    assert {len(words) for words in plain} >= {0, 1, 2, 3}
    assert fined == pytest.approx({words: cost + 1.5 * len(words) for words, cost in plain.items()}, abs=1e-3)


def test_coarse_quantum_keeps_costs_close():
    arpa = arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS)
    scores = np.random.default_rng(9).normal(size=(5, 3)).astype(np.float32)
    fine = search(compile_ctc_graph(LEXICON, arpa, UNITS, FINE), scores)
    coarse = search(compile_ctc_graph(LEXICON, arpa, UNITS), scores)
    assert coarse == pytest.approx(fine, abs=0.01)


def test_save_and_load(tmp_path):
    graph = compile_ctc_graph(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS), UNITS)
    graph.save(tmp_path / "graph")
    again = Graph.load(tmp_path / "graph")
    assert again.words == graph.words
    assert again.fst.to_text() == graph.fst.to_text()
    assert again.score_column.tolist() == graph.score_column.tolist()


DAMAGE = {
    "nextstates": lambda array: array.__setitem__(3, 10**6),
    "ilabels": lambda array: array.__setitem__(0, 99),
    "olabels": lambda array: array.__setitem__(0, 200),
    "weights": lambda array: array.__setitem__(2, np.nan),
    "final_weights": lambda array: array.__setitem__(2, np.nan),
    "arc_begin": lambda array: array.__setitem__(2, 10**6),
    "score_column": lambda array: array.__setitem__(1, -1),
}


@pytest.mark.parametrize("field", DAMAGE)
def test_damaged_graphs_are_refused(tmp_path, field):
    compile_ctc_graph(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS), UNITS).save(tmp_path / "graph")
    mapped, metadata = map_arrays(tmp_path / "graph")
    arrays = {name: np.array(array) for name, array in mapped.items()}
    DAMAGE[field](arrays[field])
    save_arrays(tmp_path / "damaged", arrays, metadata)
    with pytest.raises(FormatError, match=f"damaged: {field}"):
        Graph.load(tmp_path / "damaged")


@settings(max_examples=15, deadline=None)
@given(models())
def test_phone_graphs_are_kept_exactly(tmp_path_factory, model):
    path = tmp_path_factory.mktemp("graph") / "phones"
    phones = compile_phone_graph(*model, UNITS)
    phones.save(path)
    again, graph = Graph.load(path), Graph.from_phones(phones)
    assert again.words == graph.words
    assert again.fst.to_text() == graph.fst.to_text()
    assert again.fst.weights.tobytes() == graph.fst.weights.tobytes()
    assert again.label_starts_word.tolist() == graph.label_starts_word.tolist()


PHONE_DAMAGE = {
    "nextstates": ("nextstates_high", lambda array: array.__setitem__(3, 200)),
    "ilabels": ("ilabels", lambda array: array.__setitem__(0, 99)),
    "olabels": ("olabels", lambda array: array.__setitem__(0, 200)),
    "arc_begin": ("arcs", lambda array: array.__setitem__(2, 100)),
    "epsilons": ("epsilons", lambda array: array.__setitem__(1, 50)),
    "words": ("words", lambda array: array.__setitem__(0, 0xFF)),
}


@pytest.mark.parametrize("field", PHONE_DAMAGE)
def test_damaged_phone_graphs_are_refused(tmp_path, field):
    compile_phone_graph(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS), UNITS).save(tmp_path / "graph")
    mapped, metadata = map_arrays(tmp_path / "graph")
    arrays = {name: np.array(array) for name, array in mapped.items()}
    name, damage = PHONE_DAMAGE[field]
    damage(arrays[name])
    save_arrays(tmp_path / "damaged", arrays, metadata)
    with pytest.raises(FormatError, match=f"damaged: .*{field}"):
        Graph.load(tmp_path / "damaged")
    save_arrays(tmp_path / "less", {key: array for key, array in mapped.items() if key != name}, metadata)
    with pytest.raises(FormatError, match=f"less: {name} is missing"):
        Graph.load(tmp_path / "less")


def test_unreadable_metadata_of_a_phone_graph_is_refused(tmp_path):
    compile_phone_graph(LEXICON, arpa_of(WORDS, UNIGRAMS), UNITS).save(tmp_path / "graph")
    mapped, metadata = map_arrays(tmp_path / "graph")
    for change in ({"start": "x"}, {"phones": "0"}, {"quantum": "nan"}, {"start": "999"}):
        save_arrays(tmp_path / "damaged", mapped, metadata | change)
        with pytest.raises(FormatError, match="damaged"):
            Graph.load(tmp_path / "damaged")


def test_files_that_are_no_graphs_are_refused(tmp_path):
    compile_ctc_graph(LEXICON, arpa_of(WORDS, UNIGRAMS), UNITS).save(tmp_path / "graph")
    mapped, metadata = map_arrays(tmp_path / "graph")
    save_arrays(tmp_path / "other", mapped, {"format": "something else"})
    with pytest.raises(FormatError, match="format is 'something else'"):
        Graph.load(tmp_path / "other")
    save_arrays(tmp_path / "less", {name: mapped[name] for name in mapped if name != "weights"}, metadata)
    with pytest.raises(FormatError, match="less: weights is missing"):
        Graph.load(tmp_path / "less")
    (tmp_path / "short").write_bytes((tmp_path / "graph").read_bytes()[:-30])
    with pytest.raises(FormatError, match="short"):
        Graph.load(tmp_path / "short")


def test_parts_that_do_not_fit_are_refused():
    arpa = arpa_of(WORDS, UNIGRAMS)
    with pytest.raises(FormatError, match="'read' has the unknown phone B"):
        compile_ctc_graph(LEXICON, arpa, ("<blank>", "A"))
    with pytest.raises(OptionsError, match="each once"):
        compile_ctc_graph(LEXICON, arpa, ("<blank>", "A", "A"))
    with pytest.raises(OptionsError, match="no word"):
        compile_ctc_graph(Lexicon((Pronunciation("x", ("A",)),)), arpa, UNITS)
    with pytest.raises(OptionsError, match="quantum"):
        GraphOptions(quantum=0.0)
    with pytest.raises(FormatError, match="context is missing"):
        compile_ctc_graph(LEXICON, arpa_of(WORDS, UNIGRAMS, {}, TRIGRAMS), UNITS)
    endless = {word: (-99.0 if word == "</s>" else -1.0, 0.0) for word in WORDS}
    with pytest.raises(FormatError, match="</s> has no probability"):
        compile_ctc_graph(LEXICON, arpa_of(WORDS, endless), UNITS)


@pytest.mark.parity
def test_no_larger_than_the_chain_of_kaldi():
    """L o G, determinised and minimised; its disambiguation symbols would become epsilon arcs, so they count."""
    kaldifst = pytest.importorskip("kaldifst")
    random = np.random.default_rng(11)
    units = ("<blank>", *"ABCDEFGHIJ")
    names = [f"w{index:03d}" for index in range(300)]
    entries = {(name, tuple(random.choice(units[1:], random.integers(1, 6)))) for name in names for _ in range(2)}
    lexicon = Lexicon(tuple(Pronunciation(name, phones) for name, phones in sorted(entries)))
    words = ("<unk>", "<s>", "</s>", *names)
    unigrams = {word: (-99.0 if word == "<s>" else -2.0 - float(random.random()), -0.5) for word in words}
    pairs = {(names[a], names[b]) for a, b in random.integers(0, len(names), (1500, 2)) ** 2 // 300}
    bigrams = {f"{a} {b}": (-float(random.random()), 0.0) for a, b in sorted(pairs)} | {"<s> w000": (-0.1, 0.0)}
    arpa = arpa_of(words, unigrams, bigrams)
    ours = compile_phone_graph(lexicon, arpa, units).fst
    states, arcs = chain(kaldifst, lexicon, arpa, units)
    print(f"ours {ours.states} states, {ours.arcs} arcs; Kaldi's chain {states} states, {arcs} arcs")
    assert ours.states <= states
    assert ours.arcs <= arcs


def test_phones_of_any_number_expand_alike():
    few = compile_ctc_graph(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS), UNITS)
    places = {31: UNITS[1], 63: UNITS[2], **dict(zip((32, 64, 95), UNITS[3:], strict=False))}
    many = [UNITS[0], *(places.get(number, f"other{number}") for number in range(1, 100))]
    graph = compile_ctc_graph(LEXICON, arpa_of(WORDS, UNIGRAMS, BIGRAMS), many)
    assert (graph.fst.states, graph.fst.arcs) == (few.fst.states, few.fst.arcs)
    assert sorted(graph.fst.weights.tolist()) == sorted(few.fst.weights.tolist())
