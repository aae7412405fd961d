import io
import math
import os
import random
import shutil
import struct
import subprocess
import threading
import tracemalloc

import numpy as np
import pytest
from harken.decoder.fst.info import info
from harken.decoder.fst.openfst import read_fst, write_fst
from harken.decoder.fst.properties import all_properties, local_properties
from harken.decoder.fst.symbols import SymbolTable, read_symbols, write_symbols
from harken.decoder.fst.text import parse_text, read_text, to_text, write_text
from harken.decoder.fst.transducer import ARRAY_NAMES, Fst
from harken.errors import FormatError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import arcs_of, random_fsts

few = settings(max_examples=60, deadline=None)  # the first example waits for the compiler
KINDS = [("vector", False), ("const", False), ("const", True)]
ANY = st.sampled_from(["tropical", "log"]).flatmap(lambda semiring: random_fsts(semiring=semiring))
NAMES = st.text(st.characters(codec="utf8", exclude_characters=" \t\n\r"), min_size=1)
LETTERS = SymbolTable.of_words(["<eps>", "a", "bä"])
NUMBERS = SymbolTable({0: "<eps>", 1: "one", 2: "two", 7: "sieben", 5: "fünf"}, title="numbers.txt")


def tabled(fst, isymbols=LETTERS, osymbols=NUMBERS):
    return Fst(*(getattr(fst, name) for name in ("start", *ARRAY_NAMES)), fst.semiring, isymbols, osymbols)


def assert_same(one, other):
    for name in ARRAY_NAMES:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert (one.start, one.semiring) == (other.start, other.semiring)
    assert (one.isymbols, one.osymbols) == (other.isymbols, other.osymbols)


def written(fst, kind="vector", align=False):
    file = io.BytesIO()
    write_fst(fst, file, kind, align)
    return file.getvalue()


EXAMPLE = parse_text("0 1 1 7 .5\n0 0 2 0 1.5e-7\n1 2 0 1 3\n1 3.25\n2")


@few
@given(ANY, st.sampled_from(KINDS), st.booleans(), st.booleans())
def test_binary_files_give_back_what_was_written(fst, kind, isymbols, osymbols):
    fst = tabled(fst, LETTERS if isymbols else None, NUMBERS if osymbols else None)
    data = written(fst, *kind)
    again = read_fst(io.BytesIO(data))
    assert_same(fst, again)
    assert written(again, *kind) == data
    if osymbols:
        assert again.osymbols.title == "numbers.txt"
        assert list(again.osymbols) == sorted(NUMBERS)


def test_const_files_are_mapped(tmp_path):
    write_fst(EXAMPLE, tmp_path / "a.fst", "const", align=True)
    fst = read_fst(tmp_path / "a.fst")
    assert_same(fst, EXAMPLE)
    for name in ("ilabels", "olabels", "weights", "nextstates"):
        array = getattr(fst, name)
        assert array.strides == (16,)
        assert not array.flags.writeable
        whole = array
        while isinstance(whole.base, np.ndarray):
            whole = whole.base
        assert isinstance(whole, np.memmap)
    assert fst.arrays.weights.flags.c_contiguous


def test_paths_pipes_and_file_objects(tmp_path):
    write_fst(EXAMPLE, tmp_path / "a.fst")
    with (tmp_path / "a.fst").open("rb") as file:
        assert_same(read_fst(file), EXAMPLE)
    assert_same(read_fst(str(tmp_path / "a.fst")), EXAMPLE)
    os.mkfifo(tmp_path / "pipe")
    for kind, _ in KINDS[:2]:
        writer = threading.Thread(target=write_fst, args=(EXAMPLE, tmp_path / "pipe", kind))
        writer.start()
        assert_same(read_fst(tmp_path / "pipe"), EXAMPLE)
        writer.join()
    assert sorted(os.listdir(tmp_path)) == ["a.fst", "pipe"]


