"""`harken tune`: the weights of rescoring, tuned on recordings of which it is known what was said."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from ...errors import OptionsError
from ...lm.rescore import RescoreOptions
from ...tensorfile import write_aside
from ..manifest import Clip, read_manifest
from ..tuning.lattices import ClipLattices
from ..tuning.surface import AXES, SMALL_SET, Surface, TuningGrid
from ..tuning.tuner import Tuning, write_decoding
from ..tuning.tuner import tune as tune_weights
from .command_line import complain
from .model import TUNED
from .options import audio_options, decoding_options, make_recognizer, model_option, refuse_absent_folders

MOST_COLUMNS = 15
"""Columns of the table that is printed, at most; the JSON has all."""


class Values(click.ParamType):  # type: ignore[type-arg]
    """Numbers: ``0.5,0.7`` or ``LOW:HIGH:STEP``, both ends included."""

    name = "values"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Return the numbers; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        try:
            if ":" not in value:
                return tuple(float(one) for one in value.split(","))
            low, high, step = (float(one) for one in value.split(":"))
            count = int(np.floor((high - low) / step + 1e-9)) + 1
            if not (step > 0 and 0 < count <= 1000):
                raise ValueError
        except (ValueError, ZeroDivisionError, OverflowError):
            self.fail(f"{value!r} is neither numbers with commas nor LOW:HIGH:STEP.", param, ctx)
        return tuple(round(low + step * at, 9) for at in range(count))


_GRID = {
    "lm_weights": "Language model weights to try: 0.5,0.7 or LOW:HIGH:STEP.  [default: 0.2:1.4:0.1]",
    "penalties": "Word insertion penalties to try.  [default: -1.5:1.5:0.25]",
    "graph_weights": "Weights of the graph's own costs to try.  [default: the model's]",
    "first_pass_weights": "Weights of the search's language model to try, apart from the graph's.",
}


def _grid_options(command: Any) -> Any:
    for name, text in reversed(_GRID.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, type=Values(), help=text)(command)
    return command


@click.command()
@click.argument("manifest")
@click.option("--lattices", metavar="FOLDER", help="Where the lattices are kept: what is there already is not decoded.")
@click.option("--picture", metavar="FILE.svg", help="Draw the surface of word errors.")
@click.option("--json", "output", metavar="FILE", help="Write the whole surface to FILE.")
@click.option("--write", is_flag=True, help="Put the best weights into the model, which --model has to name.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many clips.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Threads that share the clips.")
@_grid_options
@audio_options
@model_option
@decoding_options
def tune(
    manifest: str,
    lattices: str | None,
    picture: str | None,
    output: str | None,
    write: bool,
    limit: int | None,
    workers: int,
    model: str | None,
    lm_weights: tuple[float, ...] | None,
    penalties: tuple[float, ...] | None,
    graph_weights: tuple[float, ...] | None,
    first_pass_weights: tuple[float, ...] | None,
    **options: Any,
) -> int:
    """Tune the weights of rescoring on the clips of MANIFEST, which should be like what is to be transcribed.

    Each clip is searched once; the words that every pair of a language model weight and a word insertion penalty would
    choose are found in one pass over its lattices. Reported are the word error rates, how sure they are, and how far
    the weights can be changed before they get worse. Don't tune on what you report results on.

    \b
      harken tune dev.jsonl --lattices dev.lattices --picture dev.svg
      harken tune dev.jsonl --lattices dev.lattices --model my-model --write
    """
    if write and model is None:
        raise click.UsageError("--write changes a model: name it with --model.")
    if picture is not None and Path(picture).suffix.lower() != ".svg":
        raise click.UsageError(f"--picture {picture}: pictures are drawn as .svg.")
    if options.get("rescoring") == "nbest":
        raise click.UsageError("--rescoring nbest: tuning goes over whole lattices.")
    if first_pass_weights is not None:
        options["first_pass_weight"] = first_pass_weights[0]
    if options["channel"] == "each":
        raise OptionsError("--channel each: a clip has one text; give a channel's number.")
    refuse_absent_folders(output, picture)
    clips = read_manifest(manifest, limit)
    default = TuningGrid()
    grid = TuningGrid(
        default.lm_weight if lm_weights is None else lm_weights,
        default.word_insertion_penalty if penalties is None else penalties,
        graph_weights,
        first_pass_weights,
    )
    found = _with_progress(ClipLattices(make_recognizer(model, **options), lattices), clips, grid, workers)
    for reason in found.refused:
        complain(reason)
    if output is not None:
        value = {"manifest": manifest, "refused": list(found.refused)} | found.surface.as_dict()
        write_aside(output, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())
    if picture is not None:
        from ..tuning.picture import surface_svg

        write_aside(picture, surface_svg(found.surface, f"Word error rate on {Path(manifest).name}, %").encode())
    click.echo(_report(found))
    if write and model is not None:
        sentence = f"{TUNED} {len(found.surface.words)} clips: {_best(found.surface)}"
        write_decoding(model, found.surface.points[found.surface.best], sentence)
        click.echo(f"written to {model}")
    return int(bool(found.refused))


def _with_progress(lattices: ClipLattices, clips: Sequence[Clip], grid: TuningGrid, workers: int) -> Tuning:
    """Tune with a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("decoding", total=len(clips))
        return tune_weights(lattices, clips, grid, workers, lambda: progress.advance(task))


