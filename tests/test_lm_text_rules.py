"""Every rule of the normaliser by its cases, and the way back to figures."""

from collections import Counter
from itertools import islice

import pytest
from harken.errors import OptionsError
from harken.lm.text import RULES, WrittenOptions, explain, normalize, to_written
from harken.lm.text.figure_rules import FIGURE_RULES
from harken.lm.text.folding import to_ascii
from harken.lm.text.numbers import cardinal, ordinal, year
from harken.lm.text.spoken_numbers import with_ands
from harken.lm.text.written import LADDER, read_out
from hypothesis import given
from hypothesis import strategies as st

from .shared_data import shared
from .text_rules_page import PAGE, page, read_cases

CASES = read_cases()
SILENT = {"punctuation"}
"""Rules that `explain` does not tell of, since they touch every word."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.written}")
def test_case(case):
    assert normalize(case.written) == case.spoken
    assert to_written(case.spoken) == case.back
    assert normalize(case.back) == case.spoken
    applied = {reading.rule for reading in explain(case.written)}
    assert applied <= {rule.name for rule in RULES}
    if case.rule not in SILENT:
        assert (case.rule in applied) == case.applies


def test_every_rule_has_a_name_a_sentence_and_three_cases():
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    counts = Counter(case.rule for case in CASES if case.applies)
    assert set(counts) == set(names)
    assert min(counts.values()) >= 3
    assert len(CASES) > 500
    for rule in RULES:
        assert rule.doc[-1] == "."
        assert rule.doc[0].isupper() or rule.doc[0] in '"2'


def test_cases_differ():
    assert max(Counter((case.rule, case.written) for case in CASES).values()) == 1


def test_the_page_of_rules_says_what_the_rules_say():
    assert PAGE.read_text(encoding="utf8") == page(), "run python -m tests.text_rules_page"


def naive_read_out(text):
    """Every rule one after another (those for figures where there are some), without the cheap questions before."""
    figures = any(character.isdigit() for character in text)
    for rule in LADDER:
        if figures or rule not in FIGURE_RULES:
            text = rule.pattern.sub(rule.read, text)
    return text


def test_no_rule_is_kept_from_a_text_that_it_would_read():
    for case in CASES:
        text = to_ascii(case.written)
        assert read_out(text) == naive_read_out(text)


@given(st.lists(st.sampled_from(sorted({part for case in CASES for part in case.written})), max_size=12))
def test_no_rule_is_kept_from_any_text(characters):
    text = to_ascii("".join(characters).translate(dict.fromkeys(range(32), " ")))
    assert read_out(text) == naive_read_out(text)


def test_explain_tells_what_was_read_by_which_rule():
    told = [(reading.rule, reading.written, reading.spoken) for reading in explain("Dr. No paid £3bn on 5 May.")]
    assert told == [
        ("money", "£3bn", "three billion pounds"),
        ("day and month", "5 May.", "the fifth of may"),
        ("titles", "dr", "doctor"),
    ]
    assert explain("nothing to see") == []


@given(st.lists(st.sampled_from(sorted({word for case in CASES for word in case.written.split()})), max_size=6))
def test_cases_thrown_together_come_back(words):
    spoken = normalize(" ".join(words))
    assert normalize(spoken) == spoken
    written = to_written(spoken)
    assert normalize(written) == spoken
    assert to_written(spoken) == written


NUMBER_WORDS = (  # noqa: SIM905
    "zero one two five ten eleven fifteen nineteen twenty thirty sixty ninety hundred thousand million and oh point a "
    "the of to first second third fifth twentieth hundredth thirtieth half halves quarter tens sixties nineties may "
    "march june dollars dollar cents percent p m o'clock past pounds pence euros minus b c in since dot com w s"
).split()


@given(st.lists(st.sampled_from(NUMBER_WORDS), max_size=9))
def test_number_words_in_any_order_are_never_read_otherwise(words):
    spoken = normalize(" ".join(words))
    assert normalize(to_written(spoken)) == spoken


@given(st.one_of(st.integers(10, 10**12), st.integers(1, 999).map(lambda millions: millions * 10**6)))
def test_numbers_come_back(number):
    figures = f"{number:,}"
    for name, zeros in (("trillion", 12), ("billion", 9), ("million", 6)):
        if number % 10**zeros == 0:
            figures = f"{number // 10**zeros} {name}"
            break
    assert to_written(f"about {cardinal(number)} of them") == f"about {figures} of them"


@given(st.integers(10, 10**6))
def test_ranks_come_back(number):
    suffix = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    assert to_written(f"the {ordinal(number)}") == f"the {number:,}{suffix}"


@given(st.integers(1010, 2099))
def test_years_come_back(number):
    if number % 1000 >= 10 or 2000 <= number < 2010:
        assert to_written(f"in {year(number)} he left") == f"in {number} he left"


@pytest.mark.parametrize(
    "spoken",
    [
        "half past ten", "six thirty", "ten fifteen twenty", "five and twenty years", "a hundred and twenty men",
        "nineteen hundred and five", "one hundred twenty", "you may first go", "a thirty second break", "fifty fifty",
        "twenty hundredths", "five pounds", "quarter to twelve", "double five o six",
        "twenty point five oh six dollars", "two and a half", "one two three four five six seven",
    ],
)  # fmt: skip
def test_what_could_mean_several_things_stays(spoken):
    assert to_written(spoken) == spoken


def test_small_numbers_are_figures_where_asked():
    spoken = "one or nine of ten men the first the ninth man five percent"
    assert to_written(spoken) == "one or nine of 10 men the first the ninth man 5%"
    assert to_written(spoken, WrittenOptions(smallest=0)) == "1 or 9 of 10 men the 1st the 9th man 5%"
    assert to_written("no one", WrittenOptions(smallest=0)) == "no 1"
    assert to_written(spoken, WrittenOptions(smallest=100)) == "one or nine of ten men the first the ninth man 5%"
    with pytest.raises(OptionsError, match="smallest is -1; give 0 or more"):
        WrittenOptions(smallest=-1)


@pytest.mark.parametrize("text", ["text/us-presidential-speeches.txt", "text/common-voice-sentences.txt"])
def test_real_text_comes_back(text):
    changed = 0
    with open(shared(text), encoding="utf8") as lines:
        for line in islice(lines, 1500):
            spoken = normalize(line)
            written = to_written(spoken)
            changed += written != spoken
            assert normalize(written) == spoken
    assert changed > 10


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("one hundred twenty dollars", "$120"),
        ("one thousand five men", "1,005 men"),
        ("two hundred thousand three hundred forty", "200,340"),
        ("the one hundred first time", "the 101st time"),
        ("the one hundred twenty third", "the 123rd"),
        ("one hundred and twenty", "120"),
        ("a hundred twenty", "a hundred twenty"),
        ("nineteen eighty four and twenty one", "1984 and 21"),
        ("two hundred percent", "200%"),
    ],
)
def test_numbers_without_and_are_taken_where_asked(spoken, written):
    assert to_written(spoken, WrittenOptions(loose=True)) == written


@given(st.integers(10, 10**9))
def test_and_is_put_where_it_belongs(number):
    said = cardinal(number)
    assert " ".join(with_ands([word for word in said.split() if word != "and"])) == said
    assert with_ands(said.split()) == said.split()
