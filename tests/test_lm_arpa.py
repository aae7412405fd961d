import gzip

import numpy as np
import pytest
from harken.errors import FormatError
from harken.lm.ngram.arpa import Arpa, NgramTable
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.arpa_writer import write_arpa
from hypothesis import given, settings
from hypothesis import strategies as st

from . import naive_arpa

SMALL = """made by hand; what stands before the data line is a comment

\\data\\
ngram 1=5
ngram 2=3
ngram 3=1

\\1-grams:
-1.5\tb\t-0.25
-0.75\t</s>
-99\t<s>\t-0.5
-2\t<unk>
-1.25\ta\t-0.125

\\2-grams:
-0.5\tb </s>
-0.25\t<s> a\t0.0625
-0.375\ta b\t-0.5

\\3-grams:
-0.0625\t<s> a b

\\end\\
"""


def write(folder, text, name="small.arpa"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_special_words_come_first_and_rows_are_sorted(tmp_path):
    arpa = read_arpa(write(tmp_path, SMALL))
    assert arpa.words == ("<unk>", "<s>", "</s>", "b", "a")
    assert arpa.counts == (5, 3, 1)
    assert arpa.tables[0].log10_prob.tolist() == [-2, -99, -0.75, -1.5, -1.25]
    assert arpa.tables[0].log10_backoff.tolist() == [0, -0.5, 0, -0.25, -0.125]
    assert arpa.tables[1].ids.tolist() == [[1, 4], [3, 2], [4, 3]]
    assert arpa.tables[1].log10_prob.tolist() == [-0.25, -0.5, -0.375]
    assert arpa.tables[1].log10_backoff.tolist() == [0.0625, 0, -0.5]
    assert arpa.tables[2].ids.tolist() == [[1, 4, 3]]
    assert arpa.tables[2].ids.dtype == np.int32
    assert arpa.tables[2].log10_prob.dtype == arpa.tables[2].log10_backoff.dtype == np.float32


def test_gzip_is_told_by_content(tmp_path):
    plain = read_arpa(write(tmp_path, SMALL))
    packed = read_arpa(write(tmp_path, gzip.compress(SMALL.encode()), "packed.txt"))
    assert packed.words == plain.words
    write_arpa(plain, tmp_path / "again.arpa.gz")
    assert (tmp_path / "again.arpa.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert read_arpa(tmp_path / "again.arpa.gz").words == plain.words


def test_a_model_without_unknown_word_gets_one(tmp_path):
    text = SMALL.replace("-2\t<unk>\n", "").replace("ngram 1=5", "ngram 1=4")
    arpa = read_arpa(write(tmp_path, text))
    assert arpa.words[0] == "<unk>"
    assert arpa.tables[0].log10_prob[0] == -100


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ngram 2=3", "ngram 2=2", "line 18: more n-grams than the header promises"),
        ("ngram 2=3", "ngram 2=4", "line 20: the 2-gram section has fewer n-grams than the 4"),
        ("ngram 1=5", "ngram 1=6", "line 15: the 1-gram section has fewer"),
        ("ngram 1=5", "ngram 1=4", "line 13: more n-grams"),
        ("ngram 3=1", "ngram 3=2", "line 23: the 3-gram section has fewer"),
        ("ngram 3=1", "ngram 3=99999999999999", "line 23: the 3-gram section has fewer"),
        ("ngram 2=3", "ngram 4=3", "line 5: expected 'ngram 2=COUNT'"),
        ("ngram 2=3", "ngram two", "line 5: expected"),
        ("ngram 2=3", "ngram 2=" + "9" * 5000, "line 5: expected"),
        ("ngram 2=3", "ngram " + "2" * 5000 + "=3", "line 5: expected"),
        ("\\data\\", "data", "no .data. line"),
        ("\\2-grams:", "\\3-grams:", "line 15: found .3-grams: where .2-grams: should stand"),
        ("-0.25\t<s> a", "nan\t<s> a", "line 17: the probability 'nan' is not a finite number"),
        ("-0.25\t<s> a", "-1e999\t<s> a", "line 17: the probability '-1e999' is not"),
        ("-0.25\t<s> a", "x\t<s> a", "line 17: the probability 'x' is not"),
        ("0.0625\n-0.375", "inf\n-0.375", "line 17: the back-off weight 'inf'"),
        ("-0.25\t<s> a", "0.25\t<s> a", "line 17: a log10 probability above 0"),
        ("-0.25\t<s> a", "-0.25\t<s> c", "line 17: the word 'c' is not among the unigrams"),
        ("-0.25\t<s> a", "-0.25\t<s>", "line 17: the word '0.0625' is not among"),
        ("-0.25\t<s> a\t0.0625", "-0.25\ta", "line 17: a 2-gram line has 2 fields"),
        ("<s> a b", "<s> a b\t0", "line 21: a 3-gram line has 5 fields"),
        ("-0.25\t<s> a", "-0.25\ta b", "line 18: an n-gram stands there twice"),
        ("-0.25\t<s> a", "-1_0\t<s> a", "line 17: the probability '-1_0' is not"),
        ("-0.25\t<s> a", "-1e\t<s> a", "line 17: the probability '-1e' is not"),
        ("-0.25\t<s> a", "--1\t<s> a", "line 17: the probability '--1' is not"),
        ("-0.25\t<s> a", "-0x1p3\t<s> a", "line 17: the probability '-0x1p3' is not"),
        ("0.0625\n-0.375", "100\n-0.375", "line 17: the back-off weight '100'"),
        ("<s> a\t0.0625", "<s> a", "line 21: the context '<s> a' of this n-gram has no back-off weight"),
        ("-99\t<s>\t-0.5", "-99\t<s>", "line 17: the context '<s>' of this n-gram has no back-off weight"),
        ("<s> a b", "b a b", "line 21: the context 'b a' of this n-gram is not among the 2-grams"),
        ("-2\t<unk>", "-2\t<UNK>\n-2\t<unk>", "line 13: the unigram '<unk>' stands there twice"),
        ("-1.25\ta\t-0.125\n", "-1.25\t<UNK>\n", "line 13: the unigram '<unk>' stands there twice"),
        ("-1.25\ta", "-1.25\tb", "line 13: the unigram 'b' stands there twice"),
        ("-99\t<s>", "-99\tc", "lack <s>"),
        ("-0.75\t</s>", "-0.75\tc", "lack </s>"),
        ("\\end\\", "", "where .end. should stand; it was cut short"),
        ("\n\\end\\", "-1\tb b b\n\\end\\", "line 22: more n-grams"),
    ],
)
def test_malformed_files_are_refused_by_line(tmp_path, old, new, message):
    assert old in SMALL
    with pytest.raises(FormatError, match=message):
        read_arpa(write(tmp_path, SMALL.replace(old, new, 1)))


