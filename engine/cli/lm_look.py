"""`harken lm perplexity`, `info`: what a model foretells, and what it is."""

import json
import math
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from ...lm.ngram.kenlm_file import describe_kenlm
from ...lm.ngram.model_files import KENLM, MAPPED, kind_of, open_model, read_ngrams
from ...lm.ngram.ngram import Ngram
from ...tensorfile import write_aside
from .command_line import complain

if TYPE_CHECKING:
    from ...lm.ngram.perplexity import WordScore


@click.command()
@click.argument("model_path", metavar="MODEL")
@click.argument("texts", metavar="TEXT...", nargs=-1, required=True)
@click.option("--words", "by_word", is_flag=True, help="First each word: log10 p, length of its n-gram, whether known.")
@click.option(
    "--json", "json_path", metavar="FILE", help="Write the numbers as a JSON object too; - prints it instead."
)
def perplexity(model_path: str, texts: tuple[str, ...], by_word: bool, json_path: str | None) -> None:
    """Say how well MODEL foretells TEXT, counted as KenLM's query does.

    Words that the model lacks (OOVs) have the probability of <unk>; the second perplexity leaves them out. Tokens are
    words and sentence ends.
    """
    from ...lm.estimation.text_pieces import text_files
    from ...lm.ngram.perplexity import no_sentences, perplexity_of, score_words, text_perplexity
    from .lm_text import progress_bar

    model = open_model(model_path)
    if by_word:
        found = perplexity_of(_printed(score_words(model, text_files(texts))))
        if not found.words:
            raise no_sentences(", ".join(texts))
    else:
        with progress_bar("scoring") as progress:
            found = text_perplexity(model, text_files(texts, progress), ", ".join(texts))
    if found.unknown_words == found.words:
        complain(
            f"{', '.join(texts)}: {model_path} knows none of its words; are they in other letters, or in capitals?"
        )
    numbers = {name: value if math.isfinite(value) else None for name, value in found.as_dict().items()}
    text = json.dumps({"model": model_path, "texts": list(texts), **numbers}, indent=1, ensure_ascii=False) + "\n"
    if json_path == "-":
        sys.stdout.write(text)
        return
    if json_path is not None:
        write_aside(json_path, text.encode())
    click.echo(f"perplexity               {found.perplexity:.4f}")
    click.echo(f"perplexity without OOVs  {found.perplexity_without_unknown:.4f}")
    click.echo(f"OOVs                     {found.unknown_words}")
    click.echo(f"tokens                   {found.tokens}")


@click.command()
@click.argument("model_path", metavar="MODEL")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def info(model_path: str, as_json: bool) -> None:
    """Say what MODEL is: kind, order, words, n-grams, quantisation, size."""
    found = describe(model_path)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    counts = found.pop("ngrams")
    for name, value in found.items():
        click.echo(f"{name:<10} {value}")
    for n, count in enumerate(counts, 1):
        click.echo(f"{f'{n}-grams':<10} {count}")


def describe(path: str) -> dict[str, Any]:
    """Return what the model file ``path`` is; ``ngrams`` are the counts of every order. Raises FormatError."""
    kind, more = kind_of(path), {}
    if kind == KENLM:
        named, counts = describe_kenlm(path)
        kind = f"KenLM, {named}"
    else:
        arpa = read_ngrams(path)
        counts = arpa.counts
        if kind == MAPPED:
            more["quantised"] = Ngram.load(path).quantised
    size = {"bytes": os.path.getsize(path)}
    return {"model": path, "kind": kind, "order": len(counts), "words": counts[0], **more, **size, "ngrams": counts}


def _printed(scores: "Iterable[list[WordScore]]") -> "Iterator[list[WordScore]]":
    """Print the words of every sentence, with tabs between the columns and an empty line after each."""
    for sentence in scores:
        for score in sentence:
            known = "" if score.known else "\toov"
            click.echo(f"{score.word}\t{score.log10_prob:.6f}\t{score.length}{known}")
        click.echo()
        yield sentence
