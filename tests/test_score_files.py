import struct
import subprocess
import sys

import numpy as np
import pytest
from harken.decoder.kaldi_matrices import read_archive, read_script
from harken.decoder.score_files import read_scores
from harken.errors import FormatError

from .shared_data import shared


def binary(matrix, kind=b"FM "):
    rows, columns = matrix.shape
    return b"\0B" + kind + b"\4" + struct.pack("<i", rows) + b"\4" + struct.pack("<i", columns) + matrix.tobytes()


@pytest.fixture
def matrices():
    random = np.random.default_rng(3)
    return {"one": random.normal(size=(5, 3)).astype(np.float32), "two": random.normal(size=(1, 3)).astype(np.float32)}


@pytest.fixture
def archive(tmp_path, matrices):
    path = tmp_path / "scores.ark"
    path.write_bytes(b"".join(f"{key} ".encode() + binary(matrix) for key, matrix in matrices.items()))
    return path


def same(found, expected):
    found = list(found)
    assert [key for key, _ in found] == list(expected)
    for key, matrix in found:
        assert matrix.dtype == np.float32
        assert matrix.tobytes() == expected[key].tobytes()


def test_archives(archive, matrices):
    same(read_archive(archive), matrices)
    same(read_scores(archive), matrices)
    same(read_scores(f"ark:{archive}"), matrices)


def test_doubles_and_text(tmp_path):
    double = np.array([[0.5, -1.25], [3.0, -8.0]])
    (tmp_path / "a.ark").write_bytes(b"d " + binary(double, b"DM ") + b"t  [\n  0.5 -1.25\n  3 -8 ]\nempty [ ]\n")
    found = dict(read_archive(tmp_path / "a.ark"))
    assert found["d"].tolist() == found["t"].tolist() == double.tolist()
    assert found["empty"].shape == (0, 0)


def test_scripts_have_offsets_and_ranges(tmp_path, archive, matrices):
    second = archive.read_bytes().index(b"two ") + 4
    (tmp_path / "s.scp").write_text(f"b {archive}:{second}\na {archive}:4[1:2]\nc {archive}:4[0:4,1:1]\n\n")
    expected = {"b": matrices["two"], "a": matrices["one"][1:3], "c": np.ascontiguousarray(matrices["one"][:, 1:2])}
    same(((key, np.ascontiguousarray(matrix)) for key, matrix in read_script(tmp_path / "s.scp")), expected)
    assert len(list(read_scores(tmp_path / "s.scp"))) == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a", "line 1: 'a' stands alone"),
        ("a cat x.ark |", "line 1: 'cat x.ark |' is a command"),
        ("a {}:4[3:7]", r"line 1: range 3:7 lies outside the matrix of shape \(5, 3\)"),
        ("a {}:5", "neither a binary matrix nor one between"),
        ("a nowhere.ark:3", "nowhere.ark: cannot be read"),
    ],
)
def test_scripts_that_lead_nowhere_are_refused(tmp_path, archive, line, message):
    (tmp_path / "s.scp").write_text(line.format(archive))
    with pytest.raises(FormatError, match=message):
        list(read_script(tmp_path / "s.scp"))


@pytest.mark.parametrize("kind", ["whole", "text"])
def test_damaged_archives_are_refused_wherever_they_are_cut(tmp_path, archive, kind):
    whole = archive.read_bytes() if kind == "whole" else b"t  [\n  0.5 -1.25\n  3 -8 ]\n"
    for length in range(1, len(whole) - 2):
        (tmp_path / "cut.ark").write_bytes(whole[:length])
        try:
            found = list(read_archive(tmp_path / "cut.ark"))
        except FormatError as problem:
            assert "cut.ark" in str(problem)
        else:
            assert len(found) == 1  # cut right behind the first matrix


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a \0BFM \4\xff\xff\xff\x7f\4\xff\xff\xff\x7f1234", "ends within a matrix"),
        (b"a \0BFM \4\xff\xff\xff\xff\4\3\0\0\0", "cannot be"),
        (b"a \0BFM \5\1\0\0\0\4\1\0\0\0abcd", "no proper size"),
        (b"a \0BFV \4\1\0\0\0abcd", "holds 'FV', not a matrix"),
        (b"a \0BCM abcd", "head of a matrix"),
        (b"a [ 1 x ]", "what is no number"),
        (b"a [ 1 2\n 3 ]", "differ in length"),
        (b"\xff\xfe [ 1 ]", "not UTF-8"),
        (b"abcd", "no key stands at byte 0"),
    ],
)
def test_bad_archives_are_refused(tmp_path, data, message):
    (tmp_path / "bad.ark").write_bytes(data)
    with pytest.raises(FormatError, match=message):
        list(read_archive(tmp_path / "bad.ark"))


