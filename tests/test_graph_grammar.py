"""G from ARPA models: every sentence at the model's cost, with and without a part of the vocabulary."""

import itertools
import math

import numpy as np
import pytest
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.graph.grammar_fst import compile_ngrams
from harken.errors import FormatError
from harken.lm.ngram.arpa import Arpa
from harken.lm.ngram.arpa_writer import write_arpa
from hypothesis import given, settings

from .naive_fst import arcs_of
from .naive_graph import ngram_table, sentence_cost
from .naive_graph_building import explicit_cost
from .test_decoder_graph import BIGRAMS, TRIGRAMS, UNIGRAMS, WORDS, arpa_of, models


def words_of(arpa, left_out=()):
    return SymbolTable.of_words(["<eps>", *(word for word in arpa.words[3:] if word not in left_out), "#0"])


def costs_of(fst, words):
    """Return the costs of the sentence ``words`` (labels) over all paths, and where explicit arcs are preferred."""
    backoff = len(fst.isymbols) - 1

    def follow(state, rest, explicit):
        options = []
        if rest:
            arcs = [arc for arc in arcs_of(fst, state) if arc[0] == rest[0]]
            options += [arc[2] + cost for arc in arcs for cost in follow(arc[3], rest[1:], explicit)]
        elif math.isfinite(fst.final_weights[state]):
            options.append(float(fst.final_weights[state]))
            arcs = [None]
        else:
            arcs = []
        if not arcs or not explicit:
            down = [arc for arc in arcs_of(fst, state) if arc[0] == backoff]
            assert all(arc[1] == 0 for arc in down)
            options += [arc[2] + cost for arc in down for cost in follow(arc[3], rest, explicit)]
        return options

    return follow(fst.start, words, False), follow(fst.start, words, True)


@settings(max_examples=30, deadline=None)
@given(models())
def test_every_sentence_costs_what_the_model_says(model):
    _, arpa = model
    fst = compile_ngrams(arpa, words_of(arpa))
    vocabulary = range(1, len(arpa.words) - 2)
    for words in itertools.chain.from_iterable(itertools.product(vocabulary, repeat=count) for count in range(3)):
        every, explicit = costs_of(fst, words)
        ids = [label + 2 for label in words]
        assert min(every) == pytest.approx(sentence_cost(arpa, ids), abs=1e-4)
        assert len(explicit) == 1
        assert explicit[0] == pytest.approx(explicit_cost(ngram_table(arpa), arpa.order, ids), abs=1e-4)


def test_a_part_of_the_vocabulary():
    """What n-grams are left cost as before, and a context with a word that is left out is none."""
    arpa = arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS)
    whole, part = (compile_ngrams(arpa, words_of(arpa, left_out)) for left_out in ((), ("reed",)))
    names = [name for _, name in part.isymbols]
    assert "reed" not in names
    assert part.arcs < whole.arcs
    kept = [word for word in WORDS[3:] if word != "reed"]
    for said in itertools.chain.from_iterable(itertools.product(kept, repeat=count) for count in range(3)):
        costs = [costs_of(fst, [fst.isymbols.label(word) for word in said]) for fst in (whole, part)]
        assert min(costs[0][0]) == pytest.approx(min(costs[1][0]), abs=1e-5)


def test_shape():
    """One state a history that something follows; #0 is read alone and leads to fewer words."""
    arpa = arpa_of(WORDS, UNIGRAMS, BIGRAMS)
    fst = compile_ngrams(arpa, words_of(arpa))
    assert fst.states == 5  # none, <s>, a, reed, reeds; nothing is listed after read
    assert fst.arcs == 4 + 3 + 4  # unigrams, bigrams, back-off
    backing = fst.ilabels == fst.isymbols.label("#0")
    assert backing.sum() == 4
    assert not fst.olabels[backing].any()
    assert np.array_equal(fst.olabels[~backing], fst.ilabels[~backing])


def test_words_of_probability_zero_are_left_out():
    arpa = arpa_of(WORDS, UNIGRAMS | {"a": (-99.0, 0.0)})
    fst = compile_ngrams(arpa, words_of(arpa))
    assert fst.isymbols.label("a") not in fst.ilabels
    assert fst.arcs == 3 + 1


def test_word_penalty():
    arpa = arpa_of(WORDS, UNIGRAMS, BIGRAMS)
    plain, dearer = (compile_ngrams(arpa, words_of(arpa), penalty) for penalty in (0.0, 1.5))
    words = plain.olabels > 0
    assert np.allclose(dearer.weights - plain.weights, np.where(words, 1.5, 0.0), atol=1e-6)


def test_models_that_say_nothing_are_refused():
    with pytest.raises(FormatError, match="none of its words"):
        compile_ngrams(arpa_of(WORDS, UNIGRAMS), SymbolTable.of_words(["<eps>", "other", "#0"]))
    with pytest.raises(FormatError, match="#0"):
        compile_ngrams(arpa_of(WORDS, UNIGRAMS), SymbolTable.of_words(["<eps>", "a"]))
    with pytest.raises(FormatError, match="</s> has no probability"):
        compile_ngrams(arpa_of(WORDS, UNIGRAMS | {"</s>": (-99.0, 0.0)}), words_of(Arpa(WORDS, ())))
    with pytest.raises(FormatError, match="<s> is missing"):
        compile_ngrams(Arpa(("<unk>", "</s>", "a"), ()), words_of(Arpa(WORDS, ())))


@pytest.mark.parity
def test_explicit_paths_cost_what_kenlm_says(tmp_path):
    kenlm = pytest.importorskip("kenlm")
    arpa = arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS)
    write_arpa(arpa, tmp_path / "model.arpa")
    model = kenlm.Model(str(tmp_path / "model.arpa"))
    fst = compile_ngrams(arpa, words_of(arpa))
    for said in itertools.chain.from_iterable(itertools.product(WORDS[3:], repeat=count) for count in range(4)):
        _, explicit = costs_of(fst, [fst.isymbols.label(word) for word in said])
        assert explicit[0] == pytest.approx(-model.score(" ".join(said)) * math.log(10), abs=1e-4)
