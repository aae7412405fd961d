import bz2
import gzip
import io
import itertools
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.estimation import free_memory
from harken.lm.estimation.block_counts import BlockTable
from harken.lm.estimation.counting import (
    CountingOptions,
    Sentences,
    TextFile,
    count_ngrams,
    count_text,
    encode,
    text_files,
)
from harken.lm.estimation.spill import Column, Spill
from harken.lm.estimation.tokens import Tokenizer
from harken.lm.ngram.arpa_reader import read_arpa
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_counting import count_tables, numbered, sentences_of
from .test_lm_lmplz import lmplz

COLUMNS = ("word", "context", "suffix", "occurrences", "continuations")
WORDS = ("a", "b", "c", "dd", "é")
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join), min_size=1, max_size=12).filter(any)
spaced = st.text(st.sampled_from("aaabé\u00a0\u3000𝄞 \n\n\t\r\v\f\0"), max_size=40)


class Tiny(CountingOptions):
    """Blocks of one token for each byte of memory above the least."""

    def block_tokens(self, order):
        return self.memory - (1 << 20)

    def merged_rows(self):
        return 16


def tiny(tokens=1, **more):
    return Tiny(memory=(1 << 20) + tokens, **more)


class Pieces:
    """A text cut anywhere."""

    def __init__(self, *pieces):
        self.pieces = pieces

    def __iter__(self):
        return iter(self.pieces)

    def place(self, line):
        return f"text, line {line},"


def rows(counts):
    return [list(zip(*(getattr(table, name).tolist() for name in COLUMNS), strict=True)) for table in counts.tables]


def equal(one, other):
    assert one.words == other.words
    for left, right in zip(one.tables, other.tables, strict=True):
        for name in COLUMNS:
            assert getattr(left, name).dtype == getattr(right, name).dtype
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name), name)


@given(
    sentences=texts,
    order=st.integers(1, 6),
    limited=st.booleans(),
    tokens=st.integers(1, 40),
    threads=st.integers(1, 3),
)
@settings(deadline=None, max_examples=60)
def test_counts_equal_the_naive_twin_whatever_the_memory(sentences, order, limited, tokens, threads):
    vocabulary = ["b", "x", "a"] if limited else None
    options = tiny(tokens, threads=threads)
    counts = count_text([Sentences(sentences)], order, vocabulary, options)
    words, numbers = numbered([sentence.split() for sentence in sentences], vocabulary)
    assert list(counts.words) == words
    assert rows(counts) == count_tables(numbers, len(words), order)
    ids, known = encode(sentences, vocabulary)
    equal(count_ngrams(ids, known, order, options), counts)


@given(
    text=spaced,
    cuts=st.lists(st.integers(0, 60), max_size=4),
    capacity=st.integers(1, 30),
    threads=st.integers(1, 3),
    limited=st.booleans(),
)
@settings(deadline=None, max_examples=100)
def test_tokens_equal_the_naive_twin_however_the_text_is_cut(text, cuts, capacity, threads, limited):
    vocabulary = ["b", "aa"] if limited else None
    data = text.encode()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    tokenizer = Tokenizer(vocabulary, threads)
    pieces = [data[begin:end] for begin, end in itertools.pairwise(places)]
    blocks = list(tokenizer.blocks([Pieces(*pieces)], capacity))
    words, numbers = numbered(sentences_of(text), vocabulary)
    assert list(tokenizer.words) == words
    assert [token for block in blocks for token in block.tolist()] == [token for ids in numbers for token in ids]
    assert all(block[0] == 1 and block[-1] == 2 for block in blocks)
    assert all(len(block) <= capacity or np.count_nonzero(block == 1) == 1 for block in blocks)
    assert tokenizer.seen == sum(len(ids) - 2 for ids in numbers)


