"""Raw text line by line: what comes out, and what is said about letters that have no English reading."""

import time

import pytest
from click.testing import CliRunner
from harken.engine import cli
from harken.errors import FormatError
from harken.lm.text import RULES, normalize, normalize_lines, split_sentences, to_written


def test_lines_become_words_and_nothing_is_reported():
    lines = normalize_lines(["He paid $5.", "", "...", "“Naïve” – ŵ ﬁne"])
    assert list(lines) == ["he paid five dollars", "naive w fine"]
    report = lines.report
    assert (report.lines, report.sentences, report.words, report.emptied) == (4, 2, 7, 0)
    assert not report.dropped
    assert str(report) == ""


def test_paragraphs_are_split_where_asked():
    paragraph = ["Mr. Dean came. He paid $5. Then 2 left."]
    assert list(normalize_lines(paragraph)) == ["mister dean came he paid five dollars then two left"]
    split = list(normalize_lines(paragraph, sentences=True))
    assert split == ["mister dean came", "he paid five dollars", "then two left"]


def test_letters_of_other_scripts_are_counted():
    lines = normalize_lines(["war and peace", "война и мир 1869", "πόλεμος war", "世界 ひらがな カタカナ 한국"])
    assert list(lines) == ["war and peace", "eighteen sixty nine", "war"]
    assert dict(lines.report.dropped) == {"Cyrillic": 9, "Greek": 7, "Chinese": 2, "Japanese": 8, "Korean": 2}
    assert lines.report.emptied == 1
    assert str(lines.report) == (
        "9 Cyrillic, 8 Japanese, 7 Greek, 2 Chinese, 2 Korean letters were dropped; 1 of 4 lines lost all their words"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (["Война и мир", "Анна"], r"book\.txt: nothing is left of it, for its 13 letters are Cyrillic and .* English"),
        (["日本語、ひらが"], r"its 3 letters are Chinese \(3 Japanese too\)"),
        (["", " ... "], r"book\.txt: no words in 2 lines; give"),
        ([], r"book\.txt: no words in 0 lines"),
    ],
)
@pytest.mark.parametrize("sentences", [False, True])
def test_a_text_that_loses_everything_is_refused(text, message, sentences):
    with pytest.raises(FormatError, match=message):
        list(normalize_lines(text, "book.txt", sentences=sentences))


def harken(*arguments, data=""):
    done = CliRunner().invoke(cli.harken, ["text", *arguments], input=data.encode())
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_the_command_reads_out_and_writes_back(tmp_path):
    place = tmp_path / "talk.txt"
    place.write_text("He paid $3.50. Then left.\n\nНет war\n", encoding="utf8")
    done = harken(str(place))
    assert done.stdout == "he paid three dollars and fifty cents then left\nwar\n"
    assert "3 Cyrillic letters were dropped; 0 of 3 lines lost all their words." in done.stderr
    assert harken("--sentences", data="He paid $3.50. Then left.").stdout.splitlines()[1] == "then left"
    assert harken("--written", data="three dollars and fifty cents\n\nten men").stdout == "$3.50\n\n10 men\n"
    assert harken("--written", "--smallest", "20", data="ten men").stdout == "ten men\n"
    assert harken("--written", "--loose", data="one hundred ten men").stdout == "110 men\n"
    assert harken("--explain", data="Dr. No paid £5").stdout == "money\t£5\tfive pounds\ntitles\tdr\tdoctor\n"
    spoken = tmp_path / "talk.spoken"
    assert harken(str(place), "-o", str(spoken)).stdout == ""
    assert spoken.read_text() == "he paid three dollars and fifty cents then left\nwar\n"


def test_the_command_lists_its_rules():
    assert harken("--rules").stdout == "".join(f"{rule.name}: {rule.doc}\n" for rule in RULES)


def test_the_command_refuses_what_makes_no_sense():
    assert harken("--written", "--explain", data="x").exit_code == 2
    with pytest.raises(FormatError, match="its 3 letters are Cyrillic"):
        harken(data="Нет")


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("He left. Mr. Smith came. It was 5.", ["He left.", "Mr. Smith came.", "It was 5."]),
        ("The U.S. Army won. J. R. Smith knew.", ["The U.S. Army won.", "J. R. Smith knew."]),
        ("Come at 6 p.m. Then eat! “Why?” she said.", ["Come at 6 p.m.", "Then eat!", "“Why?” she said."]),
        ("One. two. Three... Four", ["One. two.", "Three...", "Four"]),
        ("", [""]),
    ],
)
def test_sentences_end_where_they_do(paragraph, sentences):
    found = list(split_sentences(paragraph))
    assert [sentence.strip() for sentence in found] == sentences
    assert "".join(found) == paragraph


@pytest.mark.parametrize("part", ["Mr. ", "1-", "1/", "9", "1 000 ", "a.", "x@", "$5 ", "it's ", "I ", "St. Paul "])
def test_long_lines_cost_no_more_than_their_length(part):
    def seconds(length):
        text = part * (length // len(part))
        begin = time.thread_time()
        to_written(normalize(text))
        list(split_sentences(text))
        return time.thread_time() - begin

    seconds(2000)
    assert seconds(16000) < 24 * max(seconds(2000), 0.005)
