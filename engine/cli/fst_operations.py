"""`harken fst arcsort`, `compose`, `determinize`, ...: machines in, a machine out."""

import math
from typing import Any

import click
import numpy as np

from ...decoder.fst.arcsort import SORTS
from ...decoder.fst.project import SIDES
from ...decoder.fst.transducer import Fst
from ...errors import OptionsError
from .fst_machines import (
    FstCommand,
    called,
    in_and_out,
    read_machine,
    read_two,
    switch,
    two_in_and_out,
    write_machine,
    write_text_out,
)

_delta = click.option("--delta", type=float, metavar="COST", help="Costs this near to each other count as equal.")
_max_states = click.option("--max_states", type=click.IntRange(1), metavar="N", help="States at which to give up.")
_filter = click.option(
    "--compose_filter",
    type=click.Choice(["auto", "sequence"]),
    default="auto",
    show_default=True,
    help="Composition filter.",
)
_connect = switch("connect", "Trim output.", default=True)


@click.command(cls=FstCommand)
@in_and_out
@click.option(
    "--sort_type", type=click.Choice(SORTS), default="ilabel", show_default=True, help="The label to sort by."
)
def arcsort(source: str, target: str, sort_type: str) -> None:
    """Sort the arcs of each state of an FST."""
    from ...decoder.fst.arcsort import arcsort

    write_machine(arcsort(read_machine(source), sort_type), target)


@click.command(cls=FstCommand)
@two_in_and_out
@_filter
@_connect
def compose(first: str, second: str, target: str, compose_filter: str, connect: bool) -> None:
    """Compose two FSTs: what the first writes, the second reads."""
    from ...decoder.fst.compose import compose

    write_machine(compose(*read_two(first, second), connect=connect), target)


@click.command(cls=FstCommand)
@two_in_and_out
@_filter
@_connect
def intersect(first: str, second: str, target: str, compose_filter: str, connect: bool) -> None:
    """Intersect two acceptors: the strings that both accept, at both costs together."""
    from ...decoder.fst.compose import compose

    machines = read_two(first, second)
    for path, fst in zip((first, second), machines, strict=True):
        if not np.array_equal(fst.ilabels, fst.olabels):
            raise OptionsError(f"{called(path)}: is a transducer; project it on one side, or compose.")
    write_machine(compose(*machines, connect=connect), target)


@click.command(cls=FstCommand)
@in_and_out
@_delta
@_max_states
def determinize(source: str, target: str, **options: Any) -> None:
    """Determinize an FST; a transducer must be functional."""
    from ...decoder.fst.determinize import determinize

    write_machine(determinize(read_machine(source), **_given(options)), target)


@click.command(cls=FstCommand)
@in_and_out
@switch("use_log", "Add the probabilities of paths that become one.")
@_delta
@_max_states
def determinizestar(source: str, target: str, **options: Any) -> None:
    """Remove epsilons and determinize in one step, as Kaldi's fstdeterminizestar."""
    from ...decoder.fst.determinize_star import determinize_star

    write_machine(determinize_star(read_machine(source), **_given(options)), target)


@click.command(cls=FstCommand)
@in_and_out
@_delta
@switch("allow_nondet", "Minimize non-deterministic FSTs.")
def minimize(source: str, target: str, allow_nondet: bool, **options: Any) -> None:
    """Minimize a deterministic FST."""
    from ...decoder.fst.minimize import minimize
    from ...decoder.fst.properties import local_properties

    fst = read_machine(source)
    if not allow_nondet and not local_properties(fst)["input deterministic"]:
        raise OptionsError(f"{called(source)}: is not deterministic; determinize it, or say --allow_nondet.")
    write_machine(minimize(fst, **_given(options)), target)


