"""`harken fst`: transducers on the command line; `harken fst compose` is named and behaves as OpenFst's fstcompose."""

import click

from . import fst_compare, fst_convert, fst_operations


@click.group()
def fst() -> None:
    """Build, change and look into finite-state transducers, as OpenFst's tools do.

    \b
      harken fst compile --isymbols=words.txt --osymbols=words.txt g.txt g.fst
      harken fst arcsort --sort_type=olabel l.fst | harken fst compose - g.fst lg.fst
      harken fst determinize lg.fst | harken fst minimize - | harken fst print

    Machines are files in OpenFst's binary form. Where a file is left out, or is -, it is standard input or output.
    Options are OpenFst's: -sort_type olabel, --sort_type=olabel and --connect=false all do.
    """


for _module in (fst_convert, fst_operations, fst_compare):
    for _command in _module.COMMANDS:
        fst.add_command(_command)
