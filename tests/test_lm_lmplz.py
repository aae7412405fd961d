"""Models beside those that KenLM's lmplz makes of the same text: every n-gram, probability and back-off weight."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from harken.errors import OptionsError
from harken.lm.estimation.estimate import SmoothingOptions, estimate_files
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.arpa_writer import write_arpa
from harken.lm.text.normalizer import normalize

from .shared_data import shared

pytestmark = pytest.mark.parity
SMALL = "a b c\nb c a a\n\nd d c\na a c d\n"
# The last new word follows four others: lmplz takes its occurrences for its continuations when it estimates discounts.
LAST_WORD = "".join(f"{word} zebra came\n" for word in ("the", "a", "this", "the", "no", "the"))


def lmplz(text, folder, order, *options):
    """The file that lmplz writes; raises CalledProcessError where it refuses the text."""
    tools = os.environ.get("KENLM_BIN")
    program = shutil.which("lmplz") or (tools and shutil.which("lmplz", path=tools))
    if not program:
        pytest.skip("lmplz is neither on PATH nor in $KENLM_BIN")
    command = [program, "-o", str(order), "-S", "64M", "-T", folder / "t", "--text", text, "--arpa", folder / "theirs"]
    subprocess.run([*command, *options], check=True, capture_output=True)
    return folder / "theirs"


@pytest.fixture(scope="module")
def speeches(tmp_path_factory):
    """A text of 600 paragraphs, enough to estimate discounts from, with a blank line in it."""
    lines = Path(shared("text/us-presidential-speeches.txt")).read_text("utf8").splitlines()
    sentences = [sentence for sentence in map(normalize, lines[:600]) if sentence]
    path = tmp_path_factory.mktemp("text") / "speeches.txt"
    path.write_text("\n".join([*sentences[:20], "", *sentences[20:]]) + "\n" + LAST_WORD)
    return path


def compare(model, path, folder):
    """Compare ``model``, written and read again, with the file ``path``."""
    write_arpa(model, folder / "ours")
    ours, theirs = read_arpa(folder / "ours"), read_arpa(path)
    assert ours.words == theirs.words
    assert ours.counts == theirs.counts
    for mine, other in zip(ours.tables, theirs.tables, strict=True):
        np.testing.assert_array_equal(mine.ids, other.ids)
        np.testing.assert_allclose(mine.log10_prob, other.log10_prob, rtol=0, atol=1e-5)
        np.testing.assert_allclose(mine.log10_backoff, other.log10_backoff, rtol=0, atol=1e-5)


CUTS = [(0,), (0, 0, 1), (0, 1, 1, 2), (1,), (1, 3)]


@pytest.mark.parametrize(
    ("order", "cutoffs"), [*((order, (0,)) for order in (1, 2, 3, 4, 5, 6)), *((4, cut) for cut in CUTS[1:]), (2, (2,))]
)
def test_models_equal_those_of_lmplz(tmp_path, speeches, order, cutoffs):
    path = lmplz(speeches, tmp_path, order, "--prune", *map(str, cutoffs))
    model = estimate_files([speeches], order, options=SmoothingOptions(cutoffs=cutoffs, discount_fallback=None))
    compare(model, path, tmp_path)


@pytest.mark.parametrize("cutoffs", CUTS[:2])
def test_a_limited_vocabulary_is_that_of_lmplz(tmp_path, speeches, cutoffs):
    limit = sorted(set(speeches.read_text().split()))[::3]
    (tmp_path / "words").write_text("\n".join([*limit, "neverseen"]))
    path = lmplz(speeches, tmp_path, 3, "--limit_vocab_file", tmp_path / "words", "--prune", *map(str, cutoffs))
    options = SmoothingOptions(cutoffs=cutoffs, discount_fallback=None)
    compare(estimate_files([speeches], 3, options=options, limit=[*limit, "neverseen"]), path, tmp_path)


@pytest.mark.parametrize("fallback", [(0.5, 1.0, 1.5), (0.4,), (0.2, 0.9)])
@pytest.mark.parametrize("order", [1, 2, 6])
def test_discounts_fall_back_as_those_of_lmplz(tmp_path, fallback, order):
    (tmp_path / "text").write_text(SMALL + LAST_WORD)
    given = () if fallback == (0.5, 1.0, 1.5) else map(str, fallback)  # those are lmplz's own
    path = lmplz(tmp_path / "text", tmp_path, order, "--discount_fallback", *given)
    model = estimate_files([tmp_path / "text"], order, options=SmoothingOptions(discount_fallback=fallback))
    compare(model, path, tmp_path)


def test_what_lmplz_refuses_is_refused(tmp_path):
    (tmp_path / "text").write_text(SMALL)
    with pytest.raises(subprocess.CalledProcessError):
        lmplz(tmp_path / "text", tmp_path, 3)
    with pytest.raises(OptionsError, match="too few 1-grams that occur once, twice or three times"):
        estimate_files([tmp_path / "text"], 3, options=SmoothingOptions(discount_fallback=None))
