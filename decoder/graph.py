"""The search graph: a transducer from score columns to words, with what a search must know about its input labels."""

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError, OptionsError
from ..lm.arpa import Arpa
from ..lm.lexicon import Lexicon
from ..tensorfile import map_arrays, save_arrays
from .fst import ARRAY_NAMES, Fst

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
    input label reads; ``label_phone`` int32: its phone (the unit, 0 for blank); ``label_is_self_loop`` bool: one more
    frame of the same phone; ``label_starts_word`` bool: the first frame of a word's first phone. Entry 0 is epsilon's.
    The k-th word of a path begins at its k-th label that starts a word, wherever the output label stands.
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
        """Raise FormatError, naming ``name`` and the field, where the arrays don't fit together."""
        self.fst.check(name)
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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to ``path`` (safetensors), so that ``load`` can map it."""
        arrays: dict[str, NDArray[Any]] = {field: getattr(self.fst, field) for field in ARRAY_NAMES}
        arrays |= {field: getattr(self, field) for field in _LABEL_ARRAYS}
        arrays["words"] = np.frombuffer("\n".join(self.words).encode("utf8"), dtype=np.uint8)
        save_arrays(path, arrays, {"format": FORMAT, "start": json.dumps(self.fst.start)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Graph":
        """Map the graph in ``path`` read-only and check it.

        Raises FormatError, naming the file and the field, where it is no graph or damaged.
        """
        arrays, metadata = map_arrays(path)
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
            fst=Fst(start, *(arrays[field] for field in ARRAY_NAMES)),
            words=words,
            score_column=arrays["score_column"],
            label_phone=arrays["label_phone"],
            label_is_self_loop=arrays["label_is_self_loop"],
            label_starts_word=arrays["label_starts_word"],
        )
        graph.check(str(path))
        return graph


@dataclass(frozen=True, slots=True)
class GraphOptions:
    """How a search graph is compiled.

    Costs are rounded to multiples of ``quantum`` (nats): then sums of them are exact, and subtrees that differ by
    rounding alone become one. ``word_penalty`` (nats) is added to the cost of every word; negative favours more words.
    """

    quantum: float = 1.0 / 1024
    word_penalty: float = 0.0

    def __post_init__(self) -> None:
        if not 1e-6 <= self.quantum <= 1.0:
            raise OptionsError(f"quantum is {self.quantum}; choose a unit of cost from 0.000001 to 1.")
        if not abs(self.word_penalty) <= 100.0:
            raise OptionsError(f"word_penalty is {self.word_penalty}; choose a number of nats from -100 to 100.")


BLANK_LABEL = 1


def compile_ctc_graph(lexicon: Lexicon, arpa: Arpa, units: Sequence[str], options: GraphOptions | None = None) -> Graph:
    """Compile CTC topology, pronunciations and n-gram model into one search graph.

    ``units`` names the score columns: the blank first, then the phones. Words that have no pronunciation, or that the
    n-gram model doesn't list, are left out. Input label 1 is the blank; phone ``u`` has label ``3u - 1`` where it
    begins a word, ``3u`` elsewhere and ``3u + 1`` for one more frame of it. Raises FormatError where a pronunciation
    has an unknown phone or the model's contexts are incomplete, OptionsError where the parts don't fit together.
    """
    from .connect import reachable_part
    from .ctc_graph import expand_ctc
    from .lexicon_tree import Sounds, grow_trees
    from .ngram_states import NgramStates

    options = options or GraphOptions()
    if len(units) < 2 or len(set(units)) != len(units):
        raise OptionsError("units: name the blank first, then at least one phone, each once.")
    phones = np.arange(1, len(units), dtype=np.int32)
    initial, internal, repeated = 3 * phones - 1, 3 * phones, 3 * phones + 1
    labels = 3 * len(units) - 1
    label_phone = np.zeros(labels, dtype=np.int32)
    label_phone[initial] = label_phone[internal] = label_phone[repeated] = phones
    is_self_loop, starts_word = np.zeros(labels, dtype=np.bool_), np.zeros(labels, dtype=np.bool_)
    is_self_loop[repeated], starts_word[initial] = True, True

    words = ["<eps>", *(word for word in arpa.words if word in lexicon and word not in ("<s>", "</s>"))]
    olabels = {word: olabel for olabel, word in enumerate(words) if olabel}
    if not olabels:
        raise OptionsError("lexicon: no word of the n-gram model has a pronunciation.")
    olabel_of_word = np.array([olabels.get(word, 0) for word in arpa.words], dtype=np.int32)
    label_of_phone = dict(zip(units[1:], internal.tolist(), strict=True))
    sounds = Sounds.from_lexicon(lexicon, olabels, label_of_phone, options.quantum)
    histories = NgramStates.from_arpa(arpa, olabel_of_word > 0, options.quantum, options.word_penalty)
    logger.info(
        "n-gram model: %d histories, %d listed words (%d more left to back-off)",
        histories.states, len(histories.words), histories.left_out,
    )  # fmt: skip
    to_initial = np.arange(labels, dtype=np.int32)
    to_initial[internal] = initial
    trees = grow_trees(histories, sounds, olabel_of_word, to_initial, options.quantum)
    logger.info("with pronunciations: %d states, %d arcs", trees.states, trees.arcs)
    trees = reachable_part(trees)
    logger.info("reachable: %d states, %d arcs", trees.states, trees.arcs)
    self_loops = np.append(BLANK_LABEL, repeated).astype(np.int32)
    fst = expand_ctc(trees, BLANK_LABEL, label_phone, self_loops)
    logger.info("with CTC topology: %d states, %d arcs, %.1f MB", fst.states, fst.arcs, fst.nbytes / 1e6)
    graph = Graph(
        fst=fst,
        words=tuple(words),
        score_column=label_phone.copy(),
        label_phone=label_phone,
        label_is_self_loop=is_self_loop,
        label_starts_word=starts_word,
    )
    graph.check()
    return graph
