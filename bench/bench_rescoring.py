"""Rescoring whole lattices beside lists of a hundred: ``pytest bench/bench_rescoring.py -s``, one thread.

The clips are the first of the shared validation speech, half of them read books (LibriSpeech), half Common Voice;
HARKEN_BENCH_CLIPS says how many (100). Lattices are those of the bundled model's search, at its own settings; what
rescores is the bundled KenLM model, and the same n-grams in memory. Scores of paths are compared with the kenlm
module's own of the whole sentences. BENCH_ROUNDS says how often each is timed (3).
"""

import math
import os
import statistics
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.lattice.determinize import DeterminizeOptions, determinize
from harken.decoder.lattice.mbr import minimum_bayes_risk
from harken.decoder.lattice.nbest import best_path, nbest
from harken.decoder.lattice.rescore import LatticeRescoreOptions, LatticeRescorer
from harken.decoder.lattice.rescore_sweep import sweep_weights, weight_rows
from harken.engine.audio import read_audio
from harken.engine.manifest import read_manifest
from harken.engine.model import BUNDLED
from harken.engine.recognizer import Recognizer, RecognizerOptions
from harken.engine.rescoring import rescore_options
from harken.engine.word_errors import WordErrors, word_errors
from harken.lm.ngram.kenlm_model import KenlmModel
from harken.lm.ngram.model_files import read_ngrams
from harken.lm.ngram.ngram import Ngram
from harken.lm.rescore import RescoreOptions, rescore
from harken.lm.text.normalizer import normalize

sys.path.insert(0, str(Path(__file__).parent))
from search_inputs import recognizer, rounds, shared

CLIPS = int(os.environ.get("HARKEN_BENCH_CLIPS", "100"))
ROUNDS = rounds(3)
PATHS = 20
"""Paths that are drawn from each lattice, besides the best."""
BEAM = 6.0


def seconds(function, *arguments):
    """Return the processor time that a call takes, and its answer: other processes do not count."""
    start = time.thread_time()
    answer = function(*arguments)
    return time.thread_time() - start, answer


