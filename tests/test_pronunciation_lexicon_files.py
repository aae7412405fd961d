import gzip

import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from harken.lm.pronunciation.lexicon_files import FORMS, LexiconForm, read_lexicon, tell_form, write_lexicon
from hypothesis import given
from hypothesis import strategies as st

CMUDICT = ";;; # CMUdict\nREAD  R EH1 D\nREAD(2)  R IY1 D\n'BOUT  B AW1 T # colloquial\nA.  EY1\nA  AH0\nA(2)  EY1\n"
FILES = {
    "harken": "read\t0.25\tR EH D\nread\t1\tR IY D\nit's\tIH T S\n",
    "kaldi": "<eps> SIL\nread R EH D\nread R IY D\nf(2) EH F\n",
    "kaldi-prob": "read 0.25 R EH D\nread\t1.0\tR IY D\nit's 1 IH T S\n",
    "kaldi-silprob": "read 0.25 0.1 1.3 0.9 R EH D\nread 1.0 0.2 1 1 R IY D\n",
    "cmudict": CMUDICT,
}


def ways(lexicon, word):
    return [(" ".join(entry.phones), entry.probability) for entry in lexicon[word]]


@pytest.mark.parametrize("name", FILES)
def test_each_form_is_read_and_told_apart(tmp_path, name):
    path = tmp_path / "lexicon"
    path.write_text(FILES[name])
    assert tell_form(path) == name
    told, named = read_lexicon(path), read_lexicon(path, LexiconForm(name))
    assert told == named
    read = "READ" if name == "cmudict" else "read"
    shares = [0.25, 1.0] if "prob" in name or name == "harken" else [1.0, 1.0]
    stress = "1" if name == "cmudict" else ""
    assert ways(told, read) == [(f"R EH{stress} D", shares[0]), (f"R IY{stress} D", shares[1])]


def test_cmudict_comments_variants_stress_and_case(tmp_path):
    path = tmp_path / "cmudict-0.7b"
    path.write_text(CMUDICT)
    assert read_lexicon(path).words == ("READ", "'BOUT", "A.", "A")
    plain = read_lexicon(path, LexiconForm(stress=False, lower=True))
    assert plain.words == ("read", "'bout", "a.", "a")
    assert ways(plain, "'bout") == [("B AW T", 1.0)]
    path.write_text("may M EY1\nmay(2) M EY1 # as CMUdict has some\n")
    assert ways(read_lexicon(path), "may") == [("M EY1", 1.0)]
    path.write_text("x T1 AH0B 2\nx(2) 0T\n")
    assert ways(read_lexicon(path, LexiconForm("cmudict", stress=False)), "x") == [("T AH0B 2", 1.0), ("0T", 1.0)]
    path.write_text("present P R EH1 Z AH0 N T\npresent(2) P R EH0 Z AH0 N T\n")
    assert ways(read_lexicon(path, LexiconForm(stress=False)), "present") == [("P R EH Z AH N T", 1.0)]
    assert len(read_lexicon(path)) == 2


def test_pocketsphinx_dictionaries_are_cmudicts(tmp_path):
    path = tmp_path / "en.dict"
    path.write_text("## made by hand\nhello HH AH L OW\nhello(2) HH EH L OW\nhello(3) HH EH L OW W\n")
    assert tell_form(path) == "cmudict"
    assert len(read_lexicon(path)["hello"]) == 3


def test_phones_that_are_numbers_are_read_where_the_form_is_named(tmp_path):
    path = tmp_path / "lexicon.txt"
    path.write_text("ma 1 2\nka 1 3\n")
    assert tell_form(path) == "kaldi-prob"
    assert ways(read_lexicon(path, LexiconForm("kaldi")), "ma") == [("1 2", 1.0)]


def test_gzip_is_read(tmp_path):
    path = tmp_path / "lexicon.gz"
    path.write_bytes(gzip.compress(FILES["kaldi"].encode()))
    assert len(read_lexicon(path)) == 4
    path.write_bytes(gzip.compress(FILES["kaldi"].encode())[:-9])
    with pytest.raises(FormatError, match="cannot be read"):
        read_lexicon(path)
    path.write_text("no gzip")
    with pytest.raises(FormatError, match="cannot be read"):
        read_lexicon(path)


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        ("kaldi", "a AH\nb\n", "line 2: has 1 fields, too few"),
        ("kaldi", "a AH\nb B\na AH\n", "line 3: repeats the pronunciation of line 1"),
        ("kaldi-prob", "a 0.5 AH\nb B B\n", "line 2: 'B' is no probability"),
        ("kaldi-prob", "a 1.5 AH\n", r"line 1: '1.5' is no probability in \(0, 1\]"),
        ("kaldi-prob", "a nan AH\n", "'nan' is no probability"),
        ("kaldi-prob", "a 0.5\n", "line 1: has 2 fields"),
        ("kaldi-silprob", "a 0.5 1 AH\n", "line 1: has 4 fields"),
        ("cmudict", ";;; c\nA(2)\n", "line 2: has 1 fields"),
        ("harken", "a AH\n", "line 1: has 1 tab"),
    ],
)
def test_refuses_malformed_lines(tmp_path, form, content, says):
    path = tmp_path / "lexicon"
    path.write_text(content)
    with pytest.raises(FormatError, match=says) as caught:
        read_lexicon(path, LexiconForm(form))
    assert str(path) in str(caught.value)


