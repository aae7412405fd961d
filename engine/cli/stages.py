"""`harken features`, `score`, `rescore`: each stage alone, one file in, one file out for the next."""

import io
import json
import zipfile
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ...tensorfile import write_aside
from ..nbest import candidates_text, read_candidates
from .command_line import complain
from .options import audio_options, decoding_options, make_recognizer, model_option, text_out, write_text

_out = click.option("-o", "--output", required=True, metavar="FILE", help="Where the arrays go, an .npz file.")


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
    recognizer = make_recognizer(model, channel=channel, strict=strict)
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
    recognizer = make_recognizer(model)
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
@text_out
@model_option
@decoding_options
def rescore(nbest_file: str, form: str, output: str | None, model: str | None, **options: Any) -> None:
    """Re-rank the n-best lists of `harken decode` with the larger language model.

    What `harken transcribe --rescoring nbest` does; without that, it rescores whole lattices, which hold more than a
    list: `harken lattice LATTICES --rescore MODEL` does so with lattices in files.
    """
    recognizer = make_recognizer(model, **options)
    ranked = [recognizer.rescore(segment) for segment in read_candidates(nbest_file)]
    if form == "nbest":
        write_text(output, candidates_text(ranked))
        return
    lines = []
    for utterance in dict.fromkeys(found.utterance for found in ranked):
        segments = recognizer.to_segments(one for one in ranked if one.utterance == utterance)
        if form == "json":
            named = {} if utterance is None else {"utterance": utterance}
            line = json.dumps(named | {"segments": [segment.as_dict() for segment in segments]}, ensure_ascii=False)
        else:
            line = " ".join([*([] if utterance is None else [utterance]), *(segment.text for segment in segments)])
        lines.append(line + "\n")
    write_text(output, "".join(lines))


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
