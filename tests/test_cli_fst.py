import io
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner
from harken.decoder.fst.openfst import read_fst, write_fst
from harken.decoder.fst.project import project
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.fst.text import parse_text, to_text, write_text
from harken.engine import cli
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import assert_same_language, language, paths, random_fsts

SYMBOLS = "<eps> 0\na 1\nb 2\nc 3\n"
TEXT = "0\t1\ta\tb\t0.5\n0\t1\ta\ta\t1\n1\t0\t<eps>\tc\n1\t0.25\n"
PLAIN = "0\t1\t1\t2\t0.5\n0\t1\t1\t1\t1\n1\t0\t0\t3\n1\t0.25\n"

NOTICE = "harken: compiling this command's kernels for this machine, which happens once ...\n"


def harken(*arguments, data=b""):
    """Run `harken fst` in this process; return what it writes."""
    done = CliRunner().invoke(cli.harken, ["fst", *map(str, arguments)], input=data, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout_bytes


def machine(data):
    return read_fst(io.BytesIO(data))


def packed(text, **options):
    file = io.BytesIO()
    write_fst(parse_text(text, **options), file)
    return file.getvalue()


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "symbols.txt").write_text(SYMBOLS)
    (tmp_path / "text.txt").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_compile_print_and_back(place):
    tables = ["--isymbols=symbols.txt", "-osymbols", "symbols.txt"]
    harken("compile", *tables, "--keep_isymbols", "--keep_osymbols=true", "text.txt", "a.fst")
    assert harken("print", "a.fst").decode() == TEXT
    assert harken("print", "--numeric", "a.fst").decode() == PLAIN
    assert harken("compile", data=PLAIN.encode()) == packed(PLAIN)
    harken("print", "--save_isymbols=saved.txt", "a.fst", "again.txt")
    assert (place / "again.txt").read_text() == TEXT
    assert (place / "saved.txt").read_text() == SYMBOLS.replace(" ", "\t")
    harken("symbols", "--clear_isymbols", "--save_osymbols=saved.txt", "a.fst", "b.fst")
    bare = read_fst("b.fst")
    assert bare.isymbols is None
    assert bare.osymbols == SymbolTable.of_words(["<eps>", "a", "b", "c"])
    log = harken("compile", "--arc_type=log", "--fst_type=const", "--fst_align", "--acceptor", data=b"0 1 5 2\n1")
    assert machine(log).semiring == "log"
    assert b"const" in log[:16]
    assert harken("print", "--acceptor", "--show_weight_one", data=log) == b"0\t1\t5\t2\n1\t0\n"
    kept = harken("compile", "--keep_state_numbering", data=b"2 0 1 1\n0")
    assert (machine(kept).start, machine(kept).states) == (2, 3)
    assert b"const" in harken("convert", "--fst_type=const", data=log)[:16]


def test_info_counts(place):
    lines = harken("info", data=packed(PLAIN)).decode().splitlines()
    facts = {line[:50].strip(): line[50:] for line in lines}
    assert facts["fst type"] == "vector"
    assert (facts["# of states"], facts["# of arcs"], facts["# of input epsilons"]) == ("2", "3", "1")
    assert (facts["cyclic"], facts["acceptor"], facts["input deterministic"]) == ("y", "n", "n")
    assert len(harken("info", "--info_type=short", data=packed(PLAIN)).splitlines()) == 4
    assert b"input-epsilon accessible" in harken("info", "--arc_filter=iepsilon", data=packed(PLAIN))


