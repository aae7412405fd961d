"""`harken lm`: n-gram models made from text, measured, mixed, pruned and converted."""

import click

from .lm_change import convert, mix, prune
from .lm_estimate import estimate
from .lm_look import info, perplexity


@click.group()
def lm() -> None:
    """Make language models from text, measure, mix, prune and convert them.

    \b
      harken lm estimate talks.txt --order 3 --output talks.arpa
      harken lm perplexity talks.arpa other.txt
      harken lm mix base.arpa talks.arpa --tune held-out.txt --output mixed.arpa
      harken lm prune mixed.arpa --size 1000000 --output small.safetensors

    A MODEL is an ARPA file (.gz too), a file that --output NAME.safetensors wrote, or one of KenLM's, told by what it
    holds. A TEXT has a sentence a line, words between spaces, as `harken text --sentences` makes them of written
    English; .gz and .bz2 are read too, - is standard input.
    """


for command in (estimate, perplexity, mix, prune, convert, info):
    lm.add_command(command)
