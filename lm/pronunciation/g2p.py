"""How a word that no lexicon lists is said: a joint-sequence model over graphones.

A graphone pairs letters with phones ("ph" with F, "x" with K S). Training aligns every listed word by
expectation-maximisation over graphone unigrams, then counts an n-gram of graphones; a new word is said by the graphone
sequences that spell it, searched with a beam (Bisani and Ney, 2008; Novak's m-to-n alignments, 2012).
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, ModelError, OptionsError
from ...tensorfile import map_arrays, save_arrays
from .g2p_ngram import TrieArrays, estimate

_KIND = "harken g2p 1"
_DTYPES = {
    "symbol": np.uint16, "children": np.uint16, "log_prob": np.uint8, "backoff": np.uint8, "levels": np.float32,
    "chunk_begin": np.int32, "first": np.int16, "second": np.int16,
}  # fmt: skip
_STEPS = 255
_ROOM = 32
"""Hypotheses that a position has room for, as a multiple of those that are extended."""


@dataclass(frozen=True, slots=True)
class G2pOptions:
    """How to train: ``order`` of the n-gram, ``iterations`` of the alignment, and what is pruned.

    ``pruning`` is the least change of the model's entropy (nats a symbol) for which an n-gram is kept.
    """

    order: int = 7
    iterations: int = 8
    pruning: float = 3e-7

    def __post_init__(self) -> None:
        if not 1 <= self.order <= 12:
            raise OptionsError(f"G2pOptions.order is {self.order}; give 1 to 12.")
        if self.iterations < 1:
            raise OptionsError(f"G2pOptions.iterations is {self.iterations}; give 1 or more.")
        if not self.pruning >= 0.0:
            raise OptionsError(f"G2pOptions.pruning is {self.pruning}; give 0 or more.")


class G2p:
    """A grapheme-to-phoneme model: trained, saved, loaded, asked."""

    def __init__(self, letters: str, phones: tuple[str, ...], arrays: dict[str, NDArray[Any]]) -> None:
        """Take a model's arrays as ``save`` writes them; ModelError where they are none (use ``train`` or ``load``)."""
        from .g2p_kernels import Trie, find_child, link_suffixes

        self.letters = letters
        self.phones = phones
        self._arrays = arrays
        self._ids = {letter: number for number, letter in enumerate(letters)}
        problem = _problem(arrays, len(letters), len(phones))
        # Copies, since Numba compiles a second time for arrays that are mapped read-only.
        symbol = np.array(arrays.get("symbol", np.zeros(1, np.uint16)))
        suffix = np.zeros(len(symbol), np.int32)
        begin = np.ones(len(symbol) + 1, np.int32)
        if not problem:
            begin[1:] += np.cumsum(arrays["children"], dtype=np.int32)
            if link_suffixes(symbol, begin, suffix) >= 0:
                problem = "an n-gram lacks its shorter one"
        if problem:
            raise ModelError(f"The g2p model is damaged ({problem}); train it or copy it again.")
        self._trie = Trie(
            symbol, begin, arrays["levels"][arrays["log_prob"]], arrays["levels"][arrays["backoff"]], suffix,
            np.array(arrays["chunk_begin"]), np.array(arrays["first"]), np.array(arrays["second"]),
        )  # fmt: skip
        start = find_child(symbol, begin, 0, len(arrays["first"]))
        self._start = start if start < begin[1] else 0

    @classmethod
    def train(cls, pairs: Iterable[tuple[str, tuple[str, ...]]], options: G2pOptions | None = None) -> "G2p":
        """Train a model on pairs of a word and its phones; a word may come several times.

        Pairs with more than two phones a letter cannot be aligned and are passed over. Raises OptionsError where no
        pair can be used.
        """
        from .align import align_pairs

        options = options or G2pOptions()
        alignment = align_pairs(pairs, options.iterations)
        trie = estimate(
            alignment.symbols, alignment.lengths, len(alignment.first), options.order, options.pruning
        )  # fmt: skip
        arrays = {**_quantise(trie), "symbol": trie.symbol, "children": trie.children}
        arrays |= {"chunk_begin": alignment.chunk_begin, "first": alignment.first, "second": alignment.second}
        return cls(alignment.letters, alignment.phones, arrays)

    def pronounce(
        self, word: str, n: int = 1, beam: float = 9.0, width: int = 48
    ) -> list[tuple[tuple[str, ...], float]]:
        """Return up to ``n`` ways to say ``word``, best first, each with its probability.

        Probabilities are shares among all the ways that survived the beam. Raises ModelError for an empty word, one
        with a character that the model never saw, or one that can only be silent.
        """
        from .g2p_kernels import search

        unknown = sorted(set(word) - self._ids.keys())
        if unknown or not word:
            what = f"the model never saw {', '.join(map(repr, unknown))}" if unknown else "it is empty"
            raise ModelError(f"{word!r} cannot be pronounced: {what}; spell it with {self.letters!r}.")
        if n < 1 or width < 1 or not beam > 0.0:
            raise OptionsError(f"pronounce was asked for n={n}, beam={beam}, width={width}; give positive numbers.")
        letters = np.array([self._ids[letter] for letter in word], np.uint8)
        phones = np.full((n, 2 * len(letters)), -1, np.int16)
        shares = np.zeros(n)
        held = _empty(len(letters), width * _ROOM)
        found = search(self._trie, held, letters, self._start, float(beam), int(width), phones, shares)
        if not found:
            raise ModelError(
                f"{word!r} cannot be pronounced: all its letters are silent to the model; list it instead."
            )
        return [
            (tuple(self.phones[phone] for phone in row if phone >= 0), float(np.exp(share)))
            for row, share in zip(phones[:found], shares[:found], strict=True)
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to ``path``: one file of named arrays."""
        names = json.dumps({"letters": self.letters, "phones": self.phones}, ensure_ascii=True)
        save_arrays(path, self._arrays, {_KIND: names})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "G2p":
        """Map a saved model; raises FormatError where ``path`` holds none."""
        arrays, metadata = map_arrays(path)
        if _KIND not in metadata:
            raise FormatError(f"{path}: not a model that G2p.save wrote; give one.")
        try:
            names = json.loads(metadata[_KIND])
            return cls(names["letters"], tuple(names["phones"]), arrays)
        except (ModelError, KeyError, TypeError, ValueError) as problem:
            raise FormatError(f"{path}: {problem}") from None


def _problem(arrays: dict[str, NDArray[Any]], letters: int, phones: int) -> str:
    """Return what keeps arrays from being a model, "" where nothing does."""
    for name, dtype in _DTYPES.items():
        if name not in arrays or arrays[name].dtype != dtype or arrays[name].ndim != 1:
            return f"its array {name} is missing or no vector of {np.dtype(dtype).name}"
    nodes, symbols = len(arrays["symbol"]), len(arrays["first"])
    chunks = arrays["chunk_begin"]
    fits = (
        nodes > 1
        and int(arrays["children"].sum()) == nodes - 1
        and int(arrays["children"][0]) >= symbols
        and bool((1 + np.cumsum(arrays["children"][:-1], dtype=np.int64) > np.arange(1, nodes)).all())
        and len(arrays["children"]) == len(arrays["log_prob"]) == len(arrays["backoff"]) == nodes
        and len(arrays["levels"]) == _STEPS + 1
        and len(arrays["second"]) == symbols
        and len(chunks) == letters + letters**2 + 1
        and int(chunks[0]) == 1
        and int(chunks[-1]) == symbols
        and bool((np.diff(chunks) >= 0).all())
        and bool((np.diff(chunks[: letters + 1]) > 0).all())
        and all(int(arrays[name].max()) < phones for name in ("first", "second"))
        and int(arrays["symbol"].max()) <= symbols
        and np.array_equal(arrays["symbol"][1 : symbols + 1], np.arange(symbols))
    )
    return "" if fits else "its tables do not belong together"


def _quantise(trie: TrieArrays) -> dict[str, NDArray[Any]]:
    """Bring log probabilities and back-off weights to a byte each: evenly spaced levels, finest near zero."""
    lowest = min(float(trie.log_prob.min()), float(trie.backoff.min()), -1.0)
    highest = max(float(trie.backoff.max()), 0.0)
    levels = np.linspace(lowest, highest, _STEPS + 1).astype(np.float32)

    def nearest(values: NDArray[np.float64]) -> NDArray[np.uint8]:
        return np.rint((values - lowest) / (highest - lowest) * _STEPS).astype(np.uint8)

    return {"levels": levels, "log_prob": nearest(trie.log_prob), "backoff": nearest(trie.backoff)}


def _empty(letters: int, room: int) -> Any:
    from .g2p_kernels import Hypotheses

    places = (letters + 1) * room
    return Hypotheses(
        np.full(places, -np.inf), np.zeros(places, np.int32), np.zeros(places, np.int32), np.zeros(places, np.int32),
        np.zeros(places, np.int64), np.zeros(letters + 1, np.int32), np.full(letters + 1, -np.inf),
    )  # fmt: skip
