import pytest
from harken.errors import OptionsError
from harken.lm.pronunciation.evaluate import edit_distance, evaluate, hold_out, judge
from harken.lm.pronunciation.g2p import G2p, G2pOptions
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from hypothesis import given
from hypothesis import strategies as st


def lexicon(**words):
    return Lexicon(tuple(Pronunciation(word, tuple(way.split())) for word, ways in words.items() for way in ways))


def test_a_word_is_right_where_any_listed_way_is_and_phones_count_against_the_nearest():
    listed = lexicon(read=["R EH D", "R IY D"], tea=["T IY"], lie=["L AY"])
    guesses = {
        "read": [("R", "IY", "D")],
        "tea": [("T", "EY", "AH"), ("T", "IY")],
        "lie": [],
    }
    found = judge(guesses, listed, (1, 2))
    assert (found.words, found.wrong_words, found.phones, found.phone_errors) == (3, 2, 7, 4)
    assert found.right_within == {1: 1, 2: 2}
    assert found.unsaid == ("lie",)
    assert found.word_error_rate == pytest.approx(2 / 3)
    assert found.phone_error_rate == pytest.approx(4 / 7)
    with pytest.raises(OptionsError, match="no word to judge"):
        judge({}, Lexicon(()))


def naive_distance(one, other):
    if not one or not other:
        return len(one) + len(other)
    return min(
        naive_distance(one[1:], other[1:]) + (one[0] != other[0]),
        naive_distance(one[1:], other) + 1,
        naive_distance(one, other[1:]) + 1,
    )


@given(st.lists(st.sampled_from("ab"), max_size=5), st.lists(st.sampled_from("ab"), max_size=5))
def test_the_distance_is_the_least_of_all_edits(one, other):
    assert edit_distance(one, other) == naive_distance(one, other)


@given(st.sets(st.text("abc", min_size=1, max_size=4), max_size=30), st.integers(2, 5))
def test_every_word_is_in_one_part_with_all_its_ways(words, parts):
    entries = tuple(Pronunciation(word, way) for word in sorted(words) for way in (("A",), ("B",)))
    held = []
    for part in range(parts):
        rest, here = hold_out(Lexicon(entries), parts, part)
        assert not set(rest.words) & set(here.words)
        assert len(rest) + len(here) == len(entries)
        assert all(len(here[word]) == 2 for word in here.words)
        held += here.words
    assert sorted(held) == sorted(words)


def test_refuses_parts_that_there_are_not():
    for parts, part in ((1, 0), (257, 0), (3, 3), (3, -1)):
        with pytest.raises(OptionsError, match="cannot be held out"):
            hold_out(Lexicon(()), parts, part)


def test_a_model_is_judged_by_its_best_guesses():
    model = G2p.train([("ab", ("A", "B")), ("ba", ("B", "A"))], G2pOptions(order=2))
    found = evaluate(model, lexicon(aabb=["A A B B"], c=["C"]))
    assert found.right_within[1] == 1
    assert found.unsaid == ("c",)
