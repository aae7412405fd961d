"""Bad models, texts and word lists on the command line: a sentence that names file, line and mend, and nothing left."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from harken.engine.cli import main
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.ngram import Ngram
from harken.tensorfile import map_arrays, save_arrays, write_aside

from .fuzz_targets import ARPA_TEXT
from .toy_bundle import make_toy_bundle

SENTENCES = ["the cat sat on the mat", "the dog sat on the cat", "a dog ran", "the mat", "a cat saw the dog"] * 6


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("\n".join(SENTENCES) + "\n")
    (tmp_path / "good.arpa").write_text(ARPA_TEXT)
    return tmp_path


@pytest.fixture
def refused(place, capsys):
    """Runs `harken` in ``place`` where it has to refuse; gives the sentence that it says, progress left out."""

    def run(*arguments):
        before = sorted(place.rglob("*"))
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        out, err = capsys.readouterr()
        assert ended.value.code == 1, err
        assert out == ""
        *steps, sentence = err.splitlines()
        assert all(step.endswith("...") for step in steps), err
        assert sentence.startswith("harken: ")
        assert sorted(place.rglob("*")) == before
        return sentence.removeprefix("harken: ")

    return run


ON_MODELS = (
    ("lm", "perplexity", "bad", "text"),
    ("lm", "info", "bad"),
    ("lm", "convert", "bad", "out.safetensors"),
    ("lm", "prune", "bad", "--size", "1", "-o", "out.arpa"),
    ("lm", "mix", "good.arpa", "bad", "--weights", "0.5", "0.5", "-o", "out.arpa"),
)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("ngram 2=4", "ngram 2=5", "bad, line 21: the 2-gram section has fewer n-grams than the 5 that the header"),
        ("ngram 2=4", "ngram 2=3", "bad, line 19: more n-grams than the header promises, or a stray line;"),
        ("ngram 2=4", "ngram 2=four", "bad, line 3: expected 'ngram 2=COUNT', found 'ngram 2=four'."),
        ("ngram 2=4", "ngram 2=2147483647", "bad, line 21: the 2-gram section has fewer n-grams"),
        ("a\t-0.2\n", "a\n", "bad, line 22: the context '<s> a' of this n-gram has no back-off weight."),
        ("-0.2\treed a", "nan\treed a", "bad, line 18: the probability 'nan' is not a finite number below 100."),
        ("reed\t0.1", "reed\tnan", "bad, line 17: the back-off weight 'nan' is not a finite number below 100."),
        ("-0.2\treed a", "-0,2\treed a", "bad, line 18: the probability '-0,2' is not a finite number"),
        ("-0.2\treed a", "0.2\treed a", "bad, line 18: a log10 probability above 0."),
        ("-0.2\treed a", "-0.2\treed rode", "bad, line 18: the word 'rode' is not among the unigrams."),
        ("-0.3\ta reed a", "-0.3\tread a a", "bad, line 23: the context 'read a' of this n-gram is not among the"),
        ("\\end\\\n", "", "bad, line 26: the file ends where \\end\\ should stand; it was cut short."),
        ("<s>", "<t>", "the unigrams lack <s>, without which no sentence can be scored."),
    ],
)
def test_bad_arpa_files_are_refused_by_every_command(place, refused, old, new, sentence):
    assert old in ARPA_TEXT
    (place / "bad").write_text(ARPA_TEXT.replace(old, new))
    assert sentence in refused(*ON_MODELS[0])
    for arguments in ON_MODELS[1:]:
        assert sentence in refused(*arguments)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "bad, line 1: no \\data\\ line; this is not an ARPA file."),
        (ARPA_TEXT.encode("utf-16"), "bad: text in UTF-16; an ARPA file is UTF-8, convert it."),
        (ARPA_TEXT.replace("read", "r\xe9ad").encode("latin1"), "line 11: the word b'r\\xe9ad' is not UTF-8; convert"),
        (gzip.compress(ARPA_TEXT.encode())[:-20], "bad: the compressed file is damaged or ends early ("),
        (ARPA_TEXT[:197].encode(), "bad, line 18: the file ends in the middle of a line; it was cut short."),
    ],
)
def test_files_that_are_no_arpa_files_are_refused_by_every_command(place, refused, data, sentence):
    (place / "bad").write_bytes(data)
    for arguments in ON_MODELS:
        assert sentence in refused(*arguments)


def test_a_byte_order_mark_is_no_part_of_a_model(place):
    (place / "marked.arpa").write_text("\ufeff" + ARPA_TEXT, encoding="utf8")
    assert read_arpa("marked.arpa").counts == read_arpa("good.arpa").counts


def test_mapped_models_out_of_order_are_not_mixed(place, refused):
    Ngram.from_arpa(read_arpa("good.arpa")).save("bad")
    arrays, metadata = map_arrays("bad")
    arrays = {name: np.array(array) for name, array in arrays.items()}
    arrays["arcs"][0] = arrays["arcs"][1] = 0
    save_arrays("damaged", arrays, metadata)
    os.replace("damaged", "bad")
    for arguments in ON_MODELS[2:]:
        assert refused(*arguments).startswith("bad: The n-gram model is damaged: its records are out of order;")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "bad holds no words, so that nothing can be counted."),
        (b"\n \t\r\n\0\n", "bad holds no words, so that nothing can be counted."),
        (b"a b\nc <s> d\n", "bad, line 2, holds <s> or </s>, which mark where sentences begin and end: take them out"),
        (
            "fine\ncaf\xe9\n".encode("latin1"),
            "bad, line 2, is not UTF-8 (invalid continuation byte): convert the",
        ),
        (b"fine\n\xed\xa0\x80\n", "bad, line 2, is not UTF-8"),
        (b"only one word".split()[0], "too few 1-grams that occur once, twice or three times"),
        (b"\x1f\x8bgarbage", "bad: the compressed file is damaged or ends early"),
    ],
)
def test_bad_texts_are_refused(place, refused, data, sentence):
    (place / "bad").write_bytes(data)
    assert sentence in refused("lm", "estimate", "bad", "-o", "out.arpa")
    if b"only" in data:
        return
    reading = (("lm", "perplexity", "good.arpa", "bad"), ("lm", "perplexity", "good.arpa", "bad", "--json", "out"))
    for arguments in reading:
        assert "bad" in refused(*arguments)


def test_marks_are_refused_where_words_are_printed_and_weights_are_tuned(place, refused, capsys):
    (place / "bad").write_text("a reed\nreed </s> a\n")
    with pytest.raises(SystemExit) as ended:
        main(["lm", "perplexity", "good.arpa", "bad", "--words"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "harken: bad, line 2, holds <s> or </s>: take them out of the text.\n"
    assert refused("lm", "mix", "good.arpa", "good.arpa", "--tune", "bad", "-o", "out.arpa").startswith("bad, line 2,")


def test_texts_in_another_script_are_refused_where_english_is_read(place, refused):
    (place / "bad").write_text("\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440\n", encoding="utf8")
    sentence = "bad: nothing is left of it, for its 9 letters are Cyrillic and the normaliser reads English;"
    assert refused("lm", "estimate", "bad", "--normalize", "-o", "out.arpa").startswith(sentence)
    make_toy_bundle(place / "toy", on_the_fly=True)
    customize = ("customize", "lm", "--model", "toy", "--out", "new", "--text")
    assert refused(*customize, "bad").startswith(sentence)
    assert "bad: none of its words can be recognised" in refused(*customize, "bad", "--no-normalize")
    (place / "bad").write_text("ABE, BAD!\n")
    assert "or normalize it" in refused(*customize, "bad", "--no-normalize")
    (place / "bad").write_text("abe\nbad <s>\n")
    assert refused(*customize, "bad", "--no-normalize").startswith("bad, line 2, holds <s> or </s>")


def test_recordings_that_cannot_be_read_are_named_when_customising(place, capsys):
    make_toy_bundle(place / "toy", on_the_fly=True)
    (place / "domain").write_text("abe bad cafe\ndeaf fee\n" * 5)
    (place / "test.jsonl").write_text(json.dumps({"audio_filepath": "absent.wav", "text": "abe"}) + "\n")
    arguments = "customize lm --model toy --out new --text domain --test test.jsonl"
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    assert ended.value.code in (0, None)
    assert "absent.wav: there is no such file" in capsys.readouterr().err


def test_written_text_that_is_not_normalised_is_noticed(place, capsys):
    make_toy_bundle(place / "toy", on_the_fly=True)
    (place / "domain").write_text("Abe, bad cafe!\ndeaf fee.\n" * 5)
    with pytest.raises(SystemExit):
        main(["customize", "lm", "--model", "toy", "--out", "new", "--text", "domain", "--no-normalize"])
    assert "15 of its 25 words end with punctuation; it looks written, so normalise it." in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["customize", "lm", "--model", "toy", "--out", "other", "--text", "domain"])
    assert "punctuation" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["g2p", "--train", "words", "-o", "absent/out"], "absent/out: there is no folder 'absent'; make it first."),
        (["lm", "perplexity", "good.arpa", "text", "--json", "absent/out"], "absent/out: No such file or directory."),
        (["lm", "perplexity", "good.arpa", "text", "--json", "."], ".: Is a directory."),
        (["lm", "estimate", "text", "-o", "absent/out.arpa"], "absent/out.arpa: there is no folder 'absent'; make it"),
    ],
)
def test_places_that_cannot_be_written_are_named(place, refused, arguments, sentence):
    (place / "words").write_text("abe A B\nbad B A D\n")
    assert refused(*arguments).startswith(sentence)


def test_writing_keeps_links_and_devices(place):
    (place / "link").symlink_to("text")
    write_aside("link", b"new")
    assert (place / "link").is_symlink()
    assert (place / "text").read_bytes() == b"new"
    reader, writer = os.pipe()
    write_aside(f"/dev/fd/{writer}", b"straight")
    assert os.read(reader, 8) == b"straight"
    os.close(reader)
    os.close(writer)


@pytest.mark.skipif(not hasattr(signal, "SIGTERM") or sys.platform == "win32", reason="Windows ends processes at once")
@pytest.mark.cli
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_estimation_leaves_nothing(place, number, code):
    """The text comes from a pipe that stays open, so that the process is caught while it reads."""
    (place / "kept").mkdir()
    (place / "out").mkdir()
    command = [sys.executable, "-m", "harken.engine.cli", "lm", "estimate", "-", "--normalize", "-o", "out/a.arpa"]
    variables = os.environ | {"TMPDIR": str(place / "kept")}
    running = subprocess.Popen(
        command,
        cwd=place,
        env=variables,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job's processes ignore it
    )
    try:
        running.stdin.write(b"The cat sat on the mat.\n" * 4)
        running.stdin.flush()
        until = time.monotonic() + 60
        while not list((place / "kept").rglob("spoken")) and time.monotonic() < until:
            time.sleep(0.05)
        assert list((place / "kept").rglob("spoken"))
        running.send_signal(number)
        err = running.communicate(timeout=60)[1].decode()
    finally:
        running.kill()
    assert running.returncode == code or (number == signal.SIGINT and running.returncode == -number)
    assert "Traceback" not in err
    assert not list((place / "kept").iterdir())
    assert not list((place / "out").iterdir())
