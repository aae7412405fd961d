import gzip
import math
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from harken.errors import FormatError
from harken.lm.estimation.estimate import PruneOptions, estimate, prune
from harken.lm.estimation.text_pieces import Sentences, text_files
from harken.lm.ngram.arpa_writer import write_arpa
from harken.lm.ngram.kenlm_model import KenlmModel
from harken.lm.ngram.ngram import Ngram
from harken.lm.ngram.perplexity import perplexity, perplexity_of, score_words, text_perplexity
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_backoff import of_tables, random_model
from .shared_data import shared

WORDS = ("a", "b", "c", "d")
texts = st.lists(st.lists(st.sampled_from([*WORDS, "x"]), max_size=6).map(" ".join), min_size=1, max_size=6)


class Slow:
    """A scorer that is no Ngram, by the definition of a back-off model."""

    def __init__(self, model):
        self.model = model

    def word_scores(self, words):
        history, scores = ["<s>"], []
        known = [word in self.model.words for word in words]
        for word in [*(w if k else "<unk>" for w, k in zip(words, known, strict=True)), "</s>"]:
            scores.append(math.log10(self.model.p(tuple(history[1 - self.model.order :]), word)))
            history.append(word)
        return np.array(scores), np.array([*known, True])

    def lengths(self, words):
        history, found = ["<s>"], []
        for word in [*(w if w in self.model.words else "<unk>" for w in words), "</s>"]:
            gram = (*history, word)[-self.model.order :]
            while gram not in self.model.prob:
                gram = gram[1:]
            found.append(len(gram))
            history.append(word)
        return found


@given(seed=st.integers(0, 10**6), order=st.integers(2, 4), text=texts)
@settings(deadline=None, max_examples=30)
def test_the_fast_way_gives_what_the_definition_says(seed, order, text):
    tables = random_model(np.random.default_rng(seed), WORDS, order, 20).tables()
    ngram, slow = Ngram.from_arpa(tables.to_arpa()), Slow(of_tables(tables))
    if not any(text):
        with pytest.raises(FormatError, match="no sentences with words"):
            perplexity(ngram, text)
        return
    found, wanted = perplexity(ngram, text), perplexity(slow, text)
    for name in ("sentences", "words", "unknown_words", "tokens"):
        assert getattr(found, name) == getattr(wanted, name)
    assert found.log10_prob == pytest.approx(wanted.log10_prob, rel=1e-5)
    assert found.known_log10_prob == pytest.approx(wanted.known_log10_prob, rel=1e-5, abs=1e-5)
    assert found.perplexity == pytest.approx(10 ** (-wanted.log10_prob / wanted.tokens), rel=1e-4)
    by_word = list(score_words(ngram, [Sentences(text)]))
    assert perplexity_of(by_word).log10_prob == pytest.approx(wanted.log10_prob, rel=1e-5)
    for line, scores in zip(text, by_word, strict=True):
        assert [score.word for score in scores] == [*line.split(), "</s>"]
        assert [score.log10_prob for score in scores] == pytest.approx(slow.word_scores(line.split())[0], rel=1e-4)
        assert [score.known for score in scores] == slow.word_scores(line.split())[1].tolist()
        assert [score.length for score in scores] == slow.lengths(line.split())
    assert all(score.length == 0 for scores in score_words(slow, [Sentences(text)]) for score in scores)


def test_texts_are_read_as_for_estimation(tmp_path):
    model = Ngram.from_arpa(estimate(["a b c", "b a"], 2).to_arpa())
    (tmp_path / "text").write_bytes("\ufeffa\tb\u00a0c\r\n\nb \0 a".encode())
    (tmp_path / "text.gz").write_bytes(gzip.compress((tmp_path / "text").read_bytes()))
    measured = [text_perplexity(model, text_files([tmp_path / name])) for name in ("text", "text.gz")]
    assert measured[0] == measured[1]
    assert (measured[0].sentences, measured[0].words, measured[0].unknown_words) == (3, 4, 1)
    scores = list(score_words(model, text_files([tmp_path / "text"])))
    assert [[score.word for score in sentence] for sentence in scores] == [
        ["a", "b\u00a0c", "</s>"],
        ["</s>"],
        ["b", "a", "</s>"],
    ]
    (tmp_path / "text").write_bytes(b"a b\n\xff a\n")
    for measure in (lambda source: text_perplexity(model, source), lambda source: list(score_words(model, source))):
        with pytest.raises(FormatError, match="line 2, is not UTF-8"):
            measure(text_files([tmp_path / "text"]))


