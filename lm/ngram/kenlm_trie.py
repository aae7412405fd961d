"""KenLM's trie files, as build_binary writes them, read into plain tables so that they can be mixed and pruned.

The layout (KenLM, lm/binary_format.cc, vocab.hh, quantize.hh, trie.cc, bhiksha.cc; little-endian): a header with test
values and the counts, the hashes of the words, the quantiser's bins if any, an array of unigrams, one bit-packed array
for every longer order, the words' spellings. The trie is keyed from the last word backwards: the children of a node
are the n-grams with one more word in front, so that an n-gram's suffix is its parent.
"""

import os
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import MOST_LOG10, SPECIAL_WORDS, Arpa, NgramTable

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
_NODES_AT_ONCE: Final = 1 << 20


def is_kenlm_binary(path: str | os.PathLike[str]) -> bool:
    """Return whether the file begins as those that KenLM's build_binary makes."""
    with open(path, "rb") as file:
        return file.read(len(KENLM_MAGIC)) == KENLM_MAGIC


def read_kenlm_trie(path: str | os.PathLike[str]) -> Arpa:
    """Read the model in ``path``: a trie that build_binary made (plain or -q, -b; with or without -a).

    Scores are those of the file, quantised where it is. Suffixes that a pruned model lacks are among the n-grams, with
    the probability that backing off gives, since the trie lists them too. The special words come first, the others in
    the file's order. Raises FormatError for KenLM's probing files, which keep only hashes of their n-grams, and for
    files that are damaged, cut short or of another kind.
    """
    return _reader(path).read()


def describe_kenlm(path: str | os.PathLike[str]) -> tuple[str, tuple[int, ...]]:
    """Return what kind of model a file of build_binary holds and its number of n-grams of every order.

    A trie's counts include the suffixes that a pruned model lacks. Raises FormatError as ``read_kenlm_trie`` does.
    """
    kind, counts = _reader(path).read_header()
    return _KINDS[kind], tuple(counts)


def _reader(path: str | os.PathLike[str]) -> "_Reader":
    try:
        return _Reader(os.fspath(path), np.memmap(path, np.uint8, "r"))
    except (OSError, ValueError) as problem:
        raise FormatError(f"{path}: cannot be read ({problem}).") from None


@dataclass(frozen=True, slots=True)
class _Level:
    """The nodes of one order, bit-packed from byte ``start`` on: word, back-off and probability, pointer."""

    start: int
    count: int
    width: int  # bits of a node
    word_bits: int
    pointer_bits: int  # 0 in the highest order
    high_parts: NDArray[np.int64] | None  # from which node on the pointers' cut-off bits have which value


