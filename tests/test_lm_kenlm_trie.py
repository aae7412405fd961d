import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from harken.errors import FormatError
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.kenlm_file import describe_kenlm, is_kenlm_binary
from harken.lm.ngram.kenlm_trie import read_kenlm_trie
from harken.lm.ngram.ngram import Ngram
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_kenlm_trie import write_trie
from .shared_data import shared

WORDS = ("<unk>", "b", "</s>", "a", "<s>", "é")
BUNDLED = Path(__file__).parents[1] / "engine" / "models" / "en" / "rescore.bin"


def some_grams(random, order):
    """N-grams of every order, suffixes among them, with float32 values."""
    grams = [{} for _ in range(order)]
    wanted = {(word,) for word in range(len(WORDS))}
    for _ in range(int(random.integers(0, 30))):
        gram = tuple(random.integers(0, len(WORDS), int(random.integers(1, order + 1))).tolist())
        wanted.update(gram[place:] for place in range(len(gram)))
    for gram in sorted(wanted):
        backoff = random.choice([0.0, -0.25, 0.5, np.float32(-random.exponential())])
        grams[len(gram) - 1][gram] = (float(np.float32(-random.exponential())), float(backoff))
    return grams


def written(path, grams, **how):
    path.write_bytes(write_trie(WORDS, grams, **how))
    return path


def tables_of(arpa):
    return [
        {
            tuple(arpa.words[word] for word in ids): (prob, backoff)
            for ids, prob, backoff in zip(
                table.ids, table.log10_prob.tolist(), table.log10_backoff.tolist(), strict=True
            )
        }
        for table in arpa.tables
    ]


@given(seed=st.integers(0, 10**6), order=st.integers(2, 5), chop=st.sampled_from([None, 0, 2, 22]))
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read(tmp_path_factory, seed, order, chop):
    grams = some_grams(np.random.default_rng(seed), order)
    path = written(tmp_path_factory.getbasetemp() / "plain.bin", grams, chop=chop)
    arpa = read_kenlm_trie(path)
    assert arpa.words == ("<unk>", "<s>", "</s>", "b", "a", "é")
    for found, wanted in zip(tables_of(arpa), grams, strict=True):
        last = wanted is grams[-1]
        assert found == {
            tuple(WORDS[word] for word in gram): (prob, 0.0 if last else backoff)
            for gram, (prob, backoff) in wanted.items()
        }
    for table in arpa.tables:
        assert table.ids.tolist() == sorted(table.ids.tolist())