def test_every_truncation_is_refused(tmp_path):
    for length in range(len(SMALL) - len("\\end\\\n") + 5):
        with pytest.raises(FormatError, match=r"small\.arpa"):
            read_arpa(write(tmp_path, SMALL[:length]))
    packed = gzip.compress(SMALL.encode())
    for length in range(3, len(packed)):
        with pytest.raises(FormatError, match=r"small\.arpa"):
            read_arpa(write(tmp_path, packed[:length]))


def test_missing_file_and_bad_bytes(tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        read_arpa(tmp_path / "absent.arpa")
    with pytest.raises(FormatError, match="not UTF-8"):
        read_arpa(write(tmp_path, SMALL.encode().replace(b"b", b"\xff")))


def test_what_is_no_arpa_text_is_named(tmp_path):
    for encoding in ("utf-16", "utf-16-be"):
        text = SMALL if encoding == "utf-16" else "\ufeff" + SMALL
        with pytest.raises(FormatError, match="text in UTF-16; an ARPA file is UTF-8"):
            read_arpa(write(tmp_path, text.encode(encoding)))
    with pytest.raises(FormatError, match="a KenLM binary, not an ARPA file"):
        read_arpa(write(tmp_path, b"mmap lm http://kheafield.com/code format version 5\n\0" + bytes(99)))
    for data in (b"", b"\n\n", bytes(range(256)) * 9, b"\\data", "Она пришла.\n".encode(), b"x \\data\\\n\\data\\ x\n"):
        with pytest.raises(FormatError, match=r"small\.arpa, line \d+: no .data. line; this is not an ARPA file"):
            read_arpa(write(tmp_path, data))


def same_as(arpa, words, rows):
    """Whether ``arpa`` is what the naive twin read."""
    assert list(arpa.words) == words
    assert arpa.counts == tuple(map(len, rows))
    for table, wanted in zip(arpa.tables, rows, strict=True):
        assert [tuple(ids) for ids in table.ids.tolist()] == [row[0] for row in wanted]
        for values, place in ((table.log10_prob, 1), (table.log10_backoff, 2)):
            np.testing.assert_array_equal(values, np.array([row[place] for row in wanted], np.float32))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\t", " "),
        lambda text: text.replace(" ", "\t").replace("ngram\t", "ngram "),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", "  \t \n"),
        lambda text: text.replace("\n", "\n \v\f"),
        lambda text: text.replace("ngram ", "ngram  ").replace("=", " = "),
        lambda text: text[:-1],
        lambda text: text + "\nwhatever comes after\n\\1-grams:\n",
        lambda text: "iARPA\n# order 3\n\\data\\ is what begins the model\n" + text,
        lambda text: text.replace("-99", "-99.000000").replace("-0.5", "-5e-1").replace("-1.5", "-.15E+01"),
        lambda text: text.replace("-0.75", "-7500000000000000000000000e-25").replace("-2\t", "-2.\t"),
        lambda text: text.replace("<unk>", "<UNK>"),
        lambda text: text.replace("-2\t<unk>", "-2\t<unk>\t-1").replace("b </s>", "<UNK> </s>"),
    ],
)
def test_what_other_tools_write_is_read(tmp_path, change):
    text = change(SMALL)
    assert text != SMALL
    path = write(tmp_path, text)
    wanted = naive_arpa.tables(naive_arpa.read(text.split("model\n")[-1].split("\nwhatever")[0]))
    same_as(read_arpa(path), *wanted)


