import errno
import gzip
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.estimation.counting import CountingOptions, count_ngrams, encode
from harken.lm.estimation.discounts import count_of_counts, discounts
from harken.lm.estimation.estimate import (
    PruneOptions,
    SmoothingOptions,
    commonest_words,
    estimate,
    estimate_files,
    prune,
)
from harken.lm.estimation.kneser_ney import smooth
from harken.lm.ngram.arpa_writer import write_arpa
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lm import backoff_score, count, counts_of_counts, kneser_ney, probability

WORDS = ("a", "b", "c", "d")
FALLBACK = (0.5, 1.0, 1.5)
texts = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join), min_size=1, max_size=8)


def as_dictionary(model):
    prob, backoff = {}, {}
    for n, table in enumerate(model.tables, 1):
        for row, ids in enumerate(model.ids(n)):
            gram = tuple(model.words[word] for word in ids)
            prob[gram] = float(table.prob[row])
            backoff[gram] = float(table.backoff[row])
    return prob, backoff


def totals(model):
    """The sum of p(w|h) over all words, for every history that is listed."""
    prob, backoff = as_dictionary(model)
    following = [word for word in model.words if word != "<s>"]
    histories = [gram for gram in prob if gram[-1] != "</s>" and len(gram) < len(model.tables)]
    return [sum(probability(prob, backoff, history, word) for word in following) for history in [(), *histories]]


CUTS = [(0,), (0, 1), (0, 0, 1), (1,), (0, 1, 2), (2, 2)]


@given(
    sentences=texts,
    order=st.integers(1, 5),
    cut=st.sampled_from(CUTS),
    kn=st.booleans(),
    limit=st.none() | st.sets(st.sampled_from(WORDS)),
)
@settings(deadline=None, max_examples=80)
def test_smoothing_equals_the_naive_twin(sentences, order, cut, kn, limit):
    options = SmoothingOptions(cutoffs=cut, discount_fallback=FALLBACK, continuation_counts=kn)
    model = smooth(count_ngrams(*encode(sentences, WORDS), order), options, limit)
    prob, backoff = as_dictionary(model)
    wanted, weights = kneser_ney(sentences, order, WORDS, cut, FALLBACK, kn, limit)
    assert prob.keys() == wanted.keys()
    for gram, value in wanted.items():
        assert prob[gram] == pytest.approx(value, rel=1e-5)
        assert backoff[gram] == pytest.approx(weights.get(gram, 1.0), rel=1e-5)
    assert totals(model) == pytest.approx([1.0] * len(totals(model)), abs=1e-5)
    seen = Counter(word for sentence in sentences for word in sentence.split())
    kept = [word for word in WORDS if (limit is None or word in limit) and (not cut[0] or seen[word] > cut[0])]
    assert model.words == ("<unk>", "<s>", "</s>", *kept)


@given(sentences=texts, order=st.integers(1, 5), cut=st.sampled_from([(0,), (0, 1)]))
@settings(deadline=None, max_examples=20)
def test_rows_point_at_contexts_and_suffixes(sentences, order, cut):
    tokens, words = encode(sentences, WORDS)
    counts = count_ngrams(tokens, words, order)
    for made in (counts, estimate(sentences, order, WORDS, SmoothingOptions(cutoffs=cut))):
        for n in range(1, order + 1):
            ids = made.ids(n)
            assert ids.dtype == np.int32
            assert ids.shape == (made.counts[n - 1], n)
            grams = ids.tolist()
            assert grams == sorted(grams)
            assert made.find(n, list(ids.T)).tolist() == list(range(len(ids)))
            if n > 1:
                below = made.ids(n - 1)
                np.testing.assert_array_equal(below[made.tables[n - 1].context], ids[:, :-1])
                np.testing.assert_array_equal(below[made.tables[n - 1].suffix], ids[:, 1:])


@given(sentences=texts, order=st.integers(1, 4), grams=st.data())
@settings(deadline=None, max_examples=20)
def test_ngrams_are_found_or_missing(sentences, order, grams):
    model = estimate(sentences, order, WORDS)
    wanted = grams.draw(st.lists(st.tuples(*[st.integers(0, 9)] * order), min_size=1, max_size=20))
    listed = [tuple(ids) for ids in model.ids(order).tolist()]
    columns = list(np.array(wanted, np.int32).T)
    expected = [listed.index(gram) if gram in listed else -1 for gram in wanted]
    assert model.find(order, columns).tolist() == expected


