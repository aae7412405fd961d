import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from hypothesis import given
from hypothesis import strategies as st

ENTRIES = (
    Pronunciation("read", ("R", "EH", "D"), 0.25),
    Pronunciation("read", ("R", "IY", "D"), 0.75),
    Pronunciation("it's", ("IH", "T", "S")),
)


def test_looks_words_up_in_file_order():
    lexicon = Lexicon(ENTRIES)
    assert lexicon.words == ("read", "it's")
    assert lexicon["read"] == ENTRIES[:2]
    assert lexicon.get("nothing") == ()
    assert "it's" in lexicon
    assert "nothing" not in lexicon
    assert lexicon.phones == ("D", "EH", "IH", "IY", "R", "S", "T")
    assert len(lexicon) == len(list(lexicon)) == 3
    with pytest.raises(KeyError):
        lexicon["nothing"]


def test_the_file_holds_what_the_contract_says(tmp_path):
    path = tmp_path / "lexicon.txt"
    Lexicon(ENTRIES).write(path)
    assert path.read_text() == "read\t0.25\tR EH D\nread\t0.75\tR IY D\nit's\tIH T S\n"
    assert Lexicon.read(path) == Lexicon(ENTRIES)
    assert list(tmp_path.iterdir()) == [path]


def test_skips_empty_lines_and_takes_windows_line_ends(tmp_path):
    path = tmp_path / "lexicon.txt"
    path.write_bytes(b"a\tAH\r\n\r\na\tEY\r\n\n")
    assert [entry.phones for entry in Lexicon.read(path)] == [("AH",), ("EY",)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a AH\n", "line 1: has 1 tab"),
        ("a\tAH\nb\t\n", "line 2: a pronunciation needs one phone"),
        ("a\tAH  B\n", "none empty"),
        ("\tAH\n", "word is empty"),
        ("a b\tAH\n", "white space"),
        ("a\thalf\tAH\n", "'half' is no number"),
        ("a\t1.5\tAH\n", r"\(0, 1\]"),
        ("a\tnan\tAH\n", r"\(0, 1\]"),
        ("a\tAH\nb\tB\na\t0.5\tAH\n", "line 3: repeats the pronunciation of line 1"),
        ("a\t0.5\tAH\textra\n", "has 4 tab"),
    ],
)
def test_refuses_a_malformed_line_and_names_it(tmp_path, content, says):
    path = tmp_path / "lexicon.txt"
    path.write_text(content)
    with pytest.raises(FormatError, match=says) as caught:
        Lexicon.read(path)
    assert str(path) in str(caught.value)


def test_refuses_a_missing_file_and_one_that_is_no_text(tmp_path):
    with pytest.raises(FormatError, match="cannot be read"):
        Lexicon.read(tmp_path / "absent")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="UTF-8"):
        Lexicon.read(tmp_path / "bytes")


def test_refuses_bad_entries():
    for entry in (Pronunciation("", ("AH",)), Pronunciation("a", ()), Pronunciation("a", ("AH",), 0.0)):
        with pytest.raises(OptionsError, match="Lexicon entry"):
            Lexicon((entry,))
    with pytest.raises(OptionsError, match="listed twice"):
        Lexicon((Pronunciation("a", ("AH",)), Pronunciation("a", ("AH",), 0.5)))


WORDS = st.text("abcdé'", min_size=1, max_size=5)
PHONES = st.lists(st.sampled_from(["AA", "B", "ZH"]), min_size=1, max_size=4).map(tuple)
SHARES = st.floats(0.0, 1.0, exclude_min=True)


@given(st.lists(st.builds(Pronunciation, WORDS, PHONES, SHARES), unique_by=lambda entry: (entry.word, entry.phones)))
def test_comes_back_from_its_file_as_it_was(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("lexicon") / "lexicon.txt"
    Lexicon(tuple(entries)).write(path)
    assert Lexicon.read(path).entries == tuple(entries)
