"""`harken customize`: a model for a domain, made of the bundled one or another."""

from collections.abc import Sequence
from typing import Any

import click

from ..customize.options import CustomizeOptions, CustomizeReport
from ..customize.report import report_lines
from ..customize.steps import customize_lm
from ..evaluate import evaluate
from .command_line import complain
from .evaluate import with_progress
from .options import read_word_files


@click.group()
def customize() -> None:
    """Make a model for a domain."""


@customize.command()
@click.option("--text", multiple=True, required=True, metavar="FILE", help="Text of the domain; may be given again.")
@click.option("--words", metavar="FILE", help="Words to know besides, one a line; after a tab, their phones.")
@click.option("--pronunciations", metavar="FILE", help="Words as they are shown and, after a tab, in words as said.")
@click.option("--model", "base", metavar="BASE", help="The bundle to start from; without it, the English one.")
@click.option("--out", required=True, metavar="BUNDLE", help="The folder of the new bundle, which must not be there.")
@click.option("--test-text", multiple=True, metavar="FILE", help="Text to compare perplexities on.")
@click.option("--test", metavar="MANIFEST", help="Recordings with texts to compare word errors on.")
@click.option("--static", is_flag=True, help="Compile the language model into the graph, which takes a while.")
@click.option(
    "--normalize/--no-normalize",
    default=True,
    help="Read out written English, or take lines of words as they stand.  [default: normalize]",
)
@click.option(
    "--least-count",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="Occurrences in the text from which words that the lexicon lacks are added; 0 adds none.",
)
@click.option("--weight", type=click.FloatRange(0, 1), help="Of the domain beside the base; fitted where not given.")
@click.option(
    "--word-probability",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=CustomizeOptions.word_probability,
    show_default=True,
    help="How likely each listed word is to come next, at least.",
)
@click.option(
    "--first-pass-ngrams",
    type=click.IntRange(0),
    default=CustomizeOptions.first_pass_ngrams,
    show_default=True,
    help="N-grams above order 1 that the search's model keeps.",
)
@click.option(
    "--rescoring-ngrams",
    type=click.IntRange(0),
    default=CustomizeOptions.rescoring_ngrams,
    show_default=True,
    help="N-grams above order 1 that the rescoring model keeps.",
)
@click.option("--name", help="Name of the new model.")
@click.option("--version", help="Version of the new model.")
def lm(words: str | None, pronunciations: str | None, least_count: int, **given: Any) -> None:
    """Adapt language model and words to a text.

    The text's n-grams are mixed with the base model's, words that the lexicon lacks are added, listed ones and those
    that the text repeats, and a whole new bundle is written, which transcribes as any other does. A customised bundle
    can be customised again.

    \b
      harken customize lm --text minutes.txt --words names.txt --out my-model
      harken transcribe --model my-model meeting.flac
    """
    options = CustomizeOptions(words=read_word_files(words, pronunciations), least_count=least_count or None, **given)
    report = customize_lm(options, lambda step: complain(f"{step} ..."), _evaluate)
    _warn(report)
    click.echo("\n".join(report_lines(report)))


def _evaluate(recognizer: Any, clips: Sequence[Any]) -> Any:
    return with_progress(lambda step: evaluate(recognizer, clips, progress=step), len(clips))


def _warn(report: CustomizeReport) -> None:
    if report.dropped:
        complain(f"the text: {report.dropped}.")
    if report.errors_after is not None:
        for warning in report.errors_after.warnings:
            complain(warning)
