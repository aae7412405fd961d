import bz2
import os
import shutil
from pathlib import Path

import pytest
from harken.engine.training import kenlm_tools
from harken.engine.training.kenlm_tools import TrieOptions, build_trie, find_build_binary
from harken.engine.training.language_models import (
    LanguageModelOptions,
    LanguageModelSources,
    build_language_models,
    pronounceable,
)
from harken.engine.training.language_text import read_paragraphs, write_sentences
from harken.errors import OptionsError
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.ngram import Ngram
from harken.lm.text.sentences import split_sentences, spoken_sentences


def test_paragraphs_are_cut_into_sentences():
    text = 'He met Mr. Jones at 5.30 p.m. in St. James. "Who?" she said. "Him!" They left... Then J. S. Bach played.'
    assert [sentence.strip() for sentence in split_sentences(text)] == [
        "He met Mr. Jones at 5.30 p.m. in St. James.",
        '"Who?" she said.',
        '"Him!"',
        "They left...",
        "Then J. S. Bach played.",
    ]
    assert "".join(split_sentences(text)) == text


def test_sentences_are_spoken_and_never_endless():
    assert list(spoken_sentences(["Stop! There are 2.", "...", ""])) == ["stop", "there are two"]
    long = list(spoken_sentences(["word " * 250]))
    assert [len(sentence.split()) for sentence in long] == [120, 120, 10]


def test_packed_and_plain_texts_are_alike(tmp_path):
    text = "One day. It rained.\nThe end.\n"
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "b.txt.bz2").write_bytes(bz2.compress(text.encode()))
    assert list(read_paragraphs(tmp_path / "a.txt")) == list(read_paragraphs(tmp_path / "b.txt.bz2"))
    assert write_sentences(tmp_path / "b.txt.bz2", tmp_path / "out.txt") == 6
    assert (tmp_path / "out.txt").read_text() == "one day\nit rained\nthe end\n"


def test_what_looks_like_a_word():
    for word in ("a", "b", "cat", "'tis", "boys'", "o'clock", "rhythm", "committee", "i", "mix"):
        assert pronounceable(word, known={"mix", "i"})
    for word in ("mrs", "xviii", "hmmm", "mix", "'", "naïve", "a''b"):
        assert not pronounceable(word)


def sources(folder, validation=("the cat sat on the mat", "a dog ran")):
    folder.mkdir(exist_ok=True)
    (folder / "books.txt").write_text(
        "The cat sat on the mat. The cat ran to the dog. " * 5 + "\n" + "Mrs Brown left!\n"
    )
    (folder / "talk.txt").write_text("A dog ran. Did a dog run? A dog sat on a cat.\n")
    groups = {"books": [folder / "books.txt"], "talk": [folder / "talk.txt"]}
    return LanguageModelSources(groups, ("the zebra ran", "a dog"), tuple(validation))


OPTIONS = LanguageModelOptions(
    vocabulary_size=9, first_pass_order=2, first_pass_ngrams=10, rescoring_order=3, rescoring_ngrams=30,
    trie=TrieOptions(probability_bits=0, pointer_bits=0),
)  # fmt: skip


@pytest.fixture
def no_kenlm(monkeypatch):
    """Puts a copy in the place of KenLM's tool, so that the rest can be tested without it."""

    def copy(arpa, target, options, tools):
        shutil.copy(arpa, target)

    monkeypatch.setattr("harken.engine.training.language_models.build_trie", copy)


