"""`harken g2p`: how words are said; models that say it, trained on a lexicon of any language and judged by one."""

import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import FormatError, HarkenError, ModelError
from ...lm.pronunciation.lexicon import Lexicon, Pronunciation
from ...lm.pronunciation.lexicon_files import FORMS, LexiconForm, read_lexicon
from .command_line import complain
from .options import refuse_absent_folders, write_text

if TYPE_CHECKING:
    from ...lm.pronunciation.g2p import G2p

_SHOWN = 5
"""Skipped words that are named."""


@click.command()
@click.argument("words", nargs=-1)
@click.option("--words-from", "words_file", metavar="FILE", help="Words, one a line; - is standard input.")
@click.option(
    "-n", "--nbest", type=click.IntRange(1), default=1, show_default=True, help="Ways to say a word, at most."
)
@click.option("--probabilities", is_flag=True, help="Write a column of the ways' probabilities.")
@click.option("--lexicon", "look_up", is_flag=True, help="Look words up in the model's lexicon, guess only the others.")
@click.option(
    "--model", metavar="PATH", help="A bundle or a pronunciation model's file; without it, the package's English one."
)
@click.option("--train", "training", metavar="LEXICON", help="Train a model; needs --output.")
@click.option("--order", type=click.IntRange(1, 6), help="Of the model to train; 6 where not given.")
@click.option(
    "--pruning", type=click.FloatRange(0), help="Least entropy its n-grams save, in nats; 9e-8 where not given."
)
@click.option(
    "--hold-out", type=click.IntRange(2, 256), metavar="N", help="First judge it without an N-th of the words."
)
@click.option("--evaluate", "judged", metavar="LEXICON", help="Count a model's errors on a lexicon it does not know.")
@click.option("--form", type=click.Choice(FORMS), help="Of the lexicon files; told by their content where not given.")
@click.option("--no-stress", is_flag=True, help="Drop stress digits (AH0) from the lexicon files' phones.")
@click.option("--lower", is_flag=True, help="Bring the lexicon files' words to lower case.")
@click.option(
    "-o", "--output", metavar="FILE", help="Where the text, or with --train the model, goes; else standard output."
)
def g2p(
    words: tuple[str, ...],
    words_file: str | None,
    nbest: int,
    probabilities: bool,
    look_up: bool,
    model: str | None,
    training: str | None,
    order: int | None,
    pruning: float | None,
    hold_out: int | None,
    judged: str | None,
    form: str | None,
    no_stress: bool,
    lower: bool,
    output: str | None,
) -> None:
    """Say how words are pronounced, as lexicon lines; train or judge the model that guesses it.

    --model takes a bundle's folder or the file of a pronunciation model. What a bundle's model cannot spell (figures,
    capitals, accents) is read as English text is.

    \b
      harken g2p --nbest 3 --probabilities knightley 3CPO
      harken g2p --train cmudict.dict --no-stress --hold-out 10 --output english.g2p
      harken g2p --model english.g2p --evaluate names.dict
    """
    lexicon_form = LexiconForm(form, not no_stress, lower)
    if (training is not None) + (judged is not None) + bool(words or words_file) != 1:
        raise click.UsageError("Give words (or --words-from), or --train, or --evaluate.")
    if training is None and (order is not None or pruning is not None or hold_out is not None):
        raise click.UsageError("--order, --pruning and --hold-out go with --train.")
    if training is not None:
        if output is None or words or words_file or model:
            raise click.UsageError("--train makes a new model: it needs --output and takes no words and no --model.")
        _train(read_lexicon(training, lexicon_form), output, order, pruning, hold_out)
    elif judged is not None:
        write_text(output, _judged(_Speaker(model).g2p, read_lexicon(judged, lexicon_form)))
    else:
        _pronounce(words or _read_words(words_file or "-"), _Speaker(model), nbest, probabilities, look_up, output)


