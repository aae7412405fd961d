"""KenLM's binary files, as build_binary writes them: the header, and where everything of a trie stands.

The layout (KenLM, lm/binary_format.cc, vocab.hh, quantize.hh, trie.cc, bhiksha.cc; little-endian): a header with test
values and the counts, the hashes of the words, the quantiser's bins if any, an array of unigrams, one bit-packed array
for every longer order, the words' spellings.
"""

import os
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import SPECIAL_WORDS

KENLM_MAGIC: Final = b"mmap lm http://kheafield.com/code"
_SANITY: Final = KENLM_MAGIC + b" format version 5\n".ljust(23, b"\0") + struct.pack(
    "<fffIIIQ", 0.0, 1.0, -0.5, 1, 0xFFFFFFFF, 0, 1
)  # fmt: skip
_FIXED: Final = struct.Struct("<BxxxfIBxxxI")  # order, probing multiplier, kind, has the words, version of the search
_PROBING, _TRIE, _QUANTISED, _ARRAY = (0, 1), 2, 1, 2  # kinds; the last two are added to that of a trie
_KINDS: Final = (
    "probing", "probing with rest costs", "trie", "quantised trie", "trie with packed pointers",
    "quantised trie with packed pointers",
)  # fmt: skip
_MOST_ORDER: Final = 32

Bins = tuple[NDArray[np.float32], ...]
"""The values of an order's codes: of probabilities and, but for the highest order, of back-off weights."""


def is_kenlm_binary(path: str | os.PathLike[str]) -> bool:
    """Return whether the file begins as those that KenLM's build_binary makes."""
    with open(path, "rb") as file:
        return file.read(len(KENLM_MAGIC)) == KENLM_MAGIC


def describe_kenlm(path: str | os.PathLike[str]) -> tuple[str, tuple[int, ...]]:
    """Return what kind of model a file of build_binary holds and its number of n-grams of every order.

    A trie's counts include the suffixes that a pruned model lacks. Raises FormatError as ``read_kenlm_trie`` does.
    """
    kind, counts = KenlmFile(path).read_header()
    return _KINDS[kind], tuple(counts)


@dataclass(frozen=True, slots=True)
class TrieLevel:
    """The nodes of one order, bit-packed from byte ``start`` on: word, back-off and probability, pointer.

    The ``highest`` order has neither back-off weights nor pointers.
    """

    start: int
    count: int
    width: int  # bits of a node
    word_bits: int
    pointer_bits: int
    highest: bool
    high_parts: NDArray[np.int64] | None  # from which node on the pointers' cut-off bits have which value


@dataclass(frozen=True, slots=True)
class TrieParts:
    """A trie, found but not decoded: ``words`` in the file's order, ``unigrams`` records of log10 probability, back-off
    weight and first child; ``levels`` and ``bins`` from order 2 on, the latter None where nothing is quantised.
    """

    counts: list[int]
    words: list[str]
    unigrams: NDArray[Any]
    levels: list[TrieLevel]
    bins: list[Bins] | None