def test_models_are_made_once(tmp_path, no_kenlm):
    pytest.importorskip("kenlm")
    made = build_language_models(sources(tmp_path / "text"), tmp_path / "lm", OPTIONS)
    first, rescoring = read_arpa(made.first_pass), read_arpa(made.rescoring_arpa)
    words = made.vocabulary.read_text().split()
    assert list(first.words[3:]) == list(rescoring.words[3:]) == words
    assert {"zebra", "cat", "dog", "the"} <= set(words)
    assert len(words) <= 9 + 1
    assert first.order == 2
    assert rescoring.order == 3
    assert sum(first.counts[1:]) <= 10
    assert not any((table.ids == 0).any() for table in rescoring.tables[1:])
    report = made.report["rescoring"]
    assert sum(report["weights"].values()) == pytest.approx(1)
    assert report["perplexity quantised"] == pytest.approx(report["perplexity"], rel=1e-3)
    assert report["perplexity"] < 12
    model = Ngram.from_arpa(rescoring)
    assert model.sentence_score(["the", "cat", "sat", "on", "the", "mat"]) > model.sentence_score(
        ["mat", "the", "on", "sat", "the"]
    )
    stamps = [os.stat(path).st_mtime_ns for path in (made.first_pass, made.rescoring)]
    again = build_language_models(sources(tmp_path / "text"), tmp_path / "lm", OPTIONS)
    assert again.report == made.report
    assert stamps == [os.stat(path).st_mtime_ns for path in (again.first_pass, again.rescoring)]
    other = build_language_models(sources(tmp_path / "text", ["a dog ran"]), tmp_path / "lm", OPTIONS)
    assert other.report["made from"] != made.report["made from"]


def test_one_text_needs_no_weights_and_no_validation(tmp_path, no_kenlm):
    pytest.importorskip("kenlm")
    (tmp_path / "a.txt").write_text("The cat sat. The dog sat.\n")
    made = build_language_models(LanguageModelSources({"a": [tmp_path / "a.txt"]}, (), ()), tmp_path / "lm", OPTIONS)
    assert made.report["first pass"]["weights"] == {"a": 1.0}
    assert made.report["first pass"]["perplexity"] is None
    with pytest.raises(OptionsError, match="need text"):
        build_language_models(LanguageModelSources({}, (), ()), tmp_path / "lm", OPTIONS)


def test_where_the_tool_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("KENLM_BIN", str(tmp_path / "bin"))
    monkeypatch.setattr(kenlm_tools, "compile_build_binary", lambda tools: tools / "compiled")
    assert find_build_binary(tmp_path / "tools") == tmp_path / "tools" / "compiled"
    for folder in ("tools", "bin", "path"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "build_binary").write_text("#!/bin/sh\nexit 3\n")
        (tmp_path / folder / "build_binary").chmod(0o755)
        assert find_build_binary(tmp_path / "tools") == tmp_path / folder / "build_binary"
    with pytest.raises(OptionsError, match="ended with status 3"):
        build_trie(tmp_path / "lm.arpa", tmp_path / "lm.bin", TrieOptions(), tmp_path / "tools")
    assert not list(tmp_path.glob(".trie*"))


def test_no_compiler_is_said_clearly(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(OptionsError, match=r"no C\+\+ compiler.*KENLM_BIN"):
        kenlm_tools.compile_build_binary(tmp_path / "tools")


@pytest.mark.parity
def test_a_quantised_trie_scores_nearly_the_same(tmp_path):
    pytest.importorskip("kenlm")
    folder = os.environ.get("KENLM_BIN")
    if not (shutil.which("build_binary") or (folder and shutil.which("build_binary", path=folder))):
        pytest.skip("build_binary is neither on PATH nor in $KENLM_BIN")
    from harken.lm.ngram.kenlm_model import KenlmModel

    made = build_language_models(sources(tmp_path / "text"), tmp_path / "lm", OPTIONS)
    exact, packed = Ngram.from_arpa(read_arpa(made.rescoring_arpa)), KenlmModel(made.rescoring)
    for sentence in ("the cat sat on the mat", "a zebra ran", "dog dog unheard"):
        assert packed.sentence_score(sentence.split()) == pytest.approx(
            exact.sentence_score(sentence.split()), rel=1e-5
        )
    assert Path(made.rescoring).read_bytes()[:4] == b"mmap"
