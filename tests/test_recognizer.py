import json
import pickle
import shutil
from dataclasses import replace
from itertools import pairwise

import harken
import numpy as np
import pytest
from harken.decoder.search.hypothesis import Hypothesis
from harken.engine.channel import ChannelDecoder
from harken.engine.confidence import posteriors, to_segment, word_confidences
from harken.engine.model import Bundle, Decoding, write_description
from harken.engine.nbest import Candidates, candidates_text, read_candidates
from harken.engine.recognizer import Recognizer, RecognizerOptions
from harken.engine.result import Alternative, Result, Segment, Timings, Word
from harken.errors import AudioError, FormatError, ModelError, OptionsError
from harken.lm.ngram.ngram import Ngram
from harken.lm.pronunciation.words import WantedWord
from hypothesis import given, settings
from hypothesis import strategies as st

from .toy_bundle import make_toy_bundle, speak

SAID = "abe bad, cafe deaf fee ebb, ace abe"
HEARD = SAID.replace(",", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_toy_bundle(tmp_path_factory.mktemp("models") / "toy")


@pytest.fixture(scope="module")
def recognizer(folder):
    return Recognizer(folder)


def test_speech_becomes_words_with_times(recognizer):
    result = recognizer.transcribe(speak(SAID), 16000)
    assert result.text == HEARD
    assert [segment.text for segment in result.segments] == [part.strip() for part in SAID.split(",")]
    assert result.duration == len(speak(SAID)) / 16000
    words = [word for segment in result.segments for word in segment.alternatives[0].words]
    assert [word.text for word in words] == HEARD.split()
    assert all(0 <= word.confidence <= 1 for word in words)
    assert words[0].start == pytest.approx(0.3, abs=0.05)
    for before, after in pairwise(words):
        assert before.start < before.end <= after.start
    # "abe" is three tones of 0.09 s with 0.06 s of silence after each, and "bad" follows at once.
    assert words[1].start == pytest.approx(0.3 + 3 * 0.15, abs=0.05)


def test_a_lexicon_graph_is_searched_with_the_first_pass_model(recognizer, tmp_path):
    composed = Recognizer(make_toy_bundle(tmp_path / "toy", on_the_fly=True))
    assert composed.bundle.on_the_fly
    assert composed.graph.fst.arcs < recognizer.graph.fst.arcs
    assert composed.transcribe(speak(SAID), 16000) == recognizer.transcribe(speak(SAID), 16000)


def test_rescoring_reads_either_kind_of_model(recognizer, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "toy")
    described = json.loads((folder / "model.json").read_text())
    (tmp_path / "toy/rescore.bin").unlink()
    shutil.copy(folder / "first_pass.safetensors", tmp_path / "toy/rescore.safetensors")
    write_description(tmp_path / "toy", {key: value for key, value in described.items() if key != "files"})
    ours = Recognizer(tmp_path / "toy")
    assert isinstance(ours.language_model, Ngram)
    for one, other in zip(*(r.transcribe(speak(SAID), 16000).segments for r in (ours, recognizer)), strict=True):
        assert (one.text, one.start, one.end) == (other.text, other.start, other.end)
        assert one.alternatives[0].confidence == pytest.approx(other.alternatives[0].confidence, abs=1e-5)


NEW = (
    WantedWord("Fade", ("F", "A", "D", "E")),
    WantedWord("A.B. Cab", spoken="abe cafe"),
)


@pytest.mark.parametrize("on_the_fly", [False, True])
def test_words_are_added_for_a_run(tmp_path, on_the_fly):
    base = Recognizer(make_toy_bundle(tmp_path / "toy", on_the_fly))
    said = speak("ace fade bad, abe cafe fee")
    assert "Fade" not in base.transcribe(said, 16000).text
    added = base.with_words(NEW, 0.5)
    assert [s.text for s in added.transcribe(said, 16000).segments] == ["ace Fade bad", "A.B. Cab fee"]
    assert added.acoustic is base.acoustic
    assert Recognizer(base.bundle, added.options).transcribe(said, 16000) == added.transcribe(said, 16000)
    assert added.with_words(()).transcribe(said, 16000) == added.transcribe(said, 16000)
    assert base.with_words(["abe"]).graph.fst.arcs == base.graph.fst.arcs  # known: nothing to add
    assert pickle.loads(pickle.dumps(added.options)) == added.options  # as worker processes get them
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(OptionsError, match="word_probability"):
            base.with_words(NEW, share)


def test_known_words_are_named_and_shown_as_they_are_written(tmp_path, monkeypatch):
    base = Recognizer(make_toy_bundle(tmp_path / "toy"))
    said = speak("ace fade bad, abe cafe fee")
    listed = [*NEW, "Abe", "Bad Ace", "B\u00e1d", "fee"]
    common = base.with_words(listed, 0.5)
    assert common.known_words == ("Abe", "Bad Ace", "B\u00e1d", "fee")
    assert [s.text for s in common.transcribe(said, 16000).segments] == ["ace Fade bad", "A.B. Cab fee"]
    monkeypatch.setattr("harken.engine.vocabulary.COMMON", 1.0)
    added = base.with_words(listed, 0.5)
    assert added.vocabulary.display == {"fade": "Fade", "A.B._Cab": "A.B. Cab", "abe": "Abe", "bad": "B\u00e1d"}
    assert [s.text for s in added.transcribe(said, 16000).segments] == ["ace Fade B\u00e1d", "A.B. Cab fee"]
    alone = base.with_words(["Abe"])
    assert alone.on_the_fly is False
    assert alone.transcribe(speak("abe bad"), 16000).text == "Abe bad"
    assert base.known_words == ()


def test_added_words_share_the_probability_of_unknown_ones(tmp_path):
    base = Recognizer(make_toy_bundle(tmp_path / "toy"))
    plain, added = base.language_model, base.with_words(NEW, 1e-3).language_model
    words = ["abe", "fade", "bad"]
    scores, known = added.word_scores(words)
    theirs, before = plain.word_scores(words)
    assert known.all()
    assert not before[1]
    np.testing.assert_allclose(scores - theirs, [0, -3 + np.log10(9), 0, 0], atol=1e-6)  # one of nine is <unk>
    assert added.sentence_score(words) == pytest.approx(scores.sum())


def test_words_that_cannot_be_added_are_refused(tmp_path):
    folder = make_toy_bundle(tmp_path / "toy")
    with pytest.raises(OptionsError, match="no model to guess with"):
        _ = Recognizer(folder).with_words(["zimbrel"]).search
    with pytest.raises(OptionsError, match="said with 'Q'"):
        _ = Recognizer(folder).with_words([WantedWord("quad", ("Q", "A", "D"))]).search
    (folder / "first_pass.safetensors").unlink()
    described = json.loads((folder / "model.json").read_text())
    del described["files"]
    write_description(folder, described)
    with pytest.raises(OptionsError, match=r"no first_pass\.safetensors"):
        _ = Recognizer(folder).with_words(NEW).search


@pytest.mark.parametrize("rate", [8820, 22050, 48000])
def test_other_rates_give_the_same_words(recognizer, rate):
    assert recognizer.transcribe((speak(SAID, rate), rate)).text == HEARD


def test_channels_are_transcribed_apart_in_order_of_time(folder):
    left, right = speak("abe, bad"), speak("ace", seed=1)
    samples = np.zeros((len(left), 2), np.float32)
    samples[:, 0] = left
    samples[-len(right) :, 1] = right
    result = Recognizer(folder, RecognizerOptions(channel="each")).transcribe(samples, 16000)
    assert [(segment.channel, segment.text) for segment in result.segments] == [(0, "abe"), (0, "bad"), (1, "ace")]
    assert result.text == "abe bad ace"
    starts = [segment.start for segment in result.segments]
    assert starts == sorted(starts)
    alone = Recognizer(folder, RecognizerOptions(channel=1)).transcribe(samples, 16000)
    assert alone.segments == tuple(segment for segment in result.segments if segment.channel == 1)


def test_the_stages_one_by_one_give_the_same(recognizer):
    samples = speak(SAID)
    scores = recognizer.scores(recognizer.features(samples))
    found = [recognizer.rescore(candidates) for candidates in recognizer.decode(scores)]
    segments = tuple(to_segment(candidates, 1) for candidates in found)
    assert segments == recognizer.transcribe(samples, 16000).segments


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=6))
def test_segments_do_not_depend_on_how_scores_arrive(recognizer, cuts):
    scores = recognizer.scores(recognizer.features(speak(SAID)))
    decoder, found, begin = ChannelDecoder(recognizer, 0), [], 0
    for cut in [*sorted(min(cut, len(scores)) for cut in cuts), len(scores)]:
        found += decoder.accept(scores[begin:cut])
        begin = cut
    assert [*found, *decoder.finish()] == recognizer.decode(scores)


