"""Labels of CTC models: which conventions are understood, and what is refused."""

import pytest
from harken.decoder.ctc.alphabet import Alphabet
from harken.decoder.ctc.prefix_arrays import BOUNDARY, PLAIN, STARTS
from harken.errors import FormatError, OptionsError


@pytest.mark.parametrize(
    ("given", "wanted", "is_bpe"),
    [
        (["a", " ", ""], ("a", " ", ""), False),
        (["<pad>", "|", "a", "<unk>", "<s>"], ("", " ", "a", "⁇", "<s>"), False),
        (["[PAD]", "|", " "], ("", "|", " "), False),
        (["a", " "], ("a", " ", ""), False),
        (["_", "a", " "], ("", "a", " "), False),
        (["_", "a", " ", ""], ("_", "a", " ", ""), False),
        (["▁a", "b", "<unk>", "<pad>"], ("▁a", "b", "▁⁇▁", ""), True),
        (["▁a", "b"], ("▁a", "b", ""), True),
        (["[PAD]", "[UNK]", "the", "##re", "[CLS]"], ("", "▁⁇▁", "▁the", "re", "[CLS]"), True),
    ],
)
def test_notations(given, wanted, is_bpe):
    alphabet = Alphabet.build(given)
    assert alphabet.labels == wanted
    assert alphabet.is_bpe is is_bpe
    assert Alphabet.loads(alphabet.dumps()) == alphabet


def test_what_labels_write():
    alphabet = Alphabet.build(["▁", "▁the", "re", "▁⁇▁", ""])
    assert alphabet.texts == ("", "the", "re", "⁇", "")
    arrays = alphabet.arrays()
    assert arrays.kind.tolist() == [BOUNDARY, STARTS, PLAIN, STARTS, PLAIN]
    assert arrays.closes.tolist() == [0, 0, 0, 1, 0]
    assert not alphabet.spelled_once
    assert Alphabet.build(["a", " ", ""]).spelled_once


def test_two_blanks_are_one_symbol():
    assert Alphabet.build(["", "<pad>", "a", " "]).symbol_of_column.tolist() == [-1, -1, 2, 3]


@pytest.mark.parametrize("labels", [[], ["a", "a", ""], ["a", 1], ["▁a", "b c"], ["##a", " "]])
def test_refused(labels):
    with pytest.raises(OptionsError, match="labels"):
        Alphabet.build(labels)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"labels": [], "is_bpe": false}', '{"labels": ["a"], "is_bpe": 1}'])
def test_no_alphabet(text):
    with pytest.raises(FormatError, match="alphabet"):
        Alphabet.loads(text)