def test_a_refused_machine_leaves_the_old_file(tmp_path):
    write_fst(EXAMPLE, tmp_path / "a.fst")
    before = (tmp_path / "a.fst").read_bytes()
    wrong = Fst(0, *EXAMPLE.arrays._replace(nextstates=EXAMPLE.nextstates + np.int32(9)))
    with pytest.raises(FormatError, match="nextstates"):
        write_fst(wrong, tmp_path / "a.fst")
    assert (tmp_path / "a.fst").read_bytes() == before
    assert os.listdir(tmp_path) == ["a.fst"]
    with pytest.raises(OptionsError, match="kind"):
        write_fst(EXAMPLE, tmp_path / "a.fst", "compact")
    with pytest.raises(OptionsError, match="align"):
        write_fst(EXAMPLE, tmp_path / "a.fst", align=True)
    with pytest.raises(OSError, match="nowhere"):
        write_fst(EXAMPLE, tmp_path / "nowhere" / "a.fst")


def test_a_stream_may_leave_the_number_of_states_open():
    data = bytearray(written(EXAMPLE))
    states_at = 4 + 4 + len("vector") + 4 + len("standard") + 4 + 4 + 8 + 8
    assert struct.unpack_from("<q", data, states_at) == (3,)
    struct.pack_into("<q", data, states_at, -1)
    assert_same(read_fst(io.BytesIO(data)), EXAMPLE)


