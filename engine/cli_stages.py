"""`harken features`, `score`, `decode`, `rescore`: each stage alone, one file in, one file out for the next."""

import io
import json
import os
import sys
import zipfile
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError, OptionsError, ScoresError
from ..tensorfile import write_aside
from .cli import complain
from .cli_options import audio_options, decoding_options, make_recognizer, model_option
from .confidence import to_segment
from .nbest import candidates_text, read_candidates

_out = click.option("-o", "--output", required=True, metavar="FILE", help="Where the arrays go, an .npz file.")
_text_out = click.option("-o", "--output", metavar="FILE", help="Where the text goes; without it, standard output.")


@click.command()
@click.argument("recording")
@_out
@audio_options
@model_option
def features(recording: str, output: str, channel: int | str, strict: bool, model: str | None) -> None:
    """Compute the features of RECORDING.

    The .npz holds features (frames, dim) float32, frame_seconds, and channel (-1 for a mix of several).
    """
    if channel == "each":
        raise OptionsError("--channel each: the stages take one channel at a time; give its number.")
    recognizer = make_recognizer(model, compiles=False, channel=channel, strict=strict)
    with recognizer.open_audio(recording) as reader:
        blocks = list(reader.blocks())
        for warning in reader.warnings:
            complain(warning)
    samples = np.concatenate(blocks, axis=1)[0] if blocks else np.zeros(0, np.float32)
    number = -1 if reader.channels[0] is None else reader.channels[0]
    shift = recognizer.extractor.options.frame_shift / 1000
    _save(output, features=recognizer.features(samples), frame_seconds=np.float64(shift), channel=np.int64(number))


@click.command()
@click.argument("features_file", metavar="FEATURES")
@_out
@model_option
def score(features_file: str, output: str, model: str | None) -> None:
    """Run the acoustic model over the .npz file of `harken features`.

    The .npz holds scores (out_frames, units) float32, natural logarithms; units; frame_seconds; channel.
    """
    recognizer = make_recognizer(model, compiles=False)
    given = _load(features_file, "features", "channel")
    scores = recognizer.scores(given["features"])
    _save(
        output,
        scores=scores,
        units=np.array(recognizer.bundle.units),
        frame_seconds=np.float64(recognizer.frame_seconds),
        channel=given["channel"],
    )


@click.command()
@click.argument("scores_file", metavar="SCORES")
@_text_out
@model_option
@decoding_options
def decode(scores_file: str, output: str | None, model: str | None, **options: Any) -> None:
    """Search the .npz file of `harken score` for words.

    The text has a JSON object a line, a segment each: the n-best word sequences with frames and costs.
    """
    recognizer = make_recognizer(model, **options)
    given = _load(scores_file, "scores", "channel")
    if given["scores"].ndim != 2 or given["scores"].shape[1] != len(recognizer.bundle.units):
        found = given["scores"].shape
        raise ScoresError(
            f"{scores_file}: scores have shape {found}, the model has {len(recognizer.bundle.units)} units."
        )
    channel = int(given["channel"])
    segments = recognizer.decode(given["scores"], None if channel < 0 else channel)
    _write(output, candidates_text(segments))


@click.command()
@click.argument("nbest_file", metavar="NBEST")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "nbest"]),
    default="text",
    show_default=True,
    help="The best words on one line, the segments as in transcribe, or the n-best lists re-ranked.",
)
@click.option(
    "--alternatives", type=click.IntRange(1), default=1, show_default=True, help="Readings a segment, in JSON."
)
@_text_out
@model_option
@decoding_options
def rescore(nbest_file: str, form: str, output: str | None, model: str | None, **options: Any) -> None:
    """Re-rank the n-best lists of `harken decode` with the larger language model."""
    recognizer = make_recognizer(model, compiles=False, **options)
    ranked = [recognizer.rescore(segment) for segment in read_candidates(nbest_file)]
    if form == "nbest":
        _write(output, candidates_text(ranked))
        return
    segments = [
        segment for found in ranked if (segment := to_segment(found, recognizer.options.alternatives)) is not None
    ]
    if form == "json":
        _write(output, json.dumps({"segments": [segment.as_dict() for segment in segments]}, ensure_ascii=False) + "\n")
    else:
        _write(output, " ".join(segment.text for segment in segments) + "\n")


def _save(path: str, **arrays: Any) -> None:
    """Write an .npz file, never half of one, the same bytes for the same arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_aside(path, buffer.getvalue())


def _load(path: str, *names: str) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if isinstance(file, np.ndarray):
                raise ValueError("one array alone")
            return {name: file[name] for name in names}
    except OSError as problem:
        raise FormatError(f"{path}: cannot be read ({problem.strerror or problem}).") from None
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as problem:
        raise FormatError(f"{path}: is not the .npz file of the stage before ({problem}).") from None


def _write(path: str | os.PathLike[str] | None, text: str) -> None:
    if path is None:
        sys.stdout.write(text)
    else:
        write_aside(path, text.encode())
