import pytest
from harken.errors import FormatError, ModelError, OptionsError
from harken.lm.pronunciation.added_words import GuessOptions, pronounce_words
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from harken.lm.pronunciation.words import WantedWord, read_display_forms, read_words
from harken.lm.text import normalize
from hypothesis import given, settings
from hypothesis import strategies as st

SAID = {
    "a": ["AH", "EY"], "c": ["S IY"], "i": ["AY"], "e": ["IY"], "k": ["K EY"], "n": ["EH N"], "o": ["OW"],
    "p": ["P IY"], "s": ["EH S"], "t": ["T IY"], "u": ["Y UW"], "us": ["AH S"], "triple": ["T R IH P AH L"],
    "three": ["TH R IY"], "nineteen": ["N AY N T IY N"], "new": ["N UW"], "york": ["Y AO R K"], "night": ["N AY T"],
}  # fmt: skip
LEXICON = Lexicon(
    tuple(
        Pronunciation(word, tuple(way.split()), 1 / len(ways)) for word, ways in SAID.items() for way in ways
    )
)  # fmt: skip


class Letters:
    """Stands in for a model: every letter is a phone, the second guess says the word backwards, half as likely."""

    phones = ("A", "B", "D", "E", "L", "N", "S", "X")

    def pronounce(self, word, n=1):
        if not set(word) <= set("abcdefghijklmnopqrstuvwxyz'"):
            raise ModelError(f"{word!r} cannot be pronounced.")
        letters = tuple(letter.upper() for letter in word)
        return [(letters, 0.6), (letters[::-1], 0.3), ((*letters, "X"), 0.01)][:n]


def made(*wanted, **options):
    return pronounce_words(wanted, LEXICON, Letters(), **options)


def ways(added):
    return {" ".join(entry.phones): entry.probability for entry in added.pronunciations}


def test_reads_a_list_of_words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("\ufeffKnightley\n\nNew  York\tN UW  Y AO R K\r\n Quux \n", encoding="utf8")
    assert [(word.written, word.phones, word.spoken) for word in read_words(path)] == [
        ("Knightley", (), ""), ("New York", ("N", "UW", "Y", "AO", "R", "K"), ""), ("Quux", (), ""),
    ]  # fmt: skip
    assert [word.source for word in read_words(path)] == [f"{path}, line {line}" for line in (1, 3, 4)]


def test_reads_display_forms(tmp_path):
    path = tmp_path / "forms.txt"
    path.write_text("3CPO\tthree c p o\nNew York\tnew york\n")
    assert [(word.written, word.phones, word.spoken) for word in read_display_forms(path)] == [
        ("3CPO", (), "three c p o"), ("New York", (), "new york"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"a\tA\n\tB\n", "line 2: has 2 fields or an empty one"), (b"a\t\n", "empty"), (b"a\tb\tc\n", "has 3 fields"),
     (b"\xff\xfe", "UTF-8")],
)  # fmt: skip
def test_refuses_malformed_lines(tmp_path, content, says):
    path = tmp_path / "list"
    path.write_bytes(content)
    for read in (read_words, read_display_forms):
        with pytest.raises(FormatError, match=says):
            read(path)
    path.write_text("IEEE\ti triple e\nCNTK\n")
    with pytest.raises(FormatError, match="line 2: has no tab"):
        read_display_forms(path)
    with pytest.raises(FormatError, match="cannot be read"):
        read_words(tmp_path / "absent")


def test_a_display_form_is_its_own_token_said_as_its_spoken_form():
    added = made(WantedWord("3CPO", spoken="three C P O"), WantedWord("New York", spoken="new york"))
    forms = {word.word: word for word in added.words}
    assert list(forms) == ["3CPO", "New_York"]
    assert ways(forms["3CPO"]) == {"TH R IY S IY P IY OW": 1.0}
    assert added.display == {"New_York": "New York"}
    assert forms["3CPO"].texts == (("three", "c", "p", "o"), ("three", "cpo"))


def test_all_combinations_are_strung_together_up_to_a_few():
    (word,) = made(WantedWord("AAA", spoken="a a a"), options=GuessOptions(most=8)).words
    assert len(word.pronunciations) == 8
    assert all(entry.probability == pytest.approx(1.0) for entry in word.pronunciations)
    (word,) = made(WantedWord("AAA", spoken="a a a")).words
    assert len(word.pronunciations) == 4


def test_an_unlisted_word_is_guessed_in_the_ways_that_are_likely_enough():
    (word,) = made(WantedWord("Abel")).words
    assert (word.word, word.display, word.listed) == ("abel", "Abel", False)
    assert ways(word) == {"A B E L": 1.0, "L E B A": 0.5}
    (word,) = made(WantedWord("Abel"), options=GuessOptions(share=0.6)).words
    assert ways(word) == {"A B E L": 1.0}


def test_given_phones_are_taken_and_several_lines_make_several_ways():
    (word,) = made(WantedWord("Abel", ("N", "A")), WantedWord("abel", ("N", "E"))).words
    assert ways(word) == {"N A": 1.0, "N E": 1.0}
    assert word.display == "Abel"
    (word,) = made(WantedWord("北京", ("N", "A"))).words
    assert (word.word, ways(word)) == ("北京", {"N A": 1.0})


def test_what_the_normaliser_reads_is_said_in_words():
    (word,) = made(WantedWord("Abel-19")).words
    assert (word.word, word.display) == ("abel_nineteen", "Abel-19")
    assert ways(word) == {"A B E L N AY N T IY N": 1.0, "L E B A N AY N T IY N": 0.5}
    assert word.texts == (("abel", "nineteen"),)


