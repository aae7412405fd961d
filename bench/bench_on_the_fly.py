"""A language model composed on the fly beside the same one compiled in: ``pytest bench/bench_on_the_fly.py -s``.

Both graphs come from the bundled lexicon and a 3-gram model that is estimated here from ../shared/text (or the ARPA
file that $HARKEN_ARPA names: with the bundle's first-pass model the static graph is the bundle's). The scores are the
bundled model's, of clips of ../shared/speech/valid; both searches are ours, one thread, the same options.
"""

import json
import os
import statistics
import sys
import time
import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.graph.lexicon_graph import compile_lexicon_graph
from harken.decoder.graph.search_graph import compile_ctc_graph
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.history import History
from harken.decoder.search.look_ahead import Reachability
from harken.decoder.search.options import SearchOptions
from harken.engine.audio import read_audio
from harken.engine.model import BUNDLED
from harken.engine.word_errors import word_errors
from harken.lm.estimation.estimate import PruneOptions, estimate, prune
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.pronunciation.lexicon import Lexicon
from harken.lm.text.normalizer import normalize

sys.path.insert(0, str(Path(__file__).parent))
from search_inputs import recognizer, shared

NGRAMS = 300_000
WIDE = SearchOptions(beam=18.0, max_active=200_000, min_active=0, lattice_beam=4.0, acoustic_scale=1.2)
"""Wide enough that no clip's best path is lost in either search."""
BAR_TIME, BAR_SAME, BAR_WER = 2.0, 97, 0.2


def bundled_options(**changes):
    decoding = recognizer().decoding
    names = ("beam", "max_active", "min_active", "lattice_beam", "acoustic_scale")
    return SearchOptions(**{name: getattr(decoding, name) for name in names} | changes)