@pytest.mark.parametrize(("kind", "align"), KINDS)
def test_corrupt_files_are_refused_by_name(tmp_path, kind, align):
    """Cut anywhere, bits flipped anywhere: a FormatError that names the file, or a sound machine; little memory."""
    data = written(tabled(EXAMPLE), kind, align)
    chance = random.Random(3)

    def refused(content):
        file = io.BytesIO(content)
        file.name = "bad.fst"
        try:
            read_fst(file).check()
        except FormatError as error:
            assert str(error).startswith("bad.fst: ")
            assert "\n" not in str(error)
            return True
        return False

    for length in range(0, len(data), 7):
        (tmp_path / "cut.fst").write_bytes(data[:length])
        with pytest.raises(FormatError, match=r"cut\.fst: "):
            read_fst(tmp_path / "cut.fst")
    tracemalloc.start()
    try:
        for length in range(len(data)):
            assert refused(data[:length]), length
        assert refused(data + b"\0")
        for place in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[place // 8] ^= 1 << place % 8
            refused(flipped)
        for _ in range(300):
            spoilt = bytearray(data)
            for _ in range(chance.randint(1, 6)):
                place = chance.randrange(len(data))
                width = chance.choice([1, 4, 8])
                spoilt[place : place + width] = chance.choice([b"\xff" * width, chance.randbytes(width), b"\0" * width])
            refused(spoilt[: chance.choice([len(spoilt), chance.randrange(len(spoilt))])])
        for size in (-1, -2, 2**31 - 1, 2**40, 2**62, 2**63 - 1):
            for at in range(len(data) - 8):
                spoilt = bytearray(data)
                struct.pack_into("<q", spoilt, at, size)
                refused(spoilt)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_headers_that_cannot_be_read(tmp_path):
    with pytest.raises(FormatError, match=r"nowhere.fst: cannot be read \(No such file"):
        read_fst(tmp_path / "nowhere.fst")
    with pytest.raises(FormatError, match="cannot be read"):
        read_fst(tmp_path)
    (tmp_path / "empty.fst").write_bytes(b"")
    with pytest.raises(FormatError, match=r"empty\.fst: is not an OpenFst binary"):
        read_fst(tmp_path / "empty.fst")
    data = written(EXAMPLE)
    for old, new, why in (
        (b"vector", b"ngramm", "type 'ngramm'"),
        (b"standard", b"log64\0\0\0", "arcs of type"),
        (b"standard\2", b"standard\1", "version 1"),
    ):
        assert old in data
        with pytest.raises(FormatError, match=why):
            read_fst(io.BytesIO(data.replace(old, new)))


@few
@given(ANY)
def test_properties_match_their_definitions(fst):
    found = all_properties(fst)
    every = [(state, arc) for state in range(fst.states) for arc in arcs_of(fst, state)]
    labels = {side: [[arc[side] for arc in arcs_of(fst, state)] for state in range(fst.states)] for side in (0, 1)}
    reach = {(state, arc[3]) for state, arc in every}
    for _ in range(fst.states):
        reach |= {(a, d) for a, b in reach for c, d in reach if b == c}
    finals = [float(cost) for cost in fst.final_weights]
    ends = [state for state in range(fst.states) if finals[state] < math.inf]
    expected = {
        "acceptor": all(arc[0] == arc[1] for _, arc in every),
        "input deterministic": all(len(set(row)) == len(row) for row in labels[0]),
        "output deterministic": all(len(set(row)) == len(row) for row in labels[1]),
        "input/output epsilons": any(arc[:2] == (0, 0) for _, arc in every),
        "input epsilons": any(arc[0] == 0 for _, arc in every),
        "output epsilons": any(arc[1] == 0 for _, arc in every),
        "input label sorted": all(row == sorted(row) for row in labels[0]),
        "output label sorted": all(row == sorted(row) for row in labels[1]),
        "weighted": any(arc[2] for _, arc in every) or any(finals[state] for state in ends),
        "cyclic": any((state, state) in reach for state in range(fst.states)),
        "cyclic at initial state": (fst.start, fst.start) in reach,
        "top sorted": all(arc[3] > state for state, arc in every),
        "accessible": fst.states == 0
        or (fst.start >= 0 and all(state == fst.start or (fst.start, state) in reach for state in range(fst.states))),
        "coaccessible": all(any(state == e or (state, e) in reach for e in ends) for state in range(fst.states)),
        "string": fst.states == 0
        or (
            fst.start in (-1, 0)
            and all(arc[3] == state + 1 for state, arc in every)
            and all(len(labels[0][state]) == 1 for state in range(fst.states) if state not in ends)
            and not [state for state in ends if state < fst.states - 1]
        ),
        "weighted cycles": any(arc[2] and (state, state) in reach and (arc[3], state) in reach for state, arc in every),
    }
    assert found == expected
    assert local_properties(fst).items() <= found.items()


@few
@given(ANY, st.booleans(), st.booleans())
def test_text_gives_back_the_machine(fst, names, kept):
    """State for state where numbers are kept; else renumbered as they appear in the text."""
    tables = (LETTERS, SymbolTable.of_words(["-", "x", "y"])) if names else (None, None)
    text = to_text(fst, *tables)
    again = parse_text(text, *tables, keep_state_numbering=kept, semiring=fst.semiring)
    if fst.start < 0:
        assert (text, again.states, again.start) == ("", 0, -1)
        return
    number = list(range(fst.states))
    if not kept:
        seen: dict[str, int] = {}
        for line in text.splitlines():
            fields = line.split("\t")
            for state in fields[:1] if len(fields) <= 2 else fields[:2]:
                seen.setdefault(state, len(seen))
        number = [seen[str(state)] for state in number]
    assert again.start == number[fst.start]
    assert (again.isymbols, again.osymbols) == tables
    for state in range(fst.states):
        assert arcs_of(again, number[state]) == [(*arc[:3], number[arc[3]]) for arc in arcs_of(fst, state)]
        assert again.final_weights[number[state]] == fst.final_weights[state]


def test_text_as_one_writes_it_by_hand(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"3  07\ta x 0.5\r\n\n  7 3 b <eps>\n7 Infinity\n7 2\n5\n")
    letters, numbers = SymbolTable.of_words(["<eps>", "a", "b"]), SymbolTable.of_words(["<eps>", "x"])
    fst = read_text(tmp_path / "a.txt", letters, numbers)
    assert to_text(fst) == "0\t1\t1\t1\t0.5\n1\t0\t2\t0\n1\t2\n2\n"
    assert fst.start == 0
    assert to_text(fst, letters, numbers, show_weight_one=True).splitlines()[1] == "1\t0\tb\t<eps>\t0"
    write_text(fst, tmp_path / "b.txt", letters, numbers)
    assert_same(read_text(tmp_path / "b.txt", letters, numbers), fst)
    with (tmp_path / "b.txt").open("rb") as file:
        assert_same(read_text(file, letters, numbers), fst)


def test_text_of_acceptors_and_named_states():
    states = SymbolTable.of_words(["begin", "end"])
    fst = parse_text("begin end 5 1.5\nend", ssymbols=states, acceptor=True)
    assert to_text(fst) == "0\t1\t5\t5\t1.5\n1\n"
    assert to_text(fst, ssymbols=states, acceptor=True) == "begin\tend\t5\t1.5\nend\n"
    assert to_text(parse_text("0 1 1 2\n1"), acceptor=True) == "0\t1\t1\t2\n1\n"  # no acceptor
    assert to_text(parse_text("2 4 1 2\n4", keep_state_numbering=True)).startswith("2\t4\t1\t2\n0\tInfinity\n")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1 2 3", "3 columns"),
        ("1 2 3 4 5 6", "6 columns"),
        ("-1 2 3 4", "state '-1'"),
        ("x 2 3 4", "state 'x'"),
        ("1 99999999999 3 4", "state '99999999999'"),
        ("1 2 -3 4", "input label '-3'"),
        ("1 2 3 2147483648", "output label '2147483648'"),
        ("1 2 3 b", "output label 'b'"),
        ("1 2 3 4 heavy", "cost 'heavy'"),
        ("1 2 3 4 -Infinity", "cost '-Infinity'"),
        ("1 2 3 4 1e39", "cost '1e39'"),
        ("1 2 3 4 1_0", "cost '1_0'"),
        ("1 nan", "cost 'nan'"),
    ],
)
def test_text_that_cannot_be_read_names_file_and_line(tmp_path, line, why):
    (tmp_path / "a.txt").write_text(f"0 1 1 1\n\n{line}\n")
    with pytest.raises(FormatError, match=rf"a\.txt: line 3 .*{why}"):
        read_text(tmp_path / "a.txt")


