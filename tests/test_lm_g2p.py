import math

import numpy as np
import pytest
from harken.errors import FormatError, ModelError, OptionsError
from harken.lm.estimation.estimate import PruneOptions, estimate, prune
from harken.lm.ngram.ngram import Ngram
from harken.lm.pronunciation.align import align_pairs, can_align
from harken.lm.pronunciation.align_kernels import Pairs, Sizes, align, expect
from harken.lm.pronunciation.g2p import G2p, G2pOptions
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
PAIRS = 4
"""Of letters and of phones: all that there can be."""

words = st.lists(st.integers(0, LETTERS - 1), min_size=1, max_size=4).map(tuple)
sounds = st.lists(st.integers(0, PHONES - 1), min_size=0, max_size=4).map(tuple)


@pytest.fixture(scope="module")
def toy():
    return G2p.train(TOY_PAIRS, G2pOptions(order=3, pruning=0.0, bits=16))


def table_place(graphone):
    letters, phones = graphone
    tails = 1 + PHONES + PAIRS
    begin = (
        letters[0] * tails + 1 if len(letters) == 1 else LETTERS * tails + (2 * letters[0] + letters[1]) * (tails - 1)
    )
    return begin + [-1, *phones[:1], PHONES + sum(p * PHONES**k for k, p in enumerate(reversed(phones)))][len(phones)]


TABLE = LETTERS * (1 + PHONES + PAIRS) + PAIRS * (PHONES + PAIRS)
SIZES = Sizes(LETTERS, PAIRS, PHONES, PAIRS)


def flat(pairs):
    def ids(sequences, base):
        one = [number for sequence in sequences for number in sequence]
        two = [base * sequence[max(0, k - 1)] + number for sequence in sequences for k, number in enumerate(sequence)]
        return np.array(one, np.int32), np.array(two, np.int32), np.cumsum([0, *map(len, sequences)])

    return Pairs(*ids([word for word, _ in pairs], LETTERS), *ids([phones for _, phones in pairs], PHONES))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(words, sounds), min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_alignment_lattices_equal_enumeration(pairs, seed):
    table = np.random.default_rng(seed).random(TABLE)
    table[np.random.default_rng(seed + 1).random(TABLE) < 0.2] = 0.0
    counts = np.zeros(TABLE)
    total, aligned = expect(flat(pairs), SIZES, table, counts)
    wanted, wanted_total, wanted_aligned = naive.expected_counts(pairs, lambda part: table[table_place(part)])
    assert aligned == wanted_aligned
    assert total == pytest.approx(wanted_total, abs=1e-9)
    expected = np.zeros(TABLE)
    for part, count in wanted.items():
        expected[table_place(part)] += count
    np.testing.assert_allclose(counts, expected, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(words, sounds), min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_the_alignment_is_the_cheapest(pairs, seed):
    costs = np.random.default_rng(seed).random(TABLE)
    data = flat(pairs)
    out, lengths = np.zeros(len(data.letter), np.int64), np.zeros(len(pairs), np.int64)
    align(data, SIZES, costs, out, lengths)
    for (word, phones), begin, length in zip(pairs, data.letter_begin, lengths, strict=False):
        wanted = naive.cheapest(word, phones, lambda part: costs[table_place(part)])
        if math.isinf(wanted):
            assert length == 0
        else:
            chosen = out[begin : begin + length].tolist()
            assert costs[chosen].sum() == pytest.approx(wanted)
            assert chosen in [[table_place(part) for part in way] for way in naive.graphones(word, phones)]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=4), sounds), min_size=1, max_size=6), st.integers(1, 4))
def test_aligned_words_come_back_from_their_graphones(pairs, iterations):
    pairs = [(word, tuple("PQ"[phone] for phone in phones)) for word, phones in pairs]
    wanted = sorted({pair for pair in pairs if can_align(*pair)})
    if not wanted:
        with pytest.raises(OptionsError, match="No pair"):
            align_pairs(pairs, iterations)
        return
    alignment = align_pairs(pairs, iterations)
    names = [name.split(":") for name in alignment.graphones.names()]
    assert names == sorted(names, key=lambda name: (len(name[0]), alignment.graphones.chunks.index(name[0])))
    ends = np.cumsum(alignment.lengths)
    for (word, phones), end, length in zip(wanted, ends, alignment.lengths, strict=True):
        parts = [names[number] for number in alignment.sequence[end - length : end]]
        assert "".join(letters for letters, _ in parts) == word
        assert " ".join(said for _, said in parts if said).split() == list(phones)


@pytest.mark.parametrize("pruning", [0.0, 1e-3])
def test_the_model_is_the_estimators_over_graphones(pruning):
    model = G2p.train(TOY_PAIRS, G2pOptions(order=3, pruning=pruning, bits=16))
    alignment = align_pairs(TOY_PAIRS, G2pOptions().iterations)
    ends = np.cumsum(alignment.lengths)
    sentences = [
        " ".join(map(str, alignment.sequence[end - length : end]))
        for end, length in zip(ends, alignment.lengths, strict=True)
    ]
    tables = estimate(sentences, 3, [str(number) for number in range(len(model.graphones))])
    if pruning:
        tables = prune(tables, PruneOptions(threshold=pruning))
    wanted = Ngram.from_arpa(tables.to_arpa())
    assert wanted.words == model.ngram.words
    for sentence in sentences:
        found, known = model.ngram.word_scores(sentence.split())
        np.testing.assert_allclose(found, wanted.word_scores(sentence.split())[0], atol=1e-3)
        assert known.all()


