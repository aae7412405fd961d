"""What several commands take: the model, and everything that changes how it decodes."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ...decoder.search.phrase_file import read_phrases
from ...decoder.search.phrases import Phrases
from ...errors import OptionsError
from ...lm.pronunciation.words import WantedWord, read_display_forms, read_words
from ...tensorfile import write_aside
from ..model import Decoding
from ..recognizer import Recognizer, RecognizerOptions
from .command_line import complain

MOST_NAMED = 20
Command = Callable[..., Any]


class Channel(click.ParamType):  # type: ignore[type-arg]
    """``mix``, ``each`` or a channel number."""

    name = "mix|each|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Return the word or the number; anything else is a usage error."""
        if value in ("mix", "each"):
            return str(value)
        if str(value).isdecimal():
            return int(value)
        self.fail(f"{value!r} is neither mix, each nor a channel number from 0.", param, ctx)


def model_option(command: Command) -> Command:
    """Add ``--model``."""
    return click.option(
        "--model", metavar="FOLDER", help="A model bundle; without it, the English one of the package."
    )(command)


def audio_options(command: Command) -> Command:
    """Add ``--channel`` and ``--strict``."""
    command = click.option("--strict", is_flag=True, help="Refuse a file that ends before its header says.")(command)
    return click.option(
        "--channel", type=Channel(), default="mix", show_default=True, help="All channels mixed, each alone, or one."
    )(command)


def decoding_options(command: Command) -> Command:
    """Add an option for every field of Decoding; those that are not given stay as the bundle says."""
    helps = {
        "beam": "Cost below the best within which paths live. This and what follows: as the model says, see `harken "
        "model`, where not given.",
        "max_active": "Graph states followed in a frame, at most.",
        "min_active": "Graph states followed in a frame, at least.",
        "lattice_beam": "How much worse than the best an alternative may be.",
        "acoustic_scale": "What acoustic costs are multiplied with.",
        "nbest": "Word sequences that are rescored.",
        "lm_weight": "Weight of the rescoring language model.",
        "graph_weight": "Weight of the search graph's own costs in rescoring.",
        "first_pass_weight": "Weight of the search's language model in rescoring, apart from the graph's.",
        "rescoring_beam": "How much worse than the best a lattice's paths may be to be rescored.",
        "word_insertion_penalty": "Cost added for every word in rescoring.",
        "pause_seconds": "Silence that ends a segment.",
    }
    for name, text in reversed(helps.items()):
        default = getattr(Decoding(), name)
        kind = float if default is None else type(default)
        command = click.option(f"--{name.replace('_', '-')}", name, type=kind, help=text)(command)
    command = click.option(
        "--word-probability",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=RecognizerOptions().word_probability,
        show_default=True,
        help="How likely each of those words is to come next.",
    )(command)
    command = click.option(
        "--pronunciations",
        "display_file",
        metavar="FILE",
        help="Words to know besides, as they are shown and, after a tab, in the words that are said.",
    )(command)
    command = click.option(
        "--words",
        "word_file",
        metavar="FILE",
        help="Words to know besides, one a line; after a tab, their phones where they are not to be guessed.",
    )(command)
    command = click.option(
        "--rescoring",
        type=click.Choice(["lattice", "nbest"]),
        default="lattice",
        show_default=True,
        help="What is re-ranked: the whole lattice or a list.",
    )(command)
    return click.option(
        "--phrases",
        "phrase_file",
        metavar="FILE",
        help="Phrases to favour, one a line; after a tab, nats a word in place of 2.",
    )(command)


def text_out(command: Command) -> Command:
    """Add ``--output`` for text."""
    return click.option("-o", "--output", metavar="FILE", help="Where the text goes; without it, standard output.")(
        command
    )


def write_text(path: str | os.PathLike[str] | None, text: str) -> None:
    """Write ``text`` to a file, never half of it, or to standard output where ``path`` is None."""
    if path is None:
        sys.stdout.write(text)
    else:
        write_aside(path, text.encode())


def refuse_absent_folders(*paths: str | None) -> None:
    """Refuse files to write, those that are given, in folders that are not there; before long work."""
    for path in paths:
        if path is not None and not Path(path).absolute().parent.is_dir():
            raise OptionsError(f"{path}: there is no folder {str(Path(path).parent)!r}; make it first.")


def make_recognizer(
    model: str | None,
    phrase_file: str | None = None,
    word_file: str | None = None,
    display_file: str | None = None,
    **options: Any,
) -> Recognizer:
    """Return the recogniser with the words of the files; say so where phrases have unknown words."""
    if word_file is not None or display_file is not None:
        options["words"] = read_word_files(word_file, display_file)
    if phrase_file is not None:
        options["phrases"] = read_phrases(phrase_file).phrases
    recognizer = Recognizer(model, RecognizerOptions(**options))
    complain_of_known(recognizer)
    if phrase_file is not None and recognizer.phrases is not None:
        complain_of_unknown(phrase_file, recognizer.phrases)
    return recognizer


def read_word_files(word_file: str | None, display_file: str | None) -> tuple[WantedWord, ...]:
    """Return the words of a word list and of a list of display forms, each of which may be missing."""
    listed = () if word_file is None else read_words(word_file)
    return (*listed, *(() if display_file is None else read_display_forms(display_file)))


def complain_of_known(recognizer: Recognizer) -> None:
    """Say which of the words to know are known already; they get no likelier by being listed."""
    known = recognizer.known_words
    if known:
        more = f" and {len(known) - MOST_NAMED:,} more" if len(known) > MOST_NAMED else ""
        named = ", ".join(known[:MOST_NAMED])
        complain(f"these words are known already, --phrases makes them likelier: {named}{more}.")


def complain_of_unknown(phrase_file: str, phrases: Phrases) -> None:
    """Say which words of a list of phrases cannot be found."""
    if phrases.unknown:
        words = ", ".join(phrases.unknown_words)
        complain(f"{phrase_file}: {words}: not among the words that can be found; phrases with them are left out.")
