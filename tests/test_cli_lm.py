import bz2
import gzip
import io
import json
import os
import shutil
import subprocess
import sys

import click
import numpy as np
import pytest
from click.testing import CliRunner
from harken.engine.cli import main
from harken.engine.cli.lm_text import progress_bar
from harken.engine.cli.numbers import Memory, Numbers, NumbersCommand
from harken.errors import OptionsError
from harken.lm.estimation.arpa_tables import backoff_tables
from harken.lm.estimation.estimate import PruneOptions, SmoothingOptions, estimate, mix, prune
from harken.lm.estimation.histories import count_histories
from harken.lm.estimation.text_pieces import text_files
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.model_files import kind_of, open_model, read_ngrams
from harken.lm.ngram.ngram import Ngram
from harken.lm.ngram.perplexity import perplexity

from .naive_kenlm_trie import write_trie
from .shared_data import shared

NOTICE = "harken: compiling this command's kernels for this machine, which happens once ...\n"
SENTENCES = ["the cat sat on the mat", "the dog sat on the cat", "a dog ran", "the mat", "a cat saw the dog"] * 6
NUMBERS = {"perplexity": 6, "perplexity without OOVs": 6, "OOVs": 0, "tokens": 0}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("\n".join(SENTENCES) + "\n")
    return tmp_path