def test_refuses_unknown_forms_and_missing_files(tmp_path):
    with pytest.raises(OptionsError, match="no lexicon form 'htk'; choose among harken, kaldi"):
        LexiconForm("htk")
    with pytest.raises(OptionsError, match="no lexicon form"):
        write_lexicon(Lexicon(()), tmp_path / "x", "htk")
    with pytest.raises(OptionsError, match="silence"):
        write_lexicon(Lexicon(()), tmp_path / "x", "kaldi-silprob")
    with pytest.raises(FormatError, match="cannot be read"):
        read_lexicon(tmp_path / "absent")
    assert not list(tmp_path.iterdir())


WORDS = st.text("abé'-", min_size=1, max_size=3)
PHONES = st.lists(st.sampled_from(["AA", "B1", "ZH"]), min_size=1, max_size=4).map(tuple)
SHARES = st.floats(0.0, 1.0, exclude_min=True)
ENTRIES = st.lists(
    st.builds(Pronunciation, WORDS, PHONES, SHARES), min_size=1, unique_by=lambda entry: (entry.word, entry.phones)
)


@given(ENTRIES, st.sampled_from(["harken", "kaldi", "kaldi-prob", "cmudict"]))
def test_comes_back_from_every_form_that_is_written(tmp_path_factory, entries, form):
    path = tmp_path_factory.mktemp("lexicon") / "lexicon.txt"
    write_lexicon(Lexicon(tuple(entries)), path, form)
    shares = form in ("harken", "kaldi-prob")
    wanted = [Pronunciation(entry.word, entry.phones, entry.probability if shares else 1.0) for entry in entries]
    assert list(read_lexicon(path, LexiconForm(form))) == wanted
    if form != "cmudict":  # told by further ways, which there may be none of
        assert list(read_lexicon(path)) == wanted


LINES = st.lists(st.text(st.sampled_from("aB(2).01;#\t  \r\u00a0é"), max_size=12), max_size=6).map("\n".join)


@given(LINES, st.sampled_from([None, *FORMS]), st.booleans(), st.booleans())
def test_any_text_is_a_lexicon_or_refused_in_one_sentence(tmp_path_factory, text, form, stress, lower):
    path = tmp_path_factory.mktemp("lexicon") / "lexicon.txt"
    path.write_text(text, newline="")
    try:
        lexicon = read_lexicon(path, LexiconForm(form, stress, lower))
    except FormatError as problem:
        assert str(path) in str(problem)
    else:
        assert all(entry.word and entry.phones for entry in lexicon)


@given(ENTRIES, st.sampled_from(["max", "sum"]))
def test_normalised_probabilities_have_that_maximum_or_sum(entries, how):
    lexicon = Lexicon(tuple(entries)).normalized(how)
    assert [(entry.word, entry.phones) for entry in lexicon] == [(entry.word, entry.phones) for entry in entries]
    for word in lexicon.words:
        shares = [entry.probability for entry in lexicon[word]]
        assert (max(shares) if how == "max" else sum(shares)) == pytest.approx(1.0)


def test_merging_says_who_wins():
    one = Lexicon((Pronunciation("a", ("AH",), 0.5), Pronunciation("b", ("B",))))
    other = Lexicon((Pronunciation("c", ("S",)), Pronunciation("a", ("EY",), 0.25), Pronunciation("a", ("AH",), 0.75)))
    assert ways(one.merged(other), "a") == [("AH", 0.75), ("EY", 0.25)]
    assert ways(one.merged(other, "first"), "a") == [("AH", 0.5)]
    assert ways(one.merged(other, "last"), "a") == [("EY", 0.25), ("AH", 0.75)]
    for keep in ("both", "first", "last"):
        assert set(one.merged(other, keep).words) == {"a", "b", "c"}
    with pytest.raises(OptionsError, match="Merging keeps"):
        one.merged(other, "none")
    with pytest.raises(OptionsError, match="max or by sum"):
        one.normalized("mean")
