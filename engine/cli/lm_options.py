"""What the commands of `harken lm` share: where a model goes, what pruning leaves, what is said at the end."""

from typing import TYPE_CHECKING

import click

from ...errors import OptionsError
from .command_line import complain

if TYPE_CHECKING:
    from ...lm.estimation.prune import PruneOptions

output_option = click.option(
    "-o", "--output", metavar="FILE", required=True, help="Where the model goes: .arpa, .arpa.gz or .safetensors."
)
quantise_option = click.option(
    "--quantise",
    "bits",
    type=click.IntRange(1, 16),
    metavar="BITS",
    help="Bits of a number in a .safetensors file; float32 where not given.",
)


def prune_options(
    threshold: float | None, size: int | None, sizes: tuple[int, ...] | None, without_unknown: bool
) -> "PruneOptions":
    """Return what pruning keeps; raises OptionsError unless exactly one of the first three is given."""
    from ...lm.estimation.prune import PruneOptions

    given = [value for value in (threshold, size, sizes) if value is not None]
    if len(given) != 1:
        raise OptionsError("Pruning needs one measure of what stays: either a threshold or a size.")
    if threshold is not None and not threshold >= 0:
        raise OptionsError(f"The threshold of pruning is a relative entropy of 0 or more, not {threshold}.")
    return PruneOptions(threshold, size, sizes, without_unknown)


def tell_size(path: str, counts: tuple[int, ...]) -> None:
    """Say on standard error how large the model is that was written."""
    listed = ", ".join(f"{count:,} {n}-grams" for n, count in enumerate(counts, 1))
    complain(f"{path}: {listed}")
