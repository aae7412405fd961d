"""Transducers in files, and the simple operations on them, beside OpenFst's: ``pytest bench/bench_fst_files.py -s``.

One random machine of 400,000 states and 1.5 million arcs goes through both, in turns, in the same process; times are
medians in CPU seconds of the one thread. Operations that change OpenFst's machine in place work on a copy there, for
ours give a new machine and leave the old one. Text has numbers, or names of labels from a table of 60,000.
"""

import os
import statistics
import time

import numpy as np
import pytest
from harken.decoder.fst.arcsort import arcsort
from harken.decoder.fst.connect import connect
from harken.decoder.fst.openfst import read_fst, write_fst
from harken.decoder.fst.project import project
from harken.decoder.fst.rational import closure, concat, union
from harken.decoder.fst.reverse import reverse
from harken.decoder.fst.symbols import SymbolTable, read_symbols, write_symbols
from harken.decoder.fst.text import parse_text, to_text
from harken.decoder.fst.transducer import Fst

pynini = pytest.importorskip("pynini")
pywrapfst = pytest.importorskip("pywrapfst")

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
STATES, ARCS, LABELS = 400_000, 1_500_000, 60_000


def seconds(function):
    """Return the CPU time of one call."""
    begin = time.thread_time()
    function()
    return time.thread_time() - begin


def beside(name, ours, theirs, bar=None):
    """Print the medians of both and their ratio, which must not be above ``bar`` where one is given."""
    ours(), theirs()
    rounds = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    mine, peer = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = mine / max(peer, 1e-9)
    print(f"{name:20} {1e3 * mine:9.1f} ms   OpenFst {1e3 * peer:9.1f} ms   ratio {ratio:5.2f}")
    assert bar is None or ratio <= bar, name


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Return the folder, our machine and OpenFst's."""
    random = np.random.default_rng(0)
    fst = Fst.from_arcs(
        0,
        random.integers(0, STATES, ARCS),
        random.integers(0, 70, ARCS),
        random.integers(0, LABELS, ARCS),
        random.random(ARCS),
        random.integers(0, STATES, ARCS),
        np.where(random.random(STATES) < 0.01, 1.0, np.inf),
    )
    folder = tmp_path_factory.mktemp("fst")
    write_fst(fst, folder / "vector.fst")
    write_fst(fst, folder / "const.fst", "const", align=True)
    print()
    return folder, fst, pynini.Fst.read(str(folder / "vector.fst"))


def test_binary_files(machine):
    folder, fst, peer = machine
    vector, const, out = (str(folder / name) for name in ("vector.fst", "const.fst", "out.fst"))
    beside("read vector", lambda: read_fst(vector), lambda: pywrapfst.Fst.read(vector))
    beside("read const", lambda: read_fst(const), lambda: pywrapfst.Fst.read(const))
    beside("write vector", lambda: write_fst(fst, out), lambda: peer.write(out))


def test_text(machine):
    _, fst, peer = machine
    words = [f"word{number}" for number in range(LABELS)]
    table = SymbolTable.of_words(words)
    theirs = pynini.SymbolTable()
    for word in words:
        theirs.add_symbol(word)
    text, named = to_text(fst), to_text(fst, table, table)

    def compiled(text, symbols=None):
        compiler = pywrapfst.Compiler(isymbols=symbols, osymbols=symbols)
        compiler.write(text)
        return compiler.compile()

    assert str(peer).count("\n") == text.count("\n")  # pynini's costs have six digits, ours nine
    beside("print numbers", lambda: to_text(fst), lambda: str(peer), 1.0)
    beside("print names", lambda: to_text(fst, table, table), lambda: peer.print(theirs, theirs), 1.0)
    beside("compile numbers", lambda: parse_text(text), lambda: compiled(text), 1.0)
    beside("compile names", lambda: parse_text(named, table, table), lambda: compiled(named, theirs), 1.0)


def test_symbol_tables(machine, tmp_path):
    path = tmp_path / "words.txt"
    write_symbols(SymbolTable.of_words([f"word{number}" for number in range(200_000)]), path)
    beside("read symbols", lambda: read_symbols(path), lambda: pynini.SymbolTable.read_text(str(path)))


def test_simple_operations(machine):
    _, fst, peer = machine

    def changed(name, *arguments):
        return lambda: getattr(peer.copy(), name)(*arguments)

    for name, ours, theirs in (
        ("arcsort, inputs", lambda: arcsort(fst), changed("arcsort", "ilabel")),
        ("arcsort, outputs", lambda: arcsort(fst, "olabel"), changed("arcsort", "olabel")),
        ("connect", lambda: connect(fst), changed("connect")),
        ("closure", lambda: closure(fst), changed("closure")),
        ("union", lambda: union(fst, fst), changed("union", peer)),
        ("concat", lambda: concat(fst, fst), changed("concat", peer)),
        ("project", lambda: project(fst), changed("project", "input")),
    ):
        beside(name, ours, theirs)
    beside("reverse", lambda: reverse(fst), lambda: pynini.reverse(peer))
