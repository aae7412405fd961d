"""`harken lattice`: lattices in files, of `harken decode`, of Kaldi, of `save_lattice`, shown and converted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import FormatError
from .lattice_rescore import rescore_options, rescorer_of
from .options import text_out, write_text

if TYPE_CHECKING:
    from ...decoder.lattice.lattice import Lattice

FORMS = ("summary", "best", "nbest", "confidences", "kaldi", "dot", "svg")


@click.command()
@click.argument("files", metavar="LATTICES...", nargs=-1, required=True)
@click.option(
    "--as",
    "form",
    type=click.Choice(FORMS),
    default="summary",
    show_default=True,
    help="Sizes, costs and depth; the best words; the best word sequences; words with confidences, by minimum Bayes "
    "risk; a text archive; a picture.",
)
@click.option("--beam", type=click.FloatRange(0), metavar="NATS", help="Leave out what is worse than the best by more.")
@click.option("-n", "--nbest", "count", type=click.IntRange(1), default=10, show_default=True, help="With --as nbest.")
@click.option("--determinize", "merge", is_flag=True, help="First give each word sequence one path.")
@click.option("--acoustic-scale", type=click.FloatRange(0), metavar="SCALE", help="In place of the lattices' own.")
@click.option("--words", "words_file", metavar="FILE", help="Kaldi's words.txt, where an archive holds numbers.")
@click.option("--reference", metavar="FILE", help="What was said, a key and words a line: the summary has the oracle.")
@click.option("--frame-seconds", type=float, metavar="SECONDS", help="Give times in seconds, not in frames.")
@rescore_options
@text_out
def lattice(
    files: tuple[str, ...],
    form: str,
    beam: float | None,
    count: int,
    merge: bool,
    acoustic_scale: float | None,
    words_file: str | None,
    reference: str | None,
    frame_seconds: float | None,
    output: str | None,
    **rescoring: Any,
) -> None:
    """Show, convert or rescore lattices.

    LATTICES are .npz files of one lattice each, or text archives in Kaldi's form.

    \b
      harken decode --graph my.graph --lattices talk.lat --format text talk.scores.npz
      harken lattice talk.lat --as confidences
      harken lattice talk.lat --as svg --beam 4 -o talk.svg
      harken lattice talk.lat --as best --rescore big.arpa --first-pass small.arpa --lm-weight 0.9

    Rescoring expects each word sequence on one path: a lattice that is not made so wants --determinize. Times count
    from where the lattice begins, and words have those of their arcs, which lie a little beside the sounds; those of
    `harken transcribe` and `harken align` follow the sounds.
    """
    from ...decoder.lattice.determinize import determinize
    from ...decoder.lattice.prune import prune

    said = _references(reference)
    rescore = rescorer_of(**rescoring, beam=beam)
    parts = []
    for path in files:
        for key, made in _lattices(path, words_file, acoustic_scale):
            made = determinize(made) if merge else made
            made = made if beam is None else prune(made, beam)
            made = made if rescore is None else rescore(made)
            parts.append(_shown(key, made, form, count, said, frame_seconds))
    if form in ("dot", "svg") and len(parts) != 1:
        raise click.UsageError(f"A picture shows one lattice; these files hold {len(parts)}.")
    write_text(output, "".join(parts))


def _lattices(path: str, words_file: str | None, acoustic_scale: float | None) -> Iterator[tuple[str, "Lattice"]]:
    from dataclasses import replace

    from ...decoder.lattice.kaldi_text_reader import read_kaldi_text
    from ...decoder.lattice.npz import load_lattice

    if path.endswith(".npz"):
        made = load_lattice(path)
        yield Path(path).stem, made if acoustic_scale is None else replace(made, acoustic_scale=acoustic_scale)
    else:
        table = None if words_file is None else _table(words_file)
        yield from read_kaldi_text(path, table, acoustic_scale=1.0 if acoustic_scale is None else acoustic_scale)


def _table(path: str) -> tuple[str, ...]:
    """Read Kaldi's words.txt: a word and its number a line."""
    try:
        rows = [line.split() for line in Path(path).read_text(encoding="utf8").splitlines()]
        numbers = {int(row[1]): row[0] for row in rows if row}
    except (OSError, ValueError, IndexError) as problem:
        raise FormatError(f"{path}: no list of words and their numbers ({problem}).") from None
    if not numbers or min(numbers) < 0 or max(numbers) > 10 * len(numbers) + 1000:
        raise FormatError(f"{path}: no list of words and their numbers, which should run from 0 up.")
    return tuple(numbers.get(number, str(number)) for number in range(max(numbers) + 1))


def _references(path: str | None) -> dict[str, list[str]]:
    if path is None:
        return {}
    try:
        rows = [line.split() for line in Path(path).read_text(encoding="utf8").splitlines()]
    except (OSError, ValueError) as problem:
        raise FormatError(f"{path}: cannot be read ({getattr(problem, 'strerror', problem)}).") from None
    return {row[0]: row[1:] for row in rows if row}


def _shown(
    key: str, made: "Lattice", form: str, count: int, said: dict[str, list[str]], frame_seconds: float | None
) -> str:
    if form == "summary":
        return _summary(key, made, said)
    if form == "dot":
        from ...decoder.lattice.picture import lattice_dot

        return lattice_dot(made)
    if form == "svg":
        from ...decoder.lattice.picture import lattice_svg

        return lattice_svg(made, frame_seconds)
    if form == "kaldi":
        from ...decoder.lattice.kaldi_text import lattice_text

        return lattice_text(made, key, symbols=True)
    if form == "confidences":
        return _confidences(key, made, frame_seconds)
    from ...decoder.lattice.nbest import nbest

    paths = nbest(made, 1 if form == "best" else count)
    if form == "best":
        return "".join(f"{key} {path.text}".rstrip() + "\n" for path in paths)
    return "".join(f"{key}-{place} {path.total_cost:.4f} {path.text}\n" for place, path in enumerate(paths, 1))


def _summary(key: str, made: "Lattice", said: dict[str, list[str]]) -> str:
    from ...decoder.lattice.depth import depth, depth_per_frame
    from ...decoder.lattice.nbest import best_path
    from ...decoder.lattice.oracle import oracle

    if made.states == 0:
        return f"{key}: no path\n"
    best = best_path(made)
    language = f", language model {best.lm_cost:.3f}" if best.lm_cost else ""
    line = (
        f"{key}: {made.states} states, {made.arcs} arcs, {len(depth_per_frame(made))} frames, depth {depth(made):.1f}; "
        f"best {best.total_cost:.3f} (graph {best.graph_cost:.3f}, acoustic {best.acoustic_cost:.3f}{language})"
    )
    if key in said:
        closest = oracle(made, said[key])
        line += f"; oracle {closest.errors} errors in {closest.reference_words} words"
    return line + "\n"


def _confidences(key: str, made: "Lattice", frame_seconds: float | None) -> str:
    from ...decoder.lattice.mbr import minimum_bayes_risk

    found, unit = minimum_bayes_risk(made), frame_seconds or 1.0
    words = [
        {"word": word, "start": begin * unit, "end": end * unit, "confidence": confidence}
        for word, (begin, end), confidence in zip(found.words, found.times, found.confidences, strict=True)
    ]
    value = {"utterance": key, "text": found.text, "words": words, "expected_errors": found.expected_errors}
    return json.dumps(value, ensure_ascii=False) + "\n"