@pytest.mark.parity
@pytest.mark.parametrize("method", range(1, 8))
def test_compressed_matrices_match_kaldiio(tmp_path, method):
    kaldiio = pytest.importorskip("kaldiio")
    matrix = np.random.default_rng(method).normal(-5, 3, size=(40, 7)).astype(np.float32)
    path = str(tmp_path / "c.ark")
    kaldiio.save_ark(path, {"x": matrix, "y": matrix[:3]}, compression_method=method)
    expected = dict(kaldiio.load_ark(path))
    found = dict(read_archive(path))
    assert list(found) == ["x", "y"]
    for key, value in found.items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-5, atol=1e-5)


@pytest.mark.parity
def test_kaldis_own_archives_are_read():
    for path in sorted(shared("parity/kaldi-nnet3-units").glob("*/input.ark")):
        for _, matrix in read_archive(path):
            assert matrix.ndim == 2
            assert np.isfinite(matrix).all()


def test_numpy_files(tmp_path, matrices):
    one, two = matrices.values()
    np.save(tmp_path / "one.npy", one.astype(np.float64))
    np.savez(tmp_path / "named.npz", scores=one, channel=0)
    np.savez_compressed(tmp_path / "several.npz", **matrices)
    same(read_scores(tmp_path / "one.npy"), {None: one})
    same(read_scores(tmp_path / "named.npz"), {None: one})
    same(read_scores(tmp_path / "several.npz"), {"one": one, "two": two})


def test_numpy_files_that_are_refused(tmp_path, matrices):
    np.save(tmp_path / "flat.npy", np.zeros(3, np.float32))
    np.save(tmp_path / "whole.npy", np.zeros((3, 2), np.int64))
    np.save(tmp_path / "objects.npy", np.array([[{}]], dtype=object))
    np.savez(tmp_path / "none.npz")
    np.savez(tmp_path / "cut.npz", **matrices)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:-30])
    (tmp_path / "text.npy").write_text("scores")
    (tmp_path / "scores.csv").write_text("1,2")
    for name, message in [
        ("flat.npy", "has 1 dimensions"),
        ("whole.npy", "numbers of type int64"),
        ("objects.npy", "no NumPy file, or a damaged one"),
        ("none.npz", "holds no matrix"),
        ("cut.npz", "damaged"),
        ("text.npy", "damaged"),
        ("scores.csv", "of no known kind"),
        ("lost.npy", "cannot be read"),
    ]:
        with pytest.raises(FormatError, match=message):
            list(read_scores(tmp_path / name))


@pytest.mark.cli
def test_decode_reads_archives_and_other_graphs(tmp_path):
    from harken.decoder.graph.search_graph import Graph, compile_ctc_graph
    from harken.decoder.lattice.kaldi_text_reader import read_kaldi_text
    from harken.decoder.lattice.nbest import best_path
    from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation

    from .toy_bundle import flat_arpa

    lexicon = Lexicon((Pronunciation("ab", ("A", "B")), Pronunciation("ba", ("B", "A"))))
    compile_ctc_graph(lexicon, flat_arpa(lexicon.words), ["<blank>", "A", "B"]).save(tmp_path / "toy.graph")

    def scores(units):
        rows = np.full((len(units), 3), -8.0, np.float32)
        rows[np.arange(len(units)), units] = -0.01
        return rows

    archive = b"".join(f"{key} ".encode() + binary(scores(units)) for key, units in SAID.items())
    (tmp_path / "s.ark").write_bytes(archive)
    np.save(tmp_path / "s.npy", scores(SAID["u1"]))

    def run(*arguments):
        command = [sys.executable, "-m", "harken.engine.cli", "decode", "--graph", "toy.graph", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    assert run("s.ark", "--format", "text").stdout == "u1 ab ba\nu2 ba\n"
    assert run("s.npy", "--format", "text").stdout == "ab ba\n"
    assert run("s.npy", "s.ark", "--format", "text").stdout == "s.npy ab ba\nu1 ab ba\nu2 ba\n"
    listed = run("s.ark", "--nbest", "3", "-o", "s.nbest")
    assert (listed.returncode, listed.stdout) == (0, "")
    run("s.ark", "--lattices", "s.lats")
    kept = dict(read_kaldi_text(tmp_path / "s.lats", Graph.load(tmp_path / "toy.graph").words))
    assert {key: best_path(lattice).words for key, lattice in kept.items()} == {"u1": ("ab", "ba"), "u2": ("ba",)}
    (tmp_path / "s.ark").write_bytes(archive[:-9])
    cut = run("s.ark", "--format", "text", "-o", "out.txt")
    assert cut.returncode == 1
    assert "s.ark: u2: ends within a matrix" in cut.stderr
    assert not (tmp_path / "out.txt").exists()


SAID = {"u1": [1, 0, 2, 2, 0, 2, 1], "u2": [2, 1, 0]}
