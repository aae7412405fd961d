import itertools
import json
import os
import subprocess
import sys

import harken
import numpy as np
import pytest
from harken.decoder.align import AlignOptions, align, align_hmm, to_ctm, to_textgrid
from harken.decoder.graph.context_tables import left_biphone_table, monophone_table
from harken.decoder.graph.topology import chain_topology, left_to_right_topology
from harken.errors import OptionsError, ScoresError, SearchError
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_align import best_alignment, best_hmm_alignment
from .shared_data import shared
from .toy_bundle import make_toy_bundle, speak

UNITS = ("<blank>", "A", "B", "C")
LEXICON = Lexicon(
    (
        Pronunciation("ab", ("A", "B"), 0.75),
        Pronunciation("ab", ("A", "C", "B"), 0.25),
        Pronunciation("ba", ("B", "A")),
        Pronunciation("bb", ("B", "B")),
        Pronunciation("c", ("C",), 0.5),
        Pronunciation("c", ("A",), 0.5),
    )
)


def scores_of(frames, seed=0):
    random = np.random.default_rng(seed).normal(0, 2, (frames, len(UNITS)))
    return (random - np.log(np.exp(random).sum(axis=1, keepdims=True))).astype(np.float32)


def peaky(units):
    rows = np.full((len(units), len(UNITS)), -9.0, np.float32)
    rows[np.arange(len(units)), units] = -0.125
    return rows


@settings(deadline=None, max_examples=60)
@given(
    words=st.lists(st.sampled_from(LEXICON.words), min_size=1, max_size=3),
    frames=st.integers(1, 9),
    seed=st.integers(0, 999),
)
def test_alignments_are_the_best_of_all(words, frames, seed):
    scores = scores_of(frames, seed)
    choices = [[(entry.phones, entry.probability) for entry in LEXICON[word]] for word in words]
    cost, path = best_alignment(scores, choices, UNITS)
    if path is None:
        with pytest.raises(SearchError, match="does not fit"):
            align(scores, words, UNITS, LEXICON)
        return
    found = align(scores, words, UNITS, LEXICON)
    assert [word.text for word in found.words] == words
    prior = 0.0
    for word in found.words:
        said = tuple(phone.text for phone in word.phones)
        prior -= np.log(next(entry.probability for entry in LEXICON[word.text] if entry.phones == said))
    assert prior - found.score * frames == pytest.approx(cost, abs=1e-4)


def test_times_and_scores():
    found = align(peaky([0, 1, 1, 0, 2, 0, 0, 3, 0]), ["ab", "c"], UNITS, LEXICON)
    first, second = found.words
    assert [(phone.text, phone.start, phone.end) for phone in found.phones] == [("A", 1, 3), ("B", 4, 5), ("C", 7, 8)]
    assert (first.start, first.end, second.start, second.end) == (1, 5, 7, 8)
    assert first.score == second.score == -0.125
    assert found.frames == 9
    closed = align(peaky([0, 1, 1, 0, 2, 0, 0, 3, 0]), ["ab", "c"], UNITS, LEXICON, options=AlignOptions(close_gaps=1))
    assert [(phone.start, phone.end) for phone in closed.phones] == [(1, 4), (4, 5), (7, 8)]


def test_equal_phones_need_a_blank():
    found = align(peaky([2, 2, 0, 2]), ["bb"], UNITS, LEXICON)
    assert [(phone.start, phone.end) for phone in found.phones] == [(0, 2), (3, 4)]
    with pytest.raises(SearchError, match="1 words does not fit the 2 frames"):
        align(peaky([2, 2]), ["bb"], UNITS, LEXICON)


def test_phones_alone_and_guesses():
    scores = peaky([1, 0, 2, 3])
    assert [word.text for word in align(scores, ["A", "B", "C"], UNITS).words] == ["A", "B", "C"]
    found = align(scores, ["ab", "new"], UNITS, LEXICON, pronounce=lambda word: [(("C",), 1.0)])
    assert [(word.text, word.guessed) for word in found.words] == [("ab", False), ("new", True)]


def test_a_silence_unit_may_stand_between_words():
    lexicon = Lexicon((Pronunciation("a", ("A",)), Pronunciation("b", ("B",))))
    options = AlignOptions(silence="C")
    for units, silences in [([3, 3, 1, 0, 3, 2], [(0, 2), (4, 5)]), ([1, 2], []), ([0, 1, 2, 3], [(3, 4)])]:
        found = align(peaky(units), ["a", "b"], UNITS, lexicon, options=options)
        assert [(span.start, span.end) for span in found.silences] == silences
        assert [phone.text for phone in found.phones] == ["A", "B"]


PHONES = ("A", "B", "C")


