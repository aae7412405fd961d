import json

import numpy as np
import pytest
import soundfile
from harken.engine.cli.evaluate import _report
from harken.engine.evaluate import Evaluation, evaluate, score
from harken.engine.manifest import read_manifest
from harken.engine.recognizer import Recognizer
from harken.engine.result import Timings
from harken.engine.word_errors import WordErrors, word_errors
from harken.errors import FormatError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_word_errors import distance
from .toy_bundle import make_toy_bundle, speak

words = st.lists(st.sampled_from("abcd"), max_size=9)


@settings(deadline=None)
@given(words, words)
def test_edits_are_the_fewest(reference, hypothesis):
    found = word_errors(reference, hypothesis)
    assert found.errors == distance(reference, hypothesis)
    assert found.words == len(reference)
    assert found.insertions - found.deletions == len(hypothesis) - len(reference)


@settings(deadline=None)
@given(words.filter(bool), words)
def test_each_kind_of_edit_is_counted_as_by_jiwer(reference, hypothesis):
    jiwer = pytest.importorskip("jiwer")
    found, theirs = word_errors(reference, hypothesis), jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    assert (found.substitutions, found.deletions, found.insertions) == (
        theirs.substitutions, theirs.deletions, theirs.insertions,
    )  # fmt: skip
    assert found.rate == pytest.approx(100 * theirs.wer)


def test_rates_of_empty_references():
    assert WordErrors().rate == 0
    assert word_errors([], ["a"]).rate == 100
    assert word_errors(["a"], []).rate == 100


def test_a_manifest_without_a_word_has_no_rate():
    for errors, shown in (
        (word_errors([], ["a"]), "no WER: the texts hold no words once normalised (1 words were recognised)"),
        (word_errors(["a"], ["b"]), "WER 100.00 %  (1 errors in 1 words: 1 substitutions, 0 deletions, 0 insertions)"),
    ):
        assert _report(Evaluation((), Timings(), 0.0, errors=errors)).splitlines()[0] == shown


def test_texts_are_normalised_before_they_are_compared(tmp_path):
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text('{"audio_filepath": "a.wav", "text": "Mr. Smith, 21!"}\n\n')
    (clip,) = read_manifest(manifest)
    assert (clip.name, clip.duration, clip.speaker) == ("a.wav", None, None)
    assert clip.path == str(tmp_path / "a.wav")
    scored = score(clip, "mister smith twenty two")
    assert (scored.reference, scored.errors.substitutions, scored.errors.words) == ("mister smith twenty one", 1, 4)


def test_lines_end_where_json_says(tmp_path):
    """A line separator of Unicode's may stand in a text; a byte order mark may stand before the first line."""
    line = '{"audio_filepath": "%s.wav", "text": "one\u2028two", "duration": 1, "speaker": 7}\n'
    (tmp_path / "m.jsonl").write_text("\ufeff" + line % "a" + line % "b" + "no line that is read", encoding="utf8")
    clips = read_manifest(tmp_path / "m.jsonl", limit=2)
    assert [(clip.name, clip.text, clip.duration, clip.speaker) for clip in clips] == [
        (name, "one\u2028two", 1.0, "7") for name in ("a.wav", "b.wav")
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no clips"),
        ("\n\n", "names no clips"),
        ("{", r"manifest\.jsonl, line 1: is no JSON \("),
        ('{"audio_filepath": "a.wav"}', "line 1: has no text"),
        ('{"text": null}', "line 1: has no audio_filepath and no text"),
        ('{"audio_filepath": "a.wav", "text": "a"}\n\n[]', "line 3: is no JSON object"),
        ('{"audio_filepath": 3, "text": "a"}', "audio_filepath is 3, not a string"),
        ('{"audio_filepath": "a.wav", "text": "a", "duration": NaN}', "duration is nan, not a number of seconds"),
        ("[" * 100_000, "line 1: is no JSON"),
    ],
)
def test_manifests_that_make_no_sense_are_refused(tmp_path, text, reason):
    (tmp_path / "manifest.jsonl").write_text(text)
    with pytest.raises(FormatError, match=reason):
        read_manifest(tmp_path / "manifest.jsonl")
    with pytest.raises(FormatError, match="cannot be read"):
        read_manifest(tmp_path / "none.jsonl")


def test_a_corpus_is_scored_as_jiwer_scores_it(tmp_path):
    said = ["abe bad", "cafe deaf", "fee ebb ace"]
    written = ["Abe bad bad!", "deaf", "fee abe ace"]
    lines = []
    for number, (spoken, text) in enumerate(zip(said, written, strict=True)):
        soundfile.write(tmp_path / f"{number}.wav", speak(spoken), 16000)
        lines.append(json.dumps({"audio_filepath": f"{number}.wav", "text": text}))
    lines.append(json.dumps({"audio_filepath": "lost.wav", "text": "ace ace"}))
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines))
    recognizer = Recognizer(make_toy_bundle(tmp_path / "toy"))
    seen = []
    found = evaluate(recognizer, read_manifest(tmp_path / "manifest.jsonl"), progress=seen.append)
    assert [scored.hypothesis for scored in seen] == [*said, ""]
    assert (found.errors.substitutions, found.errors.deletions, found.errors.insertions) == (1, 3, 1)
    value = json.loads(json.dumps(found.as_dict()))
    assert value["wer"] == pytest.approx(100 * 5 / 9, abs=1e-3)
    assert value["utterances"] == 4
    assert value["refused"] == 1
    assert value["audio_seconds"] == pytest.approx(sum(len(speak(text)) for text in said) / 16000, abs=1e-3)
    assert 0 < sum(value["stage_rtf"].values()) <= value["rtf"] * 1.001
    assert np.isfinite(value["compile_seconds"])
    jiwer = pytest.importorskip("jiwer")
    theirs = jiwer.process_words([clip["reference"] for clip in value["clips"]], [*said, ""])
    assert value["wer"] == pytest.approx(100 * theirs.wer, abs=1e-3)
