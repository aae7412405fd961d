import re

import pytest
from harken.lm.text.normalizer import normalize
from harken.lm.text.numbers import LARGEST, cardinal, decimal, ordinal, roman, year
from hypothesis import given
from hypothesis import strategies as st

SPOKEN = re.compile(r"(?:[a-z']+(?: [a-z']+)*)?")


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("MISTER QUILTER IS THE APOSTLE", "mister quilter is the apostle"),
        ("Hello,  world!\tWell-known\nthings --and (so on)...", "hello world well known things and so on"),
        ("naïve café Natásha Æneas Łódź straße", "naive cafe natasha aeneas lodz strasse"),
        ("Привет, 世界 hello", "hello"),
        ("", ""),
        ("--- !?", ""),
        ("a_word *bold* ~x <y> [z] \\\"q\\\"", "a word bold x y z q"),
    ],
)  # fmt: skip
def test_letters_and_punctuation(written, spoken):
    assert normalize(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("“I don’t know,” he said, ‘tis the boys’ ball.", "i don't know he said 'tis the boys' ball"),
        ("'I know,' he said, 'come here.'", "i know he said come here"),
        ("`I see,' she said; the `dogs''", "i see she said the dogs"),
        ("He said 'hello' to me", "he said hello to me"),
        ("THE BOYS' GOIN' 'ROUND 'OME", "the boys' goin' 'round 'ome"),
        ("said 'everything will do", "said everything will do"),
        ("'So it goes on,", "so it goes on"),
        ("rock 'n' roll o' the town", "rock n roll o' the town"),
        ("' '' ''' x", "x"),
    ],
)  # fmt: skip
def test_apostrophes_stay_and_quotation_marks_go(written, spoken):
    assert normalize(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It is 0, 7, 13, 40, 99, 100.", "it is zero seven thirteen forty ninety nine one hundred"),
        ("1,234,567 men", "one million two hundred and thirty four thousand five hundred and sixty seven men"),
        ("3.14 and .5 and 12,5", "three point one four and point five and twelve five"),
        ("007 and 555-1234", "zero zero seven and five five five one two three four"),
        ("-5 degrees, 10-12 men, 10–12", "minus five degrees ten to twelve men ten to twelve"),
        ("the 1st 2nd 3rd 3d 12th 21st 30th", "the first second third third twelfth twenty first thirtieth"),
        ("In 1984, 1905, 1900, 1066", "in nineteen eighty four nineteen oh five nineteen hundred ten sixty six"),
        ("2000 2004 2010", "two thousand two thousand and four twenty ten"),
        ("the 1960s, the '60s, 60's", "the nineteen sixties the sixties sixties"),
        ("2 1/2 cups, ½ cup, 5½", "two and a half cups one half cup five and a half"),
        ("3/4, 2/3 of 1,984", "three quarters two thirds of one thousand nine hundred and eighty four"),
        ("TB12 401k 24/7 3x4", "tb twelve four oh one k twenty four seven three times four"),
        ("5% 0.5 % 20°C 30 ft.", "five percent zero point five percent twenty degrees celsius thirty feet"),
        ("No. 5 is no. I said no.", "number five is no i said no"),
        ("#5 #tag", "number five hashtag tag"),
    ],
)  # fmt: skip
def test_figures(written, spoken):
    assert normalize(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("$5 $1 $3.50 $0.05", "five dollars one dollar three dollars and fifty cents five cents"),
        ("£1,250 €2 ¥5 10¢", "one thousand two hundred and fifty pounds two euros five yen ten cents"),
        ("$2.5 million, £3bn, $10k", "two point five million dollars three billion pounds ten thousand dollars"),
        ("6:30 6:05 6:00 6:00 pm", "six thirty six oh five six o'clock six p m"),
        ("7:00 o'clock, 18:00, 8 a.m. sharp", "seven o'clock eighteen hundred eight a m sharp"),
        ("On May 5, 1984 and Jan. 3rd", "on may fifth nineteen eighty four and january third"),
        ("12 June 1905, the 5th of May", "the twelfth of june nineteen oh five the fifth of may"),
        ("2019-03-04 or 1/3/2019", "march fourth twenty nineteen or january third twenty nineteen"),
        ("I may 3 times march 4 miles", "i may three times march four miles"),
        ("45/13/2020", "forty five thirteen twenty twenty"),
    ],
)  # fmt: skip
def test_money_times_and_dates(written, spoken):
    assert normalize(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Mr. O'Brien, Mrs Dean, Dr. No, MR. X", "mister o'brien missus dean doctor no mister x"),
        ("near St. James St. in St Albans", "near saint james street in saint albans"),
        ("Gen. Grant; the gen. said", "general grant the gen said"),
        ("Smith & Co. Ltd., Bros. etc.", "smith and company limited brothers et cetera"),
        ("the U.S. Ph.D. e.g. this", "the u s p h d for example this"),
        ("Henry VIII, Chapter IV. and Book III", "henry the eighth chapter four and book three"),
        ("CHAPTER I. Henry I think", "chapter one henry i think"),
        ("Vitamin X and Malcolm X", "vitamin x and malcolm x"),
        ("me@example.org www.example.com", "me at example dot org w w w dot example dot com"),
        ("1 + 1 = 2", "one plus one equals two"),
    ],
)  # fmt: skip
def test_abbreviations_and_symbols(written, spoken):
    assert normalize(written) == spoken


@given(st.text(st.one_of(st.sampled_from("'’‘`\"“”.,-  aeIVXstMr019$%£:/\x00\x01½"), st.characters()), max_size=40))
def test_anything_becomes_words_and_words_stay(text):
    spoken = normalize(text)
    assert SPOKEN.fullmatch(spoken)
    assert normalize(spoken) == spoken


@given(st.integers(0, 10**6))
def test_numbers_are_read_so_that_they_can_be_understood(number):
    small = {cardinal(n): n for n in range(100)}
    total, group = 0, 0
    words = cardinal(number).replace(" and ", " ").split()
    while words:
        pair = " ".join(words[:2])
        if pair in small:
            group, words = group + small[pair], words[2:]
        elif words[0] in small:
            group, words = group + small[words[0]], words[1:]
        elif words[0] == "hundred":
            group, words = group * 100, words[1:]
        else:
            scale = {"thousand": 1000, "million": 10**6}[words[0]]
            total, group, words = total + group * scale, 0, words[1:]
    assert total + group == number


def test_numbers_at_the_edges():
    assert cardinal(-3) == "minus three"
    assert cardinal(LARGEST).startswith("nine hundred and ninety nine decillion")
    assert cardinal(LARGEST + 1).startswith("one zero zero")
    assert ordinal(1_000_000) == "one millionth"
    assert year(2000) == "two thousand"
    assert year(999) == "nine hundred and ninety nine"
    assert decimal("00.50") == "zero zero point five zero"
    assert normalize("9" * 60) == " ".join(["nine"] * 60)


def test_roman_numerals():
    assert [roman(numeral) for numeral in ("I", "IV", "IX", "XIV", "XLII", "MCMXC")] == [1, 4, 9, 14, 42, 1990]
    assert [roman(numeral) for numeral in ("IIII", "VX", "IXI", "VV")] == [0, 0, 0, 0]
