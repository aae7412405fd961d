"""`harken lm`: n-gram models made from text, measured, mixed, pruned and converted."""

import json
import math
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from ..errors import FormatError, OptionsError
from ..lm.ngram.kenlm_trie import describe_kenlm
from ..lm.ngram.model_files import KENLM, MAPPED, check_target, kind_of, open_model, read_ngrams, write_model
from ..lm.ngram.ngram import Ngram
from ..tensorfile import write_aside
from .cli import complain
from .cli_numbers import Memory, Numbers, NumbersCommand

if TYPE_CHECKING:
    from ..lm.estimation.prune import PruneOptions
    from ..lm.ngram.perplexity import WordScore

_output = click.option(
    "-o", "--output", metavar="FILE", required=True, help="Where the model goes: .arpa, .arpa.gz or .safetensors."
)
_quantise = click.option(
    "--quantise", "bits", type=click.IntRange(1, 16), metavar="BITS", help="Bits of a number in a .safetensors file."
)


@click.group()
def lm() -> None:
    """Make language models from text, measure, mix, prune and convert them.

    \b
      harken lm estimate talks.txt --order 3 --output talks.arpa
      harken lm perplexity talks.arpa other.txt
      harken lm mix base.arpa talks.arpa --tune held-out.txt --output mixed.arpa
      harken lm prune mixed.arpa --size 1000000 --output small.safetensors

    A MODEL is an ARPA file (.gz too), a file that --output NAME.safetensors wrote, or one of KenLM's, told by what it
    holds. A TEXT has a sentence a line, words between spaces; .gz and .bz2 are read too, - is standard input.
    """


@lm.command(cls=NumbersCommand)
@click.argument("texts", metavar="TEXT...", nargs=-1, required=True)
@click.option("--order", type=int, default=3, show_default=True, metavar="N", help="Words of the longest n-grams, 1-6.")
@_output
@click.option(
    "--prune",
    "cutoffs",
    type=Numbers(whole=True),
    default="0",
    metavar="N...",
    help="Leave out n-grams seen at most so often: a number an order, the last one for the rest.",
)
@click.option("--vocabulary", metavar="FILE", help="The words to know; all others count as <unk>.")
@click.option("--vocabulary-size", type=click.IntRange(1), metavar="N", help="Know the N commonest words.")
@click.option("--limit-vocabulary", metavar="FILE", help="Words that n-grams may hold; all are counted (lmplz's way).")
@click.option("--normalize", is_flag=True, help="The text is written English, to be read out and cut into sentences.")
@click.option(
    "--discount-fallback",
    type=Numbers(),
    metavar="[D1 D2 D3]",
    help="Discounts for texts too small to tell them; 0.5 1 1.5 where none are given.",
)
@click.option("--entropy-prune", type=float, metavar="THRESHOLD", help="Then leave out n-grams that save less entropy.")
@click.option("--size", type=click.IntRange(0), metavar="N", help="Then keep the N n-grams that save most entropy.")
@click.option("--plain-counts", is_flag=True, help="Count short n-grams as long ones: best before entropy pruning.")
@click.option("--memory", type=Memory(), metavar="AMOUNT", help="For counting, as 2G or 50%. [default: half the free]")
@click.option("--temporary", metavar="FOLDER", help="Where what exceeds the memory goes.")
@_quantise
def estimate(
    texts: tuple[str, ...],
    order: int,
    output: str,
    cutoffs: tuple[int, ...],
    vocabulary: str | None,
    vocabulary_size: int | None,
    limit_vocabulary: str | None,
    normalize: bool,
    discount_fallback: tuple[float, ...] | None,
    entropy_prune: float | None,
    size: int | None,
    plain_counts: bool,
    memory: int | None,
    temporary: str | None,
    bits: int | None,
) -> None:
    """Estimate a model of modified Kneser-Ney smoothing from TEXT, as KenLM's lmplz does.

    With the same --order, --prune, --discount-fallback and --limit-vocabulary the model is lmplz's.
    """
    from ..lm.estimation.estimate import SmoothingOptions, estimate_files, prune
    from .cli_lm_text import commonest, progress_bar, read_words, spoken_text, text_as_it_is

    check_target(output, bits)
    if len(cutoffs) > order:
        raise OptionsError(f"--prune: has {len(cutoffs)} numbers for the {order} orders of the model.")
    if vocabulary is not None and vocabulary_size is not None:
        raise OptionsError("--vocabulary-size: give it or --vocabulary, not both.")
    smoothing = SmoothingOptions(
        cutoffs=cutoffs,
        discount_fallback=(0.5, 1.0, 1.5) if discount_fallback == () else discount_fallback,
        continuation_counts=not plain_counts,
    )
    pruning = None if entropy_prune is None and size is None else _prune_options(entropy_prune, size, None, False)
    known = None if vocabulary is None else read_words(vocabulary)
    limit = None if limit_vocabulary is None else read_words(limit_vocabulary)
    with spoken_text(texts, temporary) if normalize else text_as_it_is(texts) as paths:
        if vocabulary_size is not None:
            known = commonest(paths, vocabulary_size, memory, temporary)
        with progress_bar("counting") as progress:
            model = estimate_files(
                paths, order, known, smoothing, limit=limit, memory=memory, temporary=temporary, progress=progress
            )
    if pruning is not None:
        model = prune(model, pruning)
    write_model(model, output, bits)
    _tell_size(output, model.counts)


