"""L: what it says and writes, against all sequences of pronunciations, and Kaldi's scripts' facts."""

import math

import numpy as np
import pytest
from harken.decoder.graph.disambiguation import disambiguate
from harken.decoder.graph.lexicon_fst import Filler, LexiconOptions, compile_lexicon
from harken.decoder.graph.phone_labels import PhoneLabels
from harken.errors import FormatError, OptionsError
from harken.lm.pronunciation.lexicon import Pronunciation
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import every_path
from .naive_graph_building import disambiguation, spoken

PHONES = ("SIL", "A", "B")
sounds = st.lists(st.sampled_from(["A", "B"]), min_size=1, max_size=3).map(tuple)


@st.composite
def lexicons(draw):
    rows = draw(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), sounds), min_size=1, max_size=5, unique=True))
    return [Pronunciation(word, phones, draw(st.sampled_from([1.0, 0.5, 0.125]))) for word, phones in rows]


@given(st.lists(sounds, max_size=7))
def test_disambiguation_is_needed_where_a_pronunciation_is_shared_or_begins_another(pronunciations):
    assert disambiguate(pronunciations) == disambiguation(pronunciations)


def test_disambiguation_of_a_known_lexicon():
    """Kaldi's add_lex_disambig.pl gives these: read, reed and red share phones, re begins them, reeds stands alone."""
    entries = [
        ("R", "IY"),
        ("R", "IY", "D"),
        ("R", "IY", "D"),
        ("R", "EH", "D"),
        ("R", "IY", "D", "Z"),
        ("R", "EH", "D"),
    ]
    assert disambiguate(entries) == [1, 1, 2, 1, 0, 2]


def said(fst, max_arcs):
    """Return {(phone names, words): least cost} over all paths, and the number of initial phones of each."""
    found = {}
    for path, cost in every_path(fst, max_arcs):
        phones = tuple(fst.isymbols.name(arc[0]) for arc in path if arc[0])
        words = tuple(fst.osymbols.name(arc[1]) for arc in path if arc[1])
        found[phones, words] = min(cost, found.get((phones, words), math.inf))
    return found


@settings(max_examples=12, deadline=None)
@given(lexicons(), st.booleans(), st.booleans())
def test_every_sequence_of_pronunciations(entries, silence, marks):
    """Each path of L is a sequence of entries at its cost; the marks stand where words begin."""
    options = LexiconOptions("SIL" if silence else None, 0.25, mark_starts=marks)
    compiled = compile_lexicon(entries, PHONES, options=options)
    expected = spoken(entries, 2, options.silence, 0.25, symbols=True)
    longest = max(len(phones) for phones, _ in expected)
    found = {}
    for (phones, words), cost in said(compiled.fst, longest + 1).items():
        if len(words) > 2 or "#0" in phones:
            continue
        assert sum(name.startswith("^") for name in phones) == (len(words) if marks else 0)
        found[tuple(name.removeprefix("^") for name in phones), words] = cost
    assert found.keys() == expected.keys()
    assert all(found[key] == pytest.approx(cost, abs=1e-5) for key, cost in expected.items())


def test_backoff_symbol_passes_through_the_loop_state():
    compiled = compile_lexicon([Pronunciation("a", ("A",))], PHONES, options=LexiconOptions("SIL"))
    fst = compiled.fst
    through = np.flatnonzero(fst.olabels == compiled.backoff_label)
    assert through.tolist() == np.flatnonzero(fst.ilabels == compiled.phones.first_disambiguation).tolist()
    source = fst.sources()[through]
    assert len(through) == 1
    assert source[0] == fst.nextstates[through[0]]
    assert fst.final_weights[source[0]] == 0
    assert compiled.words.name(compiled.backoff_label) == "#0"
    assert compiled.silence == 1


def test_pronunciation_costs_can_be_left_out():
    entries = [Pronunciation("a", ("A",), 0.5), Pronunciation("a", ("B",), 0.5)]
    fst = compile_lexicon(entries, PHONES, options=LexiconOptions(pronunciation_costs=False)).fst
    assert not fst.weights.any()


def test_filler_says_one_phone_or_more():
    filler = Filler(cost=2.0, phone_cost=0.5)
    compiled = compile_lexicon([Pronunciation("a", ("A",))], PHONES, options=LexiconOptions("SIL", filler=filler))
    half = -math.log(0.5)
    found = said(compiled.fst, 6)
    assert found[("^A", "B", "B", "#3"), ("[unk]",)] == pytest.approx(2.0 + 3 * 0.5 + 2 * half, abs=1e-5)
    assert found[("^A", "#1"), ("a",)] == pytest.approx(2 * half, abs=1e-5)  # it can begin what the filler says
    assert not any("^SIL" in phones for phones, _ in found)
    assert compiled.words.label("[unk]") == 2


def test_phone_labels():
    labels = PhoneLabels.of_phones(("A", "B"), 2)
    assert [name for _, name in labels.symbols] == ["<eps>", "A", "B", "^A", "^B", "#0", "#1"]
    assert labels.phone.tolist() == [0, 1, 2, 1, 2, 0, 0]
    assert labels.starts_word.tolist() == [False] * 3 + [True] * 2 + [False] * 2
    assert labels.is_disambiguation.tolist() == [False] * 5 + [True] * 2
    assert labels.first_disambiguation == 5
    assert labels.initial(np.array([1, 2], np.int32)).tolist() == [3, 4]
    assert not PhoneLabels.of_phones(("A",), marks_starts=False).starts_word.any()


@pytest.mark.parametrize("phones", [("A", "A"), ("A", "^A"), ("#0",), ("A B",), ("",), ("<eps>",)])
def test_phones_that_cannot_be_told_apart_are_refused(phones):
    with pytest.raises(OptionsError, match="rename it"):
        PhoneLabels.of_phones(phones)


def test_what_does_not_fit_is_refused():
    entries = [Pronunciation("a", ("A",))]
    with pytest.raises(FormatError, match="unknown phone"):
        compile_lexicon(entries, ("B",))
    with pytest.raises(FormatError, match="unknown phone XX"):
        compile_lexicon(entries, PHONES, options=LexiconOptions("XX"))
    with pytest.raises(OptionsError, match="pronunciation"):
        compile_lexicon(entries, PHONES, words=["b"])
    with pytest.raises(OptionsError, match="twice"):
        compile_lexicon(entries, PHONES, words=["a", "a"])
    with pytest.raises(OptionsError, match="#0"):
        compile_lexicon(entries, PHONES, words=["a", "#0"])
    with pytest.raises(OptionsError, match="filler"):
        compile_lexicon(entries, PHONES, options=LexiconOptions(filler=Filler("a")))
    with pytest.raises(OptionsError, match="none of the words"):
        compile_lexicon(entries, PHONES, words=["a"], options=LexiconOptions(filler=Filler()))
    with pytest.raises(OptionsError, match="silence_probability"):
        LexiconOptions("SIL", 1.0)
    with pytest.raises(OptionsError, match="phone_cost"):
        Filler(phone_cost=math.nan)
