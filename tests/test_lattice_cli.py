import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.kaldi_text import write_kaldi_text
from harken.decoder.lattice.mbr import minimum_bayes_risk
from harken.decoder.lattice.nbest import best_path, nbest
from harken.decoder.lattice.npz import save_lattice
from harken.engine.cli.lattice import lattice as command
from harken.errors import FormatError

from .naive_lattice import random_lattice

FIRST, SECOND = random_lattice(3), random_lattice(9)


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "lat.txt"
    write_kaldi_text(path, {"a": FIRST, "b": SECOND}, symbols=True)
    return str(path)


def run(*arguments):
    done = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_summary_and_best_words_of_an_archive(archive, tmp_path):
    best = best_path(FIRST)
    (tmp_path / "said.txt").write_text("a " + best.text + "\n")
    lines = run(archive, "--acoustic-scale", "0.7", "--reference", str(tmp_path / "said.txt")).splitlines()
    assert lines[0].startswith(f"a: {FIRST.states} states, {FIRST.arcs} arcs, 4 frames, depth")
    assert f"best {best.total_cost:.3f}" in lines[0]
    assert f"oracle 0 errors in {len(best.words)} words" in lines[0]
    assert "oracle" not in lines[1]
    assert run(archive, "--acoustic-scale", "0.7", "--as", "best").splitlines()[0].split()[1:] == list(best.words)


def test_nbest_of_a_file_and_of_the_archive_made_of_it(tmp_path):
    save_lattice(FIRST, tmp_path / "one.npz")
    expected = [f"one-{i} {path.total_cost:.4f} {path.text}" for i, path in enumerate(nbest(FIRST, 4), 1)]
    assert run(str(tmp_path / "one.npz"), "--as", "nbest", "-n", "4").splitlines() == expected
    again = str(tmp_path / "again.txt")
    run(str(tmp_path / "one.npz"), "--determinize", "--as", "kaldi", "-o", again)
    assert run(again, "--as", "nbest", "-n", "4", "--acoustic-scale", "0.7").splitlines() == expected


def test_confidences_and_pictures(tmp_path):
    save_lattice(FIRST, tmp_path / "one.npz")
    shown = json.loads(run(str(tmp_path / "one.npz"), "--determinize", "--as", "confidences", "--frame-seconds", "0.5"))
    expected = minimum_bayes_risk(determinize(FIRST))
    assert shown["text"] == expected.text
    assert [word["confidence"] for word in shown["words"]] == pytest.approx(list(expected.confidences))
    assert [word["start"] for word in shown["words"]] == pytest.approx([0.5 * begin for begin, _ in expected.times])
    assert ElementTree.fromstring(run(str(tmp_path / "one.npz"), "--beam", "1", "--as", "svg")).tag.endswith("svg")
    assert run(str(tmp_path / "one.npz"), "--as", "dot").startswith("digraph")


def test_numbers_get_their_words_from_a_list(tmp_path):
    write_kaldi_text(tmp_path / "numbers.txt", {"a": FIRST})
    (tmp_path / "words.txt").write_text("<eps> 0\none 1\ntwo 2\nthree 3\n")
    told = run(str(tmp_path / "numbers.txt"), "--words", str(tmp_path / "words.txt"), "--as", "best")
    assert set(told.split()[1:]) <= {"one", "two", "three"}
    (tmp_path / "words.txt").write_text("one two three\n")
    with pytest.raises(FormatError, match="list of words"):
        run(str(tmp_path / "numbers.txt"), "--words", str(tmp_path / "words.txt"))


def test_one_picture_shows_one_lattice(archive):
    done = CliRunner().invoke(command, [archive, "--as", "svg"])
    assert done.exit_code == 2
    assert "one lattice" in done.output