@lm.command()
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
    from ..lm.estimation.text_pieces import text_files
    from ..lm.ngram.perplexity import perplexity_of, score_words, text_perplexity
    from .cli_lm_text import progress_bar

    model = open_model(model_path)
    if by_word:
        found = perplexity_of(_printed(score_words(model, text_files(texts))))
        if not found.words:
            raise FormatError("There are no sentences with words to measure the language model on.")
    else:
        with progress_bar("scoring") as progress:
            found = text_perplexity(model, text_files(texts, progress))
    numbers = {name: value if math.isfinite(value) else None for name, value in found.as_dict().items()}
    text = json.dumps({"model": model_path, "texts": list(texts), **numbers}, indent=1, ensure_ascii=False) + "\n"
    if json_path == "-":
        sys.stdout.write(text)
        return
    if json_path is not None:
        write_aside(json_path, text.encode())
    click.echo(f"perplexity               {found.perplexity_with_unknown:.4f}")
    click.echo(f"perplexity without OOVs  {found.perplexity:.4f}")
    click.echo(f"OOVs                     {found.unknown_words}")
    click.echo(f"tokens                   {found.tokens}")


@lm.command(cls=NumbersCommand)
@click.argument("models", metavar="MODEL MODEL...", nargs=-1, required=True)
@_output
@click.option("--weights", type=Numbers(), metavar="W...", help="A weight for each model, which together make 1.")
@click.option("--tune", metavar="TEXT", multiple=True, help="Take the weights that make this text likeliest.")
@_quantise
def mix(
    models: tuple[str, ...], output: str, weights: tuple[float, ...] | None, tune: tuple[str, ...], bits: int | None
) -> None:
    """Interpolate MODELs linearly into one, which lists every n-gram that any of them lists.

    They may differ in order and words; a word that one lacks has probability 0 there. Prints the weights.
    """
    from ..lm.estimation.backoff_tables import BackoffTables
    from ..lm.estimation.mixture import mix as mix_models
    from ..lm.estimation.mixture import tune_weights
    from ..lm.estimation.text_pieces import text_files
    from ..lm.ngram.perplexity import text_lines

    check_target(output, bits)
    if (weights is None) == (not tune):
        raise OptionsError("mix: give either --weights or a text to --tune them on.")
    if weights is not None and len(weights) != len(models):
        raise OptionsError(f"--weights: {len(models)} models need as many weights, not {len(weights)}.")
    tables = [BackoffTables.from_arpa(read_ngrams(path)) for path in models]
    if weights is None:
        weights = tune_weights(tables, [" ".join(words) for words in text_lines(text_files(tune))])
    mixed = mix_models(tables, weights)
    write_model(mixed, output, bits)
    for weight, path in zip(weights, models, strict=True):
        click.echo(f"{weight:.6f} {path}")
    _tell_size(output, mixed.counts)


@lm.command(cls=NumbersCommand)
@click.argument("model_path", metavar="MODEL")
@_output
@click.option("--threshold", type=float, metavar="T", help="Keep n-grams that save more relative entropy, as 1e-8.")
@click.option("--size", type=click.IntRange(0), metavar="N", help="Keep the N n-grams above order 1 that save most.")
@click.option("--sizes", type=Numbers(whole=True), metavar="N...", help="Keep so many of order 2, 3, ... each.")
@click.option("--without-unknown", is_flag=True, help="Leave out n-grams that hold <unk>; nobody inherits from them.")
@_quantise
def prune(
    model_path: str,
    output: str,
    threshold: float | None,
    size: int | None,
    sizes: tuple[int, ...] | None,
    without_unknown: bool,
    bits: int | None,
) -> None:
    """Leave out of MODEL the n-grams whose loss changes it least (Stolcke 1998)."""
    from ..lm.estimation.backoff_tables import BackoffTables
    from ..lm.estimation.prune import prune as prune_model

    check_target(output, bits)
    options = _prune_options(threshold, size, sizes, without_unknown)
    pruned = prune_model(BackoffTables.from_arpa(read_ngrams(model_path)), options)
    write_model(pruned, output, bits)
    _tell_size(output, pruned.counts)


@lm.command()
@click.argument("model_path", metavar="IN")
@click.argument("output", metavar="OUT")
@_quantise
def convert(model_path: str, output: str, bits: int | None) -> None:
    """Write the model of IN to OUT: .arpa, .arpa.gz, or .safetensors, which loads without parsing.

    A KenLM trie lists the suffixes that pruning took away, so that its ARPA file does so too.
    """
    check_target(output, bits)
    model = read_ngrams(model_path)
    write_model(model, output, bits)
    _tell_size(output, model.counts)


@lm.command()
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


def _prune_options(
    threshold: float | None, size: int | None, sizes: tuple[int, ...] | None, without_unknown: bool
) -> "PruneOptions":
    from ..lm.estimation.prune import PruneOptions

    given = [value for value in (threshold, size, sizes) if value is not None]
    if len(given) != 1:
        raise OptionsError("Pruning needs one measure of what stays: either a threshold or a size.")
    if threshold is not None and not threshold >= 0:
        raise OptionsError(f"The threshold of pruning is a relative entropy of 0 or more, not {threshold}.")
    return PruneOptions(threshold, size, sizes, without_unknown)


def _printed(scores: "Iterable[list[WordScore]]") -> "Iterator[list[WordScore]]":
    """Print the words of every sentence, with tabs between the columns and an empty line after each."""
    for sentence in scores:
        for score in sentence:
            known = "" if score.known else "\toov"
            click.echo(f"{score.word}\t{score.log10_prob:.6f}\t{score.length}{known}")
        click.echo()
        yield sentence


def _tell_size(path: str, counts: tuple[int, ...]) -> None:
    """Say on standard error how large the model is that was written."""
    listed = ", ".join(f"{count:,} {n}-grams" for n, count in enumerate(counts, 1))
    complain(f"{path}: {listed}")