digits = st.text("0123456789", min_size=1, max_size=9)
texts_of_numbers = st.one_of(
    st.floats(-99, 0, width=32).map(lambda value: str(np.float32(value))),
    st.floats(-99, 0).map(repr),
    st.floats(-99, 0).map(lambda value: f"{value:.6f}"),
    st.floats(-99, 0).map(lambda value: f"{value:g}"),
    st.floats(-1e-300, 0).map(repr),
    st.builds("-{}.{}e-{}".format, st.text("0", max_size=3).map("0".__add__), digits, st.integers(1, 30)),
    st.builds("-0.{}{}{}".format, digits, digits, digits),
    st.builds("-{}.{}E+0{}".format, st.just("0"), digits, st.integers(0, 1)),
    st.sampled_from(["0", "-0", "+0", "-0.0", "0.", "-.5", "0e0", "-1e-22", "-0000000000000000000001"]),
)


@given(numbers=st.lists(st.tuples(texts_of_numbers, texts_of_numbers), min_size=1, max_size=8))
@settings(deadline=None)
def test_numbers_are_rounded_as_float_rounds_them(tmp_path_factory, numbers):
    rows = "".join(f"{one}\tw{place}\t{other}\n" for place, (one, other) in enumerate(numbers))
    text = (
        f"\\data\\\nngram 1={len(numbers) + 3}\nngram 2=1\n\n\\1-grams:\n-1\t<unk>\t0\n-1\t<s>\t0\n-1\t</s>\t0\n{rows}"
        "\n\\2-grams:\n-1\t<s> </s>\n\n\\end\\\n"
    )
    arpa = read_arpa(write(tmp_path_factory.mktemp("arpa"), text))
    for place, column in enumerate((arpa.tables[0].log10_prob, arpa.tables[0].log10_backoff)):
        wanted = np.array([float(pair[place]) for pair in numbers], np.float32)
        np.testing.assert_array_equal(column[3:], wanted)


@st.composite
def arpa_texts(draw):
    """Texts of small models, n-grams in any order, fields parted anyhow, weights left out where they may be."""
    order = draw(st.integers(1, 4))
    words = ["<s>", "</s>", "a", "bé", "c'c"] + ["<unk>"] * draw(st.booleans())
    spaces = st.sampled_from(["\t", " ", "  ", " \t", "\v"])
    levels, grams = [], [(word,) for word in draw(st.permutations(words))]
    for _ in range(1, order + 1):
        levels.append(grams)
        longer = [(*gram, word) for gram in grams if gram[-1] != "</s>" for word in words if word != "<s>"]
        grams = draw(st.lists(st.sampled_from(longer), unique=True, max_size=7)) if longer else []
    lines = ["\\data\\", *(f"ngram {n}={len(grams)}" for n, grams in enumerate(levels, 1)), ""]
    for n, grams in enumerate(levels, 1):
        contexts = {gram[:-1] for gram in levels[n]} if n < order else set()
        lines.append(f"\\{n}-grams:")
        for gram in grams:
            fields = [draw(texts_of_numbers), *gram]
            if n < order and (gram in contexts or draw(st.booleans())):
                fields.append(draw(texts_of_numbers))
            lines.append(draw(st.sampled_from(["", " ", "\t"])) + draw(spaces).join(fields))
            lines += [""] * draw(st.sampled_from([0, 0, 0, 1]))
    return draw(st.sampled_from(["\n", "\r\n"])).join([*lines, "\\end\\", ""])


