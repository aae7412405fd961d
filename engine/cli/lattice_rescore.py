"""The options of `harken lattice` that rescore: which models, and what each part of a cost weighs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ...errors import OptionsError

if TYPE_CHECKING:
    from ...decoder.lattice.lattice import Lattice

    Rescore = Callable[[Lattice], Lattice]


def rescore_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options."""
    for option in (
        click.option(
            "--first-pass-weight",
            type=click.FloatRange(0),
            metavar="WEIGHT",
            help="What the first pass's language model weighs.  [default: 0 with --first-pass, else as the graph]",
        ),
        click.option(
            "--graph-weight",
            type=click.FloatRange(0),
            metavar="WEIGHT",
            help="What the graph's costs weigh in rescoring.  [default: 1 with --first-pass, else 0]",
        ),
        click.option(
            "--word-insertion-penalty",
            type=float,
            default=0.0,
            metavar="NATS",
            help="Cost added for every word in rescoring.",
        ),
        click.option(
            "--mix",
            "mixture",
            metavar="SHARES",
            help="Several --rescore models as one, p = sum of share times p: 0.3,0.7.  [default: log-linear]",
        ),
        click.option(
            "--lm-weight",
            "lm_weights",
            type=click.FloatRange(0),
            multiple=True,
            metavar="WEIGHT",
            help="What a --rescore model weighs, one after the other.  [default: 1 each]",
        ),
        click.option(
            "--first-pass",
            metavar="MODEL",
            help="The language model in the lattices' graph costs, to be told apart from them.",
        ),
        click.option(
            "--rescore",
            "models",
            multiple=True,
            metavar="MODEL",
            help="A language model (ARPA, KenLM's, harken's) whose costs every path gets; may be given again.",
        ),
    ):
        command = option(command)
    return command


def rescorer_of(
    models: tuple[str, ...],
    first_pass: str | None,
    lm_weights: tuple[float, ...],
    mixture: str | None,
    word_insertion_penalty: float,
    graph_weight: float | None,
    first_pass_weight: float | None,
    beam: float | None,
) -> "Rescore | None":
    """Return what rescores one lattice after the other as the options say, None where they name no model."""
    given = {"--first-pass": first_pass, "--lm-weight": lm_weights, "--mix": mixture, "--graph-weight": graph_weight}
    given |= {"--first-pass-weight": first_pass_weight, "--word-insertion-penalty": word_insertion_penalty or None}
    if not models:
        for name, value in given.items():
            if value not in (None, ()):
                raise click.UsageError(f"{name} goes with --rescore MODEL.")
        return None
    from ...decoder.lattice.rescore import LatticeRescoreOptions, LatticeRescorer
    from ...lm.ngram.model_files import open_model
    from ...lm.rescore import LinearMixture, RescoreOptions

    opened: list[Any] = [open_model(path) for path in models]
    if mixture is not None:
        opened = [LinearMixture(opened, _shares(mixture))]
    old = None if first_pass is None else open_model(first_pass)
    weights = lm_weights or (1.0,) * len(opened)
    if len(weights) != len(opened):
        raise click.UsageError(f"--lm-weight is given {len(weights)} times for {len(opened)} models; give each one.")
    graph = graph_weight if graph_weight is not None else 0.0 if old is None else 1.0
    first = first_pass_weight if first_pass_weight is not None or old is None else 0.0
    made: list[LatticeRescorer] = []

    def rescore(lattice: "Lattice") -> "Lattice":
        scale = lattice.acoustic_scale
        if not made or (made[0].words_table, made[0].options.weights.acoustic_scale) != (lattice.words_table, scale):
            chosen = RescoreOptions(weights, word_insertion_penalty, scale, graph, first)
            options = LatticeRescoreOptions(chosen, result_beam=float("inf") if beam is None else beam)
            made[:] = [LatticeRescorer(opened, lattice.words_table, options, old)]
        return made[0].rescore(lattice).lattice

    return rescore


def _shares(text: str) -> list[float]:
    try:
        return [float(share) for share in text.split(",")]
    except ValueError:
        raise OptionsError(f"--mix {text}: give a share for each model, such as 0.3,0.7.") from None