class _Speaker:
    """The pronunciation model, and what a bundle has besides: lexicon and normaliser."""

    def __init__(self, model: str | None) -> None:
        from ...lm.pronunciation.g2p import G2p
        from ..model import Bundle

        self.bundle = None if model is not None and Path(model).is_file() else Bundle.load(model)
        self.english = self.bundle is not None and self.bundle.language.split("-")[0] == "en"
        self.g2p = G2p.load(self.bundle.path("g2p.safetensors") if self.bundle else Path(str(model)))
        self._lexicon: Lexicon | None = None

    @property
    def lexicon(self) -> Lexicon:
        """The bundle's lexicon; ModelError where there is no bundle."""
        if self.bundle is None:
            raise ModelError("--lexicon: the file of a pronunciation model holds no lexicon; give a bundle's folder.")
        if self._lexicon is None:
            self._lexicon = Lexicon.read(self.bundle.path("lexicon.txt"))
        return self._lexicon

    def say(self, word: str, nbest: int, look_up: bool) -> list[tuple[tuple[str, ...], float]]:
        """Return the ways to say a word, the likeliest first."""
        from ...lm.pronunciation.ways import GuessOptions, say

        if look_up and word in self.lexicon:
            listed = sorted(self.lexicon[word], key=lambda entry: -entry.probability)
            return [(entry.phones, entry.probability) for entry in listed[:nbest]]
        letters = set(self.g2p.letters)
        if not self.english or letters.issuperset(unicodedata.normalize("NFC", word)):
            lowered = unicodedata.normalize("NFC", word.lower())
            return self.g2p.pronounce(lowered if letters.issuperset(lowered) else word, nbest)
        ways = say(word, self.lexicon, self.g2p, GuessOptions(most=nbest, share=1e-3))
        total = sum(share for _, share in ways)
        return [(phones, share / total) for phones, share in ways]


def _pronounce(
    words: Iterable[str], speaker: _Speaker, nbest: int, probabilities: bool, look_up: bool, output: str | None
) -> None:
    lines = []
    refused = False
    for word in words:
        try:
            ways = speaker.say(word, nbest, look_up)
        except HarkenError as problem:
            complain(problem)
            refused = True
            continue
        for phones, share in ways:
            column = f"{share:.4f}\t" if probabilities else ""
            lines.append(f"{'_'.join(word.split())}\t{column}{' '.join(phones)}\n")
    write_text(output, "".join(lines))
    if refused:
        sys.exit(1)


def _read_words(path: str) -> Iterator[str]:
    """Give the words of a file, one a line; what stands behind a tab is passed over."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise FormatError(f"{path}: cannot be read as a UTF-8 list of words ({problem}).") from None
    return (word for word in (line.split("\t")[0].strip() for line in text.splitlines()) if word)


def _train(lexicon: Lexicon, output: str, order: int | None, pruning: float | None, hold_out: int | None) -> None:
    from ...lm.pronunciation.evaluate import hold_out as part
    from ...lm.pronunciation.g2p import G2p, G2pOptions

    refuse_absent_folders(output)
    given = {name: value for name, value in (("order", order), ("pruning", pruning)) if value is not None}
    options = G2pOptions(**given)  # type: ignore[arg-type]
    usable = _usable(lexicon)
    if hold_out is not None:
        rest, held = part(Lexicon(usable), hold_out)
        model = G2p.train(((entry.word, entry.phones) for entry in rest), options)
        click.echo(f"held out 1 of {hold_out} words\n{_judged(model, held)}", nl=False)
    began = time.perf_counter()
    model = G2p.train(((entry.word, entry.phones) for entry in usable), options)
    seconds = time.perf_counter() - began
    model.save(output)
    click.echo(
        f"trained on {len(usable)} pronunciations in {seconds:.1f} s: {len(model.letters)} letters, "
        f"{len(model.phones)} phones, {len(model.graphones)} graphones; {Path(output).stat().st_size / 1e6:.2f} MB"
    )


def _usable(lexicon: Lexicon) -> tuple[Pronunciation, ...]:
    """Return what can be learned from; say what cannot."""
    from ...lm.pronunciation.align import can_align

    usable = tuple(entry for entry in lexicon if can_align(entry.word, entry.phones))
    skipped = [entry.word for entry in lexicon if not can_align(entry.word, entry.phones)]
    if skipped:
        more = ", ..." if len(skipped) > _SHOWN else ""
        complain(
            f"skipped {len(skipped)} of {len(lexicon)} pronunciations, which have more than two phones a letter: "
            f"{', '.join(skipped[:_SHOWN])}{more}"
        )
    return usable


def _judged(model: "G2p", lexicon: Lexicon) -> str:
    """Return the report of a model's errors on a lexicon."""
    from ...lm.pronunciation.evaluate import evaluate

    began = time.perf_counter()
    found = evaluate(model, lexicon)
    seconds = time.perf_counter() - began
    among = ", ".join(f"{n}: {100 * right / found.words:.2f} %" for n, right in found.right_within.items())
    lines = [
        f"words wrong   {100 * found.word_error_rate:6.2f} %  ({found.wrong_words} of {found.words})",
        f"phones wrong  {100 * found.phone_error_rate:6.2f} %  ({found.phone_errors} of {found.phones})",
        f"right among the first  {among}",
        f"{found.words / seconds:.0f} words a second",
    ]
    if found.unsaid:
        lines.append(f"counted wrong, with letters that the model never saw: {', '.join(found.unsaid[:_SHOWN])}")
    return "".join(f"{line}\n" for line in lines)
