"""Raw text line by line: what comes out, and what is said about letters that have no English reading."""

import pytest
from harken.errors import FormatError
from harken.lm.text import normalize_lines


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