def _named(surface: Surface, options: RescoreOptions) -> str:
    """Return the weights of ``options`` that are not the same at all points."""
    shown = [name for name, count in zip(AXES, surface.shape, strict=True) if count > 1 or name in AXES[:2]]
    values = {name: options.first_weight if name == "first_pass_weight" else getattr(options, name) for name in shown}
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def _best(surface: Surface) -> str:
    low, high = surface.interval
    return (
        f"{_named(surface, surface.points[surface.best])}: {surface.rates[surface.best]:.2f} % of "
        f"{int(surface.words.sum()):,} words wrong (95 % confidence: {low:.2f} to {high:.2f})"
    )


def _report(found: Tuning) -> str:
    surface = found.surface
    words = int(surface.words.sum())
    lines = [
        _table(surface),
        "",
        f"best: {_best(surface)}",
        f"the model's: {_named(surface, surface.base)}: {surface.base_rate:.2f} %"
        + (", as good as the best as far as this set can tell" if surface.base_as_good else ""),
    ]
    if surface.held_out is not None:
        lines.append(
            f"on clips that they were not tuned on (ten parts in turn), weights chosen in this way: "
            f"{surface.held_out:.2f} %"
        )
    spans = ", ".join(f"{name} {least:g} to {most:g}" for name, (least, most) in surface.flat().items())
    lines.append(
        f"flat: {int(surface.as_good.sum())} of {len(surface.rates)} points are as good as the best as far as this set "
        f"can tell{f' ({spans})' if spans else ''}; a step away from it, the rate is {surface.slope():.2f} higher"
    )
    lines.append(f"{len(surface.words)} clips: {found.decoded} decoded, {found.reused} from stored lattices")
    if words < SMALL_SET:
        lines.append(
            f"careful: {words:,} words are few; tune on {SMALL_SET:,} or more, or stay near weights known to be good"
        )
    if surface.edges:
        lines.append(f"careful: the best {' and '.join(surface.edges)} lies at the edge of what was tried; try more")
    return "\n".join(lines)


def _table(surface: Surface) -> str:
    """Return the rates: a row for each penalty, a column for each weight; other axes at their best values."""
    place = np.unravel_index(surface.best, surface.shape)
    rates = surface.rates.reshape(surface.shape)[:, :, place[2], place[3]]
    weights, penalties = surface.grid.axes[0], surface.grid.axes[1]
    step = -(-len(weights) // MOST_COLUMNS)
    shown = [at for at in range(len(weights)) if at % step == int(place[0]) % step]
    lines = ["penalty \\ lm_weight" + "".join(f"{weights[at]:>7g}" for at in shown)]
    for row, penalty in enumerate(penalties):
        marks = (
            f"{rates[at, row]:6.2f}" + ("*" if (at, row) == (int(place[0]), int(place[1])) else " ") for at in shown
        )
        lines.append(f"{penalty:>19g}" + " " + "".join(marks))
    return "\n".join(line.rstrip() for line in lines)