@given(seed=st.integers(0, 10**6), order=st.integers(2, 4), bits=st.tuples(st.integers(1, 6), st.integers(1, 6)))
@settings(deadline=None, max_examples=40)
def test_quantised_values_are_those_of_the_bins(tmp_path_factory, seed, order, bits):
    random = np.random.default_rng(seed)
    grams = some_grams(random, order)
    bins = [tuple((-random.exponential(size=1 << b)).astype(np.float32).tolist() for b in bits) for _ in range(2, 5)]
    chop = [None, 3][seed % 2]
    path = written(tmp_path_factory.getbasetemp() / "quantised.bin", grams, bins=bins, chop=chop)
    found = tables_of(read_kenlm_trie(path))
    assert [len(table) for table in found] == [len(table) for table in grams]
    for n in range(2, order + 1):
        prob_bins, backoff_bins = bins[n - 2]
        for gram, (prob, backoff) in grams[n - 1].items():
            wanted = min(prob_bins, key=lambda value, prob=prob: abs(value - prob))
            read = found[n - 1][tuple(WORDS[word] for word in gram)]
            assert read[0] == wanted
            if n < order:
                assert read[1] == min(backoff_bins, key=lambda value, backoff=backoff: abs(value - backoff))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a small packed and quantised file."""
    grams = some_grams(np.random.default_rng(5), 4)
    bins = [([-1.0, -0.5, -0.25, -2.0], [-0.5, 0.0])] * 3
    return write_trie(WORDS, grams, bins=bins, chop=4)


def test_a_file_cut_short_is_refused_wherever_it_is_cut(tmp_path, whole):
    path = tmp_path / "cut.bin"
    for size in range(0, len(whole), 3):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match=r"cut\.bin: "):
            read_kenlm_trie(path)


@given(st.lists(st.tuples(st.integers(88, 2000), st.integers(0, 255)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=300)
def test_damaged_files_are_read_or_refused(tmp_path_factory, whole, changes):
    damaged = bytearray(whole)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    path = tmp_path_factory.getbasetemp() / "damaged.bin"
    path.write_bytes(damaged)
    try:
        arpa = read_kenlm_trie(path)
    except FormatError as problem:
        assert str(problem).startswith(f"{path}: ")
    else:
        assert all(np.isfinite(table.log10_prob).all() for table in arpa.tables)


def test_other_files_are_refused_in_a_sentence(tmp_path, whole):
    path = tmp_path / "x.bin"
    for data, said in (
        (b"", "cannot be read"),
        (b"\\data\\\n" * 20, "not a file of KenLM"),
        (b"mmap lm http://kheafield.com/code incomplete\n" + bytes(60), "unfinished"),
        (whole.replace(b"version 5", b"version 4"), "another version"),
        (whole[:96] + b"\0" + whole[97:], "keeps only hashes"),
        (whole[:96] + b"\7" + whole[97:], "unknown kind"),
        (whole[:100] + b"\0" + whole[101:], "no spellings"),
        (whole.replace(b"</s>", b"</z>"), "lacks </s>"),
        (whole.replace("é".encode(), b"\xff\xfe"), "not UTF-8"),
        (whole[:115] + b"\x7f" + whole[116:], "cut short or damaged"),
    ):
        path.write_bytes(data)
        with pytest.raises(FormatError, match=said):
            read_kenlm_trie(path)
    with pytest.raises(FormatError, match="cannot be read"):
        read_kenlm_trie(tmp_path / "missing")
    path.write_bytes(whole)
    assert is_kenlm_binary(path)
    assert describe_kenlm(path) == ("quantised trie with packed pointers", read_kenlm_trie(path).counts)


def compare_with_kenlm(path, sentences):
    kenlm = pytest.importorskip("kenlm")
    ours, theirs = Ngram.from_arpa(read_kenlm_trie(path)), kenlm.Model(str(path))
    for sentence in sentences:
        wanted = [row[0] for row in theirs.full_scores(sentence)]
        np.testing.assert_allclose(ours.word_scores(sentence.split())[0], wanted, rtol=0, atol=1e-5)


@pytest.mark.parity
def test_the_bundled_model_scores_as_with_kenlm():
    text = Path(shared("text/us-presidential-speeches.txt")).read_text("utf8").lower().splitlines()[:60]
    compare_with_kenlm(BUNDLED, [line for line in text if line.strip()])


@pytest.mark.parity
@pytest.mark.parametrize("order", [2, 3, 5])
def test_all_that_build_binary_makes_is_read(tmp_path, order):
    folder = os.environ.get("KENLM_BIN")
    tools = [shutil.which(tool) or (folder and shutil.which(tool, path=folder)) for tool in ("lmplz", "build_binary")]
    if not all(tools):
        pytest.skip("lmplz and build_binary are neither on PATH nor in $KENLM_BIN")
    lines = Path(shared("text/us-presidential-speeches.txt")).read_text("utf8").lower().splitlines()[:200]
    (tmp_path / "text").write_text("\n".join(lines) + "\n")
    arpa, made = tmp_path / "arpa", tmp_path / "made.bin"
    command = [tools[0], "-o", str(order), "-S", "64M", "-T", str(tmp_path / "t"), "--text", tmp_path / "text"]
    subprocess.run([*command, "--arpa", arpa], check=True, capture_output=True)
    wanted = read_arpa(arpa)
    for options in ((), ("-q", "8", "-b", "7"), ("-a", "22"), ("-q", "4", "-b", "2", "-a", "3")):
        command = [tools[1], "-T", str(tmp_path), *options, "trie", str(arpa), str(made)]
        subprocess.run(command, check=True, capture_output=True)
        compare_with_kenlm(made, [*lines[:10], "unheard of words"])
        read = read_kenlm_trie(made)
        assert read.counts == wanted.counts
        if "-q" not in options:
            assert tables_of(read) == tables_of(wanted)
    subprocess.run([tools[1], "probing", str(arpa), str(made)], check=True, capture_output=True)
    with pytest.raises(FormatError, match="build_binary trie"):
        read_kenlm_trie(made)
