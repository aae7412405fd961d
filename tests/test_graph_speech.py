"""Command recognition with the bundled model on real speech: grammars of what clips say, among other phrases."""

from collections import Counter
from itertools import islice

import pytest
from harken import Recognizer
from harken.decoder.graph.grammar_graph import compile_grammar_graph
from harken.decoder.graph.jsgf import parse_jsgf
from harken.decoder.graph.phrase_list import phrase_grammar, word_list_grammar
from harken.decoder.graph.search_graph import GraphOptions, compile_ctc_graph
from harken.decoder.graph.tlg import compile_tlg
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.options import SearchOptions
from harken.engine.audio import read_audio
from harken.engine.evaluate import read_manifest
from harken.engine.model import BUNDLED
from harken.lm.estimation.estimate import estimate
from harken.lm.text.normalizer import normalize

from .shared_data import shared

pytestmark = pytest.mark.speech

if not (BUNDLED / "model.json").is_file():
    pytest.skip("this checkout has no trained model", allow_module_level=True)
CLIPS, DECODED = 60, 16


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


@pytest.fixture(scope="module")
def clips(recognizer):
    """Return the texts of some short clips, and the scores of the first of them."""
    manifest = read_manifest(shared("speech/valid/commonvoice/manifest.jsonl"))
    short = [clip for clip in manifest if 3 <= len(clip.text.split()) <= 8][:CLIPS]
    scores = [recognizer.scores(recognizer.features(read_audio(clip.path)[0])) for clip in short[:DECODED]]
    return [normalize(clip.text) for clip in short], scores


@pytest.fixture(scope="module")
def trigrams():
    """Return a 3-gram model of the words that the first lines of some text hold."""
    text = shared("text/common-voice-sentences.txt")
    with text.open(encoding="utf8") as lines:
        sentences = [normalize(line) for line in islice(lines, 4000)]
    return estimate(filter(None, sentences), 3).to_arpa()


def test_tlg_is_searched_as_the_other_compilers_graph_is(recognizer, clips, trigrams):
    """The same words, times and costs with wide beams, word by word."""
    parts = recognizer.lexicon, trigrams, recognizer.bundle.units
    options = SearchOptions(beam=20.0, max_active=1 << 30, lattice_beam=0.0)
    graphs = compile_tlg(*parts), compile_ctc_graph(*parts, GraphOptions(quantum=1e-5))
    one, other = (BeamSearch(graph, options) for graph in graphs)
    for matrix in clips[1][:6]:
        best = []
        for machine in (one, other):
            search = machine.start()
            search.advance(matrix)
            best.append(search.finish().best)
        assert best[0].words == best[1].words
        assert best[0].times == best[1].times
        assert best[0].total_cost == pytest.approx(best[1].total_cost, rel=1e-3)


def heard(recognizer, grammar, scores):
    """Return the best hypothesis for each matrix of scores."""
    graph = compile_grammar_graph(grammar, recognizer.lexicon, recognizer.bundle.units, g2p=recognizer.g2p)
    options = SearchOptions(beam=16.0, lattice_beam=0.0, acoustic_scale=recognizer.decoding.acoustic_scale)
    machine = BeamSearch(graph, options)
    found = []
    for matrix in scores:
        search = machine.start()
        search.advance(matrix)
        result = search.finish()
        assert result.reached_final
        found.append(result.best)
    return found


def test_each_clip_among_the_others_phrases(recognizer, clips):
    texts, scores = clips
    found = heard(recognizer, phrase_grammar(texts), scores)
    assert [best.text for best in found] == texts[:DECODED]
    for best, matrix in zip(found, scores, strict=True):
        assert len(best.times) == len(best.words)
        assert all(0 <= start < end <= len(matrix) for start, end in best.times)
        assert all(one[1] <= other[0] for one, other in zip(best.times, best.times[1:], strict=False))


def test_keywords_in_other_speech(recognizer, clips):
    """Most of the words that are listed are found, few that were not said; the rest is [unk]."""
    texts, scores = clips
    said = [text.split() for text in texts[:DECODED]]
    keywords = sorted({max(words, key=len) for words in said[::2]})
    found = heard(recognizer, word_list_grammar([*keywords, "[unk]"]), scores)
    right = false = wanted = 0
    for words, best in zip(said, found, strict=True):
        expected = Counter(word for word in words if word in keywords)
        spoken = Counter(word for word in best.words if word != "[unk]")
        both = sum((expected & spoken).values())
        right, wanted, false = right + both, wanted + sum(expected.values()), false + sum(spoken.values()) - both
        assert len(words) == len(best.words) or "[unk]" in best.words
    assert wanted >= 8
    assert right >= 0.7 * wanted
    assert false <= 2


def test_a_jsgf_grammar_of_a_clip(recognizer, clips):
    texts, scores = clips
    words = texts[0].split()
    grammar = parse_jsgf(
        f"""#JSGF V1.0;
        grammar clip;
        public <what> = [<first>] <rest>+ | nothing of the kind;
        <first> = {words[0]} | yesterday;
        <rest> = {" | ".join(dict.fromkeys((*words[1:], "other", "things")))};"""
    )
    assert heard(recognizer, grammar, scores[:1])[0].text == texts[0]