def test_text_beyond_its_tables_and_numbers():
    with pytest.raises(FormatError, match=r"line 1 has the input label 'c'.*symbol table"):
        parse_text("0 1 c x", LETTERS, LETTERS)
    with pytest.raises(FormatError, match=r"state 2000000000 would make 2000000001 states"):
        parse_text("0 2000000000 1 1", keep_state_numbering=True)
    assert parse_text("0 2000000000 1 1").states == 2
    fst = parse_text("0 1 1 9\n1")
    with pytest.raises(FormatError, match="output label 9 has no name"):
        to_text(fst, LETTERS, LETTERS)
    assert to_text(fst, LETTERS, LETTERS, missing_symbol="?") == "0\t1\ta\t?\n1\n"
    with pytest.raises(OptionsError, match="semiring"):
        parse_text("0", semiring="real")


@few
@given(
    st.dictionaries(
        st.integers(0, 2**40),
        st.text(st.characters(codec="utf8", exclude_characters=" \t\n\r"), min_size=1),
        max_size=8,
    )
)
def test_symbol_tables_as_text(names):
    if len(set(names.values())) < len(names):
        with pytest.raises(FormatError, match="stands for two labels"):
            SymbolTable(names)
        return
    table = SymbolTable(names)
    assert SymbolTable.from_text(table.to_text()) == table
    assert all(table.label(name) == label and table.name(label) == name for label, name in table)


