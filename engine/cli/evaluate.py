"""`harken evaluate`: word errors and speed over a manifest."""

import json
from typing import Any

import click

from ...tensorfile import write_aside
from ..evaluate import Evaluation, Scored
from ..evaluate import evaluate as evaluate_clips
from ..manifest import read_manifest
from ..word_errors import WordErrors
from .command_line import complain
from .options import audio_options, decoding_options, make_recognizer, model_option, refuse_absent_folders


@click.command()
@click.argument("manifest")
@click.option("--json", "output", metavar="FILE", help="Write everything, each clip's texts and errors too, to FILE.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many clips.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that share the clips.")
@click.option(
    "--rescore/--no-rescore", default=True, help="Re-rank with the larger language model.  [default: rescore]"
)
@audio_options
@model_option
@decoding_options
def evaluate(
    manifest: str, output: str | None, limit: int | None, workers: int, model: str | None, **options: Any
) -> int:
    """Transcribe the clips of MANIFEST and compare with its texts.

    MANIFEST has a JSON object a line with audio_filepath (relative to the manifest) and text. Both texts are
    normalised in the same way; word errors are counted over the whole corpus.
    """
    refuse_absent_folders(output)
    clips = read_manifest(manifest, limit)
    recognizer = make_recognizer(model, **options)
    found = with_progress(lambda step: evaluate_clips(recognizer, clips, workers, step), len(clips))
    for warning in found.warnings:
        complain(warning)
    if output is not None:
        write_aside(output, (json.dumps(found.as_dict(), indent=1, ensure_ascii=False) + "\n").encode())
    click.echo(_report(found))
    return int(any(scored.refused is not None for scored in found.scored))


def with_progress(run: Any, total: int) -> Evaluation:
    """Run with a progress bar on standard error that shows the word error rate so far; ``run`` is given its step."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    errors = WordErrors()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("transcribing", total=total)

        def step(scored: Scored) -> None:
            nonlocal errors
            errors += scored.errors
            progress.update(task, advance=1, description=f"WER {errors.rate:5.2f} %")

        evaluation: Evaluation = run(step)
    return evaluation


def _report(found: Evaluation) -> str:
    value, errors = found.as_dict(), found.errors
    rate = (
        f"WER {errors.rate:.2f} %  ({errors.errors} errors in {errors.words} words: "
        f"{errors.substitutions} substitutions, {errors.deletions} deletions, {errors.insertions} insertions)"
    )
    if not errors.words:
        rate = f"no WER: the texts hold no words once normalised ({errors.insertions} words were recognised)"
    lines = [
        rate,
        f"{value['utterances']} utterances, {value['audio_seconds']:.1f} s of audio, "
        f"real-time factor {value['rtf']:.4f}",
        "  " + ", ".join(f"{name} {rate:.4f}" for name, rate in value["stage_rtf"].items()),
        f"compiling and loading, not counted: {found.compile_seconds:.2f} s",
    ]
    return "\n".join(lines)