@cache
def clips(count):
    """Return the scores and the reference words of clips, evenly spread, half of them from each corpus."""
    found, bundled = [], recognizer()
    for corpus in ("librispeech", "commonvoice"):
        folder = shared(f"speech/valid/{corpus}")
        rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf8").splitlines()]
        for place in np.linspace(0, len(rows) - 1, count // 2).astype(int):
            samples = read_audio(folder / rows[place]["audio_filepath"])[0]
            found.append((bundled.scores(bundled.features(samples)), normalize(rows[place]["text"]).split()))
    return found


@cache
def parts():
    """Return the lexicon, the units and the language model."""
    lexicon = Lexicon.read(BUNDLED / "lexicon.txt")
    units = (BUNDLED / "units.txt").read_text("utf8").split()
    if "HARKEN_ARPA" in os.environ:
        return lexicon, units, read_arpa(os.environ["HARKEN_ARPA"])
    text = [shared("text/common-voice-sentences.txt"), shared("text/us-presidential-speeches.txt")]
    sentences = [normalize(line) for path in text for line in path.read_text("utf8").splitlines()]
    model = estimate((line for line in sentences if line), 3, vocabulary=lexicon.words)
    return lexicon, units, prune(model, PruneOptions(total=NGRAMS)).to_arpa()


def measured(function, *arguments):
    """Return a call's answer, its processor time and the most memory that it took (Python's and NumPy's) in MB."""
    start = time.thread_time()
    answer = function(*arguments)
    taken = time.thread_time() - start
    tracemalloc.start()
    function(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return answer, taken, peak / 1e6


@cache
def machines():
    """Return the static graph, the lexicon's graph and the history; print what making them takes."""
    lexicon, units, arpa = parts()
    words = set(arpa.words)
    compile_lexicon_graph(lexicon, units, words)
    Reachability.of(compile_lexicon_graph(lexicon, units, words)).nbytes  # noqa: B018 - compiles the kernels
    static, static_time, static_peak = measured(compile_ctc_graph, lexicon, arpa, units)
    graph, graph_time, graph_peak = measured(compile_lexicon_graph, lexicon, units, words)
    reach, reach_time, _ = measured(Reachability.of, graph)
    History.of(graph, arpa, look_ahead=reach).arrays  # noqa: B018 - compiles the kernels

    def swap():
        history = History.of(graph, arpa, look_ahead=reach)
        return history, history.arrays

    (history, _), swap_time, swap_peak = measured(swap)
    print(
        f"\nn-grams: {arpa.counts}; static graph: {static.fst.states:,} states, {static.fst.arcs:,} arcs, "
        f"{static.fst.nbytes / 1e6:.1f} MB, made in {static_time:.2f} s, peak {static_peak:.0f} MB\n"
        f"lexicon's graph: {graph.fst.states:,} states, {graph.fst.arcs:,} arcs, {graph.fst.nbytes / 1e6:.1f} MB, "
        f"made once in {graph_time:.2f} s, peak {graph_peak:.0f} MB; its {reach.sets:,} sets in {reach_time:.2f} s, "
        f"{reach.nbytes / 1e6:.1f} MB\n"
        f"another language model: {swap_time:.2f} s, {history.nbytes / 1e6:.1f} MB, peak {swap_peak:.0f} MB"
    )
    return static, graph, history


def decode(machine, scores):
    search = machine.start()
    start = time.thread_time()
    search.advance(scores)
    result = search.finish()
    return result, time.thread_time() - start


def wer(results, chosen):
    pairs = zip(results, chosen, strict=True)
    errors = sum(word_errors(words, normalize(result.best.text).split()).errors for result, (_, words) in pairs)
    return 100 * errors / sum(len(words) for _, words in chosen)


def test_the_same_words_and_costs_with_wide_beams():
    static, graph, history = machines()
    both = BeamSearch(static, WIDE), BeamSearch(graph, WIDE, history)
    worst, same = 0.0, 0
    for scores, _ in clips(100)[::5]:
        (theirs, _), (ours, _) = (decode(machine, scores) for machine in both)
        worst = max(worst, abs(ours.best.total_cost - theirs.best.total_cost))
        same += ours.best.words == theirs.best.words
    limits = f"beam {WIDE.beam:g}, max_active {WIDE.max_active:,}"
    print(f"\n{limits}: {same} of 20 clips with the same words, costs differ by {worst:.5f} at most")
    assert same == 20
    assert worst <= 1e-3


def test_at_the_bundles_settings():
    static, graph, history = machines()
    options, chosen = bundled_options(), clips(100)
    both = BeamSearch(static, options), BeamSearch(graph, options, history)
    for machine in both:
        decode(machine, chosen[0][0])
    pairs = [tuple(decode(machine, scores) for machine in both) for scores, _ in chosen]
    theirs, ours = ([pair[side][0] for pair in pairs] for side in (0, 1))
    ratio = statistics.median(pair[1][1] / pair[0][1] for pair in pairs)
    same = sum(mine.best.words == its.best.words for mine, its in zip(ours, theirs, strict=True))
    frames = sum(len(scores) for scores, _ in chosen)
    taken = [sum(pair[side][1] for pair in pairs) for side in (0, 1)]
    limits = f"beam {options.beam:g}, max_active {options.max_active}"
    print(
        f"\n{limits}: {same} of {len(chosen)} clips identical; WER static {wer(theirs, chosen):.2f} %, "
        f"on the fly {wer(ours, chosen):.2f} %; frames/s {frames / taken[0]:,.0f} and {frames / taken[1]:,.0f}; "
        f"time on the fly to static, median {ratio:.2f} (bar {BAR_TIME})"
    )
    assert same >= BAR_SAME * len(chosen) / 100
    assert abs(wer(ours, chosen) - wer(theirs, chosen)) <= BAR_WER
    assert ratio <= BAR_TIME


@pytest.mark.parametrize("max_active", [500, 1500, 4000])
def test_without_look_ahead(max_active):
    _, graph, history = machines()
    blind = History.of(graph, history.model, look_ahead=False)
    options, chosen = bundled_options(max_active=max_active, min_active=20), clips(100)[::4]
    costs = {}
    for name, one in (("with", history), ("without", blind)):
        machine = BeamSearch(graph, options, one)
        results = [decode(machine, scores) for scores, _ in chosen]
        costs[name] = [result.best.total_cost for result, _ in results]
        taken, rate = sum(spent for _, spent in results), wer([result for result, _ in results], chosen)
        print(f"\nmax_active {max_active}, {name} look-ahead: {taken:.2f} s, WER {rate:.2f} %", end="")
    worse = sum(after > before + 1e-3 for before, after in zip(costs["with"], costs["without"], strict=True))
    print(f"; {worse} of {len(chosen)} clips cost more than with it")
    assert worse > len(chosen) / 4
