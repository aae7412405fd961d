"""`harken decode`: the search alone, over score matrices from any acoustic model and with any graph."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from ...decoder.score_files import read_scores
from ...decoder.search.phrase_file import read_phrases
from ...errors import ScoresError, SearchError
from ..channel import ChannelDecoder
from ..nbest import Candidates, candidates_text
from .options import (
    complain_of_unknown,
    decoding_options,
    make_recognizer,
    model_option,
    text_out,
    write_text,
)

if TYPE_CHECKING:
    from ...decoder.lattice.lattice import Lattice
    from ...decoder.search.beam_search import BeamSearch
    from ...decoder.search.result import SearchResult

_WIDTHS = ("beam", "max_active", "min_active", "lattice_beam", "acoustic_scale")


@click.command()
@click.argument("scores_files", metavar="SCORES...", nargs=-1, required=True)
@click.option("--graph", metavar="FILE", help="A search graph to use in place of the model's; matrices stay whole.")
@click.option(
    "--frame-seconds", type=float, help="Seconds a row of scores, with --graph. [default: 0.03]", metavar="SECONDS"
)
@click.option(
    "--lattices", metavar="FILE", help="Where determinized lattices go, one a segment: a text archive in Kaldi's form."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["nbest", "text"]),
    default="nbest",
    show_default=True,
    help="A JSON object a segment, for harken rescore; or the best words, a line an utterance.",
)
@text_out
@model_option
@decoding_options
def decode(
    scores_files: tuple[str, ...],
    graph: str | None,
    frame_seconds: float | None,
    lattices: str | None,
    form: str,
    output: str | None,
    model: str | None,
    **options: Any,
) -> None:
    """Search score matrices for words.

    SCORES is the .npz file of `harken score`, a .npy or .npz file of matrices (frames, units) of natural logarithms, or
    a Kaldi archive or script file (.ark, .scp, ark:FILE, scp:FILE). The text has a JSON object a line, a segment each:
    the n-best word sequences with frames and costs, and the utterance's key where the file gives one.
    """
    if frame_seconds is not None and graph is None:
        raise click.UsageError("--frame-seconds goes with --graph.")
    if graph is not None and model is not None:
        raise click.UsageError("--graph takes the model's place; give one of the two.")
    found: list[Candidates] = []
    archive: list[str] = []
    several = len(scores_files) > 1
    if graph is not None:
        machine = _machine(graph, options)
        nbest = options.get("nbest") or 1
        for path in scores_files:
            for key, scores in read_scores(path):
                result = _searched(machine, scores, path, key, lattices is not None)
                called = _name(path, key, several)
                found.append(Candidates(None, 0, len(scores), frame_seconds or 0.03, result.nbest(nbest), called))
                if lattices is not None:
                    archive.append(_lattice_text(result.lattice(), called or path))
    else:
        recognizer = make_recognizer(model, **options)
        units = len(recognizer.bundle.units)
        for path in scores_files:
            channel = _channel_of(path)
            for key, scores in read_scores(path):
                if scores.shape[1] != units:
                    where = path if key is None else f"{path}: {key}"
                    raise ScoresError(f"{where}: scores have shape {scores.shape}, the model has {units} units.")
                called = _name(path, key, several)
                decoder = ChannelDecoder(recognizer, channel, keep_lattice=lattices is not None)
                for number, segment in enumerate([*decoder.accept(scores), *decoder.finish()]):
                    found.append(replace(segment, utterance=called, lattice=None))
                    if segment.lattice is not None:
                        archive.append(_lattice_text(segment.lattice, f"{called or path}-{number}"))
    if lattices is not None:
        write_text(lattices, "".join(archive))
    write_text(output, candidates_text(found) if form == "nbest" else _best_words(found))


def _machine(path: str, options: dict[str, Any]) -> "BeamSearch":
    from ...decoder.graph.search_graph import Graph
    from ...decoder.search.beam_search import BeamSearch
    from ...decoder.search.history import History
    from ...decoder.search.options import SearchOptions

    given = {name: options[name] for name in _WIDTHS if options.get(name) is not None}
    graph, history = Graph.load(path), None
    if options.get("phrase_file") is not None:
        phrases = read_phrases(options["phrase_file"]).compile(graph.words)
        complain_of_unknown(options["phrase_file"], phrases)
        history = History.of(graph, phrases=phrases)
    return BeamSearch(graph, SearchOptions(**given), history)


def _searched(
    machine: "BeamSearch", scores: NDArray[np.float32], path: str, key: str | None, keep_lattice: bool
) -> "SearchResult":
    """Return the search's result; complaints name the file and the utterance."""
    search = machine.start(keep_lattice=keep_lattice)
    try:
        search.advance(scores)
        return search.finish()
    except (ScoresError, SearchError) as problem:
        raise type(problem)(f"{path}{'' if key is None else f': {key}'}: {problem}") from None


def _lattice_text(lattice: "Lattice", key: str) -> str:
    """Return the determinized lattice as an entry of an archive, its words written out."""
    from ...decoder.lattice.determinize import determinize
    from ...decoder.lattice.kaldi_text import lattice_text

    return lattice_text(determinize(lattice), "_".join(key.split()), symbols=True)


def _channel_of(path: str) -> int | None:
    """Return the channel that `harken score` noted in its .npz file, 0 for any other file."""
    if not path.lower().endswith(".npz"):
        return 0
    try:
        with np.load(path, allow_pickle=False) as file:
            channel = int(file["channel"]) if "channel" in file else 0
    except (OSError, ValueError, TypeError, EOFError, KeyError):
        return 0  # read_scores says what is wrong with the file
    return None if channel < 0 else channel


def _name(path: str, key: str | None, several: bool) -> str | None:
    """Return what the utterance is called: its key, or its file's path where several files are given."""
    return path if key is None and several else key


def _best_words(found: list[Candidates]) -> str:
    """Return the best words of each utterance on a line, after its key where it has one."""
    lines: dict[str | None, list[str]] = {}
    for segment in found:
        words = lines.setdefault(segment.utterance, [] if segment.utterance is None else [segment.utterance])
        words += segment.hypotheses[0].words if segment.hypotheses else ()
    return "".join(" ".join(words) + "\n" for words in lines.values())
