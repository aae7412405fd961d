import math
from types import SimpleNamespace

import numpy as np
import pytest
from harken.errors import FormatError, ModelError, OptionsError
from harken.lm.pronunciation.g2p import G2p, G2pOptions
from harken.lm.pronunciation.g2p_kernels import Pairs, align, expect
from harken.lm.pronunciation.g2p_ngram import estimate
from hypothesis import given, settings
from hypothesis import strategies as st

from . import naive_g2p as naive

TOY = [
    ("cat", "K AE T"), ("cats", "K AE T S"), ("chat", "CH AE T"), ("hat", "HH AE T"), ("tax", "T AE K S"),
    ("ace", "EY S"), ("ache", "EY K"), ("each", "IY CH"), ("chest", "CH EH S T"), ("hex", "HH EH K S"),
    ("set", "S EH T"), ("sea", "S IY"), ("tea", "T IY"), ("the", "DH AH"), ("the", "DH IY"), ("has", "HH AE Z"),
    ("axe", "AE K S"), ("eta", "IY T AH"),
]  # fmt: skip
TOY_PAIRS = [(word, tuple(phones.split())) for word, phones in TOY]
LETTERS, PHONES = 2, 2
TAILS = 1 + PHONES + PHONES**2

words = st.lists(st.integers(0, LETTERS - 1), min_size=1, max_size=4).map(tuple)
sounds = st.lists(st.integers(0, PHONES - 1), min_size=0, max_size=4).map(tuple)


@pytest.fixture(scope="module")
def toy():
    return G2p.train(TOY_PAIRS, G2pOptions(order=3, pruning=0.0))


def table_index(graphone):
    letters, phones = graphone
    if len(letters) == 2:
        return LETTERS * TAILS + (letters[0] * LETTERS + letters[1]) * PHONES + phones[0]
    tail = [0, 1, 1 + PHONES][len(phones)] + sum(p * PHONES**k for k, p in enumerate(reversed(phones)))
    return letters[0] * TAILS + tail


