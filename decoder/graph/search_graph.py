"""The search graph: a transducer from score columns to words, with what a search must know about its input labels."""

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...lm.ngram.arpa import Arpa
from ...lm.pronunciation.lexicon import Lexicon
from ...tensorfile import map_arrays, save_arrays
from ..fst.connect import has_epsilon_cycle
from ..fst.transducer import ARRAY_NAMES, Fst
from .ctc_graph import CtcLabels, expand_ctc
from .phone_graph import PHONE_FORMAT, GraphOptions, PhoneGraph, compile_phone_graph

__all__ = ["Graph", "GraphOptions", "PhoneGraph", "compile_ctc_graph", "compile_phone_graph"]

logger = logging.getLogger(__name__)

FORMAT = "harken-graph-1"
_LABEL_ARRAYS = {
    "score_column": np.dtype(np.int32),
    "label_phone": np.dtype(np.int32),
    "label_is_self_loop": np.dtype(np.bool_),
    "label_starts_word": np.dtype(np.bool_),
}


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A search graph: the transducer, the words behind its output labels, and four arrays indexed by input label.

    ``words[olabel]`` is the word (``words[0]`` is ``<eps>``). ``score_column`` int32: the column of scores that an
    input label reads; ``label_phone`` int32: its phone (numbered from 1 on; 0 for blank and for the silence between
    words); ``label_is_self_loop`` bool: one more frame of the same phone; ``label_starts_word`` bool: the first frame
    of a word's first phone. Entry 0 is epsilon's. The k-th word of a path begins at its k-th label that starts a word,
    wherever the output label stands.
    """

    fst: Fst
    words: tuple[str, ...]
    score_column: NDArray[np.int32]
    label_phone: NDArray[np.int32]
    label_is_self_loop: NDArray[np.bool_]
    label_starts_word: NDArray[np.bool_]

    @property
    def columns(self) -> int:
        """The number of score columns that the graph asks for."""
        return int(self.score_column.max()) + 1

    def check(self, name: str = "graph") -> None:
        """Raise FormatError, naming ``name`` and the field, where the arrays don't fit together.

        Epsilon arcs must not form a cycle: a search would never leave it.
        """
        self.fst.check(name)
        if self.fst.start < 0:
            raise FormatError(f"{name}: start is {self.fst.start}, the graph has no path; build it again.")
        if self.fst.semiring != "tropical" or not np.isfinite(self.fst.weights).all():
            raise FormatError(f"{name}: weights must be finite costs of the tropical semiring; build it again.")
        if not self.fst.is_in_search_order():
            raise FormatError(f"{name}: arc_begin does not put emitting arcs before epsilon arcs; sort them first.")
        labels = len(self.score_column)
        for field, dtype in _LABEL_ARRAYS.items():
            array = getattr(self, field)
            if array.shape != (labels,) or array.dtype != dtype or labels == 0:
                raise FormatError(f"{name}: {field} must be {dtype} with one entry an input label; build it again.")
        if self.score_column.min() < 0:
            raise FormatError(f"{name}: score_column holds a negative column; build it again.")
        for field, limit in (("ilabels", labels), ("olabels", len(self.words))):
            column = getattr(self.fst, field)
            if len(column) and int(column.max()) >= limit:
                raise FormatError(f"{name}: {field} holds {int(column.max())}, but {limit} are known; build it again.")
        if has_epsilon_cycle(self.fst):
            raise FormatError(f"{name}: nextstates holds a cycle of epsilon arcs; build it again.")

    @classmethod
    def from_phones(cls, phones: PhoneGraph) -> "Graph":
        """Put the CTC topology under a graph of phones and words."""
        labels = CtcLabels.of_phones(phones.phones)
        fst = expand_ctc(phones.fst, labels)
        logger.info("with CTC topology: %d states, %d arcs, %.1f MB", fst.states, fst.arcs, fst.nbytes / 1e6)
        return cls(fst, phones.words, labels.phone.copy(), labels.phone, labels.is_self_loop, labels.starts_word)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to ``path`` (safetensors), so that ``load`` can map it."""
        arrays: dict[str, NDArray[Any]] = {field: getattr(self.fst, field) for field in ARRAY_NAMES}
        arrays |= {field: getattr(self, field) for field in _LABEL_ARRAYS}
        arrays["words"] = np.frombuffer("\n".join(self.words).encode("utf8"), dtype=np.uint8)
        save_arrays(path, arrays, {"format": FORMAT, "start": json.dumps(self.fst.start)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Graph":
        """Map the graph in ``path`` read-only and check it; a saved ``PhoneGraph`` is read and expanded.

        Raises FormatError, naming the file and the field, where it is no graph or damaged.
        """
        arrays, metadata = map_arrays(path)
        if metadata.get("format") == PHONE_FORMAT:
            return cls.from_phones(PhoneGraph.from_arrays(arrays, metadata, str(path)))
        if metadata.get("format") != FORMAT:
            raise FormatError(f"{path}: format is {metadata.get('format')!r}, not {FORMAT!r}; build the graph again.")
        for field in (*ARRAY_NAMES, *_LABEL_ARRAYS, "words"):
            if field not in arrays:
                raise FormatError(f"{path}: {field} is missing; build the graph again.")
        try:
            start = int(metadata["start"])
            words = tuple(arrays["words"].tobytes().decode("utf8").split("\n"))
        except (KeyError, ValueError) as problem:
            raise FormatError(f"{path}: start or words cannot be read ({problem}); build the graph again.") from None
        graph = cls(
            fst=Fst.from_mapping(start, arrays),
            words=words,
            score_column=arrays["score_column"],
            label_phone=arrays["label_phone"],
            label_is_self_loop=arrays["label_is_self_loop"],
            label_starts_word=arrays["label_starts_word"],
        )
        graph.check(str(path))
        return graph


def compile_ctc_graph(lexicon: Lexicon, arpa: Arpa, units: Sequence[str], options: GraphOptions | None = None) -> Graph:
    """Compile CTC topology, pronunciations and n-gram model into one search graph.

    ``units`` names the score columns: the blank first, then the phones. Words that have no pronunciation, or that the
    n-gram model doesn't list, are left out. Raises FormatError where a pronunciation has an unknown phone or the
    model's contexts are incomplete, OptionsError where the parts don't fit together.
    """
    return Graph.from_phones(compile_phone_graph(lexicon, arpa, units, options))