def test_capitals_are_spelled_where_no_word_can_be_made_of_them_and_also_where_one_can():
    consonants, word, long = made(WantedWord("CNTK"), WantedWord("NASK"), WantedWord("LEXANS")).words
    assert ways(consonants) == {"S IY EH N T IY K EY": 1.0}
    assert ways(word) == {
        "N A S K": 1.0, "K S A N": 0.5, "EH N AH EH S K EY": 0.5, "EH N EY EH S K EY": 0.5,
    }  # fmt: skip
    assert "L E X A N S" in ways(long)
    assert len(long.pronunciations) == 2


def test_known_words_are_left_out_but_gain_given_pronunciations():
    added = made(WantedWord("Night"), WantedWord("New York"), WantedWord("us", ("Y", "UW")), WantedWord("Abel"))
    assert added.known == ("Night", "New York")
    assert [(word.word, word.listed) for word in added.words] == [("us", True), ("abel", False)]
    assert added.display == {"abel": "Abel"}
    longer = added.extend(LEXICON)
    assert [entry.phones for entry in longer["us"]] == [("AH", "S"), ("Y", "UW")]
    assert "abel" in longer
    assert len(longer) == len(LEXICON) + 3


def test_extending_does_not_repeat_a_pronunciation():
    added = made(WantedWord("us", ("AH", "S")))
    assert added.extend(LEXICON) == LEXICON


def test_texts_are_brought_to_the_token():
    added = made(
        WantedWord("IEEE", spoken="i triple e"), WantedWord("US", spoken="u s"), WantedWord("Knight", spoken="night"),
        WantedWord("Abel-19"), WantedWord("USE", spoken="u s e"),
    )  # fmt: skip
    said = "tell us the i triple e at night in the u s met abel nineteen or ieee u s e i triple"
    assert added.apply(said) == "tell us the IEEE at night in the US met abel_nineteen or IEEE USE i triple"
    written = "Tell us: the IEEE (US) met Knight, at night, and Abel-19, USEFUL u s.  I triple e!"
    assert added.read(written) == "tell us the IEEE US met Knight at night and abel_nineteen useful US IEEE"
    assert added.read("The IEEE's board, and Abel-19\u2019s.") == "the IEEE board and abel_nineteen"
    assert added.read("Nothing here, at 5.") == "nothing here at five"


def test_display_forms_with_spaces_or_without_letters_are_found_in_written_text():
    added = made(WantedWord("New York", spoken="new york"), WantedWord("++", spoken="o o"))
    assert added.read("In New\n York, 5 ++ o!") == "in New_York five ++ o"
    assert added.read("++") == "++"


def test_a_word_of_both_lists_is_one_word():
    (word,) = made(WantedWord("IEEE", spoken="i triple e"), WantedWord("IEEE", ("AY", "IY"))).words
    assert ways(word) == {"AY T R IH P AH L IY": 1.0, "AY IY": 1.0}
    assert word.word == "IEEE"


@pytest.mark.parametrize(
    ("word", "says"),
    [
        (WantedWord("北京", source="w, line 7"), "w, line 7: '北京' holds nothing that can be read"),
        (WantedWord("X", ("QQ", "A")), "'X' is said with 'QQ', which the model has no sound for"),
        (WantedWord("...", spoken="..."), "holds no words"),
        (WantedWord("<unk>", spoken="i"), "a meaning of its own"),
        (WantedWord("#1", spoken="i"), "a meaning of its own"),
        (WantedWord("</s>", spoken="e"), "choose another"),
    ],
)
def test_refuses_what_it_cannot_say(word, says):
    with pytest.raises(OptionsError, match=says):
        made(WantedWord("fine"), word)


def test_names_the_first_problems_and_counts_the_rest():
    with pytest.raises(OptionsError, match=r"(?s)'字1'.*'字5'.*\.\.\. and 2 more") as caught:
        made(*(WantedWord(f"字{number}", ("Q",)) for number in range(1, 8)))
    assert "字6" not in str(caught.value)


def test_without_a_model_only_listed_words_can_be_said():
    added = pronounce_words([WantedWord("UK", spoken="u k")], LEXICON, None)
    assert ways(added.words[0]) == {"Y UW K EY": 1.0}
    with pytest.raises(OptionsError, match="no model to guess with"):
        pronounce_words([WantedWord("Abel")], LEXICON, None)


def test_refuses_options_that_make_no_sense():
    for options in ({"most": 0}, {"share": 0.0}, {"share": 2.0}, {"spelled_share": float("nan")}):
        with pytest.raises(OptionsError, match="GuessOptions"):
            GuessOptions(**options)


LINES = st.lists(st.text(st.sampled_from("aB'-.5$ \t\r\u00a0é字<>#"), max_size=10), max_size=5).map("\n".join)


@settings(deadline=None)
@given(LINES, LINES)
def test_any_lists_are_words_or_refused(tmp_path_factory, words, forms):
    folder = tmp_path_factory.mktemp("lists")
    (folder / "words").write_text(words, newline="")
    (folder / "forms").write_text(forms, newline="")
    try:
        added = made(*read_words(folder / "words"), *read_display_forms(folder / "forms"))
    except (FormatError, OptionsError) as problem:
        assert str(folder) in str(problem)
        return
    longer = added.extend(LEXICON)
    for word in added.words:
        assert word.word == "".join(word.word.split())
        assert word.pronunciations[0].probability == 1.0
        assert word.word in longer
    for text in (words, forms):
        assert set(added.read(text).split()) <= {word.word for word in added.words} | set(normalize(text).split())
