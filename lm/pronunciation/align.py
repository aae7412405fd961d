"""Alignment of spellings with their phones: which letters say which phones, learned by expectation-maximisation.

Graphones pair one or two letters with up to two phones (Jiampojamarn et al. 2007, "Applying many-to-many alignments and
hidden Markov models to letter-to-phoneme conversion"); their unigram probabilities are learned from all splits of all
words, then each word keeps its likeliest split.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .graphones import Graphones

if TYPE_CHECKING:
    from .align_kernels import Pairs

_UNUSUAL = 0.1
"""How likely, beside one letter with one phone, all other kinds of graphones together are at first."""


@dataclass(frozen=True)
class Alignment:
    """Words as graphone numbers: ``sequence`` holds those of all words one after the other, ``lengths`` of each."""

    graphones: Graphones
    sequence: NDArray[np.int64]
    lengths: NDArray[np.int64]


def can_align(word: str, phones: Sequence[str]) -> bool:
    """Return whether a word can be split into graphones: it has letters, phones, and at most two phones a letter."""
    return 0 < len(phones) <= 2 * len(word)


def align_pairs(pairs: Iterable[tuple[str, tuple[str, ...]]], iterations: int) -> Alignment:
    """Align words with their phones; each pair counts once, however often it comes.

    Pairs that ``can_align`` refuses are passed over; raises OptionsError where no other is left.
    """
    from .align_kernels import Sizes, align, expect

    usable = sorted({(word, tuple(phones)) for word, phones in pairs if can_align(word, phones)})
    if not usable:
        raise OptionsError("No pair of a word and its phones (at most two phones a letter) was given to learn from.")
    letters = sorted({letter for word, _ in usable for letter in word})
    phones = sorted({phone for _, said in usable for phone in said})
    if len(phones) > np.iinfo(np.int16).max:
        raise OptionsError(f"The lexicon has {len(phones)} phones; a model holds 32,767 at most.")
    data, letter_pairs, phone_pairs = _numbered(usable, letters, phones)
    sizes = Sizes(len(letters), len(letter_pairs), len(phones), len(phone_pairs))
    table = _first_table(sizes)
    for _ in range(iterations):
        counts = np.zeros(len(table))
        expect(data, sizes, table, counts)
        table = counts / counts.sum()
    # A long graphone replaces several short ones, so a plain maximum would favour it: its cost counts once a unit.
    with np.errstate(divide="ignore"):
        costs = -np.log(table) * _units(sizes)
    out = np.zeros(len(data.letter), np.int64)
    lengths = np.zeros(len(usable), np.int64)
    align(data, sizes, costs, out, lengths)
    inside = np.arange(len(out)) - np.repeat(data.letter_begin[:-1], np.diff(data.letter_begin))
    used = out[inside < np.repeat(lengths, np.diff(data.letter_begin))]
    # Every letter can be silent or say its likeliest phone, so that every spelling has some reading.
    tails = _tails(sizes)
    alone = table[: sizes.letters * tails].reshape(sizes.letters, tails)[:, 1 : 1 + sizes.phones].argmax(axis=1)
    silent = np.arange(sizes.letters) * tails
    distinct = np.unique(np.concatenate([used, silent, silent + 1 + alone]))
    chunk, first, second = _taken_apart(distinct, sizes, phone_pairs)
    chunks, begin = np.unique(chunk, return_index=True)
    names = [*letters, *(letters[one] + letters[other] for one, other in letter_pairs)]
    graphones = Graphones(
        tuple(names[number] for number in chunks), tuple(phones), np.append(begin, len(chunk)).astype(np.int32),
        first.astype(np.int16), second.astype(np.int16),
    )  # fmt: skip
    return Alignment(graphones, np.searchsorted(distinct, used), lengths)


def _tails(sizes: Any) -> int:
    return int(1 + sizes.phones + sizes.phone_pairs)


def _numbered(
    usable: Sequence[tuple[str, tuple[str, ...]]], letters: list[str], phones: list[str]
) -> tuple["Pairs", NDArray[np.int64], NDArray[np.int64]]:
    """Return the words in numbers, and the two members of every pair of letters and of phones."""
    from .align_kernels import Pairs

    letter_ids = {letter: number for number, letter in enumerate(letters)}
    phone_ids = {phone: number for number, phone in enumerate(phones)}
    letter = np.array([letter_ids[letter] for word, _ in usable for letter in word], np.int32)
    phone = np.array([phone_ids[phone] for _, said in usable for phone in said], np.int32)
    letter_pair, letter_pairs = _number_pairs(letter, len(letters))
    phone_pair, phone_pairs = _number_pairs(phone, len(phones))
    letter_begin = np.cumsum([0, *(len(word) for word, _ in usable)])
    phone_begin = np.cumsum([0, *(len(said) for _, said in usable)])
    return Pairs(letter, letter_pair, letter_begin, phone, phone_pair, phone_begin), letter_pairs, phone_pairs


def _number_pairs(ids: NDArray[np.int32], size: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number each place's id together with the one before it (the first place, which is no pair's end, with itself)."""
    keys, numbers = np.unique(np.append(ids[:1], ids[:-1]).astype(np.int64) * size + ids, return_inverse=True)
    return numbers.astype(np.int32), np.stack([keys // size, keys % size], axis=1)


def _units(sizes: Any) -> NDArray[np.float64]:
    """Return for every graphone of the table how many of its letters, or of its phones, there are: the larger one."""
    one = np.repeat([1.0, 1.0, 2.0], [1, sizes.phones, sizes.phone_pairs])
    two = np.full(sizes.phones + sizes.phone_pairs, 2.0)
    return np.concatenate([np.tile(one, sizes.letters), np.tile(two, sizes.letter_pairs)])


def _first_table(sizes: Any) -> NDArray[np.float64]:
    one = np.repeat([_UNUSUAL, 1.0, _UNUSUAL / sizes.phones], [1, sizes.phones, sizes.phone_pairs])
    two = np.repeat(
        [_UNUSUAL / sizes.letters, _UNUSUAL / (sizes.letters * sizes.phones)], [sizes.phones, sizes.phone_pairs]
    )
    table = np.concatenate([np.tile(one, sizes.letters), np.tile(two, sizes.letter_pairs)])
    share: NDArray[np.float64] = table / table.sum()
    return share


def _taken_apart(
    graphones: NDArray[np.int64], sizes: Any, phone_pairs: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the letters (single ones first, then pairs), the first and the second phone of places in the table."""
    tails = _tails(sizes)
    single = graphones < sizes.letters * tails
    behind = graphones - sizes.letters * tails
    chunk = np.where(single, graphones // tails, sizes.letters + behind // (tails - 1))
    tail = np.where(single, graphones % tails - 1, behind % (tails - 1))  # -1: no phone
    two = tail >= sizes.phones
    members = phone_pairs[np.where(two, tail - sizes.phones, 0)]
    return chunk, np.where(two, members[:, 0], tail), np.where(two, members[:, 1], -1)
