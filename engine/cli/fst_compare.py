"""`harken fst equivalent`: two machines in, an exit status out."""

import sys

import click

from ...decoder.fst.equivalent import DELTA, random_equivalent
from ...decoder.fst.equivalent import equivalent as exactly_equivalent
from .fst_machines import FstCommand, read_two, switch, two_in

NOT_EQUIVALENT = 2
"""The exit status of OpenFst's fstequivalent where the machines differ."""


@click.command(cls=FstCommand)
@two_in
@click.option("--delta", type=float, default=DELTA, show_default=True, help="How far costs may differ.")
@switch("random", "Test equivalence by randomly selecting paths in the input FSTs.")
@click.option("--npath", type=click.IntRange(1), default=1, show_default=True, help="Number of paths to generate.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed.")
@click.option("--max_length", type=click.IntRange(0), metavar="N", help="Arcs after which a path ends soon.")
def equivalent(
    first: str, second: str, delta: float, random: bool, npath: int, seed: int, max_length: int | None
) -> None:
    """Say by the exit status whether two FSTs are equivalent: 0 they are, 2 they are not, 1 they cannot be compared.

    Without --random both must be deterministic acceptors without epsilons.
    """
    machines = read_two(first, second)
    if random:
        same = random_equivalent(*machines, paths=npath, seed=seed, delta=delta, max_length=max_length)
    else:
        same = exactly_equivalent(*machines, delta=delta)
    sys.exit(0 if same else NOT_EQUIVALENT)


COMMANDS = (equivalent,)