def test_results_are_plain_json_and_compare_equal(recognizer):
    first, second = (recognizer.transcribe(speak(SAID), 16000) for _ in range(2))
    assert first == second
    value = json.loads(json.dumps(first.as_dict()))
    assert value["text"] == HEARD
    assert set(value) == {"duration", "text", "segments"}
    assert set(value["segments"][0]) == {"channel", "start", "end", "alternatives"}
    assert set(value["segments"][0]["alternatives"][0]["words"][0]) == {"text", "start", "end", "confidence"}


def test_alternatives_are_given_on_request(folder):
    options = RecognizerOptions(alternatives=3, acoustic_scale=0.2, lattice_beam=20.0)
    (segment,) = Recognizer(folder, options).transcribe(speak("abe"), 16000).segments
    assert len(segment.alternatives) == 3
    shares = [alternative.confidence for alternative in segment.alternatives]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1 + 1e-9
    assert len({alternative.text for alternative in segment.alternatives}) == 3


def test_options_of_a_run_replace_those_of_the_bundle(folder):
    recognizer = Recognizer(folder, RecognizerOptions(beam=3.0, nbest=2, rescore=False))
    assert recognizer.decoding == replace(Bundle.load(folder).decoding, beam=3.0, nbest=2)
    assert recognizer.language_model is None
    assert recognizer.transcribe(speak("ace"), 16000).text == "ace"
    for values in ({"nbest": 0}, {"alternatives": 0}):
        with pytest.raises(OptionsError):
            RecognizerOptions(**values)


