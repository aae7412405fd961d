"""`harken graph`: graphs from the command line, and what it refuses."""

import numpy as np
import pytest
from click.testing import CliRunner
from harken.decoder.graph.pdf_table import PdfTable
from harken.decoder.graph.search_graph import Graph
from harken.engine import cli
from harken.lm.ngram.arpa_writer import write_arpa
from harken.lm.pronunciation.lexicon_files import write_lexicon

from .test_decoder_graph import BIGRAMS, LEXICON, UNIGRAMS, WORDS, arpa_of
from .toy_bundle import make_toy_bundle

pytestmark = pytest.mark.cli


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")
    make_toy_bundle(folder / "toy")
    LEXICON.write(folder / "lexicon.txt")
    write_arpa(arpa_of(WORDS, UNIGRAMS, BIGRAMS), folder / "model.arpa")
    (folder / "units.txt").write_text("<blank>\nA\nB\n")
    (folder / "phones.txt").write_text("SIL\nA\nB\n")
    return folder


def harken(place, *arguments, code=0):
    """Run a command in ``place``; return what it says."""
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        done = runner.invoke(cli.harken, ["graph", *arguments])
    assert done.exit_code == code or (code == 1 and done.exception is not None), done.output
    return done.output + (str(done.exception) if code == 1 else "")


def test_ctc(place):
    said = harken(place, "-v", "ctc", "lexicon.txt", "model.arpa", "--units", "units.txt", "-o", "ctc.graph")
    graph = Graph.load(place / "ctc.graph")
    assert graph.words == ("<eps>", "a", "read", "reed", "reeds")
    assert f"ctc.graph: 4 words, {graph.fst.states} states, {graph.fst.arcs} arcs" in said
    assert "minimised:" in said
    write_lexicon(LEXICON, place / "lexiconp.txt", "kaldi-prob")
    harken(place, "ctc", "lexiconp.txt", "model.arpa", "--units", "units.txt", "-o", "same.graph")
    assert (place / "same.graph").read_bytes() == (place / "ctc.graph").read_bytes()


def test_table_and_hmm(place):
    assert "18 pdfs, 12 rows" in harken(place, "table", "phones.txt", "-o", "table.txt", "--context-free", "SIL")
    table = PdfTable.load(place / "table.txt")
    assert table.pdfs == 2 * (1 + 4 + 4)
    harken(place, "hmm", "lexicon.txt", "model.arpa", "table.txt", "--silence", "SIL", "-o", "hmm.graph")
    assert Graph.load(place / "hmm.graph").columns <= table.pdfs
    harken(place, "table", "phones.txt", "-o", "mono.txt", "--contexts", "none", "--topology", "hmm", "--states", "2")
    assert PdfTable.load(place / "mono.txt").pdfs == 6
    harken(place, "hmm", "lexicon.txt", "model.arpa", "mono.txt", "--topology", "hmm", "--states", "2", "-o", "2.graph")
    assert not np.array_equal(Graph.load(place / "2.graph").score_column, Graph.load(place / "hmm.graph").score_column)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("commands.jsgf", "#JSGF V1.0; grammar g; public <r> = abe [bad] | cafe;", 3),
        ("plain", "#JSGF V1.0; grammar g; public <r> = abe;", 1),
        ("list.json", '["abe", "bad cafe", "[unk]"]', 4),
        ("phrases.txt", "abe bad\n\ncafe\n", 3),
        ("fillers.txt", "[unk] bad\ncafe\n", 3),
    ],
)
def test_grammars(place, name, text, words):
    (place / name).write_text(text)
    assert f": {words} words" in harken(place, "grammar", name, "--model", "toy", "-o", "g.graph")
    assert len(Graph.load(place / "g.graph").words) == words + 1


def test_the_fillers_costs(place):
    (place / "list.json").write_text('["abe", "[unk]"]')
    dear = ("--filler-cost", "7", "--filler-phone-cost", "3")
    weights = []
    for options in ((), dear):
        harken(place, "grammar", "list.json", "--model", "toy", "-o", "filled.graph", *options)
        weights.append(Graph.load(place / "filled.graph").fst.weights.max())
    assert weights[1] >= weights[0] + 5


def test_what_is_refused(place):
    (place / "bad.jsgf").write_text("#JSGF V1.0; grammar g; public <r> = ;")
    assert "bad.jsgf, line 1" in harken(place, "grammar", "bad.jsgf", "--model", "toy", "-o", "x", code=1)
    (place / "unknown.txt").write_text("abe qqqq\n")
    assert "'qqqq'" in harken(place, "grammar", "unknown.txt", "--model", "toy", "-o", "x", code=1)
    (place / "one.txt").write_text("abe qqqq\nbad\n")
    harken(place, "grammar", "one.txt", "--model", "toy", "--drop-unknown", "-o", "one.graph")
    harken(place, "grammar", "one.txt", "--rule", "r", "--model", "toy", "-o", "x", code=2)
    assert "cannot be read" in harken(place, "grammar", "none.txt", "-o", "x", code=1)
    (place / "empty.txt").write_text("\n")
    assert "names nothing" in harken(
        place, "ctc", "lexicon.txt", "model.arpa", "--units", "empty.txt", "-o", "x", code=1
    )
    assert "line 1" in harken(place, "hmm", "lexicon.txt", "model.arpa", "units.txt", "-o", "x", code=1)
    assert not (place / "x").exists()