@click.command(cls=FstCommand)
@in_and_out
@_delta
def minimizeencoded(source: str, target: str, **options: Any) -> None:
    """Minimize an FST with labels and weights taken for one label, as Kaldi's fstminimizeencoded."""
    from ...decoder.fst.minimize import minimize_encoded

    write_machine(minimize_encoded(read_machine(source), **_given(options)), target)


@click.command(cls=FstCommand)
@in_and_out
@_connect
@_delta
def rmepsilon(source: str, target: str, **options: Any) -> None:
    """Remove the arcs that read and write epsilon."""
    from ...decoder.fst.rmepsilon import rmepsilon

    write_machine(rmepsilon(read_machine(source), **_given(options)), target)


@click.command(cls=FstCommand)
@in_and_out
@switch("push_weights", "Push weights.")
@switch("push_labels", "Push output labels.")
@switch("remove_total_weight", "Remove total weight when pushing weights.")
@switch("remove_common_affix", "Remove common prefix/suffix when pushing labels.")
@switch("to_final", "Push to final (vs. to initial) states.")
def push(source: str, target: str, push_weights: bool, push_labels: bool, to_final: bool, **options: Any) -> None:
    """Push weights and/or output labels along the paths of an FST."""
    from ...decoder.fst.push import push

    to = "final" if to_final else "initial"
    write_machine(push(read_machine(source), push_weights, push_labels, to, **options), target)


@click.command(cls=FstCommand)
@in_and_out
@click.option("--project_type", type=click.Choice(SIDES), default="input", show_default=True, help="Side to keep.")
@switch("project_output", "The same as --project_type=output.")
def project(source: str, target: str, project_type: str, project_output: bool) -> None:
    """Turn a transducer into the acceptor of what it reads, or writes."""
    from ...decoder.fst.project import project

    write_machine(project(read_machine(source), "output" if project_output else project_type), target)


@click.command(cls=FstCommand)
@in_and_out
def invert(source: str, target: str) -> None:
    """Exchange the inputs and outputs of an FST."""
    from ...decoder.fst.project import invert

    write_machine(invert(read_machine(source)), target)


@click.command(cls=FstCommand)
@two_in_and_out
def union(first: str, second: str, target: str) -> None:
    """Unite two FSTs: what one of them accepts."""
    from ...decoder.fst.rational import union

    write_machine(union(*read_two(first, second)), target)


@click.command(cls=FstCommand)
@two_in_and_out
def concat(first: str, second: str, target: str) -> None:
    """Concatenate two FSTs: what the first accepts followed by what the second does."""
    from ...decoder.fst.rational import concat

    write_machine(concat(*read_two(first, second)), target)


@click.command(cls=FstCommand)
@in_and_out
@switch("closure_plus", "Do not add the empty path (T+ instead of T*).")
def closure(source: str, target: str, closure_plus: bool) -> None:
    """Repeat an FST: any number of what it accepts in a row."""
    from ...decoder.fst.rational import closure

    write_machine(closure(read_machine(source), plus=closure_plus), target)


@click.command(cls=FstCommand)
@in_and_out
def reverse(source: str, target: str) -> None:
    """Reverse an FST: every string backwards."""
    from ...decoder.fst.reverse import reverse

    write_machine(reverse(read_machine(source)), target)


@click.command(cls=FstCommand)
@in_and_out
def connect(source: str, target: str) -> None:
    """Remove the states and arcs that are on no path from the start to a final state."""
    from ...decoder.fst.connect import connect

    write_machine(connect(read_machine(source)), target)


@click.command(cls=FstCommand)
@in_and_out
@click.option("--weight", type=float, default=math.inf, help="How much worse than the best a path may be that stays.")
@click.option("--nstate", type=int, default=-1, show_default=True, help="State number threshold; -1 is none.")
def prune(source: str, target: str, weight: float, nstate: int) -> None:
    """Prune an FST: what no path uses that is nearly as good as the best one."""
    from ...decoder.fst.prune import prune

    write_machine(prune(read_machine(source), weight, None if nstate == -1 else nstate), target)


