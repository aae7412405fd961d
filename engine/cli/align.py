"""`harken align`: when the words and phones of a known text were said in a recording."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from ...decoder.align import Alignment, AlignOptions, to_ctm, to_textgrid
from ...errors import FormatError, OptionsError
from ..aligner import align_samples
from .command_line import complain
from .options import audio_options, make_recognizer, model_option, text_out, write_text

if TYPE_CHECKING:
    from ..recognizer import Recognizer


@click.command()
@click.argument("recording", metavar="AUDIO")
@click.argument("text_file", metavar="TEXT", required=False)
@click.option("--said", metavar="TEXT", help="The text itself, in place of a file of it.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["ctm", "textgrid", "json"]),
    default="ctm",
    show_default=True,
    help="CTM lines, a Praat TextGrid with words and phones, or a JSON object.",
)
@click.option(
    "--level", type=click.Choice(["words", "phones"]), default="words", show_default=True, help="What CTM lines list."
)
@click.option("--phones", is_flag=True, help="The text is phones (the model's units), not words.")
@click.option(
    "--close-gaps",
    type=click.FloatRange(0),
    default=0.0,
    metavar="SECONDS",
    help="Blank stretches up to this long go to the phones beside them.",
)
@text_out
@audio_options
@model_option
def align(
    recording: str,
    text_file: str | None,
    said: str | None,
    form: str,
    level: str,
    phones: bool,
    close_gaps: float,
    output: str | None,
    channel: int | str,
    strict: bool,
    model: str | None,
) -> None:
    """Find out when the words of TEXT were said in AUDIO.

    TEXT is a file (- for standard input) with what is said in the whole recording, as it is usually written: figures
    and abbreviations are read out. Words that the lexicon lacks are pronounced by the model's guess.
    """
    if (text_file is None) == (said is None):
        raise click.UsageError("give the text once: a file of it, or --said.")
    if channel == "each":
        raise OptionsError("--channel each: a text is aligned with one channel; give its number.")
    text = said if said is not None else _read_text(str(text_file))
    recognizer = make_recognizer(model, channel=channel, strict=strict)
    with recognizer.open_audio(recording) as reader:
        blocks = list(reader.blocks())
        for warning in reader.warnings:
            complain(warning)
    samples = np.concatenate(blocks, axis=1)[0] if blocks else np.zeros(0, np.float32)
    options = AlignOptions(close_gaps=round(close_gaps / recognizer.frame_seconds))
    alignment = align_samples(recognizer, samples, text.split() if phones else text, options)
    guessed = sorted({word.text for word in alignment.words if word.guessed})
    if guessed:
        complain(f"not in the lexicon, pronunciation guessed: {', '.join(guessed)}")
    name = "_".join(Path(recording).stem.split()) or "recording"
    side = "1" if reader.channels[0] is None else str(reader.channels[0] + 1)
    if form == "ctm":
        written = to_ctm(alignment, name, recognizer.frame_seconds, side, level)
    elif form == "textgrid":
        written = to_textgrid(alignment, recognizer.frame_seconds, reader.duration)
    else:
        written = json.dumps(_as_dict(alignment, recognizer), ensure_ascii=False) + "\n"
    write_text(output, written)


def _read_text(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as problem:
        raise FormatError(
            f"{path}: cannot be read as UTF-8 text ({getattr(problem, 'strerror', None) or problem}); "
            "--said takes the text itself."
        ) from None


def _as_dict(alignment: Alignment, recognizer: "Recognizer") -> dict[str, Any]:
    def seconds(value: Any) -> Any:
        if isinstance(value, dict):
            times = {key: round(value[key] * recognizer.frame_seconds, 3) for key in ("start", "end") if key in value}
            return {key: times.get(key, seconds(entry)) for key, entry in value.items()}
        return [seconds(entry) for entry in value] if isinstance(value, (list, tuple)) else value

    return {"frame_seconds": recognizer.frame_seconds, **seconds(asdict(alignment))}
