"""What phrases cost and what they bring: ``pytest bench/bench_phrases.py -s``.

Time: 500 phrases of two to four words, of the bundle's vocabulary, beside the same search without any. Gain: rare words
of clips that the bundled model gets wrong, listed as phrases among 500 that are not said, must be found more often.
"""

import random
import statistics
import sys
from collections import Counter
from pathlib import Path

from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.history import History
from harken.decoder.search.phrases import Phrase, PhraseList

sys.path.insert(0, str(Path(__file__).parent))
from bench_on_the_fly import bundled_options, clips, decode, machines
from search_inputs import recognizer

PHRASES, ROUNDS = 500, 3
BAR = 1.10


def made_up(words, count, seed):
    """Return ``count`` phrases of two to four words of ``words``."""
    chooser = random.Random(seed)
    return [" ".join(chooser.choices(words, k=chooser.randint(2, 4))) for _ in range(count)]


def spoken_phrases(count, seed):
    """Return ``count`` runs of two to four words of what the clips say: phrases that matches begin all the time."""
    chooser = random.Random(seed)
    texts = [words for _, words in clips(100) if len(words) > 4]
    found = []
    while len(found) < count:
        words = chooser.choice(texts)
        size = chooser.randint(2, 4)
        first = chooser.randrange(len(words) - size + 1)
        found.append(" ".join(words[first : first + size]))
    return found


def compare(graph, plain, phrases, name):
    options = bundled_options()
    compiled = PhraseList(phrases).compile(graph.words)
    without = BeamSearch(graph, options, plain)
    model, reach = (plain.model, plain.reach) if plain is not None else (None, True)
    boosted = BeamSearch(graph, options, History.of(graph, model, compiled, look_ahead=reach))
    ratios = []
    for scores, _ in clips(100)[::20]:
        decode(without, scores), decode(boosted, scores)
        pairs = [(decode(without, scores)[1], decode(boosted, scores)[1]) for _ in range(ROUNDS)]
        ratios.append(min(pair[1] for pair in pairs) / min(pair[0] for pair in pairs))
    ratio = statistics.median(ratios)
    print(f"\n{name}: {len(phrases)} phrases, {compiled.states} states; time to that without phrases {ratio:.3f} "
          f"(bar {BAR})")  # fmt: skip
    return ratio


def vocabulary():
    return [word for word in recognizer().graph.words if word != "<eps>"]


def test_time_on_the_static_graph():
    phrases = made_up(vocabulary(), PHRASES, 1)
    assert compare(recognizer().graph, None, phrases, "static graph, words of the vocabulary") <= BAR


def test_time_on_the_fly():
    _, graph, history = machines()
    assert compare(graph, history, made_up(vocabulary(), PHRASES, 1), "on the fly, words of the vocabulary") <= BAR


def test_time_with_phrases_that_are_begun_all_the_time():
    # No bar: where every other word begins a phrase, there are more histories to be kept apart.
    assert compare(recognizer().graph, None, spoken_phrases(PHRASES, 1), "static graph, what is said") > 0


def test_misrecognised_words_are_found():
    graph, options, chosen = recognizer().graph, bundled_options(), clips(100)
    known = set(graph.words)
    plain = BeamSearch(graph, options)
    before = [decode(plain, scores)[0].best.words for scores, _ in chosen]
    missed = []
    for (_, words), found in zip(chosen, before, strict=True):
        lost = Counter(words) - Counter(found)
        missed += [word for word in lost if word in known and len(word) > 4]
    wanted = sorted(set(missed))
    texts = wanted + made_up(sorted(known - {"<eps>"}), 400, 2)
    phrases = [Phrase(text, 3.0) for text in texts]
    boosted = BeamSearch(graph, options, History.of(graph, phrases=PhraseList(phrases).compile(graph.words)))
    after = [decode(boosted, scores)[0].best.words for scores, _ in chosen]

    def recall(results):
        said = hit = 0
        for (_, words), found in zip(chosen, results, strict=True):
            reference, counted = Counter(words), Counter(found)
            said += sum(reference[word] for word in wanted)
            hit += sum(min(reference[word], counted[word]) for word in wanted)
        return hit / said

    def precision(results):
        found = hit = 0
        for (_, words), result in zip(chosen, results, strict=True):
            reference, counted = Counter(words), Counter(result)
            found += sum(counted[word] for word in wanted)
            hit += sum(min(reference[word], counted[word]) for word in wanted)
        return hit / max(found, 1)

    gain, exact = (f"{100 * rate(before):.0f} % -> {100 * rate(after):.0f} %" for rate in (recall, precision))
    print(f"\n{len(wanted)} words that were missed: recall {gain}, precision {exact}")
    assert recall(after) >= recall(before) + 0.2
    assert precision(after) >= precision(before) - 0.2
