"""What a recording's lattice says, from the bundled model's search to files and pictures."""

from pathlib import Path

import numpy as np
import pytest
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.kaldi_text import write_kaldi_text
from harken.decoder.lattice.kaldi_text_reader import read_kaldi_text
from harken.decoder.lattice.mbr import minimum_bayes_risk
from harken.decoder.lattice.nbest import best_path, nbest
from harken.decoder.lattice.npz import load_lattice, save_lattice
from harken.decoder.lattice.oracle import oracle
from harken.decoder.lattice.picture import lattice_svg
from harken.decoder.lattice.posteriors import arc_posteriors
from harken.decoder.lattice.prune import prune

pytestmark = pytest.mark.speech
DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def result():
    from harken import Recognizer
    from harken.engine.audio import read_audio

    recognizer = Recognizer()
    search = recognizer.search.start()
    search.advance(recognizer.scores(recognizer.features(read_audio(DATA / "demo.flac")[0])))
    return search.finish()


def test_the_best_path_is_that_of_the_search(result):
    raw = result.lattice()
    raw.check()
    words = determinize(raw)
    words.check()
    for lattice in (raw, words):
        best = best_path(lattice)
        assert best.words == result.best.words
        assert best.total_cost == pytest.approx(result.best.total_cost, rel=1e-6)
        assert best.graph_cost == pytest.approx(result.best.graph_cost, rel=1e-6)
        assert [tuple(times) for times in best.word_times.tolist()] == list(result.best.times)
        assert len(best.labels) == result.frames
    many = [found.words for found in result.nbest(30)]
    beam = result.search.options.lattice_beam
    assert many == [path.words for path in nbest(words, 30, beam)] == [path.words for path in nbest(raw, 30, beam)]
    assert len(many) > 1


def test_confidences_bins_and_times_fit_the_recording(result):
    words = determinize(result.lattice())
    found = minimum_bayes_risk(words)
    reference = (DATA / "demo.txt").read_text().lower().replace(".", "").replace(",", "").split()
    assert oracle(words, reference).errors <= oracle(prune(words, 0.0), reference).errors
    assert all(0 <= confidence <= 1 for confidence in found.confidences)
    assert np.mean(found.confidences) > 0.5
    assert all(sum(made.posteriors) == pytest.approx(1, abs=1e-6) for made in found.bins)
    assert all(0 <= begin <= end <= result.frames for begin, end in found.times)
    posteriors = arc_posteriors(words)
    crossing = words.frames[words.sources()] <= 5
    assert posteriors.arcs[crossing & (words.frames[words.nextstates] > 5)].sum() == pytest.approx(1, abs=1e-6)


def test_files_keep_it_and_a_picture_shows_it(result, tmp_path):
    words = determinize(result.lattice())
    save_lattice(words, tmp_path / "a.npz")
    assert np.array_equal(load_lattice(tmp_path / "a.npz").totals, words.totals)
    write_kaldi_text(tmp_path / "a.txt", {"demo": words})
    ((key, back),) = read_kaldi_text(tmp_path / "a.txt", words.words_table, words.label_table, words.acoustic_scale)
    assert key == "demo"
    again, before = nbest(back, 20), nbest(words, 20)
    assert [path.words for path in again] == [path.words for path in before]
    assert all(np.array_equal(a.labels, b.labels) for a, b in zip(again, before, strict=True))
    best = best_path(words).words
    assert all(f">{word}</text>" in lattice_svg(prune(words, 3.0), 0.03) for word in best if word.isalpha())
