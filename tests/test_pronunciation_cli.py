import pytest
from click.testing import CliRunner
from harken.engine.cli import harken
from harken.errors import HarkenError
from harken.lm.pronunciation.g2p import G2p

from .toy_bundle import SPELLED, make_toy_bundle

TOY_LEXICON = "".join(f"{word}\t{' '.join(word.upper())}\n" for word in SPELLED)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("g2p")
    make_toy_bundle(folder / "toy", g2p=True)
    (folder / "spelled.txt").write_text(TOY_LEXICON)
    return folder


def g2p(*arguments, data=None, code=0):
    done = CliRunner().invoke(harken, ["g2p", *map(str, arguments)], input=data, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


def test_says_words_as_lexicon_lines(place):
    assert g2p("--model", place / "toy", "fade", "bead")[0] == "fade\tF A D E\nbead\tB E A D\n"


def test_gives_several_ways_with_probabilities(place):
    out, _ = g2p("--model", place / "toy", "-n", 3, "--probabilities", "fade")
    rows = [line.split("\t") for line in out.splitlines()]
    assert 1 < len(rows) <= 3
    assert all(word == "fade" for word, _, _ in rows)
    shares = [float(share) for _, share, _ in rows]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.0001


def test_reads_words_from_files_and_standard_input(place, tmp_path):
    (tmp_path / "words").write_text("fade\n\nbead\tX\n")
    wanted = "fade\tF A D E\nbead\tB E A D\n"
    assert g2p("--model", place / "toy", "--words-from", tmp_path / "words")[0] == wanted
    assert g2p("--model", place / "toy", "--words-from", "-", data="fade\nbead\n")[0] == wanted
    with pytest.raises(HarkenError, match="cannot be read as a UTF-8 list"):
        g2p("--model", place / "toy", "--words-from", tmp_path / "absent")


def test_the_lexicon_is_asked_first_where_that_is_wanted(place):
    assert g2p("--model", place / "toy", "--lexicon", "fee", "fade")[0] == "fee\tF E\nfade\tF A D E\n"
    assert g2p("--model", place / "toy", "fee")[0] == "fee\tF E E\n"


def test_capitals_and_phrases_are_read(place):
    out, _ = g2p("--model", place / "toy", "Fade-Bead", "fee bad")
    assert out == "Fade-Bead\tF A D E B E A D\nfee_bad\tF E B A D\n"


def test_what_cannot_be_said_is_named_and_the_rest_is_said(place):
    out, err = g2p("--model", place / "toy", "fade", "zzz", "bead", code=1)
    assert out == "fade\tF A D E\nbead\tB E A D\n"
    assert "'zzz' cannot be pronounced: the model never saw 'z'" in err


def test_trains_a_model_that_is_then_used_and_judged(place, tmp_path):
    (tmp_path / "lexicon").write_text(f"{TOY_LEXICON}x\tE K S A B\n")
    out, err = g2p("--train", tmp_path / "lexicon", "--order", 2, "--output", tmp_path / "model")
    assert "trained on 10 pronunciations" in out
    assert "6 letters, 6 phones" in out
    assert "skipped 1 of 11 pronunciations, which have more than two phones a letter: x" in err
    assert G2p.load(tmp_path / "model").ngram.order == 2
    assert g2p("--model", tmp_path / "model", "FADE")[0] == "FADE\tF A D E\n"
    (tmp_path / "judged").write_text("fade\tF A D E\nbead\tB E E D\nxa\tA\n")
    out, _ = g2p("--model", tmp_path / "model", "--evaluate", tmp_path / "judged")
    assert "words wrong    66.67 %  (2 of 3)" in out
    assert "phones wrong   22.22 %  (2 of 9)" in out
    assert "right among the first  1: 33.33 %" in out
    assert "never saw: xa" in out


def test_holds_words_out_before_training(place, tmp_path):
    lexicon = tmp_path / "lexicon"
    lexicon.write_text("".join(f"{a}{b}{c}\t{a} {b} {c}\n" for a in "abcd" for b in "abcd" for c in "abcd"))
    out, _ = g2p("--train", lexicon, "--hold-out", 4, "--output", tmp_path / "model")
    assert "held out 1 of 4 words\nwords wrong     0.00 %" in out
    assert "trained on 64 pronunciations" in out


@pytest.mark.parametrize(
    "arguments",
    [[], ["a", "--train", "b"], ["a", "--evaluate", "b"], ["--train", "b"], ["a", "--order", "3"],
     ["--train", "b", "--output", "c", "--model", "d"], ["a", "--nbest", "0"]],
)  # fmt: skip
def test_refuses_what_makes_no_sense(arguments):
    done = CliRunner().invoke(harken, ["g2p", *arguments])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_models_file_has_no_lexicon(place):
    _, err = g2p("--model", place / "toy" / "g2p.safetensors", "--lexicon", "fade", code=1)
    assert "holds no lexicon; give a bundle's folder" in err


@pytest.mark.cli
def test_the_bundled_model_says_words():
    out, _ = g2p("--nbest", 2, "knightley", "3CPO", "Zürichtown")
    assert out.splitlines()[0] == "knightley\tN AY T L IY"
    assert "3CPO\tTH R IY S IY P IY OW" in out.splitlines()
    assert any(line.startswith("Zürichtown\tZ") for line in out.splitlines())
    assert g2p("--lexicon", "read")[0] == "read\tR EH D\n"