def test_files_give_the_model_of_their_sentences(tmp_path, monkeypatch):
    sentences = [["the cat sat", "", "the dog sat"], ["a dog saw the cat", "no cat saw a cat"]]
    with gzip.open(tmp_path / "one.gz", "wt") as file:
        file.write("\n".join(sentences[0]) + "\n")
    (tmp_path / "other").write_text("\n".join(sentences[1]) + "\n")
    paths = [tmp_path / "one.gz", tmp_path / "other"]
    wanted = estimate(sentences[0] + sentences[1], 3)
    heard = []
    for spilled in (False, True):
        if spilled:
            monkeypatch.setattr(CountingOptions, "block_tokens", lambda *_: 8)
        made = estimate_files(
            paths, 3, memory=1 << 20, temporary=tmp_path, progress=lambda *state: heard.append(state)
        )  # fmt: skip
        assert made.words == wanted.words
        for one, other in zip(made.tables, wanted.tables, strict=True):
            assert isinstance(one.prob.base, np.memmap) == (spilled and one is not made.tables[0])
            for column in ("word", "context", "suffix", "prob", "backoff", "frequency"):
                np.testing.assert_array_equal(getattr(one, column), getattr(other, column))
        write_arpa(made, tmp_path / "made.arpa")
        write_arpa(wanted.to_arpa(), tmp_path / "wanted.arpa")
        assert (tmp_path / "made.arpa").read_bytes() == (tmp_path / "wanted.arpa").read_bytes()
    assert heard[-1] == (sum(path.stat().st_size for path in paths),) * 2
    few = estimate_files(paths, 2, ["the", "cat"], SmoothingOptions(cutoffs=(0, 1)), limit=["the"])
    assert few.words == ("<unk>", "<s>", "</s>", "the")
    assert few.ids(2).tolist() == [[0, 0], [0, 2], [1, 0], [1, 3]]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system cannot reserve room in files")
def test_a_full_disk_is_told_before_anything_is_mapped(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "text").write_text("the cat sat\nthe dog sat\n" * 20)
    monkeypatch.setattr(CountingOptions, "block_tokens", lambda *_: 8)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OptionsError, match=r"cannot be written here \(No space left on device"):
        estimate_files([tmp_path / "text"], 3, temporary=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["text"]


def test_every_word_is_kept_without_a_vocabulary():
    model = estimate(["the cat sat", "", "  ", "the dog sat"], 2)
    assert model.words == ("<unk>", "<s>", "</s>", "the", "cat", "sat", "dog")
    assert model.counts == (7, 7)
    assert model.to_arpa().counts == model.counts


def test_discounts_follow_the_closed_form_and_fall_back():
    having = np.array([0, 40, 20, 10, 8])
    y = 40 / 80
    assert discounts(having, 2, None).tolist() == pytest.approx(
        [0, 1 - 2 * y * 20 / 40, 2 - 3 * y * 10 / 20, 3 - 4 * y * 8 / 10]
    )
    assert discounts(having * [1, 1, 1, 0, 1], 2, FALLBACK).tolist() == [0, *FALLBACK]
    with pytest.raises(OptionsError, match="too few 2-grams"):
        discounts(having * [1, 1, 1, 0, 1], 2, None)


@given(sentences=texts, order=st.integers(1, 5), kn=st.booleans())
@settings(deadline=None, max_examples=40)
def test_counts_of_counts_equal_the_naive_twin(sentences, order, kn):
    made = count_of_counts(count_ngrams(*encode(sentences, WORDS), order), kn)
    occurrences, adjusted = count(sentences, order)
    wanted = counts_of_counts(occurrences, adjusted if kn else occurrences, WORDS)
    assert [having[1:].tolist() for having in made] == [[numbers[c] for c in (1, 2, 3, 4)] for numbers in wanted]


def test_bad_input_is_refused():
    with pytest.raises(FormatError, match="no words"):
        estimate(["", " "], 3)
    with pytest.raises(FormatError, match="holds <s> or </s>"):
        estimate(["a b", "a </s> b"], 3)
    with pytest.raises(OptionsError, match="1 to 6"):
        estimate(["a b"], 7)
    with pytest.raises(OptionsError, match="twice"):
        estimate(["a b"], 2, ["a", "a"])
    for bad in ((-1,), (0, 2, 1), ()):
        with pytest.raises(OptionsError, match="cutoffs"):
            SmoothingOptions(cutoffs=bad)
    with pytest.raises(OptionsError, match="discount_fallback"):
        SmoothingOptions(discount_fallback=(2.0, 1.0, 1.0))


def test_counts_of_a_text_with_unknown_words():
    tokens, words = encode(["a x b", "a"], WORDS)
    assert tokens.tolist() == [1, 3, 0, 4, 2, 1, 3, 2]
    counts = count_ngrams(tokens, words, 2)
    assert counts.tables[0].occurrences.tolist() == [1, 0, 2, 2, 1, 0, 0]
    assert counts.tables[0].continuations.tolist() == [1, 0, 2, 1, 1, 0, 0]


def test_commonest_words():
    assert commonest_words(Counter("aabbcd"), 3, ["z"]) == ("a", "b", "c", "z")


@given(sentences=texts, order=st.integers(2, 3), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_word_probabilities_equal_the_naive_score(sentences, order, seed):
    model = estimate(sentences, order, WORDS)
    if seed % 2:
        model = prune(model, PruneOptions(total=seed % 7))
    prob, backoff = as_dictionary(model)
    tokens, _ = encode(["a b x", "d", *sentences[:2]], WORDS)
    wanted = []
    for at, word in enumerate(tokens):
        if word != 1:
            start = max(place for place in range(at) if tokens[place] == 1)
            history = tuple(model.words[token] for token in tokens[max(start, at - order + 1) : at])
            wanted.append(probability(prob, backoff, history, model.words[word]))
    assert model.word_probabilities(tokens) == pytest.approx(wanted, rel=1e-5)
    arpa = model.to_arpa()
    assert np.log10(wanted[0]) == pytest.approx(backoff_score(arpa, (1,), 3), abs=1e-5)


def test_importing_it_compiles_nothing():
    code = "import sys, harken.lm.estimation.estimate as it; print(it.mix.__name__, 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/", check=True)
    assert done.stdout.split() == ["mix", "False"]
