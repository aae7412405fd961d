import bz2
import gzip
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from harken.engine.cli import harken
from harken.engine.customize import CustomizeOptions, customize_lm
from harken.engine.customize.bundle import new_folder
from harken.engine.customize.report import report_lines
from harken.engine.customize.text import read_domain_text
from harken.engine.customize.word_recall import WordRecall, word_recall
from harken.engine.display_file import read_display, write_display
from harken.engine.evaluate import Scored
from harken.engine.model import Bundle, write_description
from harken.engine.recognizer import Recognizer
from harken.engine.word_errors import WordErrors
from harken.errors import FormatError, ModelError, OptionsError
from harken.lm.pronunciation.added_words import AddedWord, AddedWords
from harken.lm.pronunciation.words import WantedWord

from .toy_bundle import RATE, make_toy_bundle, speak

TEXT = """The cafe is deaf. Abe, bad abe! A fade, bad Abe: the fade is bad.
Fade abe. Fade bad, fee. A beef fade: beef ace. The Bad Cab is an ace. Ace fade. Abe fade ace ebb.
"""
WORDS = (WantedWord("Dabb", ("D", "A", "B", "B")), WantedWord("Bad Cab", spoken="bad cafe"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_toy_bundle(tmp_path_factory.mktemp("models") / "toy", g2p=True)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "domain.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def made(base, text, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "custom"
    options = CustomizeOptions((text,), out, base, WORDS, weight=0.5, word_probability=0.01, test_text=(text,))
    return customize_lm(options)


def heard(folder, said):
    return Recognizer(folder).transcribe(speak(said), RATE).text


def test_the_text_and_the_words_are_recognised(base, made):
    said = "abe fade bad, dabb fee, bad cafe ace"
    assert heard(made.out, said) == "abe fade bad Dabb fee Bad Cab ace"
    assert "fade" not in heard(base, said)
    bundle = Bundle.load(made.out)
    bundle.verify()
    assert bundle.on_the_fly
    assert bundle.name == "toy-custom"
    assert len(bundle.provenance) == 1
    assert "toy 1 with 36 words of text from domain.txt; 2 words were listed, 3 taken" in bundle.provenance[0]
    assert not [path for path in made.out.parent.iterdir() if path != made.out]


def test_the_report_says_what_was_done(made):
    assert (made.text_words, made.text_sentences) == (36, 9)
    assert [word.word for word in made.listed.words] == ["dabb", "Bad_Cab"]
    assert [word.word for word in made.found.words] == ["fade", "a", "beef"]
    assert set(made.left_out) == {"the", "is", "an"}  # no letters of the model's, or there but once
    assert made.first_pass.weight == 0.5
    assert made.after.unknown_words < made.before.unknown_words
    assert made.after.log10_prob > made.before.log10_prob
    assert all(seconds >= 0 for seconds in made.seconds.values())


def test_a_customised_bundle_is_customised_again(made, text, tmp_path):
    (tmp_path / "more.txt").write_text("Ebb ace. The Bad Cab! A deed, dead deed. Ebb ace.\n")
    again = customize_lm(CustomizeOptions((tmp_path / "more.txt",), tmp_path / "again", made.out, weight=0.5))
    assert [word.word for word in again.found.words] == ["deed"]
    assert heard(again.out, "deed, dabb fee, bad cafe ebb") == "deed Dabb fee Bad Cab ebb"
    bundle = Bundle.load(again.out)
    assert bundle.name == "toy-custom"
    assert len(bundle.provenance) == 2
    model = Recognizer(again.out).language_model
    scores, known = model.word_scores(["ebb", "ace"])
    assert known.all()
    assert scores.sum() > Recognizer(made.out).language_model.sentence_score(["ebb", "ace"])


def test_listed_words_that_the_model_knew_become_likelier(base, text, tmp_path):
    scores = {}
    for name, words in (("without", ()), ("with", ["Deaf", "Bad Abe", "abe"])):
        report = customize_lm(
            CustomizeOptions((text,), tmp_path / name, base, words, weight=0.5, word_probability=0.02)
        )
        assert report.listed.known == tuple(words)
        model = Recognizer(report.out).first_pass
        scores[name] = {word: model.score(0, model.word_id(word))[0] for word in ("deaf", "abe", "bad")}
    assert all(scores["with"][word] > scores["without"][word] for word in ("deaf", "abe"))
    assert scores["with"]["bad"] < scores["without"]["bad"]


def test_listed_words_that_the_model_knew_are_shown_as_they_are_written(base, text, tmp_path, monkeypatch):
    monkeypatch.setattr("harken.engine.vocabulary.COMMON", 1.0)
    words = [*WORDS, "Deaf", "Bad Abe", "abe"]
    report = customize_lm(CustomizeOptions((text,), tmp_path / "one", base, words, weight=0.5))
    assert report.shown == ("Deaf",)
    assert "  of which are shown as they are listed: Deaf" in report_lines(report)
    assert heard(report.out, "deaf abe") == "Deaf abe"
    again = customize_lm(CustomizeOptions((text,), tmp_path / "two", report.out, ["DEAF", "DABB"], weight=0.5))
    assert [(word.word, word.display) for word in read_display(again.out / "display.txt")] == [
        ("deaf", "DEAF"), ("dabb", "DABB"), ("Bad_Cab", "Bad Cab"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("least", "reason"),
    [
        (None, "none were to be; --least-count changes that"),
        (1, "letters that make no word"),
        (3, "fewer than 3 occurrences, --least-count changes that, or letters that make no word"),
    ],
)
def test_the_report_says_why_words_were_left_out(made, least, reason):
    lines = list(report_lines(replace(made, least_count=least)))
    assert sum(line.startswith(f"words of the text that were not added (3; {reason}): ") for line in lines) == 1


def test_a_static_graph_gives_the_same_words(base, made, text, tmp_path):
    options = CustomizeOptions(
        (text,), tmp_path / "static", base, WORDS, weight=0.5, word_probability=0.01, static=True
    )
    report = customize_lm(options)
    assert not Bundle.load(report.out).on_the_fly
    assert "compiling the static graph" in report.seconds
    said = speak("abe fade bad, dabb fee, bad cafe ace")
    static, composed = (Recognizer(folder).transcribe(said, RATE) for folder in (report.out, made.out))
    assert static.text == composed.text
    for one, other in zip(static.segments, composed.segments, strict=True):
        assert one.alternatives[0].words[0].start == other.alternatives[0].words[0].start
        assert one.alternatives[0].confidence == pytest.approx(other.alternatives[0].confidence, abs=0.02)


def test_words_of_the_text_may_be_left_out(base, text, tmp_path):
    report = customize_lm(CustomizeOptions((text,), tmp_path / "none", base, least_count=None))
    assert report.found.words == ()
    assert "fade" in report.left_out
    report = customize_lm(CustomizeOptions((text,), tmp_path / "all", base, least_count=1))
    assert {"fade", "beef", "cab"} <= {word.word for word in report.found.words}
    assert {"the", "is"} <= set(report.left_out)  # their letters are none of the model's


def test_spoken_text_is_taken_as_it_stands(base, tmp_path):
    (tmp_path / "spoken.txt").write_text("abe fade bad\n\n<b> fade abe\n")
    report = customize_lm(CustomizeOptions((tmp_path / "spoken.txt",), tmp_path / "out", base, normalize=False))
    assert (report.text_sentences, report.text_words) == (2, 6)
    assert [word.word for word in report.found.words] == ["fade"]
    assert report.left_out == ("<b>",)


def write(path, content):
    path.write_text(content, encoding="utf8")
    return path


def without(base, folder, *names):
    shutil.copytree(base, folder)
    described = json.loads((folder / "model.json").read_text())
    for name in names:
        (folder / name).unlink()
    write_description(folder, {key: value for key, value in described.items() if key != "files"})
    return folder


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        (lambda p, base: {"text": (write(p / "t", " \n\n"),)}, FormatError, "no words in 2 lines"),
        (lambda p, base: {"text": (write(p / "t", "Съешь ещё этих мягких булок.\n"),)}, FormatError, "Cyrillic"),
        (lambda p, base: {"text": (write(p / "t", "\n"),), "normalize": False}, FormatError, "no words in 1 lines"),
        (
            lambda p, base: {"text": (write(p / "t", "ещё этих\n"),), "normalize": False},
            FormatError,
            "none of its words can be recognised",
        ),
        (lambda p, base: {"text": (p / "nowhere.txt",)}, FormatError, "nowhere.txt: cannot be read"),
        (lambda p, base: {"words": [WantedWord("Zed", ("Z", "EH", "D"))]}, OptionsError, "said with 'Z', 'EH'"),
        (lambda p, base: {"out": base}, OptionsError, "is there already"),
        (lambda p, base: {"out": p / "no" / "folder"}, OptionsError, "there is no folder"),
        (lambda p, base: {"base": without(base, p / "b", "lexicon.txt")}, ModelError, "has no lexicon.txt"),
        (lambda p, base: {"base": without(base, p / "b", "first_pass.safetensors")}, ModelError, "has no first_pass"),
        (
            lambda p, base: {"base": without(base, p / "b", "g2p.safetensors"), "words": ["faced"]},
            OptionsError,
            "no model to guess with",
        ),
        (lambda p, base: {"test": p / "none.jsonl"}, FormatError, "none.jsonl: cannot be read"),
        (lambda p, base: {"test_text": (write(p / "t", "\n"),)}, FormatError, "no words"),
        (lambda p, base: {"weight": 1.5}, OptionsError, "weight is 1.5"),
        (lambda p, base: {"word_probability": 0.0}, OptionsError, "word_probability is 0"),
        (lambda p, base: {"least_count": 0}, OptionsError, "least_count is 0"),
        (lambda p, base: {"first_pass_ngrams": -1}, OptionsError, "first_pass_ngrams is -1"),
        (lambda p, base: {"text": ()}, OptionsError, "names no file"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(base, text, tmp_path, change, kind, reason):
    given = {"text": (text,), "out": tmp_path / "out", "base": base} | change(tmp_path, base)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(kind, match=reason) as refused:
        customize_lm(CustomizeOptions(**given))
    assert "\n" not in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_fails_is_not_left_behind(tmp_path):
    def fail():
        with new_folder(tmp_path / "model") as folder:
            (folder / "half.txt").write_text("half")
            raise ModelError("no")

    with pytest.raises(ModelError):
        fail()
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "model") as folder:
        (folder / "whole.txt").write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model/whole.txt").read_text() == "whole"


def test_a_base_without_rescoring_or_guesses_will_do(base, text, tmp_path):
    bare = without(base, tmp_path / "bare", "rescore.bin", "g2p.safetensors")
    report = customize_lm(CustomizeOptions((text,), tmp_path / "out", bare, WORDS, weight=0.5))
    assert report.found.words == ()
    assert heard(report.out, "dabb abe, bad cafe ace") == "Dabb abe Bad Cab ace"
    model = Recognizer(report.out)
    np.testing.assert_allclose(
        model.language_model.word_scores(["abe", "bad"])[0], model.first_pass.word_scores(["abe", "bad"])[0], atol=0.1
    )


def test_text_files_may_be_compressed_and_several(tmp_path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"Abe is bad. 2 cafes!\n"))
    (tmp_path / "b.txt.bz2").write_bytes(bz2.compress("Ace \u043c\u0438\u0440 ebb.\n".encode()))
    forms = AddedWords((AddedWord("Bad_Cab", "Bad Cab", (), (("bad", "cafe"),)),))
    (tmp_path / "c.txt").write_text("A Bad Cab. A bad cafe. A bad cab.\n")
    text = read_domain_text([tmp_path / name for name in ("a.txt.gz", "b.txt.bz2", "c.txt")], forms)
    assert text.sentences == ("abe is bad", "two cafes", "ace ebb", "a Bad_Cab", "a Bad_Cab", "a bad cab")
    assert text.words == 14
    assert text.dropped == "3 Cyrillic letters have no English reading and were dropped"
    (tmp_path / "long.txt").write_text("abe " * 250)
    assert [len(one.split()) for one in read_domain_text([tmp_path / "long.txt"], forms).sentences] == [120, 120, 10]
    (tmp_path / "d.txt.gz").write_bytes(gzip.compress(b"Abe is bad.\n")[:-9])
    with pytest.raises(FormatError, match=r"d\.txt\.gz: cannot be read"):
        read_domain_text([tmp_path / "d.txt.gz"], forms)


def test_display_forms_survive_the_trip_through_a_file(tmp_path):
    words = (
        AddedWord("New_York", "New York", (), (("new", "york"), ("the", "big", "apple"))),
        AddedWord("abe", "Abe", ()),
        AddedWord("plain", "plain", ()),
        AddedWord("us", "US", (), (("u", "s"),), listed=True),
    )
    write_display(tmp_path / "display.txt", words)
    assert read_display(tmp_path / "display.txt") == words[:2]
    (tmp_path / "display.txt").write_text("abe\tAbe\nace\n")
    with pytest.raises(FormatError, match="line 2"):
        read_display(tmp_path / "display.txt")
    write_display(tmp_path / "none.txt", words[2:])
    assert not (tmp_path / "none.txt").exists()


def test_recall_counts_chosen_words():
    def clip(reference, hypothesis):
        return Scored(None, reference, hypothesis, WordErrors())

    clips = [clip("a zed b zed", "a zed b said"), clip("new york zed", "a new york"), clip("b", "zed")]
    assert word_recall(clips, ["Zed", "zed", "New York", "absent"]) == WordRecall(2, 2, 4, 2, 1)
    assert word_recall(clips, ["Zed"]).recall == 1 / 3
    assert word_recall(clips, ["Zed"]).precision == 0.5
    assert word_recall([], []) == WordRecall(0, 0, 0, 0, 0)


def test_the_command_prints_what_it_did(base, text, tmp_path):
    (tmp_path / "words.txt").write_text("Dabb\tD A B B\n")
    (tmp_path / "display.txt").write_text("Bad Cab\tbad cafe\n")
    arguments = ["customize", "lm", "--text", str(text), "--model", str(base), "--out", str(tmp_path / "out")]
    more = ["--words", str(tmp_path / "words.txt"), "--pronunciations", str(tmp_path / "display.txt")]
    answer = CliRunner().invoke(harken, [*arguments, *more, "--name", "cars"], catch_exceptions=False)
    assert answer.exit_code == 0
    assert "text: 36 words in 9 sentences" in answer.stdout
    assert "Bad_Cab (shown as Bad Cab): B A D C A F E" in answer.stdout
    assert "harken: reading the text ..." in answer.stderr
    assert "mixing" not in answer.stdout.splitlines()[0]
    assert Bundle.load(tmp_path / "out").name == "cars"
    with pytest.raises(OptionsError, match="is there already"):
        CliRunner().invoke(harken, arguments, catch_exceptions=False)


def test_transcribe_takes_words_from_files(base, tmp_path):
    soundfile.write(tmp_path / "said.wav", speak("abe dabb, bad cafe ace"), RATE)
    (tmp_path / "words.txt").write_text("Dabb\tD A B B\n")
    (tmp_path / "display.txt").write_text("Bad Cab\tbad cafe\n")
    command = ["transcribe", "--model", str(base), str(tmp_path / "said.wav")]
    assert CliRunner().invoke(harken, command, catch_exceptions=False).stdout == "abe ebb bad cafe ace\n"
    more = ["--words", str(tmp_path / "words.txt"), "--pronunciations", str(tmp_path / "display.txt")]
    more += ["--word-probability", "0.2"]
    answer = CliRunner().invoke(harken, [*command, *more], catch_exceptions=False)
    assert (answer.stdout, answer.stderr) == ("abe Dabb Bad Cab ace\n", "")
    (tmp_path / "words.txt").write_text("Dabb\tD A B B\nAbe\nace\n")
    answer = CliRunner().invoke(harken, [*command, *more], catch_exceptions=False)
    assert answer.stdout == "abe Dabb Bad Cab ace\n"
    assert answer.stderr == "harken: these words are known already, --phrases makes them likelier: Abe, ace.\n"


def test_recordings_without_a_word_said_are_refused_before_the_work(base, text, tmp_path):
    (tmp_path / "test.json").write_text('{"audio_filepath": "a.wav", "text": "... !"}\n')
    with pytest.raises(FormatError, match=r"test\.json: none of its texts holds a word once normalised"):
        customize_lm(CustomizeOptions((text,), tmp_path / "out", base, test=tmp_path / "test.json"))
    assert not (tmp_path / "out").exists()
