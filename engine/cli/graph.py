"""`harken graph`: search graphs compiled from lexicons, language models and grammars, for `harken decode --graph`."""

import json
import logging
import sys
from dataclasses import replace
from pathlib import Path

import click

from ...decoder.graph.context_tables import left_biphone_table, monophone_table
from ...decoder.graph.grammar_expression import Grammar
from ...decoder.graph.grammar_graph import FILLER, GrammarOptions, compile_grammar_graph
from ...decoder.graph.lexicon_fst import LexiconOptions
from ...decoder.graph.search_graph import Graph
from ...decoder.graph.topology import Topology, chain_topology, left_to_right_topology
from ...errors import FormatError
from ...lm.pronunciation.lexicon_files import read_lexicon
from .options import model_option

graph_out = click.option("-o", "--output", metavar="FILE", required=True, help="Where the graph is written.")
word_penalty = click.option(
    "--word-penalty", type=float, default=0.0, metavar="NATS", show_default=True, help="Cost added for every word."
)
topology_option = click.option(
    "--topology",
    "shape",
    type=click.Choice(["chain", "hmm"]),
    default="chain",
    show_default=True,
    help="One state with a pair of pdfs, or states in a row with one each.",
)
states_option = click.option(
    "--states", type=click.IntRange(1, 20), default=3, show_default=True, help="States a phone, with --topology hmm."
)


@click.group()
@click.option("-v", "--verbose", is_flag=True, help="Say how large the graph is after every step.")
def graph(verbose: bool) -> None:
    """Compile search graphs, for `harken decode --graph`.

    \b
      harken graph grammar commands.jsgf -o commands.graph
      harken decode --graph commands.graph --format text talk.scores.npz
    """
    if verbose:
        handler = logging.StreamHandler(sys.stderr)
        logger = logging.getLogger("harken.decoder.graph")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        click.get_current_context().call_on_close(lambda: logger.removeHandler(handler))


@graph.command()
@click.argument("path", metavar="GRAMMAR")
@click.option("--rule", metavar="NAME", help="The JSGF rule to be said; without it, any public one.")
@click.option("--drop-unknown", is_flag=True, help="Leave out words that nobody can pronounce, instead of refusing.")
@click.option("--filler-cost", type=float, default=FILLER.cost, show_default=True, metavar="NATS", help="Of an [unk].")
@click.option(
    "--filler-phone-cost",
    type=float,
    default=FILLER.phone_cost,
    show_default=True,
    metavar="NATS",
    help="Of its phones.",
)
@graph_out
@model_option
def grammar(
    path: str,
    rule: str | None,
    drop_unknown: bool,
    filler_cost: float,
    filler_phone_cost: float,
    output: str,
    model: str | None,
) -> None:
    """Compile a GRAMMAR of commands for a model.

    GRAMMAR is a JSGF file (.jsgf, .gram, or one that begins with #JSGF), a JSON list of words and phrases said in any
    order (as Vosk takes it; "[unk]" is any other speech), or a text file with a phrase a line, one of which is said.
    """
    from ..recognizer import Recognizer

    found = _read_grammar(path, rule)
    recognizer = Recognizer(model)
    filler = replace(FILLER, cost=filler_cost, phone_cost=filler_phone_cost)
    options = GrammarOptions(filler=filler, drop_unknown=drop_unknown)
    compiled = compile_grammar_graph(found, recognizer.lexicon, recognizer.bundle.units, options, recognizer.g2p)
    _write(compiled, output)


@graph.command()
@click.argument("lexicon")
@click.argument("arpa")
@click.option(
    "--units", metavar="FILE", required=True, help="The names of the score columns, a line each, blank first."
)
@word_penalty
@graph_out
def ctc(lexicon: str, arpa: str, units: str, word_penalty: float, output: str) -> None:
    """Compile LEXICON and ARPA for a CTC model (TLG)."""
    from ...decoder.graph.tlg import compile_tlg
    from ...lm.ngram.arpa_reader import read_arpa

    parts = read_lexicon(lexicon), read_arpa(arpa), _names(units)
    _write(compile_tlg(*parts, word_penalty=word_penalty), output)