class _Reader:
    """Walks through one file; every size is held against the file's before anything is made of it."""

    def __init__(self, path: str, data: NDArray[np.uint8]) -> None:
        self.path = path
        self.data = data
        self.at = 0
        self.version = 0
        self.has_words = 0

    def fail(self, problem: str) -> FormatError:
        return FormatError(f"{self.path}: {problem}.")

    def take(self, size: int, what: str) -> int:
        """Step over ``size`` bytes and return where they begin."""
        begin = self.at
        if begin + size > len(self.data):
            raise self.fail(f"the KenLM file is cut short or damaged: it ends inside {what}")
        self.at = begin + size
        return begin

    def array(self, dtype: str, count: int, what: str) -> NDArray[Any]:
        begin = self.take(np.dtype(dtype).itemsize * count, what)
        return np.ndarray((count,), dtype, self.data.data, begin)

    def read(self) -> Arpa:
        kind, counts = self.read_header()
        self.check_listable(kind)
        self.array("<u8", 1 + counts[0], "the vocabulary")
        bins = self.read_bins(len(counts)) if kind & _QUANTISED else None
        unigrams = self.array("V16", counts[0] + 2, "the unigrams").view("<f4,<f4,<u8")
        # At least a bit a node: so that sizes computed from the counts stay sensible.
        if any(count > 8 * len(self.data) for count in counts):
            raise self.fail("the KenLM file is cut short or damaged: its counts do not fit its size")
        levels = [self.find_level(counts, n, bins, bool(kind - _TRIE & _ARRAY)) for n in range(2, len(counts) + 1)]
        words, new_id = self.read_words(counts[0])
        return Arpa(words, self.read_tables(counts, unigrams, levels, bins, new_id))

    def read_header(self) -> tuple[int, list[int]]:
        """Return the kind of model and its counts."""
        sanity = bytes(self.data[: len(_SANITY)])
        if not sanity.startswith(KENLM_MAGIC):
            raise self.fail("not a file of KenLM's build_binary")
        if sanity != _SANITY:
            raise self.fail("the KenLM file is unfinished, damaged, or of another version than 5; build it anew")
        self.take(len(_SANITY), "its header")
        order, _, kind, self.has_words, version = _FIXED.unpack(self.take_bytes(_FIXED.size))
        if kind >= len(_KINDS) or not 2 <= order <= _MOST_ORDER:
            raise self.fail("the KenLM file is damaged or of an unknown kind; build it anew")
        self.version = version
        counts = np.frombuffer(self.take_bytes(8 * order), "<u8").tolist()
        self.at = -(-self.at // 8) * 8
        return kind, counts

    def check_listable(self, kind: int) -> None:
        if kind in _PROBING:
            raise self.fail(
                "a KenLM probing model cannot be listed, since it keeps only hashes of its n-grams; "
                "give the ARPA file that it was made from, or build it with 'build_binary trie'"
            )
        if self.version != 1:
            raise self.fail("the KenLM file is damaged or of an unknown kind; build it anew")
        if not self.has_words:
            raise self.fail("the KenLM file holds no spellings of its words; build it anew with the vocabulary")

    def take_bytes(self, size: int) -> bytes:
        begin = self.take(size, "its header")
        return bytes(self.data[begin : begin + size])

    def read_bins(self, order: int) -> list[tuple[NDArray[np.float32], ...]]:
        """Return the values of the codes of every order from 2 on: probabilities, and back-off weights but last."""
        version, prob_bits, backoff_bits = self.array("u1", 8, "the quantiser's bins")[:3].tolist()
        if version != 2 or not 1 <= prob_bits <= 25 or not 1 <= backoff_bits <= 25:
            raise self.fail("the KenLM file is damaged or its quantisation of an unknown version; build it anew")
        bins: list[tuple[NDArray[np.float32], ...]] = []
        for n in range(2, order + 1):
            sizes = (1 << prob_bits, 1 << backoff_bits)[: 1 + (n < order)]
            bins.append(tuple(self.array("<f4", size, "the quantiser's bins") for size in sizes))
        return bins

    def find_level(self, counts: list[int], n: int, bins: Any, compressed: bool) -> _Level:
        count, word_bits = counts[n - 1], counts[0].bit_length()
        highest = n == len(counts)
        high_parts, pointer_bits = None, 0
        if not highest:
            pointer_bits = counts[n].bit_length()
            if compressed:
                high_parts, pointer_bits = self.read_high_parts(count + 1, counts[n], n)
        value_bits = (31 if highest else 63) if bins is None else sum(len(b).bit_length() - 1 for b in bins[n - 2])
        width = word_bits + value_bits + pointer_bits
        start = self.take(((1 + count) * width + 7) // 8 + 8, f"the {n}-grams")
        return _Level(start, count, width, word_bits, pointer_bits, high_parts)

    def read_high_parts(self, entries: int, most: int, n: int) -> tuple[NDArray[np.int64], int]:
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

    def read_words(self, count: int) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        """Return the words, special ones first, and our number of each of the file's."""
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
        begin, end = words.index(SPECIAL_WORDS[1]), words.index(SPECIAL_WORDS[2])
        order = np.array([0, begin, end, *(place for place in range(1, count) if place not in (begin, end))])
        new_id = np.empty(count, np.int32)
        new_id[order] = np.arange(count, dtype=np.int32)
        return tuple(words[place] for place in order), new_id

    def read_tables(
        self, counts: list[int], unigrams: NDArray[Any], levels: list[_Level], bins: Any, new_id: NDArray[np.int32]
    ) -> tuple[NgramTable, ...]:
        prob, backoff, first_child = (np.ascontiguousarray(unigrams[field]) for field in ("f0", "f1", "f2"))
        size = counts[0]
        ids = new_id[:, None]
        tables = [self.table(ids, prob[:size], backoff[:size], 1)]
        pointers = first_child[: size + 1].astype(np.int64)
        for n, level in enumerate(levels, 2):
            if pointers[0] != 0 or pointers[-1] != level.count or (pointers[1:] < pointers[:-1]).any():
                raise self.fail(f"the KenLM file is damaged: its {n - 1}-grams point at no sound range of {n}-grams")
            words, prob, backoff, following = self.read_level(level, None if bins is None else bins[n - 2])
            if len(words) and words.max() >= size:
                raise self.fail(f"the KenLM file is damaged: a {n}-gram holds a word beyond its vocabulary")
            longer = np.empty((level.count, n), np.int32)
            longer[:, 1:] = np.repeat(ids, np.diff(pointers), axis=0)
            longer[:, 0] = new_id[words]
            ids, pointers = longer, following
            tables.append(self.table(ids, prob, backoff, n))
        return tuple(tables)

    def read_level(
        self, level: _Level, bins: tuple[NDArray[np.float32], ...] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        """Return word, probability and back-off weight of every node, and the pointers, one more than nodes."""
        words, pointers = np.empty(level.count, np.int32), np.zeros(level.count + 1, np.int64)
        prob, backoff = np.empty(level.count, np.float32), np.zeros(level.count, np.float32)
        # Eight bytes from every byte on; the nodes of a level are followed by eight bytes more for this very end.
        windows = np.ndarray((len(self.data) - 7,), "<u8", self.data.data, 0, (1,))
        for begin in range(0, level.count + 1, _NODES_AT_ONCE):
            end = min(begin + _NODES_AT_ONCE, level.count + 1)
            bit = np.arange(begin, end, dtype=np.int64) * level.width

            def field(offset: int, bits: int, bit: NDArray[np.int64] = bit) -> NDArray[np.uint64]:
                place = bit + offset
                read: NDArray[np.uint64] = windows[level.start + (place >> 3)] >> (place & 7).astype(np.uint64)
                return read & np.uint64((1 << bits) - 1)

            here = slice(begin, min(end, level.count))
            nodes = here.stop - here.start
            at = level.word_bits
            words[here] = field(0, at)[:nodes]
            if bins is None:  # a probability is never above 0, so its sign is not kept
                prob[here] = (field(at, 31)[:nodes].astype(np.uint32) | np.uint32(1 << 31)).view(np.float32)
                at += 31
                if level.pointer_bits or level.high_parts is not None:
                    backoff[here] = field(at, 32)[:nodes].astype(np.uint32).view(np.float32)
                    at += 32
            else:
                for values, decoded in reversed(list(zip(bins, (prob, backoff), strict=False))):
                    bits = len(values).bit_length() - 1
                    decoded[here] = values[field(at, bits)[:nodes].astype(np.int64)]
                    at += bits
            if level.pointer_bits:
                pointers[begin:end] = field(at, level.pointer_bits).astype(np.int64)
        if level.high_parts is not None:
            high = np.searchsorted(level.high_parts, np.arange(level.count + 1), side="right") - 1
            pointers |= high << level.pointer_bits
        return words, prob, backoff, pointers

    def table(
        self, ids: NDArray[np.int32], prob: NDArray[np.float32], backoff: NDArray[np.float32], n: int
    ) -> NgramTable:
        sound = np.isfinite(prob).all() and (prob <= 0).all() and np.isfinite(backoff).all()
        if not sound or (backoff >= MOST_LOG10).any():
            raise self.fail(f"the KenLM file is damaged: a {n}-gram has no sound probability or back-off weight")
        order = np.lexsort(ids.T[::-1])  # they stood by their last words first
        ids, prob, backoff = ids[order], prob[order], backoff[order] + np.float32(0)  # no -0
        if (ids[1:] == ids[:-1]).all(axis=1).any():
            raise self.fail(f"the KenLM file is damaged: a {n}-gram stands there twice")
        return NgramTable(ids, prob, backoff)