@pytest.fixture
def harken(place, capsys):
    """Runs `harken lm` in ``place``; gives standard output and standard error."""

    def run(*arguments, code=0):
        with pytest.raises(SystemExit) as ended:
            main(["lm", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert ended.value.code == code, err
        return out, err.replace(NOTICE, "")

    def refused(*arguments):
        before = sorted(place.rglob("*"))
        out, err = run(*arguments, code=1)
        assert out == ""
        assert err.startswith("harken: ")
        assert err.count("\n") == 1
        assert sorted(place.rglob("*")) == before
        return err

    run.refused = refused
    return run


def same(path, tables):
    found, wanted = read_ngrams(path), tables.to_arpa()
    assert found.words == wanted.words
    assert found.counts == wanted.counts
    for mine, theirs in zip(found.tables, wanted.tables, strict=True):
        np.testing.assert_array_equal(mine.ids, theirs.ids)
        np.testing.assert_allclose(mine.log10_prob, theirs.log10_prob, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(mine.log10_backoff, theirs.log10_backoff, rtol=1e-4, atol=1e-5)


def test_estimating_takes_numbers_in_a_row(harken, place):
    options = SmoothingOptions((0, 0, 2), (0.5, 1.0, 1.5))
    wanted = estimate(SENTENCES, 3, options=options)
    for arguments in (
        ("text", "--prune", 0, 0, 2, "--discount-fallback", "-o", "m.arpa"),
        ("--discount-fallback", 0.5, 1, 1.5, "--prune", "0", "0", "2", "text", "--order", 3, "--output", "m.arpa"),
        ("--prune=0,0,2", "--discount-fallback=0.5 1 1.5", "-o", "m.arpa", "--", "text"),
    ):
        out, err = harken("estimate", *arguments)
        assert out == ""
        listed = ", ".join(f"{count} {n}-grams" for n, count in enumerate(wanted.counts, 1))
        assert err.endswith(f"harken: m.arpa: {listed}\n")
        same("m.arpa", wanted)
        (place / "m.arpa").unlink()


def test_estimating_from_packed_files_with_pruning(harken, place):
    (place / "one.gz").write_bytes(gzip.compress("\n".join(SENTENCES[:10]).encode()))
    (place / "two.bz2").write_bytes(bz2.compress("\n".join(SENTENCES[10:]).encode()))
    for option, pruning in ((("--entropy-prune", 1e-3), {"threshold": 1e-3}), (("--size", 12), {"total": 12})):
        harken("estimate", "one.gz", "two.bz2", "--discount-fallback", *option, "-o", "m.arpa.gz", "--memory", "10M")
        same("m.arpa.gz", prune(estimate(SENTENCES, 3), PruneOptions(**pruning)))
        assert (place / "m.arpa.gz").read_bytes()[:2] == b"\x1f\x8b"
    harken("estimate", "text", "--discount-fallback", "--plain-counts", "--order", 2, "-o", "m.arpa")
    same("m.arpa", estimate(SENTENCES, 2, options=SmoothingOptions(continuation_counts=False)))


def test_vocabularies(harken, place):
    (place / "words").write_text("the\ncat dog\n<unk>\ncat\n")
    harken("estimate", "text", "--discount-fallback", "--vocabulary", "words", "-o", "m.arpa")
    same("m.arpa", estimate(SENTENCES, 3, ("the", "cat", "dog")))
    harken("estimate", "text", "--discount-fallback", "--vocabulary-size", 2, "-o", "m.arpa")
    same("m.arpa", estimate(SENTENCES, 3, ("cat", "the")))
    harken("estimate", "text", "--discount-fallback", "--limit-vocabulary", "words", "-o", "m.arpa")
    assert set(read_arpa("m.arpa").words[3:]) == {"the", "cat", "dog"}


def test_written_english_is_normalised(harken, place):
    (place / "book").write_text("Mr. Fox sat. The 2 dogs ran!\nThe dog ran, the fox sat.\nIt was \u043e\u043d.\n")
    _, err = harken("estimate", "book", "--normalize", "--order", 2, "--discount-fallback", "-o", "m.arpa")
    assert "2 Cyrillic letters were dropped" in err
    spoken = ["mister fox sat", "the two dogs ran", "the dog ran the fox sat", "it was"]
    same("m.arpa", estimate(spoken, 2))
    harken("estimate", "book", "--normalize", "--discount-fallback", "--vocabulary-size", 3, "-o", "m.safetensors")
    assert set(read_ngrams("m.safetensors").words[3:]) == {"the", "fox", "ran"}
    (place / "foreign").write_text("\u043e\u043d \u0431\u044b\u043b\n")
    err = harken.refused("estimate", "foreign", "--normalize", "-o", "x.arpa")
    assert "Cyrillic" in err
    assert "foreign" in err


def test_bad_texts_and_options_are_refused_in_a_sentence(harken, place):
    (place / "empty").write_text("")
    (place / "blank").write_text("\n\n \n")
    (place / "binary").write_bytes(bytes(range(256)) * 20)
    (place / "marked").write_text("the cat\nthe </s> cat\n")
    (place / "cut.gz").write_bytes(gzip.compress(os.urandom(2000))[:900])
    (place / "folder").mkdir()
    for said, *arguments in (
        ("no words", "empty"),
        ("no words", "blank"),
        ("not UTF-8", "binary"),
        ("line 2, holds <s> or </s>", "marked"),
        ("damaged or ends early", "cut.gz"),
        ("missing: cannot be read", "missing"),
        ("folder: cannot be read", "folder"),
        ("no words", "empty", "--normalize"),
        ("UTF-8", "binary", "--normalize"),
        ("too few", "text"),
        ("--order: is 7; give", "text", "--order", 7),
        ("--order: is 0; give", "text", "--order", 0),
        ("4 numbers for the 3 orders", "text", "--prune", 0, 0, 1, 2),
        ("cutoffs (--prune) must be numbers from 0 up that never fall, not 0 2 1.", "text", "--prune", 0, 2, 1),
        ("(--discount-fallback) must", "text", "--discount-fallback", 2),
        ("missing: cannot be read", "text", "--vocabulary", "missing"),
        ("empty: the list of words is empty", "text", "--vocabulary", "empty"),
        ("not UTF-8", "text", "--vocabulary", "binary"),
        ("give it or --vocabulary", "text", "--vocabulary", "text", "--vocabulary-size", 5),
        ("standard input cannot be", "-", "--vocabulary-size", 5),
        ("either a threshold or a size", "text", "--size", 5, "--entropy-prune", 0.1),
        ("0 or more, not -1", "text", "--entropy-prune", -1),
        ("name a folder that exists", "text", "--normalize", "--temporary", "nowhere"),
        ("memory for counting", "text", "--memory", "0"),
    ):
        assert said in harken.refused("estimate", "-o", "x.arpa", *arguments), said
    for said, output in (
        ("there is no folder 'nowhere'", "nowhere/x.arpa"),
        ("the name of a model ends in", "x.bin"),
        ("is a folder", "folder"),
    ):
        assert said in harken.refused("estimate", "text", "--discount-fallback", "-o", output)
    assert "only .safetensors" in harken.refused("estimate", "text", "-o", "x.arpa", "--quantise", 8)


def test_perplexity_as_text_json_and_by_word(harken, place):
    harken("estimate", "text", "--discount-fallback", "-o", "m.arpa")
    (place / "other").write_text("the cat ran\na zebra sat\n")
    wanted = perplexity(open_model("m.arpa"), ["the cat ran", "a zebra sat"])
    out, _ = harken("perplexity", "m.arpa", "other", "--json", "found.json")
    assert out.splitlines() == [
        f"perplexity               {wanted.perplexity:.4f}",
        f"perplexity without OOVs  {wanted.perplexity_without_unknown:.4f}",
        "OOVs                     1",
        "tokens                   8",
    ]
    found = json.loads((place / "found.json").read_text())
    assert found["perplexity_without_oov"] == pytest.approx(wanted.perplexity_without_unknown)
    assert (found["oovs"], found["tokens"], found["sentences"], found["model"]) == (1, 8, 2, "m.arpa")
    assert json.loads(harken("perplexity", "m.arpa", "other", "--json", "-")[0]) == found
    by_word = harken("perplexity", "m.arpa", "other", "--words")[0]
    assert by_word.endswith("\n\n" + out)
    rows = [line.split("\t") for line in by_word[: -len(out)].splitlines()]
    assert [row[0] for row in rows] == ["the", "cat", "ran", "</s>", "", "a", "zebra", "sat", "</s>", ""]
    assert rows[6][2:] == ["1", "oov"]
    assert sum(float(row[1]) for row in rows if len(row) > 1) == pytest.approx(wanted.log10_prob, abs=1e-4)
    assert rows[1][2] == "3"


def test_texts_of_which_no_word_is_known(harken, place):
    harken("estimate", "text", "--discount-fallback", "-o", "m.arpa")
    (place / "foreign").write_text("\u043e\u043d \u0431\u044b\u043b\nTHE CAT\n")
    out, err = harken("perplexity", "m.arpa", "foreign")
    assert err == "harken: foreign: m.arpa knows none of its words; are they in other letters, or in capitals?\n"
    assert out.splitlines()[2:] == ["OOVs                     4", "tokens                   6"]
    for command in (("mix", "m.arpa", "m.arpa", "--tune"), ("prune", "m.arpa", "--size", 3, "--histories")):
        assert "no words that the model" in harken.refused(*command, "foreign", "-o", "x.arpa")


def test_models_are_told_by_what_they_hold(harken, place):
    harken("estimate", "text", "--discount-fallback", "-o", "m.arpa")
    harken("convert", "m.arpa", "packed.arpa.gz")
    harken("convert", "packed.arpa.gz", "plain.safetensors")
    harken("convert", "plain.safetensors", "coded.safetensors", "--quantise", 6)
    harken("convert", "plain.safetensors", "again.arpa")
    assert (place / "again.arpa").read_bytes() == (place / "m.arpa").read_bytes()
    grams = [{(0,): (-1.0, 0.0), (1,): (-2.0, -0.5), (2,): (-0.5, 0.0)}, {(1, 2): (-0.25, 0.0)}]
    (place / "trie").write_bytes(write_trie(("<unk>", "<s>", "</s>"), grams))
    harken("convert", "trie", "trie.arpa")
    assert read_arpa("trie.arpa").counts == (3, 1)
    kinds = {"m.arpa": "ARPA", "packed.arpa.gz": "ARPA", "plain.safetensors": "mapped", "trie": "KenLM"}
    assert {name: kind_of(name) for name in kinds} == kinds
    shutil.copy("plain.safetensors", "named.arpa")
    assert json.loads(harken("info", "named.arpa", "--json")[0])["kind"] == "mapped"
    found = json.loads(harken("info", "coded.safetensors", "--json")[0])
    assert found["quantised"] == 6
    assert (found["order"], found["words"], tuple(found["ngrams"])) == (3, 12, read_arpa("m.arpa").counts)
    lines = harken("info", "trie")[0].splitlines()
    assert lines == [
        "model      trie",
        "kind       KenLM, trie",
        "order      2",
        "words      3",
        lines[4],
        "1-grams    3",
        "2-grams    1",
    ]
    same_text = [harken("perplexity", name, "text")[0] for name in ("m.arpa", "packed.arpa.gz", "plain.safetensors")]
    assert len(set(same_text)) == 1


def test_mixing_and_pruning(harken, place):
    harken("estimate", "text", "--discount-fallback", "-o", "a.arpa")
    (place / "other").write_text("a zebra ran\nthe zebra sat\n")
    harken("estimate", "other", "--order", 2, "--discount-fallback", "-o", "b.safetensors")
    tables = [backoff_tables(read_ngrams(name)) for name in ("a.arpa", "b.safetensors")]
    out, _ = harken("mix", "a.arpa", "b.safetensors", "--weights", 0.25, 0.75, "-o", "mixed.arpa")
    assert harken("mix", "a.arpa", "b.safetensors", "--weights", "0.25,0.75", "-o", "same.arpa")[0] == out
    assert (place / "same.arpa").read_bytes() == (place / "mixed.arpa").read_bytes()
    assert out == "0.250000 a.arpa\n0.750000 b.safetensors\n"
    same("mixed.arpa", mix(tables, (0.25, 0.75)))
    (place / "tune").write_text("the zebra ran\nthe dog sat on the mat\n")
    out, _ = harken("mix", "a.arpa", "b.safetensors", "--tune", "tune", "-o", "tuned.arpa")
    weights = [float(line.split()[0]) for line in out.splitlines()]
    assert sum(weights) == pytest.approx(1, abs=1e-5)
    tuned, best = perplexity(open_model("tuned.arpa"), ["the zebra ran", "the dog sat on the mat"]), None
    for weight in (0.1, 0.3, 0.5, 0.7, 0.9):
        other = perplexity(
            Ngram.from_arpa(mix(tables, (weight, 1 - weight)).to_arpa()), ["the zebra ran", "the dog sat on the mat"]
        )
        best = min(best or other.perplexity_without_unknown, other.perplexity_without_unknown)
    assert tuned.perplexity_without_unknown <= best * 1.01
    for option, pruning in (
        (("--threshold", 0.001), {"threshold": 0.001}),
        (("--size", 9), {"total": 9}),
        (("--sizes", 5, 3), {"per_order": (5, 3)}),
    ):
        harken("prune", "mixed.arpa", *option, "-o", "small.arpa")
        same("small.arpa", prune(backoff_tables(read_arpa("mixed.arpa")), PruneOptions(**pruning)))
    harken("prune", "mixed.arpa", "--size", 9, "--histories", "text", "--histories", "other", "-o", "small.arpa")
    counted = count_histories(backoff_tables(read_arpa("mixed.arpa")), text_files(["text", "other"]))
    same("small.arpa", prune(counted, PruneOptions(total=9)))
    harken("prune", "small.arpa", "--size", 2, "-o", "smaller.safetensors", "--quantise", 8)
    assert sum(read_ngrams("smaller.safetensors").counts[1:]) <= 2


def test_bad_models_and_weights_are_refused_in_a_sentence(harken, place):
    harken("estimate", "text", "--discount-fallback", "-o", "m.arpa")
    arpa = (place / "m.arpa").read_text()
    (place / "cut.arpa").write_text(arpa[: len(arpa) // 2])
    (place / "nan.arpa").write_text(arpa.replace("\tcat\t", "\tcat\tnan", 1))
    harken("convert", "m.arpa", "m.safetensors")
    (place / "cut.safetensors").write_bytes((place / "m.safetensors").read_bytes()[:-100])
    (place / "cut.bin").write_bytes(b"mmap lm http://kheafield.com/code format version 5\n\0")
    for name, said in (
        ("missing", "cannot be read"),
        ("text", "not an ARPA file"),
        ("cut.arpa", "cut short"),
        ("nan.arpa", "finite"),
        ("cut.safetensors", "cut.safetensors"),
    ):
        for command in (("perplexity", name, "text"), ("info", name), ("convert", name, "x.arpa")):
            assert said in harken.refused(*command), name
        assert said in harken.refused("mix", "m.arpa", name, "--weights", 0.5, 0.5, "-o", "x.arpa")
        assert said in harken.refused("prune", name, "--size", 3, "-o", "x.arpa")
    for command in (("convert", "cut.bin", "x.arpa"), ("info", "cut.bin"), ("perplexity", "cut.bin", "text")):
        assert "cut.bin" in harken.refused(*command)
    for said, *arguments in (
        ("either --weights or", "-o", "x.arpa"),
        ("either --weights or", "-o", "x.arpa", "--weights", 0.5, 0.5, "--tune", "text"),
        ("2 models need as many weights, not 3", "-o", "x.arpa", "--weights", 0.5, 0.25, 0.25),
        ("sum to 1", "-o", "x.arpa", "--weights", 0.5, 0.6),
        ("no words", "-o", "x.arpa", "--tune", "empty"),
        ("cannot be read", "-o", "x.arpa", "--tune", "missing"),
        ("no folder", "-o", "no/x.arpa", "--weights", 0.5, 0.5),
    ):
        (place / "empty").write_text("")
        assert said in harken.refused("mix", "m.arpa", "m.safetensors", *arguments), said
    for said, *arguments in (
        ("either a threshold or a size",),
        ("either a threshold or a size", "--size", 3, "--threshold", 0.1),
        ("0 or more", "--threshold", "nan"),
        ("per_order (--sizes) needs 2", "--sizes", 3),
        ("has no words", "--size", 3, "--histories", "empty"),
    ):
        assert said in harken.refused("prune", "m.arpa", "-o", "x.arpa", *arguments), said
    assert "no sentences with words" in harken.refused("perplexity", "m.arpa", "empty")
    assert "no folder" in harken.refused("convert", "m.arpa", "no/x.arpa")


def test_wrong_command_lines_are_usage_errors(harken):
    for arguments in (
        ("estimate", "text"),
        ("estimate", "-o", "x.arpa"),
        ("estimate", "text", "-o", "x.arpa", "--prune"),
        ("estimate", "text", "-o", "x.arpa", "--prune", "a"),
        ("estimate", "text", "-o", "x.arpa", "--prune=0.5"),
        ("estimate", "text", "-o", "x.arpa", "--memory", "lots"),
        ("estimate", "text", "-o", "x.arpa", "--order", "three"),
        ("mix", "a", "b", "-o", "x.arpa", "--weights=a,b"),
        ("convert", "a", "b", "--quantise", 40),
    ):
        assert harken(*arguments, code=2)[0] == ""


def test_a_terminal_sees_how_far_reading_is(place, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    size = (place / "text").stat().st_size
    with progress_bar("counting") as progress:
        progress(size // 2, size)
        progress(size, size)
    assert "counting" in sys.stderr.getvalue()
    assert f"{size}/{size} bytes" in sys.stderr.getvalue()
    with progress_bar("scoring") as progress:
        progress(7, 0)  # nobody knows how long standard input is
    assert "7/? bytes" in sys.stderr.getvalue()
    options = ("--normalize", "--vocabulary-size", "3", "--discount-fallback", "-o", "m.arpa")
    with pytest.raises(SystemExit) as ended:
        main(["lm", "estimate", "text", *options])
    assert ended.value.code == 0
    shown = sys.stderr.getvalue()
    assert shown.index("normalising") < shown.index("choosing words") < shown.rindex("counting")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_bar("counting") as progress:
        assert progress is None
    assert sys.stderr.getvalue() == ""


def test_numbers_and_memory():
    @click.command(cls=NumbersCommand)
    @click.argument("files", nargs=-1)
    @click.option("-n", "--numbers", type=Numbers(may_lack=True), default="7")
    @click.option("--memory", type=Memory())
    def command(files, numbers, memory):
        click.echo(repr((files, numbers, memory)))

    def run(*arguments):
        done = CliRunner().invoke(command, arguments)
        assert done.exit_code == 0, done.output
        return eval(done.output)

    assert run("a") == (("a",), (7.0,), None)
    assert run("-n", "1", "2.5", "-3e-1", "a", "4") == (("a", "4"), (1.0, 2.5, -0.3), None)
    assert run("-n", "1,2", "--", "3") == (("3",), (1.0, 2.0), None)
    assert run("x", "--numbers", "--memory", "2G") == (("x",), (), 2 << 30)
    assert run("--memory", "1.5k")[2] == 1536
    assert run("--memory", "300")[2] == 300
    assert 0 < run("--memory", "50%")[2] < 1 << 50


@pytest.mark.cli
def test_pipes_and_processes(tmp_path):
    command = [sys.executable, "-m", "harken.engine.cli", "lm"]
    text = "\n".join(SENTENCES) + "\n"
    made = subprocess.run(
        [*command, "estimate", "-", "--order", "2", "--discount-fallback", "-o", "m.arpa"],
        cwd=tmp_path, input=text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert made.stdout == ""
    same(tmp_path / "m.arpa", estimate(SENTENCES, 2))
    found = subprocess.run(
        [*command, "perplexity", "m.arpa", "-"], cwd=tmp_path, input=text, capture_output=True, text=True, check=True
    )
    assert [line.split("  ")[0] for line in found.stdout.splitlines()] == list(NUMBERS)
    refused = subprocess.run([*command, "info", "nothing"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr == "harken: nothing: cannot be read (No such file or directory).\n"


@pytest.mark.parity
def test_options_do_what_those_of_lmplz_do(harken, place):
    folder = os.environ.get("KENLM_BIN")
    lmplz, query = (shutil.which(t) or (folder and shutil.which(t, path=folder)) for t in ("lmplz", "query"))
    if not lmplz or not query:
        pytest.skip("lmplz and query are neither on PATH nor in $KENLM_BIN")
    lines = shared("text/us-presidential-speeches.txt").read_text("utf8").lower().splitlines()[:300]
    text = "\n".join(lines) + "\n"
    (place / "text").write_text(text)
    (place / "limit").write_text("\n".join(sorted({word for line in lines[:80] for word in line.split()})))
    for ours, theirs in (
        (("--order", 3, "--prune", 0, 0, 1), ("-o", "3", "--prune", "0", "0", "1")),
        (("--order", 2, "--limit-vocabulary", "limit"), ("-o", "2", "--limit_vocab_file", "limit")),
        (("--order", 4, "--discount-fallback"), ("-o", "4", "--discount_fallback")),
    ):
        command = [lmplz, *theirs, "-S", "64M", "-T", "t", "--text", "text", "--arpa", "theirs.arpa"]
        subprocess.run(command, check=True, capture_output=True)
        harken("estimate", "text", *ours, "-o", "ours.arpa")
        found, wanted = read_arpa("ours.arpa"), read_arpa("theirs.arpa")
        assert found.words == wanted.words
        for mine, other in zip(found.tables, wanted.tables, strict=True):
            np.testing.assert_array_equal(mine.ids, other.ids)
            np.testing.assert_allclose(mine.log10_prob, other.log10_prob, rtol=0, atol=1e-5)
            np.testing.assert_allclose(mine.log10_backoff, other.log10_backoff, rtol=0, atol=1e-5)
        command = [query, "-v", "summary", "theirs.arpa"]
        asked = subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout
        numbers = [float(line.split("\t")[1]) for line in asked.splitlines()]
        said = [float(line.split("  ")[-1]) for line in harken("perplexity", "ours.arpa", "text")[0].splitlines()]
        assert said == pytest.approx(numbers, rel=1e-4)


def test_write_model_checks_again(place):
    from harken.lm.ngram.model_files import write_model

    with pytest.raises(OptionsError, match="ends in"):
        write_model(estimate(["a"], 1), place / "x.lm")