@pytest.mark.parametrize("size", [3, 60, 3000])
def test_long_runs_are_sorted(size):
    """Groups of every length pass through insertion, narrow and wide digits."""
    rng = np.random.default_rng(size)
    length = 20_000 if os.environ.get("NUMBA_DISABLE_JIT") != "1" else 9000
    ids = rng.integers(3, size + 3, length).astype(np.int32)
    ids[rng.integers(0, length, length // 10)] = 3
    tokens = np.concatenate([[1], ids, [2]]).astype(np.int32)
    words = tuple(str(number) for number in range(size + 3))
    counts = count_ngrams(tokens, words, 3, CountingOptions(threads=2))
    for n in (1, 2, 3):
        grams, occurrences = np.unique(np.lib.stride_tricks.sliding_window_view(tokens, n), axis=0, return_counts=True)
        seen = counts.tables[n - 1].occurrences > 0
        if n > 1:
            assert seen.all()
        else:
            grams, occurrences = grams[grams[:, 0] != 1], occurrences[grams[:, 0] != 1]
        np.testing.assert_array_equal(counts.ids(n)[seen], grams)
        np.testing.assert_array_equal(counts.tables[n - 1].occurrences[seen], occurrences)


def test_many_words_widen_the_table():
    words = [f"w{number}x{'y' * (number % 50)}" for number in range(3000)]
    tokens, known = encode([" ".join(words), " ".join(reversed(words))])
    assert known == ("<unk>", "<s>", "</s>", *words)
    assert tokens.tolist() == [1, *range(3, 3003), 2, 1, *range(3002, 2, -1), 2]
    assert encode(["w7xyyyyyyy"], words)[0].tolist() == [1, 10, 2]


def test_a_sentence_without_words_is_one():
    tokens, _ = encode(["a", "", " \t", "b\n"])
    assert tokens.tolist() == [1, 3, 2, 1, 2, 1, 2, 1, 4, 2]
    assert count_text([Sentences(["a", ""])], 2).counts == (4, 3)


def test_files_of_every_kind(tmp_path, monkeypatch):
    text = ("the cat sat\non the mat " + "é" * 50 + "\n") * 50
    plain, zipped, packed = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c"
    plain.write_text(text, encoding="utf8")
    zipped.write_bytes(gzip.compress(text.encode()))
    packed.write_bytes(bz2.compress(b"\xef\xbb\xbf" + text.encode()))
    wanted = count_text([Sentences(text.splitlines() * 3)], 3)
    told = []
    counts = count_text(text_files([plain, zipped, packed], lambda done, total: told.append((done, total))), 3)
    equal(counts, wanted)
    sizes = [path.stat().st_size for path in (plain, zipped, packed)]
    assert told[-1] == (sum(sizes), sum(sizes))
    assert (sizes[0], sum(sizes)) in told
    assert told == sorted(told)
    standard = io.TextIOWrapper(io.BufferedReader(io.BytesIO(zipped.read_bytes())))
    monkeypatch.setattr(sys, "stdin", standard)
    equal(count_text(text_files(["-", plain, packed]), 3), wanted)


def test_the_last_line_of_each_file_needs_no_new_line(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text(f"{name} {name}")
    counts = count_text(text_files([tmp_path / "a", tmp_path / "b"]), 2)
    equal(counts, count_text([Sentences(["a a", "b b"])], 2))


def test_bad_texts_are_refused_with_their_line(tmp_path):
    path = tmp_path / "text"
    for content, message in (
        (b"a b\nc <s> d\n", "text, line 2, holds <s> or </s>"),
        (b"a b\n\nc d </s>", "text, line 3, holds <s> or </s>"),
        (b"a b\nc \xff\n", r"text, line 2, is not UTF-8 \(invalid start byte\)"),
        (b"a b\xc3", "text, line 1, is not UTF-8"),
        (b"\xc3 \xa9", "text, line 1, is not UTF-8"),
        (b"", "The text holds no words"),
        (b" \n\t\r\n\0", "The text holds no words"),
        (b"\x1f\x8b\x08 broken", "text: the compressed file is damaged or ends early"),
        (gzip.compress(b"a b\n" * 1000)[:-9], "text: the compressed file is damaged or ends early"),
        (bz2.compress(b"a b\n" * 1000)[:-9], "text: the compressed file is damaged or ends early"),
        (b"BZhhhhhhhh", "text: cannot be read"),
    ):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=message):
            count_text(text_files([path]), 2)
    with pytest.raises(FormatError, match="gone: cannot be read"):
        count_text([TextFile(tmp_path / "gone")], 2)
    with pytest.raises(FormatError, match="cannot be read"):
        count_text(text_files([tmp_path]), 2)
    with pytest.raises(FormatError, match="Sentence 2 of the text holds <s> or </s>"):
        encode(["a", "<s>"])
    with pytest.raises(FormatError, match="Sentence 3 of the text cannot be written in UTF-8"):
        encode(["a", "b", "\ud800"])


def test_bad_options_are_refused(tmp_path):
    for order in (0, 7):
        with pytest.raises(OptionsError, match="1 to 6"):
            count_text([Sentences(["a"])], order)
    with pytest.raises(OptionsError, match="twice"):
        encode(["a"], ["b", "b"])
    for word in ("", "a b", "a\rb"):
        with pytest.raises(OptionsError, match="empty or has white space"):
            encode(["a"], ["b", word])
    with pytest.raises(FormatError, match="Word 2 of the vocabulary"):
        encode(["a"], ["b", "\ud800"])
    with pytest.raises(OptionsError, match="memory"):
        CountingOptions(memory=1 << 19)
    with pytest.raises(OptionsError, match="one thread"):
        CountingOptions(threads=0)
    with pytest.raises(OptionsError, match="gone: the temporary files of counting cannot be written"):
        count_text([Sentences(["a b", "c d"])], 2, options=tiny(folder=tmp_path / "gone"))
    for tokens, message in (([1, 3], "whole sentences"), ([3, 2], "whole sentences"), ([1, 4, 2], "numbers of words")):
        with pytest.raises(FormatError, match=message):
            count_ngrams(np.array(tokens, np.int32), ("<unk>", "<s>", "</s>", "a"), 2)
    with pytest.raises(FormatError, match="no words"):
        count_ngrams(np.array([1, 2], np.int32), ("<unk>", "<s>", "</s>", "a"), 2)


def test_words_of_a_vocabulary_may_be_lines():
    assert encode(["b a"], ["a\n", "b\n"])[1] == ("<unk>", "<s>", "</s>", "a", "b")


def test_special_words_in_a_vocabulary_stay_where_they_are():
    tokens, words = encode(["a <unk> b"], ["</s>", "b", "<unk>"])
    assert words == ("<unk>", "<s>", "</s>", "b")
    assert tokens.tolist() == [1, 0, 0, 3, 2]


def test_no_temporary_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "system"))
    folder = tmp_path / "folder"
    folder.mkdir()
    sentences = ["a b c", "b c d", "c d a"]
    counts = count_text([Sentences(sentences)], 3, options=tiny(folder=folder))
    assert list(folder.iterdir()) == []
    counts.tables[1].occurrences[0] += 1  # mapped tables can be written like others
    for broken in (["a b", "c d", "<s>"], ["a b", "c d", "\ud800"]):
        with pytest.raises(FormatError):
            count_text([Sentences(broken)], 3, options=tiny(folder=folder))
        assert list(folder.iterdir()) == []