@settings(max_examples=15, deadline=None)
@given(st.text("acehstx", min_size=1, max_size=3))
def test_a_wide_search_equals_enumeration(toy, word):
    spelled = {}
    for number, name in enumerate(toy.graphones.names()):
        letters, phones = name.split(":")
        spelled[number + 3] = (letters, tuple(phones.split()))
    wanted = naive.pronunciations(toy.ngram, spelled, word)
    found = dict(toy.pronounce(word, n=1_000, beam=1e9, width=300))
    assert found.keys() == wanted.keys()
    for phones, probability in found.items():
        assert probability == pytest.approx(wanted[phones], rel=1e-5, abs=1e-12)


def test_says_words_as_it_learned_them(toy):
    for word, phones in TOY_PAIRS:
        assert phones in [way for way, _ in toy.pronounce(word, 2)]
    best, second = toy.pronounce("the", 2)
    assert {best[0], second[0]} == {("DH", "AH"), ("DH", "IY")}
    assert toy.pronounce("chats")[0][0] == ("CH", "AE", "T", "S")


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
    again = G2p.train(reversed(TOY_PAIRS + TOY_PAIRS[:3]), G2pOptions(order=3, pruning=0.0, bits=16))
    again.save(tmp_path / "other")
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
    for options in (
        {"order": 0},
        {"order": 7},
        {"iterations": 0},
        {"pruning": -1.0},
        {"pruning": math.nan},
        {"bits": 1},
    ):
        with pytest.raises(OptionsError, match=next(iter(options))):
            G2pOptions(**options)
    for options in ({"n": 0}, {"beam": 0.0}, {"width": 0}):
        with pytest.raises(OptionsError, match="positive"):
            toy.pronounce("cat", **options)
    for pairs in ([], [("a", ())], [("a", ("B", "B", "B"))], [("", ("B",))]):
        with pytest.raises(OptionsError, match="No pair"):
            G2p.train(pairs)


def test_refuses_a_file_that_holds_no_model(toy, tmp_path):
    from harken.tensorfile import map_arrays, save_arrays

    with pytest.raises(FormatError, match="mapped"):
        G2p.load(tmp_path / "absent")
    save_arrays(tmp_path / "other", {"a": np.zeros(1)})
    with pytest.raises(FormatError, match="not a pronunciation model"):
        G2p.load(tmp_path / "other")
    toy.save(tmp_path / "g2p")
    arrays, metadata = map_arrays(tmp_path / "g2p")
    for broken in (
        {name: array for name, array in arrays.items() if name != "levels"},
        {**arrays, "states": arrays["states"][:-3]},
        {**arrays, "first_phone": arrays["first_phone"] + np.int16(100)},
        {**arrays, "second_phone": arrays["second_phone"][:-1]},
        {**arrays, "first_phone": arrays["first_phone"].astype(np.int32)},
        {**arrays, "levels": arrays["levels"][:3]},
        {**arrays, "word_next": arrays["word_next"] + np.int32(1 << 20)},
        {**arrays, "chunk_begin": arrays["chunk_begin"][:-1]},
        {**arrays, "chunk_begin": arrays["chunk_begin"][::-1]},
    ):
        save_arrays(tmp_path / "broken", broken, metadata)
        with pytest.raises(FormatError, match="broken"):
            G2p.load(tmp_path / "broken")
    for broken in ({**metadata, "order": "x"}, {**metadata, "start": "999999"}, {**metadata, "harken g2p 2": "[]"}):
        save_arrays(tmp_path / "broken", arrays, broken)
        with pytest.raises(FormatError, match="broken"):
            G2p.load(tmp_path / "broken")


def test_a_damaged_record_never_leads_a_search_astray(toy, tmp_path):
    from harken.tensorfile import map_arrays, save_arrays

    toy.save(tmp_path / "g2p")
    arrays, metadata = map_arrays(tmp_path / "g2p")
    random = np.random.default_rng(1)
    refused = 0
    for name in ("arcs", "states"):
        for _ in range(20):
            damaged = arrays[name].copy()
            damaged[random.integers(0, len(damaged), 3)] ^= random.integers(0, 2**32, 3, np.uint32)
            save_arrays(tmp_path / "damaged", {**arrays, name: damaged}, metadata)
            try:
                model = G2p.load(tmp_path / "damaged")
            except FormatError:
                refused += 1
                continue
            assert all(0.0 <= share <= 1.0 for _, share in model.pronounce("teaches", 3))
    assert refused < 40


def test_letters_may_be_of_any_script_and_many():
    pairs = [(chr(0x4E00 + number), (f"p{number}", f"q{number % 7}")) for number in range(300)]
    model = G2p.train(pairs, G2pOptions(order=2))
    assert len(model.letters) == 300
    assert model.pronounce(chr(0x4E00 + 299) + chr(0x4E00))[0][0] == ("p299", "q5", "p0", "q0")
    with pytest.raises(ModelError, match=r"spell it with '.{60}\.\.\.'"):
        model.pronounce("a")


def test_letters_are_taken_in_composed_form():
    model = G2p.train([("e\u0301te", ("E", "T")), ("\u00e9t", ("E", "T", "Q"))], G2pOptions(order=2))
    assert "\u00e9" in model.letters
    assert "\u0301" not in model.letters
    assert model.pronounce("e\u0301t") == model.pronounce("\u00e9t")
