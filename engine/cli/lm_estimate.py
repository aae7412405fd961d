"""`harken lm estimate`: a model from text."""

import click

from ...errors import OptionsError
from ...lm.ngram.model_files import check_target, write_model
from .lm_options import output_option, prune_options, quantise_option, tell_size
from .numbers import Memory, Numbers, NumbersCommand

MOST_ORDER = 6


@click.command(cls=NumbersCommand)
@click.argument("texts", metavar="TEXT...", nargs=-1, required=True)
@click.option("--order", type=int, default=3, show_default=True, metavar="N", help="Words of the longest n-grams, 1-6.")
@output_option
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
    type=Numbers(may_lack=True),
    metavar="[D1 D2 D3]",
    help="Discounts for texts too small to tell them; 0.5 1 1.5 where none are given.",
)
@click.option("--entropy-prune", type=float, metavar="THRESHOLD", help="Then leave out n-grams that save less entropy.")
@click.option("--size", type=click.IntRange(0), metavar="N", help="Then keep the N n-grams that save most entropy.")
@click.option("--plain-counts", is_flag=True, help="Count short n-grams as long ones, not by what precedes them.")
@click.option("--memory", type=Memory(), metavar="AMOUNT", help="For counting, as 2G or 50%. [default: half the free]")
@click.option("--temporary", metavar="FOLDER", help="Where what exceeds the memory goes.")
@quantise_option
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
    from ...lm.estimation.estimate import SmoothingOptions, estimate_files, prune
    from .lm_text import commonest, progress_bar, read_words, spoken_text, text_as_it_is

    check_target(output, bits)
    if not 1 <= order <= MOST_ORDER:
        raise OptionsError(f"--order: is {order}; give the words of the longest n-grams, 1 to {MOST_ORDER}.")
    if len(cutoffs) > order:
        raise OptionsError(f"--prune: has {len(cutoffs)} numbers for the {order} orders of the model.")
    if vocabulary is not None and vocabulary_size is not None:
        raise OptionsError("--vocabulary-size: give it or --vocabulary, not both.")
    smoothing = SmoothingOptions(
        cutoffs=cutoffs,
        discount_fallback=(0.5, 1.0, 1.5) if discount_fallback == () else discount_fallback,
        continuation_counts=not plain_counts,
    )
    pruning = None if entropy_prune is None and size is None else prune_options(entropy_prune, size, None, False)
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
    tell_size(output, model.counts)
