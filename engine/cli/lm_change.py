"""`harken lm mix`, `prune`, `convert`: models made of models."""

import click

from ...errors import OptionsError
from ...lm.ngram.model_files import check_target, read_ngrams, write_model
from .lm_options import output_option, prune_options, quantise_option, tell_size
from .numbers import Numbers, NumbersCommand


@click.command(cls=NumbersCommand)
@click.argument("models", metavar="MODEL MODEL...", nargs=-1, required=True)
@output_option
@click.option("--weights", type=Numbers(), metavar="W...", help="A weight for each model, which together make 1.")
@click.option(
    "--tune", metavar="TEXT", multiple=True, help="Take the weights that make this text likeliest; may come again."
)
@quantise_option
def mix(
    models: tuple[str, ...], output: str, weights: tuple[float, ...] | None, tune: tuple[str, ...], bits: int | None
) -> None:
    """Interpolate MODELs linearly into one, which lists every n-gram that any of them lists.

    They may differ in order and words; a word that one lacks has probability 0 there. Prints the weights.
    """
    from ...lm.estimation.arpa_tables import backoff_tables
    from ...lm.estimation.mixture import mix as mix_models
    from ...lm.estimation.mixture import tune_weights
    from ...lm.estimation.text_pieces import text_files
    from ...lm.ngram.perplexity import text_lines

    check_target(output, bits)
    if (weights is None) == (not tune):
        raise OptionsError("mix: give either --weights or a text to --tune them on.")
    if weights is not None and len(weights) != len(models):
        raise OptionsError(f"--weights: {len(models)} models need as many weights, not {len(weights)}.")
    tables = [backoff_tables(read_ngrams(path)) for path in models]
    if weights is None:
        weights = tune_weights(tables, [" ".join(words) for words in text_lines(text_files(tune), plain=True)])
    mixed = mix_models(tables, weights)
    write_model(mixed, output, bits)
    for weight, path in zip(weights, models, strict=True):
        click.echo(f"{weight:.6f} {path}")
    tell_size(output, mixed.counts)


@click.command(cls=NumbersCommand)
@click.argument("model_path", metavar="MODEL")
@output_option
@click.option("--threshold", type=float, metavar="T", help="Keep n-grams that save more relative entropy, as 1e-8.")
@click.option("--size", type=click.IntRange(0), metavar="N", help="Keep the N n-grams above order 1 that save most.")
@click.option("--sizes", type=Numbers(whole=True), metavar="N...", help="Keep so many of order 2, 3, ... each.")
@click.option(
    "--histories", metavar="TEXT", multiple=True, help="Weigh n-grams by how often this text has their contexts."
)
@click.option("--without-unknown", is_flag=True, help="Leave out n-grams that hold <unk>; nobody inherits from them.")
@quantise_option
def prune(
    model_path: str,
    output: str,
    threshold: float | None,
    size: int | None,
    sizes: tuple[int, ...] | None,
    histories: tuple[str, ...],
    without_unknown: bool,
    bits: int | None,
) -> None:
    """Leave out of MODEL the n-grams whose loss changes it least (Stolcke 1998).

    How often a context occurs is what MODEL itself expects, or what the text of --histories says: the one that MODEL
    was made from, or one like it.
    """
    from ...lm.estimation.arpa_tables import backoff_tables
    from ...lm.estimation.histories import count_histories
    from ...lm.estimation.prune import prune as prune_model
    from ...lm.estimation.text_pieces import text_files
    from .lm_text import progress_bar

    check_target(output, bits)
    options = prune_options(threshold, size, sizes, without_unknown)
    model = backoff_tables(read_ngrams(model_path))
    if histories:
        with progress_bar("counting histories") as progress:
            model = count_histories(model, text_files(histories, progress))
    pruned = prune_model(model, options)
    write_model(pruned, output, bits)
    tell_size(output, pruned.counts)


@click.command()
@click.argument("model_path", metavar="IN")
@click.argument("output", metavar="OUT")
@quantise_option
def convert(model_path: str, output: str, bits: int | None) -> None:
    """Write the model of IN to OUT: .arpa, .arpa.gz, or .safetensors, which loads without parsing.

    A KenLM trie lists the suffixes that pruning took away, so that its ARPA file does so too.
    """
    check_target(output, bits)
    model = read_ngrams(model_path)
    write_model(model, output, bits)
    tell_size(output, model.counts)