@settings(deadline=None, max_examples=25)
@given(
    words=st.lists(st.sampled_from(LEXICON.words), min_size=1, max_size=2),
    frames=st.integers(1, 14),
    chain=st.booleans(),
    seed=st.integers(0, 999),
)
def test_hmm_alignments_are_the_best_of_all(words, frames, chain, seed):
    topology = chain_topology(0.25) if chain else left_to_right_topology(2, 0.6)
    table = left_biphone_table(PHONES, topology) if chain else monophone_table(PHONES, topology)

    def states_of(left, phone):
        number = PHONES.index(phone)
        if chain:  # 4 left neighbours a phone, 2 pdfs each
            pdf = 8 * number + 2 * (0 if left is None else PHONES.index(left) + 1)
            return [(pdf, pdf + 1, 0.25)]
        return [(2 * number, 2 * number, 0.6), (2 * number + 1, 2 * number + 1, 0.6)]

    scores = np.random.default_rng(seed).normal(-2, 2, (frames, 24 if chain else 6)).astype(np.float32)
    choices = [[(entry.phones, entry.probability) for entry in LEXICON[word]] for word in words]
    _, pdfs = best_hmm_alignment(scores, choices, states_of)
    if pdfs is None:
        with pytest.raises(SearchError, match="does not fit"):
            align_hmm(scores, words, LEXICON, topology, table)
        return
    found = align_hmm(scores, words, LEXICON, topology, table)
    assert [word.text for word in found.words] == words
    assert found.score == pytest.approx(np.mean([scores[frame, pdf] for frame, pdf in enumerate(pdfs)]), abs=1e-4)
    assert (found.phones[0].start, found.phones[-1].end) == (0, frames)
    assert all(one.end == two.start for one, two in itertools.pairwise(found.phones))


def test_hmm_phones_last_over_all_their_states():
    topology = left_to_right_topology(3)
    table = monophone_table(("A", "B", "S"), topology)
    pdfs = [6, 7, 8, 0, 0, 1, 2, 3, 4, 4, 4, 5, 6, 7, 8, 8, 0, 1, 2]
    scores = np.full((len(pdfs), 9), -9.0, np.float32)
    scores[np.arange(len(pdfs)), pdfs] = -0.5
    lexicon = Lexicon((Pronunciation("ab", ("A", "B")), Pronunciation("a", ("A",))))
    found = align_hmm(scores, ["ab", "a"], lexicon, topology, table, options=AlignOptions(silence="S"))
    assert [(phone.text, phone.start, phone.end) for phone in found.phones] == [
        ("A", 3, 7),
        ("B", 7, 12),
        ("A", 16, 19),
    ]
    assert [(word.text, word.start, word.end, word.score) for word in found.words] == [
        ("ab", 3, 12, -0.5), ("a", 16, 19, -0.5),
    ]  # fmt: skip


def test_what_makes_no_sense_is_refused():
    scores = peaky([1, 2])
    for error, message, arguments in [
        (OptionsError, "the text is empty", (scores, [], UNITS, LEXICON)),
        (OptionsError, "no pronunciation is known for what, who", (scores, ["who", "ab", "what"], UNITS, LEXICON)),
        (OptionsError, "which are no units", (scores, ["X"], UNITS)),
        (ScoresError, r"shape \(2, 3\)", (scores[:, :3], ["ab"], UNITS, LEXICON)),
        (ScoresError, "frame 0, column 0 is nan", (scores * np.nan, ["ab"], UNITS, LEXICON)),
        (SearchError, "does not fit", (scores[:0], ["ab"], UNITS, LEXICON)),
    ]:
        with pytest.raises(error, match=message):
            align(*arguments)
    with pytest.raises(OptionsError, match="close_gaps"):
        AlignOptions(close_gaps=-1)
    with pytest.raises(OptionsError, match="retry_beam"):
        AlignOptions(beam=10, retry_beam=1)


def test_ctm():
    found = align(peaky([0, 1, 1, 0, 2, 0, 0, 3, 0]), ["ab", "c"], UNITS, LEXICON)
    assert to_ctm(found, "talk", 0.03) == "talk 1 0.030 0.120 ab 0.882\ntalk 1 0.210 0.030 c 0.882\n"
    assert to_ctm(found, "talk", 0.03, "2", "phones").splitlines()[1] == "talk 2 0.120 0.030 B 0.882"
    with pytest.raises(OptionsError, match="cannot name a recording"):
        to_ctm(found, "my talk", 0.03)
    with pytest.raises(OptionsError, match="words or phones"):
        to_ctm(found, "talk", 0.03, level="letters")


