"""Lattices of real speech: what the operations on them take, one thread: ``pytest bench/bench_lattice.py -s``.

The lattices are those of the bundled model's search, at its own settings, of validation clips. OpenFst (pynini)
determinizes beside us, as words and total costs alone: it keeps no labels and no kinds of cost. And kaldi-decoder's raw
lattices, determinized by us, must have the twenty best word sequences that OpenFst finds in them. HARKEN_BENCH_CLIPS
says how many clips (20).
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.lattice.depth import depth
from harken.decoder.lattice.determinize import DeterminizeOptions, determinize
from harken.decoder.lattice.kaldi_text import lattice_text
from harken.decoder.lattice.mbr import minimum_bayes_risk
from harken.decoder.lattice.nbest import best_path, nbest
from harken.decoder.lattice.npz import load_lattice, save_lattice
from harken.decoder.lattice.oracle import oracle
from harken.decoder.lattice.picture import lattice_svg
from harken.decoder.lattice.posteriors import arc_posteriors
from harken.decoder.lattice.prune import prune

sys.path.insert(0, str(Path(__file__).parent))
from search_inputs import clip_scores, graph_named, kaldi_graph_named, recognizer, rounds

DETERMINIZE_BAR = 1.5
CLIPS = int(os.environ.get("HARKEN_BENCH_CLIPS", "20"))
ROUNDS = rounds(3)


def seconds(function, *arguments):
    """Return the processor time that a call takes, and its answer: other processes do not count."""
    start = time.thread_time()
    answer = function(*arguments)
    return time.thread_time() - start, answer


@pytest.fixture(scope="module")
def results():
    machine = recognizer().search
    found = []
    for scores in clip_scores(CLIPS):
        search = machine.start()
        search.advance(scores)
        found.append(search.finish())
    return found


def as_words(lattice):
    """Return a pynini acceptor of the words with total costs."""
    pynini = pytest.importorskip("pynini")
    fst = pynini.Fst()
    for _ in range(lattice.states):
        fst.add_state()
    fst.set_start(0)
    columns = (lattice.sources(), lattice.words, lattice.totals, lattice.nextstates)
    for source, word, cost, target in zip(*(column.tolist() for column in columns), strict=True):
        fst.add_arc(source, pynini.Arc(word, word, cost, target))
    for state in np.flatnonzero(np.isfinite(lattice.final_totals)).tolist():
        fst.set_final(state, float(lattice.final_totals[state]))
    return fst


def theirs(fst):
    import pynini

    fst.rmepsilon()
    return pynini.determinize(fst)


def test_determinize(results):
    lattices = [prune(result.lattice(), result.search.options.lattice_beam) for result in results]
    determinize(lattices[0])
    ratios, frames, ours = [], 0, []
    for lattice in lattices:
        acceptor = as_words(lattice)
        mine, its = [], []
        for _ in range(ROUNDS):
            mine.append(seconds(determinize, lattice)[0])
            its.append(seconds(theirs, acceptor.copy())[0])
        ours.append(statistics.median(mine))
        ratios.append(statistics.median(mine) / statistics.median(its))
        frames += int(lattice.frames.max() - lattice.frames[0])
    made = [determinize(lattice) for lattice in lattices]
    print(
        f"\ndeterminize, {len(lattices)} clips, {frames:,} frames: {frames / sum(ours):,.0f} frames/s, median "
        f"{1000 * statistics.median(ours):.1f} ms, most {1000 * max(ours):.1f} ms a clip; time over pynini's rmepsilon "
        f"and determinize of words and totals alone: median {statistics.median(ratios):.2f} "
        f"(bar {DETERMINIZE_BAR}), most {max(ratios):.2f}"
    )
    for name, these in (("raw", lattices), ("determinized", made)):
        print(
            f"  {name}: median {statistics.median(lattice.states for lattice in these):,.0f} states, "
            f"{statistics.median(lattice.arcs for lattice in these):,.0f} arcs, depth "
            f"{statistics.median(map(depth, these)):.1f}, {sum(lattice.nbytes for lattice in these) / frames:,.0f} "
            f"bytes a frame"
        )
    assert statistics.median(ratios) <= DETERMINIZE_BAR


def test_operations(results, tmp_path):
    raws = [result.lattice() for result in results]
    words = [determinize(lattice) for lattice in raws]
    path = tmp_path / "lattice.npz"
    operations = {
        "prune (raw)": lambda i: prune(raws[i], results[i].search.options.lattice_beam),
        "100 best (raw)": lambda i: nbest(raws[i], 100),
        "100 best": lambda i: nbest(words[i], 100),
        "best path": lambda i: best_path(words[i]),
        "posteriors": lambda i: arc_posteriors(words[i]),
        "posteriors (raw)": lambda i: arc_posteriors(raws[i]),
        "minimum Bayes risk": lambda i: minimum_bayes_risk(words[i]),
        "oracle": lambda i: oracle(words[i], results[i].best.words),
        "oracle (raw)": lambda i: oracle(raws[i], results[i].best.words),
        "save .npz": lambda i: save_lattice(words[i], path),
        "load .npz": lambda i: load_lattice(path),
        "Kaldi text": lambda i: lattice_text(words[i], "key"),
        "picture (within 4 of the best)": lambda i: lattice_svg(prune(words[i], 4.0), 0.03),
    }
    frames = sum(int(lattice.frames.max() - lattice.frames[0]) for lattice in raws)
    print()
    for name, operation in operations.items():
        operation(0)
        taken = [statistics.median(seconds(operation, i)[0] for _ in range(ROUNDS)) for i in range(len(raws))]
        print(
            f"  {name}: {frames / sum(taken):,.0f} frames/s, median {1000 * statistics.median(taken):.2f} ms, most "
            f"{1000 * max(taken):.1f} ms"
        )
    changed = [
        minimum_bayes_risk(lattice).words != result.best.words for lattice, result in zip(words, results, strict=True)
    ]
    print(f"  minimum Bayes risk has other words than the best path in {sum(changed)} of {len(changed)} clips")
    for result, lattice in zip(results, words, strict=True):
        assert oracle(lattice, result.best.words).errors == 0


def test_word_errors():
    """How many words of the best path, of minimum Bayes risk decoding and of the lattice's best are wrong."""
    from harken.engine.audio import read_audio
    from harken.lm.text.normalizer import normalize
    from shared_data import shared

    bundled, words, wrong = recognizer(), 0, dict.fromkeys(("best path", "minimum Bayes risk", "oracle"), 0)
    expected = 0.0
    for corpus in ("librispeech", "commonvoice"):
        folder = shared(f"speech/valid/{corpus}")
        lines = (folder / "manifest.jsonl").read_text(encoding="utf8").splitlines()
        for line in lines[:: max(1, 2 * len(lines) // CLIPS)]:
            clip = json.loads(line)
            reference = normalize(clip["text"]).split()
            search = bundled.search.start()
            search.advance(bundled.scores(bundled.features(read_audio(folder / clip["audio_filepath"])[0])))
            lattice = determinize(search.finish().lattice())
            risk = minimum_bayes_risk(lattice)
            words += len(reference)
            expected += risk.expected_errors
            wrong["oracle"] += oracle(lattice, reference).errors
            for name, found in (("best path", best_path(lattice).words), ("minimum Bayes risk", risk.words)):
                wrong[name] += edits(found, reference)
    print(f"\n{words} words of {CLIPS} clips, without rescoring: " + ", ".join(
        f"{name} {100 * errors / words:.1f} % wrong" for name, errors in wrong.items()
    ) + f" (expected of minimum Bayes risk: {100 * expected / words:.1f} %)")  # fmt: skip
    assert wrong["oracle"] <= min(wrong.values())


def edits(found, reference):
    row = list(range(len(reference) + 1))
    for i, word in enumerate(found, 1):
        before, row = row, [i]
        for j, other in enumerate(reference, 1):
            row.append(min(before[j - 1] + (word != other), before[j] + 1, row[j - 1] + 1))
    return row[-1]


def test_twenty_best_beside_openfst():
    pytest.importorskip("pynini")
    from kaldi_lattice import as_acceptor, as_lattice, best_sequences, raw_lattice

    graph, same, worst, ours, its = graph_named("bundled"), 0, 0.0, [], []
    clips = clip_scores(CLIPS)
    for scores in clips:
        raw = raw_lattice(graph, kaldi_graph_named("bundled"), scores, 14.0, 8.0)
        acceptor, lattice = as_acceptor(raw), as_lattice(raw, graph)

        def twenty(lattice=lattice):
            return nbest(determinize(lattice, DeterminizeOptions(beam=12.0)), 20)

        taken, expected = seconds(best_sequences, acceptor, 20)
        its.append(taken)
        twenty()
        taken, found = seconds(twenty)
        ours.append(taken)
        assert len(found) == len(expected)
        for path, (_, cost) in zip(found, expected, strict=True):
            worst = max(worst, abs(path.total_cost - cost) / max(abs(cost), 1.0))
        same += [tuple(path.word_ids.tolist()) for path in found] == [words for words, _ in expected]
    print(
        f"\n20 best of kaldi-decoder's raw lattices: the same words in the same order in {same} of {len(clips)} clips, "
        f"costs within {worst:.1e} relative; determinize and 20 best take {1000 * statistics.median(ours):.1f} ms, "
        f"pynini's rmepsilon and shortestpath {1000 * statistics.median(its):.1f} ms (medians)"
    )
    assert worst < 1e-4
    assert same >= 0.9 * len(clips)