def test_marks_in_the_text_are_refused(tmp_path):
    model = Ngram.from_arpa(estimate(["a b c"], 2).to_arpa())
    for marked in ("a </s> b", "<s> a"):
        (tmp_path / "text").write_text(f"a b\n\n{marked}\n")
        with pytest.raises(FormatError, match="line 3, holds <s> or </s>"):
            text_perplexity(model, text_files([tmp_path / "text"]))
        with pytest.raises(FormatError, match="Sentence 2 holds <s> or </s>"):
            perplexity(model, ["a", marked])


def test_lists_of_words_are_sentences_too():
    model = Ngram.from_arpa(estimate(["a b c", "b a"], 2).to_arpa())
    assert perplexity(model, [["a", "x"], ("b",), []]) == perplexity(model, ["a x", "b", ""])


def test_a_hopeless_model_has_an_infinite_perplexity():
    class Hopeless:
        def word_scores(self, words):
            return np.full(len(words) + 1, -1e4), np.ones(len(words) + 1, bool)

    measured = perplexity(Hopeless(), ["a"])
    assert measured.perplexity_without_unknown == math.inf
    assert measured.as_dict()["perplexity"] == math.inf
    assert measured.as_dict()["tokens"] == 2


@pytest.mark.parity
def test_numbers_are_those_of_kenlms_query(tmp_path):
    folder = os.environ.get("KENLM_BIN")
    query, build = (shutil.which(t) or (folder and shutil.which(t, path=folder)) for t in ("query", "build_binary"))
    if not query or not build:
        pytest.skip("query and build_binary are neither on PATH nor in $KENLM_BIN")
    lines = Path(shared("text/us-presidential-speeches.txt")).read_text("utf8").lower().splitlines()
    whole = estimate(lines[:600], 3)
    model = prune(whole, PruneOptions(total=20_000))
    write_arpa(whole.to_arpa(), tmp_path / "whole")
    write_arpa(model.to_arpa(), tmp_path / "arpa")
    subprocess.run([build, "-q", "8", "trie", tmp_path / "arpa", tmp_path / "trie"], check=True, capture_output=True)
    text = [*lines[600:800], "", "unheard-of xyzzy words", "the"]
    (tmp_path / "text").write_text("\n".join(text) + "\n")
    pruned = Ngram.from_arpa(model.to_arpa())
    for path, scorer in (
        ("whole", Ngram.from_arpa(whole.to_arpa())),
        ("arpa", pruned),
        ("arpa", KenlmModel(tmp_path / "arpa")),
        ("trie", KenlmModel(tmp_path / "trie")),
    ):
        command = [query, "-v", "summary", "-v", "word", tmp_path / path]
        said = subprocess.run(command, input="\n".join(text) + "\n", check=True, capture_output=True, text=True).stdout
        words, summary = said.split("Perplexity including OOVs:\t")  # all words stand on one line with it
        with_oov, without, oovs, tokens = (line.split("\t")[-1] for line in summary.strip().split("\n"))
        measured = text_perplexity(scorer, text_files([tmp_path / "text"]))
        assert measured.perplexity == pytest.approx(float(with_oov), rel=1e-5)
        assert measured.perplexity_without_unknown == pytest.approx(float(without), rel=1e-5)
        assert measured.unknown_words == int(oovs) > 2
        assert measured.tokens == int(tokens)
        wanted = [entry.rsplit(" ", 2) for entry in words.split("\t") if entry]
        found = [score for scores in score_words(scorer, text_files([tmp_path / "text"])) for score in scores]
        assert len(found) == len(wanted)
        for score, (word, length, value) in zip(found, wanted, strict=True):
            assert score.word == word.rsplit("=", 1)[0]
            assert score.known == (not word.endswith("=0"))
            assert score.log10_prob == pytest.approx(float(value), abs=1e-4)
            # KenLM counts the suffixes that pruning took away, and that it puts back into its tables.
            assert score.length <= int(length) if scorer is pruned else score.length == int(length)