def test_textgrid():
    found = align(peaky([0, 1, 1, 0, 2, 0, 0, 3, 0]), ["ab", "c"], UNITS, LEXICON)
    lines = [line.strip() for line in to_textgrid(found, 0.5, 4.75).splitlines()]
    assert lines[:2] == ['File type = "ooTextFile"', 'Object class = "TextGrid"']
    assert lines.count('class = "IntervalTier"') == 2
    words, phones = " ".join(lines).split("item [2]:")
    for tier, texts in ((words, ["", "ab", "", "c", ""]), (phones, ["", "A", "", "B", "", "C", ""])):
        intervals = tier.split("intervals [")[1:]
        assert [interval.split('"')[1] for interval in intervals] == texts
        bounds = [[float(part.split()[2]) for part in interval.split("xm")[1:]] for interval in intervals]
        assert bounds[0][0] == 0.0
        assert bounds[-1][1] == 4.75
        assert all(one[1] == two[0] for one, two in itertools.pairwise(bounds))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    import soundfile

    folder = tmp_path_factory.mktemp("align")
    make_toy_bundle(folder / "toy")
    soundfile.write(folder / "said.wav", speak("abe bad, cafe"), 16000)
    (folder / "said.txt").write_text("Abe: bad, cafe!\n")
    return folder


def run(place, *arguments, code=0):
    command = [sys.executable, "-m", "harken.engine.cli", "align", "--model", "toy", *arguments]
    done = subprocess.run(command, cwd=place, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.mark.cli
def test_command(place, tmp_path):
    lines = [line.split() for line in run(place, "said.wav", "said.txt")[0].splitlines()]
    assert [line[4] for line in lines] == ["abe", "bad", "cafe"]
    assert {(line[0], line[1]) for line in lines} == {("said", "1")}
    # 0.3 s of silence, then a phone every 0.15 s; a comma makes 1.2 s of pause
    for line, start in zip(lines, (0.3, 0.75, 0.3 + 6 * 0.15 + 1.2), strict=True):
        assert float(line[2]) == pytest.approx(start, abs=0.05)
    value = json.loads(run(place, "said.wav", "--said", "abe bad cafe", "--format", "json")[0])
    assert [phone["text"] for phone in value["words"][2]["phones"]] == list("CAFE")
    assert value["words"][1]["start"] == pytest.approx(float(lines[1][2]), abs=1e-3)
    run(place, "said.wav", "said.txt", "--format", "textgrid", "-o", str(tmp_path / "said.TextGrid"))
    assert 'name = "phones"' in (tmp_path / "said.TextGrid").read_text()
    phones = run(place, "said.wav", "--said", "A B E B A D C A F E", "--phones")[0]
    assert [line.split()[4] for line in phones.splitlines()] == list("ABEBADCAFE")


@pytest.mark.cli
def test_command_refuses(place):
    for arguments, reason, code in [
        (["said.wav"], "give the text once", 2),
        (["said.wav", "lost.txt"], "lost.txt: cannot be read", 1),
        (["said.wav", "--said", "..."], "the text is empty", 1),
        (["said.wav", "--said", "abe zoo"], "'zoo' is not in the model's lexicon", 1),
        (["lost.wav", "--said", "abe"], "lost.wav: there is no such file", 1),
        (["said.wav", "--said", " ".join(["cafe"] * 90)], "does not fit", 1),
    ]:
        out, err = run(place, *arguments, code=code)
        assert out == ""
        assert reason in err


@pytest.mark.speech
def test_real_speech_is_aligned_where_it_is_recognised():
    folder = shared("speech/valid/librispeech")
    recognizer = harken.Recognizer()
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    near = counted = 0
    for line in lines[:60:10]:
        clip = json.loads(line)
        result = recognizer.transcribe(folder / clip["audio_filepath"])
        alignment = recognizer.align(folder / clip["audio_filepath"], clip["text"])
        said = [(word.text, word.start * recognizer.frame_seconds) for word in alignment.words]
        assert alignment.words[-1].end * recognizer.frame_seconds <= clip["duration"] + 0.1
        assert all(one.end <= two.start for one, two in itertools.pairwise(alignment.words))
        for segment in result.segments:
            for word in segment.alternatives[0].words:
                starts = [start for text, start in said if text == word.text]
                if len(starts) == 1:
                    counted += 1
                    near += abs(starts[0] - word.start) < 0.1
    assert counted > 40
    assert near >= 0.9 * counted  # the others are misrecognitions and late guesses of the search


@pytest.mark.speech
def test_words_that_the_lexicon_lacks_are_guessed():
    folder = shared("speech/valid/librispeech")
    recognizer = harken.Recognizer()
    clip = json.loads((folder / "manifest.jsonl").read_text().splitlines()[0])
    words = clip["text"].lower().split()
    words[3] = "zworkly"
    alignment = recognizer.align(folder / clip["audio_filepath"], " ".join(words))
    assert [word.text for word in alignment.words if word.guessed] == ["zworkly"]