def flat(pairs):
    return Pairs(
        np.array([letter for word, _ in pairs for letter in word], np.uint8),
        np.cumsum([0, *(len(word) for word, _ in pairs)]),
        np.array([phone for _, phones in pairs for phone in phones], np.uint8),
        np.cumsum([0, *(len(phones) for _, phones in pairs)]),
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(words, sounds), min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_alignment_lattices_equal_enumeration(pairs, seed):
    size = LETTERS * TAILS + LETTERS**2 * PHONES
    table = np.random.default_rng(seed).random(size)
    table[np.random.default_rng(seed + 1).random(size) < 0.2] = 0.0
    counts = np.zeros(size)
    total, aligned = expect(flat(pairs), table, counts, (LETTERS, PHONES))
    wanted, wanted_total, wanted_aligned = naive.expected_counts(pairs, lambda part: table[table_index(part)])
    assert aligned == wanted_aligned
    assert total == pytest.approx(wanted_total, abs=1e-9)
    expected = np.zeros(size)
    for part, count in wanted.items():
        expected[table_index(part)] += count
    np.testing.assert_allclose(counts, expected, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(words, sounds), min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_the_alignment_is_the_cheapest(pairs, seed):
    costs = np.random.default_rng(seed).random(LETTERS * TAILS + LETTERS**2 * PHONES)
    data = flat(pairs)
    out, lengths = np.zeros(len(data.letters), np.int64), np.zeros(len(pairs), np.int64)
    align(data, costs, out, lengths, (LETTERS, PHONES))
    for (word, phones), begin, length in zip(pairs, data.letter_begin, lengths, strict=False):
        wanted = naive.cheapest(word, phones, lambda part: costs[table_index(part)])
        if math.isinf(wanted):
            assert length == 0
        else:
            chosen = out[begin : begin + length].tolist()
            assert costs[chosen].sum() == pytest.approx(wanted)
            assert chosen in [[table_index(part) for part in way] for way in naive.graphones(word, phones)]


sequences = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=6), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(sequences, st.integers(1, 4))
def test_the_estimator_equals_kneser_ney_by_dictionaries(words, order):
    lengths = np.array([len(word) for word in words])
    trie = estimate(np.concatenate(words), lengths, 5, order, 0.0)
    found = naive.grams(trie)
    slow = naive.KneserNey(words, 5, order)
    for gram in found:
        if gram and gram[-1] != 5:
            assert math.exp(found[gram][0]) == pytest.approx(slow.probability(gram[:-1], gram[-1]), abs=1e-9)
    for history in [(), (5,), (1,), (2, 1), (5, 1), (3, 3, 3)]:
        history = history[-(order - 1) :] if order > 1 else ()
        for symbol in range(5):
            fast = math.exp(naive.score(found, history, symbol))
            assert fast == pytest.approx(slow.probability(history, symbol), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(sequences, st.integers(2, 4), st.sampled_from([1e-4, 1e-3, 1e-2, 1e-1]))
def test_a_pruned_model_still_sums_to_one_and_keeps_its_suffixes(words, order, threshold):
    lengths = np.array([len(word) for word in words])
    whole = naive.grams(estimate(np.concatenate(words), lengths, 5, order, 0.0))
    found = naive.grams(estimate(np.concatenate(words), lengths, 5, order, threshold))
    assert found.keys() <= whole.keys()
    assert all(gram[1:] in found and gram[:-1] in found for gram in found if gram)
    for history in [gram for gram in found if len(gram) < order]:
        mass = sum(math.exp(naive.score(found, history, symbol)) for symbol in range(5))
        assert mass == pytest.approx(1.0, abs=1e-6)


def spelled(model):
    arrays, size = model._arrays, len(model.letters)
    chunks = [*model.letters, *(one + other for one in model.letters for other in model.letters)]
    found = {}
    for chunk, letters in enumerate(chunks):
        for symbol in range(*arrays["chunk_begin"][chunk : chunk + 2]):
            ids = [int(arrays[name][symbol]) for name in ("first", "second")]
            found[symbol] = (letters, tuple(model.phones[phone] for phone in ids if phone >= 0))
    assert len(chunks) == size + size**2
    return found


def levels(model):
    arrays = model._arrays
    return SimpleNamespace(
        symbol=arrays["symbol"], children=arrays["children"],
        log_prob=arrays["levels"][arrays["log_prob"]], backoff=arrays["levels"][arrays["backoff"]],
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.text("acehstx", min_size=1, max_size=3))
def test_a_wide_search_equals_enumeration(toy, word):
    wanted = naive.pronunciations(
        naive.grams(levels(toy)), spelled(toy), 3, (len(spelled(toy)) + 1,), word
    )  # fmt: skip
    found = dict(toy.pronounce(word, n=1_000, beam=1e9, width=300))
    assert found.keys() == wanted.keys()
    for phones, probability in found.items():
        assert probability == pytest.approx(wanted[phones], rel=1e-5, abs=1e-12)


def test_says_words_as_it_learned_them(toy):
    for word, phones in TOY_PAIRS:
        assert phones in [way for way, _ in toy.pronounce(word, 2)]
    best, second = toy.pronounce("the", 2)
    assert {best[0], second[0]} == {("DH", "AH"), ("DH", "IY")}
    assert toy.pronounce("chex")[0][0] == ("CH", "EH", "K", "S")


def test_the_best_come_first_and_are_shares(toy):
    ways = toy.pronounce("teach", 50)
    shares = [share for _, share in ways]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.0 + 1e-9
    assert len({phones for phones, _ in ways}) == len(ways) > 1
    assert toy.pronounce("teach", 1) == ways[:1]
    assert sum(share for _, share in toy.pronounce("teach", 1_000)) == pytest.approx(1.0)


def test_a_narrow_search_still_answers(toy):
    assert toy.pronounce("chestcats", 1, beam=1e-6, width=1)[0][0]


def test_comes_back_from_its_file(toy, tmp_path):
    toy.save(tmp_path / "g2p")
    again = G2p.load(tmp_path / "g2p")
    assert again.letters == toy.letters == "acehstx"
    assert again.phones == toy.phones
    for word in ("teach", "x", "chasteaches"):
        assert again.pronounce(word, 5) == toy.pronounce(word, 5)
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "g2p").read_bytes()


def test_training_does_not_depend_on_the_order_of_pairs(toy, tmp_path):
    G2p.train(reversed(TOY_PAIRS + TOY_PAIRS[:3]), G2pOptions(order=3, pruning=0.0)).save(tmp_path / "other")
    toy.save(tmp_path / "g2p")
    assert (tmp_path / "other").read_bytes() == (tmp_path / "g2p").read_bytes()


def test_letters_without_a_lexicon_word_of_their_own_are_still_said():
    model = G2p.train([("quay", ("K", "IY")), ("queue", ("K", "Y", "UW"))], G2pOptions(order=2))
    assert model.pronounce("qaqueu")
    with pytest.raises(ModelError, match="'b' cannot be pronounced: the model never saw 'b'; spell it with"):
        model.pronounce("b")


@pytest.mark.parametrize(
    ("word", "says"),
    [("", "is empty"), ("Cat", "never saw 'C'"), ("ca9ts!", "never saw '!', '9'"), ("c t", "never saw ' '")],
)
def test_refuses_what_it_cannot_spell(toy, word, says):
    with pytest.raises(ModelError, match=says):
        toy.pronounce(word)


def test_refuses_options_that_make_no_sense(toy):
    for options in ({"order": 0}, {"order": 13}, {"iterations": 0}, {"pruning": -1.0}, {"pruning": math.nan}):
        with pytest.raises(OptionsError, match=next(iter(options))):
            G2pOptions(**options)
    for options in ({"n": 0}, {"beam": 0.0}, {"width": 0}):
        with pytest.raises(OptionsError, match="positive"):
            toy.pronounce("cat", **options)
    for pairs in ([], [("a", ())], [("a", ("B", "B", "B"))], [("", ("B",))]):
        with pytest.raises(OptionsError, match="no pair"):
            G2p.train(pairs)


def test_refuses_a_file_that_holds_no_model(toy, tmp_path):
    from harken.tensorfile import map_arrays, save_arrays

    with pytest.raises(FormatError, match="mapped"):
        G2p.load(tmp_path / "absent")
    save_arrays(tmp_path / "other", {"a": np.zeros(1)})
    with pytest.raises(FormatError, match="not a model that"):
        G2p.load(tmp_path / "other")
    toy.save(tmp_path / "g2p")
    arrays, metadata = map_arrays(tmp_path / "g2p")
    for broken in (
        {name: array for name, array in arrays.items() if name != "levels"},
        {**arrays, "children": arrays["children"][:-3]},
        {**arrays, "children": arrays["children"] * 2},
        {**arrays, "symbol": arrays["symbol"][::-1]},
        {**arrays, "first": arrays["first"] + 100},
        {**arrays, "log_prob": arrays["log_prob"][:-1]},
        {**arrays, "levels": arrays["levels"][:3]},
        {**arrays, "chunk_begin": arrays["chunk_begin"][:-1]},
    ):
        save_arrays(tmp_path / "broken", broken, metadata)
        with pytest.raises(FormatError, match="broken"):
            G2p.load(tmp_path / "broken")