def test_a_full_disk_is_told(monkeypatch):
    column = Column(None, np.int32)

    class Full:
        def write(self, data):
            raise OSError(28, "No space left on device")

        truncate = write

    monkeypatch.setattr(column, "_file", Full())
    for call in (lambda: column.append(np.zeros(3, np.int32)), lambda: column.extend(5)):
        with pytest.raises(OptionsError, match=r"No space left on device.*another folder or allow more memory"):
            call()


@pytest.mark.parametrize(("word", "pair", "message"), [(3e9, 1, "A word"), (1, 3e9, "An n-gram")])
def test_counts_that_are_too_high_are_refused(word, pair, message):
    tables = [
        BlockTable(*(np.array(column, np.int32) for column in columns), np.array(counts, np.uint32))
        for *columns, counts in (([0, 1], [0, 0], [0, 0], [word, 1]), ([0, 1], [0, 1], [0, 1], [pair, 1]))
    ]
    with ThreadPoolExecutor(1) as pool:
        spill = Spill(2, None, 16, pool, 1)
        spill.add(tables)
        spill.add(tables)
        with pytest.raises(FormatError, match=f"{message} of the text occurs more than 2\\^32 times"):
            spill.merged()


def test_free_memory_is_what_machine_and_container_leave(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:     500 kB\n")
    (tmp_path / "memory.max").write_text("300000\n")
    (tmp_path / "memory.current").write_text("200000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 50000\nactive_file 7\n")
    names = ("memory.max", "memory.current", r"^inactive_file (\d+)$")
    assert free_memory._available(tmp_path / "meminfo") == 512_000
    assert free_memory._left(tmp_path, *names) == 150_000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory._left(tmp_path, *names) is None
    assert free_memory._available(tmp_path / "gone") is None
    assert free_memory.free_memory() > 1 << 20
    monkeypatch.setattr(free_memory, "_available", lambda path: None)
    monkeypatch.setattr(free_memory, "_left", lambda *names: None)
    assert free_memory.free_memory() > 1 << 20


def test_blocks_and_merges_keep_to_the_memory():
    for order in (1, 3, 6):
        assert CountingOptions(memory=1 << 30).block_tokens(order) == (1 << 30) // (20 * order)
    assert CountingOptions(memory=1 << 20, threads=1).merged_rows() == 1 << 14
    assert CountingOptions(memory=1 << 20, threads=3).merged_rows() == 1 << 13
    assert CountingOptions().merged_rows() == CountingOptions(memory=1 << 40).merged_rows() == 1 << 18
    assert CountingOptions().block_tokens(3) > (1 << 20) // 60


@pytest.mark.parity
def test_words_and_sentences_are_those_of_lmplz(tmp_path):
    """Blank lines are sentences; tabs, carriage returns and NULs part words as spaces do, other characters do not."""
    text = "a  b\tc\r\n\n \t\nb\0a\u00a0c é\n\n" * 3 + " c d\u3000e \n\r\n"
    (tmp_path / "text").write_bytes(text.encode())
    theirs = read_arpa(lmplz(tmp_path / "text", tmp_path, 3, "--discount_fallback"))
    ours = count_text(text_files([tmp_path / "text"]), 3)
    assert ours.words == theirs.words
    for n in (1, 2, 3):
        assert sorted(ours.ids(n).tolist()) == sorted(theirs.tables[n - 1].ids.tolist())
