"""`harken text`: written English into spoken words and back into figures, and what each rule did."""

import sys
from collections.abc import Iterable, Iterator

import click

from ...lm.estimation.text_pieces import text_files
from ...lm.ngram.perplexity import text_lines
from ...lm.text import RULES, WrittenOptions, explain, normalize_lines, to_written
from .command_line import complain
from .options import text_out, write_text


@click.command()
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option("--sentences", is_flag=True, help="Part paragraphs into sentences first, a line each.")
@click.option("--written", is_flag=True, help="The other way: spoken numbers, money, dates and times into figures.")
@click.option(
    "--smallest", type=click.IntRange(0), default=10, show_default=True, metavar="N",
    help="With --written: plain numbers under N stay words.",
)  # fmt: skip
@click.option("--loose", is_flag=True, help='With --written: take "one hundred twenty" too.')
@click.option(
    "--explain", "explained", is_flag=True, help="Say which rule read what: rule, written, spoken, tabs between."
)
@click.option("--rules", is_flag=True, help="List the rules and stop.")
@text_out
def text(
    texts: tuple[str, ...],
    sentences: bool,
    written: bool,
    smallest: int,
    loose: bool,
    explained: bool,
    rules: bool,
    output: str | None,
) -> None:
    """Read written English out: words of a-z and apostrophe, as language models are trained on them.

    \b
      harken text talks.txt -o talks.spoken
      echo "On May 5, 1984 he paid $3.50." | harken text
      echo "twenty five dollars and ten cents" | harken text --written

    TEXT has a line or a paragraph a line; .gz and .bz2 are read too, - or nothing is standard input. Lines without a
    word are left out, and letters of other scripts are counted on standard error.
    """
    if written and (sentences or explained):
        raise click.UsageError("--written goes without --sentences and --explain.")
    if rules:
        write_text(output, "".join(f"{rule.name}: {rule.doc}\n" for rule in RULES))
        return
    paths = texts or ("-",)
    lines = (" ".join(words) for words in text_lines(text_files(paths)))
    if written:
        options = WrittenOptions(smallest, loose)
        _put((to_written(line, options) for line in lines), output)
    elif explained:
        _put(_explanations(lines), output)
    else:
        spoken = normalize_lines(lines, ", ".join(paths), sentences=sentences)
        _put(spoken, output)
        if spoken.report.dropped:
            complain(f"{', '.join(paths)}: {spoken.report}.")


def _explanations(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        for reading in explain(line):
            yield f"{reading.rule}\t{reading.written}\t{reading.spoken}"


def _put(lines: Iterable[str], output: str | None) -> None:
    """Write lines as they come to standard output, or all of them to a file."""
    if output is None:
        sys.stdout.writelines(f"{line}\n" for line in lines)
    else:
        write_text(output, "".join(f"{line}\n" for line in lines))
