"""What the benchmarks of searches search: the bundled graph and a small one, with scores of the bundled model."""

import os
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from harken import Recognizer
from harken.decoder.graph.search_graph import Graph, compile_ctc_graph
from harken.engine.audio import read_audio
from harken.engine.model import BUNDLED
from harken.lm.ngram.arpa import SPECIAL_WORDS, Arpa, NgramTable
from harken.lm.pronunciation.lexicon import Lexicon
from harken.lm.text.normalizer import normalize

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from kaldi_search import as_kaldi
from shared_data import shared

WORDS = 2000
"""The size of the small graph's vocabulary."""


@cache
def recognizer():
    """Return the bundled recogniser."""
    return Recognizer()


@cache
def clip_scores(count):
    """Return the bundled model's scores of ``count`` clips, spread evenly over the shared validation speech."""
    corpora = (shared(f"speech/valid/{corpus}") for corpus in ("librispeech", "commonvoice"))
    clips = [clip for corpus in corpora for clip in sorted(corpus.rglob("*.opus"))]
    chosen = [clips[place] for place in np.linspace(0, len(clips) - 1, count).astype(int)]
    bundled = recognizer()
    return [bundled.scores(bundled.features(read_audio(clip)[0])) for clip in chosen]


@cache
def stream_scores(rows):
    """Return ``rows`` rows of the bundled model's scores of read books, clip after clip, over again where they end."""
    bundled = recognizer()
    found, total = [], 0
    for clip in sorted(shared("speech/valid/librispeech").rglob("*.opus"))[::7]:
        found.append(bundled.scores(bundled.features(read_audio(clip)[0])))
        total += len(found[-1])
        if total >= rows:
            break
    return np.resize(np.concatenate(found), (rows, found[0].shape[1]))


@cache
def unigram_model():
    """Return the commonest words of the shared Common Voice sentences that the bundled lexicon has, as a unigram."""
    text = shared("text/common-voice-sentences.txt").read_text(encoding="utf8").splitlines()
    lexicon = Lexicon.read(BUNDLED / "lexicon.txt")
    counts, sentences = Counter(), 0
    for line in text:
        words = normalize(line).split()
        counts.update(words)
        sentences += bool(words)
    common = sorted([word for word, _ in counts.most_common() if word in lexicon][:WORDS])
    said = np.array([counts[word] for word in common], np.float64)
    share = np.log10(np.append(said, sentences) / (said.sum() + sentences))
    log10_prob = np.concatenate([[-100.0, -99.0, share[-1]], share[:-1]]).astype(np.float32)
    words = (*SPECIAL_WORDS, *common)
    ids = np.arange(len(words), dtype=np.int32)[:, np.newaxis]
    return lexicon, Arpa(words, (NgramTable(ids, log10_prob, np.zeros(len(words), np.float32)),))


@cache
def graph_named(name):
    """Return the ``bundled`` graph or the ``small`` one."""
    if name == "bundled":
        return recognizer().graph
    units = (BUNDLED / "units.txt").read_text(encoding="utf8").split()
    return compile_ctc_graph(*unigram_model(), units)


@cache
def kaldi_graph_named(name):
    """Return the same graph as kaldifst's."""
    pytest.importorskip("kaldi_decoder")
    return as_kaldi(graph_named(name))


def decodable(graph: Graph, scores):
    """Return the scores as kaldi-decoder reads them: a column for every input label but epsilon."""
    import kaldi_decoder

    return kaldi_decoder.DecodableCtc(np.ascontiguousarray(scores[:, graph.score_column[1:]]))


def rounds(default):
    """Return how many interleaved rounds to time."""
    return int(os.environ.get("BENCH_ROUNDS", default))
