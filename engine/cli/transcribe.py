"""`harken transcribe`: recordings to text or JSON."""

import io
import json
import sys
from typing import Any

import click

from ...errors import HarkenError
from ..workers import Answer, transcribe_all
from .command_line import complain
from .options import audio_options, decoding_options, make_recognizer, model_option


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="A line a file."
)
@audio_options
@click.option(
    "--alternatives", type=click.IntRange(1), default=1, show_default=True, help="Readings a segment, in JSON."
)
@click.option("--timings", is_flag=True, help="Add the seconds of each stage to the JSON.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that share the files.")
@click.option(
    "--rescore/--no-rescore", default=True, help="Re-rank with the larger language model.  [default: rescore]"
)
@model_option
@decoding_options
def transcribe(
    files: tuple[str, ...], form: str, timings: bool, workers: int, model: str | None, **options: Any
) -> int:
    """Write what is said in each of FILES (WAV, FLAC, Ogg, MP3; - is standard input).

    Text is one line a file, JSON one object a line with audio_filepath, duration, text and segments. A file that is
    refused gives no line but a sentence on standard error, and the exit code 1; the others are done all the same.
    """
    recognizer = make_recognizer(model, **options)
    sources: list[Any] = list(files)
    if "-" in files:
        workers, data = 1, sys.stdin.buffer.read()
        sources = [_standard_input(data) if name == "-" else name for name in files]
    refused = False
    for name, answer in zip(files, transcribe_all(recognizer, sources, workers), strict=True):
        if isinstance(answer, HarkenError):
            complain(answer)
            refused = True
            continue
        for warning in answer[0].warnings:
            complain(warning)
        click.echo(_line(name, answer, form, timings))
    return int(refused)


def _line(name: str, answer: Answer, form: str, timings: bool) -> str:
    assert not isinstance(answer, HarkenError)
    result, spent = answer
    if form == "text":
        return result.text
    value = {"audio_filepath": name, **result.as_dict()}
    if timings:
        value["timings"] = spent.as_dict()
    return json.dumps(value, ensure_ascii=False)


def _standard_input(data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = "standard input"
    return file