def test_silence_and_snippets_have_no_words(recognizer):
    for length in (1, 100, 400, 16000):
        result = recognizer.transcribe(np.zeros(length), 16000)
        assert (result.text, result.segments) == ("", ())
    with pytest.raises(AudioError):
        recognizer.transcribe(np.zeros(0), 16000)
    with pytest.raises(AudioError, match="the rate is"):
        recognizer.transcribe(np.zeros(100))


def test_timings_are_apart(recognizer):
    result, timings = recognizer.transcribe_timed(speak("ace"), 16000)
    assert set(timings.stages) == {"audio", "features", "acoustic", "search", "rescoring"}
    assert 0 < sum(timings.stages.values()) <= timings.seconds
    assert timings.real_time_factor == pytest.approx(timings.seconds / result.duration)
    both = timings + timings
    assert both.audio_seconds == 2 * timings.audio_seconds
    assert Timings().real_time_factor == 0


def test_names_are_importable_from_the_top():
    assert harken.Recognizer is Recognizer
    for name in harken.__all__:
        assert getattr(harken, name) is not None
    with pytest.raises(AttributeError):
        _ = harken.Transcriber


def candidates(*readings):
    hypotheses = tuple(
        Hypothesis(tuple(words.split()), tuple((4 * k, 4 * k + 3) for k in range(len(words.split()))), 0.0, cost, cost)
        for words, cost in readings
    )
    return Candidates(None, 0, 40, 0.03, hypotheses)


def test_confidences_are_posteriors_of_the_list():
    found = candidates(("a b", 1.0), ("a c", 1.0), ("b a", 1.0 + np.log(2)))
    shares = posteriors(found.hypotheses)
    np.testing.assert_allclose(shares, [0.4, 0.4, 0.2])
    np.testing.assert_allclose(word_confidences(found.hypotheses[0], found.hypotheses, shares), [0.8, 0.4])
    segment = to_segment(found, 2)
    assert [alternative.text for alternative in segment.alternatives] == ["a b", "a c"]
    assert (segment.start, segment.end) == (0.0, pytest.approx(0.21))
    assert to_segment(candidates(("", 1.0)), 1) is None
    assert to_segment(candidates(), 1) is None
    assert posteriors(()) == []


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(["a", "b'c", "d"]), max_size=4).map(" ".join), st.floats(-1e6, 1e6)),
        max_size=4,
    )
)
def test_nbest_lists_survive_the_trip_through_text(tmp_path_factory, readings):
    found = [candidates(*readings), replace(candidates(), channel=1)]
    path = tmp_path_factory.mktemp("nbest") / "list"
    path.write_text(candidates_text(found))
    assert read_candidates(path) == found


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"channel": 0, "first_frame": 0, "end_frame": 1}'])
def test_nbest_lists_that_make_no_sense_are_refused(tmp_path, line):
    (tmp_path / "list").write_text(line + "\n")
    with pytest.raises(FormatError, match="line 1 is no n-best list"):
        read_candidates(tmp_path / "list")
    with pytest.raises(FormatError, match="cannot be read"):
        read_candidates(tmp_path / "none")