@click.command(cls=FstCommand)
@in_and_out
@click.option("--nshortest", type=int, default=1, show_default=True, help="Return N-shortest paths.")
@switch("unique", "Return unique strings.")
@click.option("--weight", type=float, default=math.inf, help="How much worse than the best a path may be.")
def shortestpath(source: str, target: str, nshortest: int, unique: bool, weight: float) -> None:
    """Find the shortest path, or the N shortest, of an FST."""
    from ...decoder.fst.prune import prune
    from ...decoder.fst.shortest_path import shortest_path

    found = shortest_path(read_machine(source), nshortest, unique)
    write_machine(prune(found, weight) if weight != math.inf else found, target)


@click.command(cls=FstCommand)
@click.argument("source", default="-", metavar="[IN.FST]")
@click.argument("target", default="-", metavar="[DISTANCE.TXT]")
@switch("reverse", "Distances to the final states, not from the start.")
def shortestdistance(source: str, target: str, reverse: bool) -> None:
    """Find the shortest distance from the start to each state: a line a state, its number and the cost."""
    from ...decoder.fst.shortest_distance import shortest_distance

    costs = shortest_distance(read_machine(source), reverse).tolist()
    lines = (f"{state}\t{'Infinity' if cost == math.inf else f'{cost:.9g}'}\n" for state, cost in enumerate(costs))
    write_text_out("".join(lines), target)


@click.command(cls=FstCommand)
@in_and_out
def topsort(source: str, target: str) -> None:
    """Sort the states of an acyclic FST so that every arc leads to a higher one."""
    from ...decoder.fst.topsort import topsort

    fst = topsort(read_machine(source))
    if fst is None:
        raise OptionsError(f"{called(source)}: has a cycle, so its states cannot be sorted; remove its cycles first.")
    write_machine(fst, target)


@click.command(cls=FstCommand)
@in_and_out
@click.option("--npath", type=click.IntRange(1), default=1, show_default=True, help="Number of paths to generate.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed.")
@click.option("--max_length", type=click.IntRange(0), metavar="N", help="Arcs after which a path ends soon.")
def randgen(source: str, target: str, npath: int, seed: int, max_length: int | None) -> None:
    """Generate random paths through an FST, without their weights."""
    write_machine(_random_paths(read_machine(source), npath, seed, max_length), target)


def _random_paths(fst: Fst, npath: int, seed: int, max_length: int | None) -> Fst:
    """Return the machine of ``npath`` random paths, each a chain of its own from the common start."""
    from dataclasses import replace

    from ...decoder.fst.random_path import MAX_LENGTH, RandomPaths

    draws = RandomPaths(fst, seed, MAX_LENGTH if max_length is None else max_length)
    chains = [draws.draw().arcs for _ in range(npath)]
    arcs = np.concatenate(chains)
    nextstates = np.arange(1, len(arcs) + 1)
    firsts = np.cumsum([0, *map(len, chains)])
    sources = nextstates - 1
    sources[firsts[:-1][np.diff(firsts) > 0]] = 0
    finals = np.full(len(arcs) + 1, np.inf)
    finals[np.where(np.diff(firsts) > 0, firsts[1:], 0)] = 0
    taken = draws.fst
    made = Fst.from_arcs(
        0, sources, taken.ilabels[arcs], taken.olabels[arcs], np.zeros(len(arcs)), nextstates, finals, fst.semiring
    )
    return replace(made, isymbols=fst.isymbols, osymbols=fst.osymbols)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}


COMMANDS = (
    arcsort,
    compose,
    intersect,
    determinize,
    determinizestar,
    minimize,
    minimizeencoded,
    rmepsilon,
    push,
    project,
    invert,
    union,
    concat,
    closure,
    reverse,
    connect,
    prune,
    shortestpath,
    shortestdistance,
    topsort,
    randgen,
)