class KenlmFile:
    """Walks through one file; every size is held against the file's before anything is made of it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        try:
            self.data: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as problem:
            raise FormatError(f"{path}: cannot be read ({problem}).") from None
        self.at = 0
        self.version = 0
        self.has_words = 0

    def fail(self, problem: str) -> FormatError:
        """Return the exception that names the file and the problem."""
        return FormatError(f"{self.path}: {problem}.")

    def take(self, size: int, what: str) -> int:
        """Step over ``size`` bytes and return where they begin."""
        begin = self.at
        if begin + size > len(self.data):
            raise self.fail(f"the KenLM file is cut short or damaged: it ends inside {what}")
        self.at = begin + size
        return begin

    def array(self, dtype: str, count: int, what: str) -> NDArray[Any]:
        """Step over ``count`` values of ``dtype`` and return them, mapped."""
        begin = self.take(np.dtype(dtype).itemsize * count, what)
        return np.ndarray((count,), dtype, self.data.data, begin)

    def trie(self) -> TrieParts:
        """Return what the file holds of a trie; raises FormatError for any other and for one that is damaged."""
        kind, counts = self.read_header()
        self._check_listable(kind)
        self.array("<u8", 1 + counts[0], "the vocabulary")
        bins = self._read_bins(len(counts)) if kind & _QUANTISED else None
        unigrams = self.array("V16", counts[0] + 2, "the unigrams").view("<f4,<f4,<u8")
        # At least a bit a node: so that sizes computed from the counts stay sensible.
        if any(count > 8 * len(self.data) for count in counts):
            raise self.fail("the KenLM file is cut short or damaged: its counts do not fit its size")
        levels = [self._find_level(counts, n, bins, bool(kind - _TRIE & _ARRAY)) for n in range(2, len(counts) + 1)]
        return TrieParts(counts, self._read_words(counts[0]), unigrams, levels, bins)

    def read_header(self) -> tuple[int, list[int]]:
        """Return the kind of model and its counts."""
        sanity = bytes(self.data[: len(_SANITY)])
        if not sanity.startswith(KENLM_MAGIC):
            raise self.fail("not a file of KenLM's build_binary")
        if sanity != _SANITY:
            raise self.fail("the KenLM file is unfinished, damaged, or of another version than 5; build it anew")
        self.take(len(_SANITY), "its header")
        order, _, kind, self.has_words, version = _FIXED.unpack(self._take_bytes(_FIXED.size))
        if kind >= len(_KINDS) or not 2 <= order <= _MOST_ORDER:
            raise self.fail("the KenLM file is damaged or of an unknown kind; build it anew")
        self.version = version
        counts = np.frombuffer(self._take_bytes(8 * order), "<u8").tolist()
        self.at = -(-self.at // 8) * 8
        return kind, counts

    def _check_listable(self, kind: int) -> None:
        if kind in _PROBING:
            raise self.fail(
                "a KenLM probing model cannot be listed, since it keeps only hashes of its n-grams; "
                "give the ARPA file that it was made from, or build it with 'build_binary trie'"
            )
        if self.version != 1:
            raise self.fail("the KenLM file is damaged or of an unknown kind; build it anew")
        if not self.has_words:
            raise self.fail("the KenLM file holds no spellings of its words; build it anew with the vocabulary")

    def _take_bytes(self, size: int) -> bytes:
        begin = self.take(size, "its header")
        return bytes(self.data[begin : begin + size])

    def _read_bins(self, order: int) -> list[Bins]:
        """Return the values of the codes of every order from 2 on: probabilities, and back-off weights but last."""
        version, prob_bits, backoff_bits = self.array("u1", 8, "the quantiser's bins")[:3].tolist()
        if version != 2 or not 1 <= prob_bits <= 25 or not 1 <= backoff_bits <= 25:
            raise self.fail("the KenLM file is damaged or its quantisation of an unknown version; build it anew")
        bins: list[Bins] = []
        for n in range(2, order + 1):
            sizes = (1 << prob_bits, 1 << backoff_bits)[: 1 + (n < order)]
            bins.append(tuple(self.array("<f4", size, "the quantiser's bins") for size in sizes))
        return bins

    def _find_level(self, counts: list[int], n: int, bins: Any, compressed: bool) -> TrieLevel:
        count, word_bits = counts[n - 1], counts[0].bit_length()
        highest = n == len(counts)
        high_parts, pointer_bits = None, 0
        if not highest:
            pointer_bits = counts[n].bit_length()
            if compressed:
                high_parts, pointer_bits = self._read_high_parts(count + 1, counts[n], n)
        value_bits = (31 if highest else 63) if bins is None else sum(len(b).bit_length() - 1 for b in bins[n - 2])
        width = word_bits + value_bits + pointer_bits
        start = self.take(((1 + count) * width + 7) // 8 + 8, f"the {n}-grams")
        return TrieLevel(start, count, width, word_bits, pointer_bits, highest, high_parts)

    def _read_high_parts(self, entries: int, most: int, n: int) -> tuple[NDArray[np.int64], int]:
        """Return where the bits that are cut off the pointers (Raj and Whittaker 2003) step up, and how many stay."""
        header = self.at
        self.take(8, f"the {n}-grams")
        version, allowed = self.data[header : header + 2].tolist()
        if version != 0:
            raise self.fail("the KenLM file is damaged or its pointers are packed in an unknown way; build it anew")
        required = most.bit_length()
        # The writer cut what made the file smallest; a step costs 64 bits, a bit that is cut saves one an entry.
        costs = [(most >> (required - cut)) * 64 - entries * cut for cut in range(min(required, allowed) + 1)]
        cut = costs.index(min(costs))
        self.at = header
        size = (most >> (required - cut)) + 1
        begin = self.take(8 * (1 + size) + 7, f"the {n}-grams")
        begin += -begin % 8 + 8
        steps = np.ndarray((size,), "<u8", self.data.data, begin)
        if steps[0] != 0 or (steps[1:] < steps[:-1]).any() or (size > 1 and int(steps[-1]) > entries):
            raise self.fail(f"the KenLM file is damaged: the pointers of its {n}-grams do not rise")
        return steps.astype(np.int64), required - cut

    def _read_words(self, count: int) -> list[str]:
        """Return the words, ``<unk>`` first."""
        text = bytes(self.data[self.at :])
        try:
            words = text.decode("utf8").split("\0")
        except UnicodeDecodeError as problem:
            raise self.fail(f"a word of the KenLM file is not UTF-8 ({problem.reason})") from None
        if words.pop() or len(words) != count or words[0] != SPECIAL_WORDS[0] or len(set(words)) != count:
            raise self.fail(
                f"the KenLM file is cut short or damaged: it should end with the spellings of {count} words"
            )
        missing = [word for word in SPECIAL_WORDS if word not in words]
        if missing:
            raise self.fail(f"the KenLM file lacks {missing[0]}, without which no sentence can be scored")
        return words