def test_text_joins_channels_one_after_the_other():
    def segment(channel, start, text):
        return Segment(channel, start, start + 1, (Alternative(text, 1.0, (Word(text, start, start + 1, 1.0),)),))

    segments = (segment(0, 0.0, "a"), segment(1, 0.5, "b"), segment(0, 2.0, "c"))
    assert Result(3.0, segments).text == "a c b"


def damage(folder, copy, name, change):
    shutil.copytree(folder, copy)
    path = copy / name
    change(path)
    return copy


def edit(**fields):
    def change(path):
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    return change


def without_first_pass(path):
    described = json.loads(path.read_text())
    del described["files"]["first_pass.safetensors"]
    path.write_text(json.dumps({**described, "graph": "lexicon"}))


def shorten(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("graph.safetensors", lambda path: path.unlink(), "graph.safetensors: is missing from the model"),
        ("acoustic.safetensors", shorten, r"acoustic.safetensors: has \d+ bytes instead of"),
        ("model.json", lambda path: path.unlink(), "is no model"),
        ("model.json", lambda path: path.write_text("{"), "model.json: cannot be read"),
        ("model.json", lambda path: path.write_text("[]"), "format is None"),
        ("model.json", edit(format="harken-bundle-9"), "format is 'harken-bundle-9'"),
        ("model.json", edit(name=None), "name is missing"),
        ("model.json", edit(files={"../units.txt": {"bytes": 1, "sha256": ""}}), "names in its own folder"),
        ("model.json", edit(files={}), "does not list acoustic.safetensors"),
        ("model.json", edit(graph="dynamic"), "graph is 'dynamic'"),
        ("model.json", edit(provenance="a base"), "provenance is no list"),
        ("model.json", without_first_pass, "needs first_pass.safetensors"),
        ("model.json", edit(decoding={"beem": 3}), "unknown option beem"),
        ("model.json", edit(decoding={"beam": "wide"}), "decoding.beam is 'wide'"),
    ],
)
def test_damaged_bundles_are_refused(folder, tmp_path, name, change, reason):
    with pytest.raises(ModelError, match=reason) as refused:
        Bundle.load(damage(folder, tmp_path / "copy", name, change))
    assert str(refused.value).count(". ") == 0


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"features": {"kind": "plp", "options": {}}}, "'plp' are unknown"),
        ({"features": {"kind": "fbank", "options": {"bins": 3}}}, "feature options make no sense"),
        ({"features": {"kind": "fbank", "options": {"num_mel_bins": -3}}}, "feature options make no sense"),
        ({"network": {}}, "network"),
    ],
)
def test_descriptions_that_make_no_sense_are_refused(folder, tmp_path, fields, reason):
    copy = damage(folder, tmp_path / "copy", "model.json", edit(**fields))
    with pytest.raises(ModelError, match=reason):
        Recognizer(copy)


def test_verify_reads_every_byte(folder, tmp_path):
    Bundle.load(folder).verify()

    def flip(path):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)

    bundle = Bundle.load(damage(folder, tmp_path / "copy", "rescore.bin", flip))
    with pytest.raises(ModelError, match=r"rescore\.bin: is damaged"):
        bundle.verify()


def test_units_have_to_start_with_the_blank(folder, tmp_path):
    def rewrite(path):
        path.write_text("A\n<blank>\n")

    copy = damage(folder, tmp_path / "copy", "units.txt", rewrite)
    described = json.loads((copy / "model.json").read_text())
    del described["files"]
    with pytest.raises(ModelError, match="start with <blank>"):
        write_description(copy, described)


def test_unknown_file_of_a_bundle_is_refused(folder):
    with pytest.raises(ModelError, match=r"the model has no ivector\.bin"):
        Bundle.load(folder).path("ivector.bin")
    assert Decoding().nbest > 0