def test_every_operation_keeps_or_changes_the_language_as_it_says(place):
    """One machine through each command, against the naive languages."""
    fst = parse_text(PLAIN)
    (place / "a.fst").write_bytes(packed(PLAIN))
    plain = language(fst, 4)
    for command in (
        ["arcsort", "--sort_type=olabel"],
        ["connect"],
        ["rmepsilon"],
        ["push", "--push_weights"],
        ["push", "--push_weights", "--push_labels", "--to_final"],
        ["prune", "--weight=1000"],
        ["minimize", "--allow_nondet"],
        ["minimizeencoded"],
        ["convert"],
        ["symbols"],
    ):
        assert_same_language(machine(harken(*command, "a.fst")), fst, 4)
    inverted = {pair[::-1]: cost for pair, cost in plain.items()}
    assert language(machine(harken("invert", "a.fst")), 4) == pytest.approx(inverted)
    assert paths(machine(harken("project", "a.fst")), 5) == pytest.approx(paths(project(fst, "input"), 5))
    for option in ("--project_type=output", "--project_output"):
        assert paths(machine(harken("project", option, "a.fst")), 5) == pytest.approx(paths(project(fst, "output"), 5))
    backwards = {tuple(labels[::-1] for labels in pair): cost for pair, cost in plain.items()}
    assert language(machine(harken("reverse", "a.fst")), 4) == pytest.approx(backwards)
    empty = ((), ())
    assert language(machine(harken("closure", "a.fst")), 2)[empty] == 0
    assert empty not in language(machine(harken("closure", "--closure_plus", "a.fst")), 2)
    assert language(machine(harken("union", "a.fst", "a.fst")), 4) == pytest.approx(plain)
    twice = language(machine(harken("concat", "a.fst", "-", data=packed(PLAIN))), 2)
    assert twice[(1, 1), (2, 2)] == 1.5
    (place / "reader.fst").write_bytes(packed("0 0 2 1\n0 0 3 0\n0"))
    composed = language(machine(harken("compose", "--connect=false", "a.fst", "reader.fst")), 2)
    assert composed == pytest.approx({((1,), (1,)): 0.75, ((1, 1), (1, 1)): 1.25})
    acceptor = packed("0 1 1 1\n0 1 1 1 2\n1", acceptor=False)
    (place / "acceptor.fst").write_bytes(acceptor)
    determinized = machine(harken("determinize", data=acceptor))
    assert to_text(determinized) == "0\t1\t1\t1\n1\n"
    assert to_text(machine(harken("determinizestar", "--use_log", data=acceptor))) != to_text(determinized)
    assert to_text(machine(harken("intersect", "-", "acceptor.fst", data=acceptor))).count("\n") == 5
    best = machine(harken("shortestpath", "--nshortest=2", "a.fst"))
    assert sorted(paths(best, 9).values()) == [0.75, 1.25]
    assert len(paths(machine(harken("shortestpath", "--nshortest=9", "--weight=0.6", "a.fst")), 9)) == 3
    assert len(paths(machine(harken("shortestpath", "--nshortest=2", "--unique", "a.fst")), 9)) == 2
    assert harken("shortestdistance", "--reverse", "a.fst") == b"0\t0.75\n1\t0.25\n"
    assert to_text(machine(harken("topsort", data=packed("5 1 1 1\n1 0 1 1\n0")))) == "0\t1\t1\t1\n1\t2\t1\t1\n2\n"
    drawn = machine(harken("randgen", "--npath=20", "--seed=3", "--max_length=6", "a.fst"))
    assert set(paths(drawn, 20)) <= set(language(fst, 8))
    assert 1 < len(paths(drawn, 20)) <= 20