def test_symbol_files(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes(b"<eps> 0\r\ncaf\xe9\t 1 \n\nno\xc2\xa0break 2\n")  # Latin-1 survives; no blank: no-break
    table = read_symbols(path)
    assert len(table) == 3
    assert table.label("no\xa0break") == 2
    assert table.title == str(path)
    write_symbols(table, tmp_path / "again.txt")
    assert (tmp_path / "again.txt").read_bytes() == b"<eps>\t0\ncaf\xe9\t1\nno\xc2\xa0break\t2\n"
    for content, why in (
        ("a 0\nb 0\n", "line 2 gives label 0 a second"),
        ("a 0\na 1\n", r"line 2 gives 'a' \(line 1\) a second"),
        ("a 0\nb\n", "line 2 is not a name and a number"),
        ("a b c 0\n", "line 1 is not"),
        ("a -1\n", "line 1 is not"),
        ("a 1e3\n", "line 1 is not"),
        ("a " + "9" * 5000, "line 1 is not"),
    ):
        path.write_text(content)
        with pytest.raises(FormatError, match=f"words.txt: {why}"):
            read_symbols(path)
    for name in ("", "two words"):
        with pytest.raises(FormatError, match="cannot be written as text"):
            SymbolTable({0: name}).to_text()
    with pytest.raises(FormatError, match="not listed"):
        table.label("nothing")
    with pytest.raises(FormatError, match="no name"):
        table.name(9)


@pytest.mark.parity
@pytest.mark.parametrize(("kind", "align"), KINDS)
def test_openfst_reads_what_is_written(tmp_path, kind, align):
    """fstinfo and fstprint, with OpenFst's own verification of the stored properties; and its bytes are the same."""
    if not shutil.which("fstinfo"):
        pytest.skip("OpenFst's tools are not installed (Debian: libfst-tools)")

    def tool(*command):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        assert done.stderr == b""
        return done.stdout.decode()

    examples = [tabled(EXAMPLE), EXAMPLE, parse_text("")]
    started = random_fsts(empty=False) | random_fsts(empty=False, semiring="log")
    settings(max_examples=12, database=None, derandomize=True)(given(started)(lambda fst: examples.append(fst)))()
    for fst in examples:
        write_fst(fst, tmp_path / "a.fst", kind, align)
        assert tool("fstprint", "a.fst") == to_text(fst, fst.isymbols, fst.osymbols)
        expected = info(fst).to_text(kind)
        assert tool("fstinfo", "--fst_verify_properties", "a.fst") == expected
        tool("fstconvert", f"--fst_type={kind}", f"--fst_align={str(align).lower()}", "a.fst", "b.fst")
        theirs, ours = (tmp_path / "b.fst").read_bytes(), (tmp_path / "a.fst").read_bytes()
        assert_same(read_fst(tmp_path / "b.fst"), fst)
        assert theirs == ours


@pytest.mark.parity
def test_const_files_are_openfsts_byte_for_byte(tmp_path):
    """Text compiled by both: const files are equal, vector files but for properties that OpenFst works out later."""
    if not shutil.which("fstcompile"):
        pytest.skip("OpenFst's tools are not installed (Debian: libfst-tools)")
    examples = []
    started = random_fsts(empty=False)
    settings(max_examples=12, database=None, derandomize=True)(given(started)(lambda fst: examples.append(fst)))()
    for fst in examples:
        write_text(fst, tmp_path / "a.txt")
        read_back = read_text(tmp_path / "a.txt")
        write_fst(read_back, tmp_path / "ours.fst", "const")
        command = "fstcompile a.txt | tee vector.fst | fstconvert --fst_type=const - theirs.fst"
        subprocess.run(command, shell=True, cwd=tmp_path, check=True)
        assert (tmp_path / "ours.fst").read_bytes() == (tmp_path / "theirs.fst").read_bytes()
        ours, theirs = bytearray(written(read_back)), bytearray((tmp_path / "vector.fst").read_bytes())
        at = 4 + 4 + len("vector") + 4 + len("standard") + 4 + 4
        bits = [struct.unpack_from("<Q", data, at)[0] for data in (ours, theirs)]
        ours[at : at + 8] = theirs[at : at + 8]
        assert ours == theirs
        both = bits[0] & bits[1]
        assert (bits[0] ^ both) & (bits[1] ^ both) == 0  # what both know, they agree on


@pytest.mark.parity
def test_kaldifst_reads_what_is_written(tmp_path):
    kaldifst = pytest.importorskip("kaldifst")
    write_fst(tabled(EXAMPLE), tmp_path / "a.fst")
    peer = kaldifst.StdVectorFst.read(str(tmp_path / "a.fst"))
    assert (peer.num_states, peer.start) == (EXAMPLE.states, EXAMPLE.start)
    peer.write(str(tmp_path / "b.fst"))
    assert_same(read_fst(tmp_path / "b.fst"), tabled(EXAMPLE))
    write_fst(EXAMPLE, tmp_path / "c.fst", "const")
    const = kaldifst.StdConstFst.read(str(tmp_path / "c.fst"))
    assert const.num_states == EXAMPLE.states
