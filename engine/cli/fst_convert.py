"""`harken fst compile`, `print`, `info`, `convert`, `symbols`: from one form to another, and what a reader sees."""

from dataclasses import replace

import click

from ...decoder.fst import text as fst_text
from ...decoder.fst.files import named_bytes
from ...decoder.fst.info import ARC_FILTERS
from ...decoder.fst.info import info as facts_of
from ...decoder.fst.openfst import ARC_TYPES, KINDS, read_fst
from ...decoder.fst.openfst_header import Cursor, read_header
from ...decoder.fst.symbols import SymbolTable, write_symbols
from ...errors import OptionsError
from .fst_machines import (
    FstCommand,
    in_and_out,
    opened,
    read_machine,
    read_table,
    switch,
    write_machine,
    write_text_out,
)

_isymbols = click.option("--isymbols", metavar="FILE", help="Input label symbol table.")
_osymbols = click.option("--osymbols", metavar="FILE", help="Output label symbol table.")
_ssymbols = click.option("--ssymbols", metavar="FILE", help="State label symbol table.")
_fst_type = click.option(
    "--fst_type", type=click.Choice(KINDS), default="vector", show_default=True, help="Output FST type."
)
_fst_align = switch("fst_align", "Align a const file to 16 bytes.")


@click.command("compile", cls=FstCommand)
@click.argument("source", default="-", metavar="[TEXT.FST]")
@click.argument("target", default="-", metavar="[BINARY.FST]")
@switch("acceptor", "Input in acceptor format.")
@click.option(
    "--arc_type", type=click.Choice(list(ARC_TYPES)), default="standard", show_default=True, help="Output arc type."
)
@_fst_type
@_isymbols
@_osymbols
@_ssymbols
@switch("keep_isymbols", "Store input label symbol table with FST.")
@switch("keep_osymbols", "Store output label symbol table with FST.")
@switch("keep_state_numbering", "Do not renumber input states.")
@_fst_align
def compile_(
    source: str,
    target: str,
    acceptor: bool,
    arc_type: str,
    fst_type: str,
    isymbols: str | None,
    osymbols: str | None,
    ssymbols: str | None,
    keep_isymbols: bool,
    keep_osymbols: bool,
    keep_state_numbering: bool,
    fst_align: bool,
) -> None:
    """Create binary FSTs from simple text format.

    A line is an arc (source, target, input label, output label, weight) or a final state (state, weight); weights of 0
    may be left out, and the output label of an acceptor. The first line's state is the start.
    """
    inputs, outputs, states = map(read_table, (isymbols, osymbols, ssymbols))
    semiring = ARC_TYPES[arc_type]
    fst = fst_text.read_text(opened(source), inputs, outputs, states, acceptor, keep_state_numbering, semiring)
    kept = replace(fst, isymbols=inputs if keep_isymbols else None, osymbols=outputs if keep_osymbols else None)
    write_machine(kept, target, fst_type, fst_align)


@click.command("print", cls=FstCommand)
@click.argument("source", default="-", metavar="[BINARY.FST]")
@click.argument("target", default="-", metavar="[TEXT.FST]")
@switch("acceptor", "Print in acceptor format where input and output labels are the same.")
@_isymbols
@_osymbols
@_ssymbols
@switch("numeric", "Print numeric labels.")
@click.option("--missing_symbol", metavar="NAME", help="Symbol to print when lookup fails (default raises error).")
@click.option("--save_isymbols", metavar="FILE", help="Save input symbol table to file.")
@click.option("--save_osymbols", metavar="FILE", help="Save output symbol table to file.")
@switch("show_weight_one", "Print weights of 0 too.")
def print_(
    source: str,
    target: str,
    acceptor: bool,
    isymbols: str | None,
    osymbols: str | None,
    ssymbols: str | None,
    numeric: bool,
    missing_symbol: str | None,
    save_isymbols: str | None,
    save_osymbols: str | None,
    show_weight_one: bool,
) -> None:
    """Print out binary FSTs in simple text format, with the names of their labels where they are known."""
    fst = read_machine(source)
    inputs = None if numeric else read_table(isymbols) or fst.isymbols
    outputs = None if numeric else read_table(osymbols) or fst.osymbols
    states = read_table(ssymbols)
    text = fst_text.to_text(fst, inputs, outputs, states, acceptor, show_weight_one, missing_symbol or None)
    _save((inputs, save_isymbols), (outputs, save_osymbols))
    write_text_out(text, target)


@click.command(cls=FstCommand)
@click.argument("source", default="-", metavar="[IN.FST]")
@click.option(
    "--arc_filter",
    type=click.Choice(ARC_FILTERS),
    default="any",
    show_default=True,
    help="The arcs over which connection and components are counted.",
)
@click.option(
    "--info_type", type=click.Choice(["auto", "long", "short"]), default="auto", show_default=True, help="How much."
)
def info(source: str, arc_filter: str, info_type: str) -> None:
    """Print out information about an FST: sizes, epsilons, connection, properties."""
    given = opened(source)
    name, data = named_bytes(given)
    if not isinstance(given, str):
        given.seek(0)
    kind = read_header(Cursor(name, data)).kind
    facts = facts_of(read_fst(given), arc_filter)
    click.echo(facts.to_text(kind, short=info_type == "short"), nl=False)


@click.command(cls=FstCommand)
@in_and_out
@_fst_type
@_fst_align
def convert(source: str, target: str, fst_type: str, fst_align: bool) -> None:
    """Convert an FST to another type: const files are mapped when they are read, vector files are not."""
    write_machine(read_machine(source), target, fst_type, fst_align)


@click.command(cls=FstCommand)
@in_and_out
@_isymbols
@_osymbols
@switch("clear_isymbols", "Clear input symbol table.")
@switch("clear_osymbols", "Clear output symbol table.")
@click.option("--save_isymbols", metavar="FILE", help="Save the FST's input symbol table to file.")
@click.option("--save_osymbols", metavar="FILE", help="Save the FST's output symbol table to file.")
def symbols(
    source: str,
    target: str,
    isymbols: str | None,
    osymbols: str | None,
    clear_isymbols: bool,
    clear_osymbols: bool,
    save_isymbols: str | None,
    save_osymbols: str | None,
) -> None:
    """Perform operations (set, clear, save) on the symbol tables of an FST."""
    fst = read_machine(source)
    _save((fst.isymbols, save_isymbols), (fst.osymbols, save_osymbols))
    ours = read_table(isymbols) or (None if clear_isymbols else fst.isymbols)
    theirs = read_table(osymbols) or (None if clear_osymbols else fst.osymbols)
    write_machine(replace(fst, isymbols=ours, osymbols=theirs), target)


def _save(*wanted: tuple[SymbolTable | None, str | None]) -> None:
    for table, path in wanted:
        if path and table is None:
            raise OptionsError(f"{path}: the machine has no symbol table to be saved there.")
        if path and table is not None:
            write_symbols(table, path)


COMMANDS = (compile_, print_, info, convert, symbols)
