import gzip

import numpy as np
import pytest
from harken.errors import FormatError
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram import arpa_writer
from harken.lm.ngram.arpa import Arpa, NgramTable
from harken.lm.ngram.arpa_writer import write_arpa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .naive_lm import arpa_text, float32_text

WORDS = ("<unk>", "<s>", "</s>", "a", "été", "it's")
finite_bits = st.integers(0, 0x7F7FFFFF) | st.builds(
    lambda power, near: max(0, min((power << 23) + near, 0x7F7FFFFF)), st.integers(0, 254), st.integers(-2, 2)
)


def unigrams(prob):
    """A model of order 1 with these log10 probabilities."""
    words = tuple(f"w{number}" for number in range(len(prob)))
    return Arpa(words, (NgramTable(np.arange(len(prob), dtype=np.int32)[:, None], prob, np.zeros_like(prob)),))


@given(bits=st.lists(finite_bits, min_size=1, max_size=60), negative=st.booleans())
@example(bits=list(range(1, 60)), negative=False)
@example(bits=[power << 23 for power in range(255)], negative=True)
@settings(deadline=None)
def test_numbers_are_the_shortest_that_read_back(tmp_path_factory, bits, negative):
    values = np.array(bits, np.uint32).view(np.float32) * np.float32(-1 if negative else 1)
    path = tmp_path_factory.mktemp("arpa") / "numbers.arpa"
    write_arpa(unigrams(values), path)
    written = [line.split("\t")[0] for line in path.read_text().splitlines()[4:-2]]
    assert written == [float32_text(value) for value in values]
    np.testing.assert_array_equal(np.array(written, np.float32), values)
    assert [np.float32(repr(value)[11:-1]) for value in values] == [np.float32(text) for text in written]
    # As short as NumPy's own.
    assert [digits(text) for text in written] == [digits(repr(value)[11:-1]) for value in values]


def digits(text):
    return text.strip("-").split("e")[0].replace(".", "").strip("0")


def test_numbers_look_as_readers_expect(tmp_path):
    values = [0.0, -0.0, -1.0, -99.0, -0.5, -1.25, 1e-4, -0.00012345678, 1e-5, -1.25e-7, 123456.0, 1e10, 3e38]
    write_arpa(unigrams(np.array(values, np.float32)), tmp_path / "numbers.arpa")
    written = [line.split("\t")[0] for line in (tmp_path / "numbers.arpa").read_text().splitlines()[4:-2]]
    wanted = ["0", "0", "-1", "-99", "-0.5", "-1.25", "0.0001", "-0.00012345678", "1e-5", "-1.25e-7"]
    assert written == [*wanted, "123456", "1e10", "3e38"]


@st.composite
def models(draw):
    tables = []
    order = draw(st.integers(1, 4))
    for n in range(1, order + 1):
        grams = [(word,) for word in range(len(WORDS))]
        if n > 1:
            grams = sorted(draw(st.sets(st.tuples(*[st.integers(0, len(WORDS) - 1)] * n), max_size=9)))
        numbers = draw(st.lists(st.floats(-99, 99, width=32), min_size=2 * len(grams), max_size=2 * len(grams)))
        halves = np.array(numbers, np.float32).reshape(2, -1)
        tables.append(NgramTable(np.array(grams, np.int32).reshape(len(grams), n), *halves))
    return Arpa(WORDS, tuple(tables))


@given(model=models(), rows=st.integers(1, 7))
@settings(deadline=None, max_examples=40)
def test_files_equal_those_of_the_naive_twin(tmp_path_factory, model, rows):
    folder = tmp_path_factory.mktemp("arpa")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arpa_writer, "_ROWS_AT_ONCE", rows)
        write_arpa(model, folder / "plain.arpa")
        write_arpa(model, folder / "packed.arpa.gz")
    wanted = arpa_text(model).encode()
    assert (folder / "plain.arpa").read_bytes() == wanted
    assert gzip.decompress((folder / "packed.arpa.gz").read_bytes()) == wanted


def test_tables_of_an_estimate_are_written_as_they_stand(tmp_path):
    model = estimate(["a b c", "b c a", "c"], 3)
    write_arpa(model, tmp_path / "tables.arpa")
    assert (tmp_path / "tables.arpa").read_text() == arpa_text(model.to_arpa())


def test_the_same_model_gives_the_same_bytes(tmp_path):
    model = estimate(["a b c", "b c a", "c"], 3)
    for name in ("one.arpa.gz", "other.arpa.gz"):
        write_arpa(model, tmp_path / name)
    assert (tmp_path / "one.arpa.gz").read_bytes() == (tmp_path / "other.arpa.gz").read_bytes()
    assert (tmp_path / "one.arpa.gz").stat().st_mode & 0o777 == 0o644


def broken(**changes):
    """A model of two orders, one field of its bigrams changed."""
    ids = np.array([[3, 4], [4, 3]], np.int32)
    fields = {"ids": ids, "log10_prob": np.zeros(2, np.float32), "log10_backoff": np.zeros(2, np.float32)}
    three = fields | {"ids": np.array([[3, 4, 4], [4, 3, 3]], np.int32)}
    zero = np.zeros(len(WORDS), np.float32)
    first = NgramTable(np.arange(len(WORDS), dtype=np.int32)[:, None], zero, zero)
    return Arpa(WORDS, (first, NgramTable(**(fields | changes)), NgramTable(**three)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": np.array([[3, 4], [4, 6]], np.int32)}, "2-grams hold ids that are not those of its words"),
        ({"ids": np.array([[3, 4], [-1, 3]], np.int32)}, "2-grams hold ids"),
        ({"ids": np.array([[3], [4]], np.int32)}, "2-grams hold ids"),
        ({"log10_prob": np.array([0, np.nan], np.float32)}, "not finite"),
        ({"log10_backoff": np.array([-np.inf, 0], np.float32)}, "not finite"),
        ({"log10_backoff": np.zeros(1, np.float32)}, "as many"),
    ],
)
def test_a_model_that_makes_no_sense_leaves_no_file(tmp_path, changes, message):
    with pytest.raises(FormatError, match=message):
        write_arpa(broken(**changes), tmp_path / "out.arpa")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["", "two words", "tab\t", "\udc80"])
def test_words_that_arpa_cannot_hold_are_refused(tmp_path, word):
    zero = np.zeros(1, np.float32)
    with pytest.raises(FormatError, match="word"):
        write_arpa(Arpa((word,), (NgramTable(np.zeros((1, 1), np.int32), zero, zero),)), tmp_path / "out.arpa")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"absent.*out\.arpa: cannot be written \(No such file"):
        write_arpa(broken(), tmp_path / "absent" / "out.arpa")
    (tmp_path / "folder.arpa").mkdir()
    with pytest.raises(FormatError, match="cannot be written"):
        write_arpa(broken(), tmp_path / "folder.arpa")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.arpa"]
