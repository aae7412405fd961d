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

from ..errors import FormatError, ModelError, OptionsError
from ..tensorfile import map_arrays, save_arrays
from .g2p_ngram import TrieArrays, estimate

_STEPS = 255


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
        """Take a model's arrays as ``save`` writes them; use ``train`` or ``load``."""
        from .g2p_kernels import Trie, find_child, link_suffixes

        self.letters = letters
        self.phones = phones
        self._arrays = arrays
        self._ids = {letter: number for number, letter in enumerate(letters)}
        begin = np.zeros(len(arrays["symbol"]) + 1, np.int32)
        begin[0] = 1
        np.cumsum(arrays["children"], out=begin[1:])
        begin[1:] += 1
        symbol = np.asarray(arrays["symbol"])
        if begin[-1] != len(symbol):
            raise ModelError("G2p model: its tables do not belong together; train or copy it again.")
        suffix = np.zeros(len(symbol), np.int32)
        if link_suffixes(symbol, begin, suffix) >= 0:
            raise ModelError("G2p model: an n-gram lacks its shorter one; train or copy it again.")
        self._trie = Trie(
            symbol, begin, arrays["levels"][arrays["log_prob"]], arrays["levels"][arrays["backoff"]], suffix,
            np.asarray(arrays["chunk_begin"]), np.asarray(arrays["first"]), np.asarray(arrays["second"]),
        )  # fmt: skip
        begins_words = len(arrays["first"])
        start = find_child(symbol, begin, 0, begins_words)
        self._start = start if start < begin[1] else 0

    @classmethod
    def train(cls, pairs: Iterable[tuple[str, tuple[str, ...]]], options: G2pOptions | None = None) -> "G2p":
        """Train a model on pairs of a word and its phones; a word may come several times.

        Pairs with more than two phones a letter cannot be aligned and are passed over. Raises OptionsError where no
        pair can be used.
        """
        from .g2p_align import align_pairs

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
        phones, lengths, log_probs = search(self._trie, letters, self._start, float(beam), int(width), int(n))
        if not len(lengths):
            raise ModelError(
                f"{word!r} cannot be pronounced: all its letters are silent to the model; list it instead."
            )
        return [
            (tuple(self.phones[phone] for phone in row[:length]), float(np.exp(log_prob)))
            for row, length, log_prob in zip(phones, lengths, log_probs, strict=True)
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to ``path``: one file of named arrays."""
        names = json.dumps({"letters": self.letters, "phones": self.phones}, ensure_ascii=True)
        save_arrays(path, self._arrays, {"kind": "harken g2p 1", "names": names})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "G2p":
        """Map a saved model; raises FormatError where ``path`` holds none."""
        arrays, metadata = map_arrays(path)
        if metadata.get("kind") != "harken g2p 1":
            raise FormatError(f"{path}: not a harken g2p model (its kind is {metadata.get('kind')!r}).")
        names = json.loads(metadata["names"])
        return cls(names["letters"], tuple(names["phones"]), arrays)


def _quantise(trie: TrieArrays) -> dict[str, NDArray[Any]]:
    """Bring log probabilities and back-off weights to a byte each: evenly spaced levels, finest near zero."""
    lowest = min(float(trie.log_prob.min()), float(trie.backoff.min()), -1.0)
    highest = max(float(trie.backoff.max()), 0.0)
    levels = np.linspace(lowest, highest, _STEPS + 1).astype(np.float32)

    def nearest(values: NDArray[np.float64]) -> NDArray[np.uint8]:
        return np.rint((values - lowest) / (highest - lowest) * _STEPS).astype(np.uint8)

    return {"levels": levels, "log_prob": nearest(trie.log_prob), "backoff": nearest(trie.backoff)}
