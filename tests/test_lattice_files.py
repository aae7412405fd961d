from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harken.decoder.lattice.assemble import empty_lattice
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.kaldi_text import lattice_text, write_kaldi_text
from harken.decoder.lattice.kaldi_text_reader import read_kaldi_text
from harken.decoder.lattice.lattice import ARRAY_DTYPES, Lattice
from harken.decoder.lattice.npz import load_lattice, save_lattice
from harken.errors import FormatError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, random_lattice

COMPACT = """first@
0\t1\t2\t1.5,-3.25,1_1_2
0\t1\t3\t2.5,0.5,
1\t2\t1
1\t0.5,0.25,2_3
2

second@
0

""".replace("@", " ")
"""Two compact lattices in the form of lattice-copy's ark,t: labels in the weights, weights of nothing left out."""


def same(a: Lattice, b: Lattice) -> bool:
    return (
        all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ARRAY_DTYPES)
        and (a.acoustic_scale, a.words_table, a.beam) == (b.acoustic_scale, b.words_table, b.beam)
        and (a.label_table is None) == (b.label_table is None)
        and (a.label_table is None or all(map(np.array_equal, a.label_table, b.label_table)))  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_saved_lattice_comes_back_bit_by_bit(seed: int, tmp_path: Path) -> None:
    lattice = random_lattice(seed)
    for saved in (lattice, determinize(lattice), empty_lattice(0.5, ("<eps>", "a"))):
        save_lattice(saved, tmp_path / "a.npz")
        assert same(load_lattice(tmp_path / "a.npz"), saved)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_lattice(random_lattice(3), path)
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    refused = 0
    damaged = [whole[: random.integers(0, len(whole))] for _ in range(100)]
    for _ in range(300):
        flipped = bytearray(whole)
        flipped[random.integers(0, len(whole))] ^= 1 << int(random.integers(0, 8))
        damaged.append(bytes(flipped))
    original = load_lattice(path)
    for data in damaged:
        path.write_bytes(data)
        try:
            loaded = load_lattice(path)
        except FormatError as problem:
            assert str(path) in str(problem)
            refused += 1
        else:  # bits that nobody reads: dates and the like
            assert same(loaded, original)
    assert refused > 250
    with pytest.raises(FormatError, match="missing"):
        load_lattice(tmp_path / "missing.npz")


def test_another_npz_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", scores=np.zeros(3))
    with pytest.raises(FormatError, match="not a whole lattice"):
        load_lattice(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", notes=np.array([{}], dtype=object))
    with pytest.raises(FormatError, match="not a whole lattice"):
        load_lattice(tmp_path / "b.npz")


def paths_of(lattice: Lattice) -> list[Any]:
    return sorted(
        (path.words, path.labels, round(path.costs[0] + path.costs[2] + path.costs[3], 5), round(path.costs[1], 5))
        for path in all_paths(lattice)
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), compact=st.booleans(), symbols=st.booleans(), whole=st.booleans())
def test_kaldi_text_brings_every_path_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, compact: bool, symbols: bool, whole: bool
) -> None:
    lattice = random_lattice(seed, arcs=10)
    lattice = lattice if whole else determinize(lattice)
    path = tmp_path_factory.mktemp("text") / "lat.txt"
    write_kaldi_text(path, {"a": lattice, "b": lattice}, compact, symbols)
    back = dict(read_kaldi_text(path, lattice.words_table, lattice.label_table, lattice.acoustic_scale))
    assert list(back) == ["a", "b"]
    assert paths_of(back["a"]) == paths_of(back["b"]) == paths_of(lattice)


def test_compact_text_is_read_and_written_as_kaldi_does(tmp_path: Path) -> None:
    path = tmp_path / "lat.txt"
    text = COMPACT.replace("\t2.5,0.5,\n", "\t2.5,0.5,1_1_3\n")
    path.write_text(text)
    back = dict(read_kaldi_text(path, ("<eps>", "a", "b", "c")))
    assert paths_of(back["first"]) == [
        ((2,), (1, 1, 2, 2, 3), 2.0, -3.0),
        ((2, 1), (1, 1, 2), 1.5, -3.25),
        ((3,), (1, 1, 3, 2, 3), 3.0, 0.75),
        ((3, 1), (1, 1, 3), 2.5, 0.5),
    ]
    assert back["first"].frames.tolist() == [0, 3, 3, 5]
    assert paths_of(back["second"]) == [((), (), 0.0, 0.0)]
    path.write_text(text[: text.index("\n\n") + 2].replace("1\t2\t1\n", "").replace("\n2\n", "\n"))
    ((key, alone),) = read_kaldi_text(path, ("<eps>", "a", "b", "c"))
    assert lattice_text(alone, key, digits=7) == path.read_text()


def test_words_can_be_written_by_name(tmp_path: Path) -> None:
    path = tmp_path / "lat.txt"
    path.write_text("u \n0 1 5 hello 1,2\n1\n\n")
    ((_, lattice),) = read_kaldi_text(path, ("<eps>", "hello"))
    assert lattice_text(lattice, "u", compact=False, symbols=True) == "u \n0\t1\t5\thello\t1,2\n1\n\n"


def test_without_a_table_words_are_numbered_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "lat.txt"
    path.write_text("u \n0 1 hello 1,2,5\n1 2 17 1,2,5\n2\n\nv \n0 1 17 1,2,5\n1 2 <eps> 0,0,3\n2\n\n")
    (_, first), (_, second) = read_kaldi_text(path)
    assert [first.words_table[word] for word in first.words] == ["hello", "17"]
    assert [second.words_table[word] for word in second.words] == ["17", "<eps>"]
    assert second.words.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("0 1 1 1,2\n1 0 1 1,2\n1\n", "line 2"),
        ("0 1 1 1,2,\n1 0 1 1,2,\n1\n", "cycle"),
        ("0 1 1 1,2,1\n0 2 1 1,2,\n1 2 1 1,2,\n2\n", "different lengths"),
        ("0 1 x 1,2,\n1\n", "line 2"),
        ("0 1 1 nan,2,\n1\n", "line 2"),
        ("0 1 1 1,2,1_x\n1\n", "line 2"),
        ("0 1 1 1,2,0\n1\n", "line 2"),
        ("0 1 1 2 3 4 5\n1\n", "line 2"),
        ("0 -1 1 1,2,\n1\n", "line 2"),
        ("0 1 99 1,2,\n1\n", "words"),
    ],
)
def test_text_that_makes_no_sense_is_refused(body: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "lat.txt"
    path.write_text("key \n" + body + "\n")
    with pytest.raises(FormatError, match=what):
        list(read_kaldi_text(path, ("<eps>", "a")))


def test_damaged_text_never_crashes(tmp_path: Path) -> None:
    path = tmp_path / "lat.txt"
    text = lattice_text(determinize(random_lattice(4)), "key").encode()
    random = np.random.default_rng(2)
    outcomes = set()
    for _ in range(200):
        damaged = bytearray(text)
        for _ in range(3):
            damaged[random.integers(0, len(text))] = int(random.integers(9, 127))
        path.write_bytes(bytes(damaged[: random.integers(1, len(text))]))
        try:
            for _, lattice in read_kaldi_text(path, ("<eps>", "w1", "w2", "w3")):
                lattice.check()
                outcomes.add("read")
        except FormatError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_key_with_white_space_is_refused() -> None:
    with pytest.raises(OptionsError, match="white space"):
        lattice_text(random_lattice(1), "two words")