@graph.command()
@click.argument("lexicon")
@click.argument("arpa")
@click.argument("table")
@topology_option
@states_option
@click.option("--silence", metavar="PHONE", help="The phone that may stand between words.")
@click.option(
    "--silence-probability", type=click.FloatRange(0, 1, True, True), default=0.5, show_default=True, metavar="P"
)
@click.option("--transition-scale", type=click.FloatRange(0), default=1.0, show_default=True)
@click.option("--self-loop-scale", type=click.FloatRange(0), default=1.0, show_default=True)
@word_penalty
@graph_out
def hmm(
    lexicon: str,
    arpa: str,
    table: str,
    shape: str,
    states: int,
    silence: str | None,
    silence_probability: float,
    transition_scale: float,
    self_loop_scale: float,
    word_penalty: float,
    output: str,
) -> None:
    """Compile LEXICON and ARPA for a model of HMMs (HCLG).

    TABLE says which pdfs (score columns) phones have in their contexts; `harken graph table` makes simple ones.
    """
    from ...decoder.graph.hclg import HmmOptions, compile_hclg
    from ...decoder.graph.pdf_table import PdfTable
    from ...lm.ngram.arpa_reader import read_arpa

    compiled = compile_hclg(
        read_lexicon(lexicon),
        read_arpa(arpa),
        _topology(shape, states),
        PdfTable.load(table),
        LexiconOptions(silence, silence_probability),
        HmmOptions(transition_scale, self_loop_scale),
        word_penalty,
    )
    _write(compiled, output)


@graph.command()
@click.argument("phones")
@click.option(
    "--contexts", type=click.Choice(["none", "left"]), default="left", show_default=True, help="Left-biphones, or not."
)
@click.option("--context-free", metavar="PHONE", multiple=True, help="A phone whose pdfs don't depend on contexts.")
@topology_option
@states_option
@click.option("-o", "--output", metavar="FILE", required=True, help="Where the table is written, as text.")
def table(phones: str, contexts: str, context_free: tuple[str, ...], shape: str, states: int, output: str) -> None:
    """Number pdfs for PHONES, a file with a phone a line."""
    topology, names = _topology(shape, states), _names(phones)
    made = monophone_table(names, topology) if contexts == "none" else left_biphone_table(names, topology, context_free)
    made.save(output)
    click.echo(f"{output}: {made.pdfs} pdfs, {len(made.windows)} rows", err=True)


def _topology(shape: str, states: int) -> Topology:
    return chain_topology() if shape == "chain" else left_to_right_topology(states)


def _read_grammar(path: str, rule: str | None) -> Grammar:
    from ...decoder.graph.jsgf import parse_jsgf
    from ...decoder.graph.phrase_list import phrase_grammar, word_list_grammar

    text = _text(path)
    if Path(path).suffix in (".jsgf", ".gram") or text.startswith("#JSGF"):
        return parse_jsgf(text, rule, path)
    if rule is not None:
        raise click.UsageError("--rule goes with a JSGF grammar.")
    if text.lstrip().startswith("["):
        try:
            json.loads(text)
        except ValueError:
            if Path(path).suffix != ".json":  # phrases may begin with a word such as [unk]
                return phrase_grammar(filter(str.strip, text.splitlines()), name=path)
        return word_list_grammar(text, path)
    return phrase_grammar(filter(str.strip, text.splitlines()), name=path)


def _names(path: str) -> tuple[str, ...]:
    names = tuple(line.strip() for line in _text(path).splitlines() if line.strip())
    if not names:
        raise FormatError(f"{path}: names nothing; give a name a line.")
    return names


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise FormatError(f"{path}: cannot be read as UTF-8 text ({problem}).") from None


def _write(compiled: Graph, output: str) -> None:
    compiled.save(output)
    fst = compiled.fst
    click.echo(f"{output}: {len(compiled.words) - 1} words, {fst.states} states, {fst.arcs} arcs", err=True)