@pytest.fixture(scope="module")
def clips():
    """References, searched clips, and how many seconds they are long."""
    found = []
    for corpus in ("librispeech", "commonvoice"):
        for clip in read_manifest(shared(f"speech/valid/{corpus}/manifest.jsonl"), CLIPS // 2):
            samples = read_audio(clip.path)[0]
            scores = recognizer().scores(recognizer().features(samples))
            search = recognizer().search.start()
            search.advance(scores)
            found.append((normalize(clip.text).split(), search.finish(), len(samples) / recognizer().rate))
    return found


@pytest.fixture(scope="module")
def models():
    path = BUNDLED / "rescore.bin"
    return {"KenLM": KenlmModel(path), "in memory": Ngram.from_arpa(read_ngrams(path))}


def words_of(lattice):
    return determinize(lattice, DeterminizeOptions(beam=BEAM))


def drawn(found, random):
    """Return the arcs of a path of a rescored lattice, each arc as likely as the others of its state."""
    lattice, state, arcs = found.lattice, 0, []
    while True:
        begin, end = int(lattice.arc_begin[state]), int(lattice.arc_begin[state + 1])
        if math.isfinite(lattice.final_graph_costs[state]) and (begin == end or random.random() < 0.5):
            return np.array(arcs, np.int64)
        arcs.append(int(random.integers(begin, end)))
        state = int(lattice.nextstates[arcs[-1]])


def test_scores_are_kenlms(clips, models):
    first_pass = Ngram.load(BUNDLED / "first_pass.safetensors")
    peer, random = models["KenLM"], np.random.default_rng(0)
    options = LatticeRescoreOptions(RescoreOptions(0.9, 0.5, graph_weight=1.0, first_pass_weight=0.2))
    for name, model in models.items():
        rescorer = LatticeRescorer([model], recognizer().graph.words, options, first_pass)
        worst, worst_sum, worst_first, paths = 0.0, 0.0, 0.0, 0
        for _, result, _ in clips:
            found = rescorer.rescore(words_of(result.lattice()))
            chosen = [best_path(found.lattice).arcs, *(drawn(found, random) for _ in range(PATHS))]
            parts = found.parts.of_paths(chosen)
            for path, arcs in enumerate(chosen):
                words = [found.lattice.words_table[word] for word in found.lattice.words[arcs] if word]
                ours = -parts.models[0][path] / math.log(10)
                worst = max(worst, abs(ours - peer.sentence_score(words)))
                worst_sum = max(worst_sum, abs(ours - float(peer.word_scores(words)[0].sum())))
                first = -parts.first_pass[path] / math.log(10)
                worst_first = max(worst_first, abs(first - first_pass.sentence_score(words)))
                paths += 1
        print(
            f"\n{name}: log10 p of {paths:,} paths (the best and {PATHS} drawn of each of {len(clips)} lattices) is "
            f"the kenlm module's score of the sentence within {worst:.1e} (it adds up float32; the sum of its words' "
            f"scores in float64: within {worst_sum:.1e}), the first pass's its model's within {worst_first:.1e}"
        )
        assert worst < 1e-4
        assert worst_first < 1e-4


def test_word_errors(clips, models):
    """How many words are wrong after the first pass, with lists and with lattices, at the bundle's weights."""
    options = rescore_options(recognizer().decoding)
    lattices = LatticeRescorer([models["KenLM"]], recognizer().graph.words, LatticeRescoreOptions(options, BEAM))
    wrong = {"first pass": WordErrors(), "100-best lists": WordErrors(), "lattices": WordErrors()}
    for reference, result, _ in clips:
        said = {
            "first pass": result.best.words,
            "100-best lists": rescore(result.nbest(100), models["KenLM"], options)[0].words,
            "lattices": best_path(lattices.rescore(words_of(result.lattice())).lattice).words,
        }
        for name, words in said.items():
            wrong[name] += word_errors(reference, words)
    print(f"\n{wrong['lattices'].words} words of {len(clips)} clips at the bundle's weights: " + ", ".join(
        f"{name} {errors.rate:.2f} % wrong" for name, errors in wrong.items()
    ))  # fmt: skip
    assert wrong["lattices"].rate <= wrong["first pass"].rate
    assert wrong["lattices"].rate <= wrong["100-best lists"].rate + 0.2


def test_time_per_lattice(clips, models):
    """What each step takes, and all of them together beside 100-best rescoring, interleaved."""
    options = rescore_options(recognizer().decoding)
    first_pass = Ngram.load(BUNDLED / "first_pass.safetensors")
    apart = RescoreOptions(0.9, 0.5, graph_weight=1.0, first_pass_weight=0.2)
    taken, audio, sizes = {}, sum(clip[2] for clip in clips), []

    def note(name, place, function, *arguments):
        spent, answer = seconds(function, *arguments)
        taken.setdefault(name, [[] for _ in clips])[place].append(spent)
        return answer

    for _ in range(ROUNDS + 1):  # the first one compiles, and is dropped
        # Made anew, as they remember what they were asked.
        table, beamed = recognizer().graph.words, LatticeRescoreOptions(options, BEAM, BEAM)
        split = LatticeRescoreOptions(apart, BEAM, BEAM)
        rescorers = {
            "KenLM": LatticeRescorer([models["KenLM"]], table, beamed),
            "in memory": LatticeRescorer([models["in memory"]], table, beamed),
            "KenLM, first pass subtracted": LatticeRescorer([models["KenLM"]], table, split, first_pass),
        }
        sizes = []
        for place, (_, result, _) in enumerate(clips):
            result.search.__dict__.pop("open_lattice", None)
            raw = note("lattice of the search", place, result.lattice)
            words = note("determinize", place, words_of, raw)
            for name, rescorer in rescorers.items():
                found = note(f"rescore, {name}", place, rescorer.rescore, words)
            note("best path", place, best_path, found.lattice)
            note("100 best", place, nbest, found.lattice, 100)
            note("confidences (minimum Bayes risk)", place, minimum_bayes_risk, found.lattice)
            result.search.__dict__.pop("open_lattice", None)
            listed = note("peer: 100-best list of the search", place, result.nbest, 100)
            note("peer: the list rescored, KenLM", place, rescore, listed, models["KenLM"], options)
            sizes.append((words.arcs, len(found.parts.shape.arcs)))
    medians = {name: [statistics.median(one[1:]) for one in per_clip] for name, per_clip in taken.items()}
    print(
        f"\n{len(clips)} lattices, {audio:.0f} s of audio, median {statistics.median(a for a, _ in sizes):,.0f} arcs "
        f"determinized, {statistics.median(b for _, b in sizes):,.0f} after rescoring"
    )
    for name, times in medians.items():
        print(
            f"  {name}: median {1000 * statistics.median(times):.2f} ms, most {1000 * max(times):.1f} ms, "
            f"real-time factor {sum(times) / audio:.6f}"
        )
    whole = ("lattice of the search", "determinize", "rescore, KenLM", "best path")
    listed = ("peer: 100-best list of the search", "peer: the list rescored, KenLM")
    ours, theirs = (
        [sum(parts) for parts in zip(*(medians[name] for name in names), strict=True)] for names in (whole, listed)
    )
    print(
        f"lattice to best words: median {1000 * statistics.median(ours):.1f} ms; 100-best list to best words: "
        f"{1000 * statistics.median(theirs):.1f} ms; ratio {statistics.median(ours) / statistics.median(theirs):.2f}, "
        f"of all clips together {sum(ours) / sum(theirs):.2f}"
    )
    assert statistics.median(medians["rescore, KenLM"]) < 0.01


def test_whole_pipeline(clips):
    """The recogniser with lattices and with lists: search and rescoring."""
    both = {kind: Recognizer(BUNDLED, RecognizerOptions(rescoring=kind)) for kind in ("nbest", "lattice")}
    manifest = read_manifest(shared("speech/valid/librispeech/manifest.jsonl"), 20)
    spent = {kind: dict.fromkeys(("search", "rescoring"), 0.0) for kind in both}
    audio = 0.0
    for one in both.values():
        one.warm_up()
    for clip, (kind, one) in product(manifest, both.items()):
        timings = one.transcribe_timed(clip.path)[1]
        audio += timings.audio_seconds / len(both)
        for stage in spent[kind]:
            spent[kind][stage] += timings.stages[stage]
    print("\nreal-time factors (wall clock): " + "; ".join(
        f"{kind}: search {stages['search'] / audio:.4f}, rescoring {stages['rescoring'] / audio:.4f}"
        for kind, stages in spent.items()
    ))  # fmt: skip
    assert audio > 0


def test_sweep(clips, models):
    """The best words at each point of a grid: in one pass, and beside it, one best path after the other."""
    points = [
        RescoreOptions(lm, penalty, graph_weight=0.4)
        for lm in np.arange(0.1, 2.2, 0.1).round(1).tolist()
        for penalty in np.arange(-2.0, 2.05, 0.2).round(1).tolist()
    ]
    rescorer = LatticeRescorer([models["KenLM"]], recognizer().graph.words, LatticeRescoreOptions(beam=BEAM))
    expanded = [rescorer.expand(words_of(result.lattice())) for _, result, _ in clips]
    some, rows = points[:: len(points) // 7], weight_rows(points, 1)
    sweep_weights(expanded[0], rows)
    together, alone, distinct = [], [], []
    for parts in expanded:
        spent, found = seconds(sweep_weights, parts, rows)
        together.append(spent)
        distinct.append(len(found.sequences))
        spent, _ = seconds(lambda parts=parts: [best_path(parts.weighted(point)) for point in some])
        alone.append(spent * len(points) / len(some))
        for point, cost in zip(points, found.costs, strict=True):
            if point in some:
                assert cost == pytest.approx(best_path(parts.weighted(point)).total_cost, abs=1e-6)
    print(
        f"\n{len(points)} points: median {1000 * statistics.median(together):.2f} ms a lattice, "
        f"{statistics.median(distinct):.0f} distinct word sequences; one after the other "
        f"{1000 * statistics.median(alone):.0f} ms: {sum(alone) / sum(together):.0f} times as long"
    )
    assert sum(together) < sum(alone)