@given(text=arpa_texts(), packed=st.booleans())
@settings(deadline=None, max_examples=60)
def test_reading_equals_the_naive_twin(tmp_path_factory, text, packed):
    data = text.encode()
    path = write(tmp_path_factory.mktemp("arpa"), gzip.compress(data) if packed else data)
    same_as(read_arpa(path), *naive_arpa.tables(naive_arpa.read(text)))


@given(text=arpa_texts(), data=st.data())
@settings(deadline=None, max_examples=60)
def test_spoilt_bytes_are_refused_or_read(tmp_path_factory, text, data):
    spoilt = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(spoilt) - 1))
        spoilt[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    path = write(tmp_path_factory.mktemp("arpa"), bytes(spoilt))
    try:
        arpa = read_arpa(path)
    except FormatError as problem:
        assert "small.arpa" in str(problem)
    else:
        for n, table in enumerate(arpa.tables, 1):
            assert table.ids.shape == (len(table.log10_prob), n)
            assert np.isfinite(table.log10_prob).all()
            assert np.isfinite(table.log10_backoff).all()
            assert ((table.ids >= 0) & (table.ids < len(arpa.words))).all()


def test_a_model_that_arpa_cannot_hold_is_not_written(tmp_path):
    arpa = read_arpa(write(tmp_path, SMALL))
    with pytest.raises(FormatError, match="white space"):
        write_arpa(Arpa((*arpa.words[:4], "a b"), arpa.tables), tmp_path / "out.arpa")
    ids, prob, backoff = arpa.tables[0].ids, arpa.tables[0].log10_prob, arpa.tables[0].log10_backoff
    broken = NgramTable(ids, np.where(ids[:, 0] == 3, np.float32("nan"), prob), backoff)
    with pytest.raises(FormatError, match="not finite"):
        write_arpa(Arpa(arpa.words, (broken, *arpa.tables[1:])), tmp_path / "out.arpa")
    assert not (tmp_path / "out.arpa").exists()


numbers = st.floats(-99, 0, width=32)


@given(
    letters=st.lists(st.text("abcé'", min_size=1, max_size=4), unique=True, max_size=6),
    order=st.integers(1, 4),
    data=st.data(),
)
def test_what_is_written_reads_back_bit_for_bit(tmp_path_factory, letters, order, data):
    words = ("<unk>", "<s>", "</s>", *letters)
    tables = [NgramTable(np.arange(len(words), dtype=np.int32)[:, None], *two(data, len(words), order > 1))]
    grams = [(word,) for word in range(len(words))]
    for n in range(2, order + 1):
        longer = [(*gram, word) for gram in grams for word in range(len(words))]
        grams = data.draw(st.lists(st.sampled_from(longer), unique=True, max_size=8)) if longer else []
        ids = np.array(sorted(grams), np.int32).reshape(len(grams), n)
        tables.append(NgramTable(ids, *two(data, len(grams), n < order)))
    path = tmp_path_factory.mktemp("arpa") / "round.arpa"
    write_arpa(Arpa(words, tuple(tables)), path)
    again = read_arpa(path)
    assert again.words == words
    for one, other in zip(tables, again.tables, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.log10_prob, other.log10_prob)
        np.testing.assert_array_equal(one.log10_backoff, other.log10_backoff)


def two(data, count, backoffs):
    prob = np.array(data.draw(st.lists(numbers, min_size=count, max_size=count)), np.float32)
    backoff = np.array(data.draw(st.lists(st.floats(-9, 9, width=32), min_size=count, max_size=count)), np.float32)
    return prob, backoff if backoffs else np.zeros(count, np.float32)