def start(place, *arguments, data=b""):
    command = [sys.executable, "-m", "harken.engine.cli", "fst", *arguments]
    done = subprocess.run(command, cwd=place, input=data, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr.decode().replace(NOTICE, "")  # which depends on what ran before


@pytest.mark.cli
def test_exit_status_of_equivalent(place):
    same, other = packed("0 1 1 1 1\n1 1"), packed("0 1 1 1\n1")
    (place / "same.fst").write_bytes(packed("0 1 1 1\n1 2"))
    assert start(place, "equivalent", "same.fst", "-", data=same) == (0, b"", "")
    assert start(place, "equivalent", "--random", "--npath=3", "same.fst", "-", data=other) == (2, b"", "")
    code, _, error = start(place, "equivalent", "same.fst", "-", data=packed(PLAIN))
    assert code == 1
    assert error == "harken: equivalent: the second machine is a transducer; determinize it, or compare random paths.\n"


@pytest.mark.cli
def test_bad_input_is_one_sentence_and_no_file(place):
    good = packed(PLAIN)
    (place / "good.fst").write_bytes(good)
    (place / "cut.fst").write_bytes(good[:-5])
    (place / "bad.txt").write_text("0 1 1 1\n0 one\n")
    before = sorted(os.listdir(place))
    for arguments, why in (
        (("arcsort", "cut.fst", "out.fst"), "cut.fst: is cut short or damaged"),
        (("compose", "good.fst", "nowhere.fst", "out.fst"), "nowhere.fst: cannot be read (No such file"),
        (("compile", "bad.txt", "out.fst"), "bad.txt: line 2 has the cost 'one'"),
        (("union", "-", "-", "out.fst"), "standard input: holds one machine"),
        (("connect", "-", "out.fst"), "standard input: is not an OpenFst binary file"),
        (("connect", "good.fst", "nowhere/out.fst"), "nowhere/out.fst: No such file"),
        (("topsort", "good.fst", "out.fst"), "good.fst: has a cycle"),
        (("minimize", "good.fst", "out.fst"), "good.fst: is not deterministic"),
        (("print", "--save_isymbols=out.txt", "good.fst"), "out.txt: the machine has no symbol table"),
        (("shortestpath", "--nshortest=0", "good.fst", "out.fst"), "ask for at least one"),
    ):
        code, out, error = start(place, *arguments)
        assert (code, out) == (1, b"")
        assert why in error
        assert error.startswith("harken: ")
        assert error.count("\n") == 1
    for arguments in (("arcsort", "--sort_type=label"), ("compose", "good.fst"), ("prune", "--wait=3"), ("sort",)):
        assert start(place, *arguments)[0] == 2
    assert start(place, "compose", "--connect=perhaps", "good.fst", "good.fst")[0] == 2
    assert sorted(os.listdir(place)) == before


@pytest.mark.cli
def test_commands_work_in_a_pipe(place):
    run = f"{sys.executable} -m harken.engine.cli fst"
    line = f"{run} compile < plain.txt | {run} arcsort --sort_type=olabel | {run} compose - a.fst | {run} print"
    (place / "plain.txt").write_text(PLAIN)
    (place / "a.fst").write_bytes(packed(PLAIN))
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=place, capture_output=True, check=True)
    expected = harken("compose", "a.fst", "a.fst")
    assert_same_language(parse_text(done.stdout.decode()), machine(expected), 3)


@pytest.mark.parity
def test_commands_do_what_openfsts_tools_do(place):
    """The same command line, OpenFst's tool beside ours, on random machines: equivalent results."""
    if not shutil.which("fstcompose"):
        pytest.skip("OpenFst's tools are not installed (Debian: libfst-tools)")

    def both(name, *arguments):
        done = subprocess.run([f"fst{name}", *arguments], cwd=place, capture_output=True, check=True)
        return harken(name, *arguments), done.stdout

    examples = []
    started = random_fsts(4, 6, empty=False)
    settings(max_examples=8, database=None, derandomize=True)(
        given(st.tuples(started, started))(lambda two: examples.append(two))
    )()
    for a, b in examples:
        for fst, name in ((a, "a"), (b, "b")):
            write_text(fst, place / f"{name}.txt")
            ours, theirs = both("compile", f"{name}.txt")
            assert to_text(machine(ours)) == to_text(machine(theirs))
            (place / f"{name}.fst").write_bytes(theirs)
        for command in (
            ["arcsort", "--sort_type=olabel", "a.fst"],
            ["closure", "--closure_plus", "a.fst"],
            ["concat", "a.fst", "b.fst"],
            ["connect", "a.fst"],
            ["convert", "-fst_type=const", "a.fst"],
            ["invert", "a.fst"],
            ["project", "--project_type=output", "a.fst"],
            ["prune", "--weight=1", "a.fst"],
            ["push", "--push_weights=true", "a.fst"],
            ["reverse", "a.fst"],
            ["rmepsilon", "a.fst"],
            ["shortestpath", "a.fst"],
            ["union", "a.fst", "b.fst"],
        ):
            ours, theirs = both(*command)
            if command[0] == "shortestpath":
                assert sorted(language(machine(ours), 9).values()) == sorted(language(machine(theirs), 9).values())
            else:
                assert_same_language(machine(ours), machine(theirs), 2)
        for name in ("print", "info"):
            ours, theirs = both(name, "a.fst")
            assert ours == theirs
        (place / "s.fst").write_bytes(both("arcsort", "b.fst")[1])
        ours, theirs = both("compose", "a.fst", "s.fst")
        assert_same_language(machine(ours), machine(theirs), 2)
