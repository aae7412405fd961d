"""Functions take n-gram models of every kind that they can, and name what to do about others."""

import numpy as np
import pytest
from harken.errors import FormatError, OptionsError
from harken.lm import (
    Arpa,
    Ngram,
    PruneOptions,
    backoff_tables,
    estimate,
    mix,
    prune,
    read_arpa,
    tune_weights,
    write_arpa,
    write_model,
)

TEXT = ["a b c", "b a", "c c a"]


def same(one: Arpa, other: Arpa) -> None:
    assert one.words == other.words
    for table, wanted in zip(one.tables, other.tables, strict=True):
        assert np.array_equal(table.ids, wanted.ids)
        np.testing.assert_allclose(table.log10_prob, wanted.log10_prob, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(table.log10_backoff, wanted.log10_backoff, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["Arpa", "Ngram"])
def test_mix_prune_and_tune_take_models_that_were_read(kind):
    arpa, other = estimate(TEXT, 3).to_arpa(), estimate(["a c", "b b d"], 2)
    tables = backoff_tables(arpa)
    given = arpa if kind == "Arpa" else Ngram.from_arpa(arpa)
    same(mix([given, other], [0.25, 0.75]).to_arpa(), mix([tables, other], [0.25, 0.75]).to_arpa())
    same(prune(given, PruneOptions(total=5)).to_arpa(), prune(tables, PruneOptions(total=5)).to_arpa())
    assert tune_weights([given, other], ["a b", "b d"]) == pytest.approx(tune_weights([tables, other], ["a b", "b d"]))


def test_an_ngram_is_written_as_it_is(tmp_path):
    arpa = estimate(TEXT, 3).to_arpa()
    model = Ngram.from_arpa(arpa)
    write_arpa(model, tmp_path / "one.arpa")
    write_model(model, tmp_path / "two.arpa.gz")
    same(read_arpa(tmp_path / "one.arpa"), arpa)
    same(read_arpa(tmp_path / "two.arpa.gz"), arpa)
    write_model(model, tmp_path / "three.safetensors", 4)
    model.save(tmp_path / "four.safetensors", 4)
    assert (tmp_path / "three.safetensors").read_bytes() == (tmp_path / "four.safetensors").read_bytes()


def test_other_kinds_are_refused(tmp_path):
    for take, name in (
        (lambda: mix([3], [1.0]), "mix"),
        (lambda: prune("m.arpa", PruneOptions(total=5)), "prune"),
        (lambda: tune_weights([None], TEXT), "tune_weights"),
        (lambda: write_arpa("m.arpa", tmp_path / "x.arpa"), "write_arpa"),
        (lambda: write_model("m.arpa", tmp_path / "x.safetensors"), "write_model"),
    ):
        with pytest.raises(OptionsError, match=f"^{name} takes .* read a file with read_ngrams"):
            take()
    assert not list(tmp_path.iterdir())


def test_names_that_cannot_be_written_to(tmp_path):
    tables = estimate(TEXT, 2)
    for ending in ("bz2", "xz"):
        with pytest.raises(FormatError, match=f"x.arpa.{ending}: .*gzip alone.* ends in .gz"):
            write_arpa(tables, tmp_path / f"x.arpa.{ending}")
    with pytest.raises(FormatError, match=r"absent/m\.safetensors: cannot be written"):
        Ngram.from_arpa(tables.to_arpa()).save(tmp_path / "absent" / "m.safetensors")
    assert not list(tmp_path.iterdir())
