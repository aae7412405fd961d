"""One string where several are meant is refused, never read letter by letter."""

from functools import partial
from pathlib import Path

import pytest
from harken.errors import OptionsError
from harken.lm import KenlmModel, Ngram, estimate, estimate_files, perplexity, tune_weights, write_arpa


def test_strings_in_place_of_lists(tmp_path):
    tables = estimate(["a b", "b a"], 2)
    write_arpa(tables, tmp_path / "arpa")
    pytest.importorskip("kenlm")
    models = (Ngram.from_arpa(tables.to_arpa()), KenlmModel(tmp_path / "arpa"))
    for model in models:
        for take in (model.word_scores, model.sentence_score):
            with pytest.raises(OptionsError, match=r"words is one string \('a b'\), .*split it"):
                take("a b")
        for take in (model.sentence_scores, partial(perplexity, model)):
            with pytest.raises(OptionsError, match=r"sentences is one string \('a b'\), .*\[sentence\]"):
                take("a b")
        assert model.sentence_scores(["a b"])[0] == pytest.approx(model.sentence_score(["a", "b"]), rel=1e-6)
    with pytest.raises(OptionsError, match="sentences is one string"):
        estimate("a b")
    with pytest.raises(OptionsError, match="sentences is one string"):
        tune_weights([tables], "a b")
    with pytest.raises(OptionsError, match="vocabulary is one string"):
        estimate(["a b"], 2, "a b")
    for path in ("text", Path("text"), b"text"):
        with pytest.raises(OptionsError, match=r"paths is one string .*\[path\]"):
            estimate_files(path)
