"""The search graph before its CTC topology: phones in, words out, and a small file of it.

It has two fifths of the search graph's arcs and holds nothing that the topology can put back, so that a bundle has room
for four times the n-grams; ``Graph.load`` expands it in a fraction of a second.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ...lm.ngram.arpa import Arpa
from ...lm.pronunciation.lexicon import Lexicon
from ...tensorfile import save_arrays
from ..fst.connect import has_epsilon_cycle
from ..fst.transducer import EPSILON, Fst, narrow
from .ctc_graph import CtcLabels

logger = logging.getLogger(__name__)

PHONE_FORMAT = "harken-phone-graph-1"
_ARRAYS = ("arcs", "epsilons", "ilabels", "olabels", "costs", "nextstates_low", "nextstates_high", "finals", "words")
_NOT_FINAL = np.iinfo(np.int32).min


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


@dataclass(frozen=True, slots=True, eq=False)
class PhoneGraph:
    """A transducer from phones to words: its input labels are the initial and internal ones of ``CtcLabels``.

    ``words[olabel]`` is the word, ``phones`` the number of phones, and all costs are multiples of ``quantum`` nats.
    """

    fst: Fst
    words: tuple[str, ...]
    phones: int
    quantum: float

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to ``path``: about eight bytes an arc and two a state."""
        fst = self.fst
        emitting = fst.epsilon_begin - fst.arc_begin[:-1]
        final = np.isfinite(fst.final_weights)
        finals = np.full(int(np.flatnonzero(final).max(initial=-1)) + 1, _NOT_FINAL, dtype=np.int32)
        finals[final[: len(finals)]] = _quanta(fst.final_weights[final], self.quantum)
        arrays = {
            "arcs": narrow(np.diff(fst.arc_begin)),
            "epsilons": narrow(np.diff(fst.arc_begin) - emitting),
            "ilabels": narrow(fst.ilabels),
            "olabels": narrow(fst.olabels),
            "costs": _quanta(fst.weights, self.quantum),
            "nextstates_low": (fst.nextstates & 0xFFFF).astype(np.uint16),
            "nextstates_high": narrow(fst.nextstates >> 16),
            "finals": finals,
            "words": np.frombuffer("\n".join(self.words).encode("utf8"), dtype=np.uint8),
        }
        metadata = {"format": PHONE_FORMAT, "start": str(fst.start), "phones": str(self.phones)}
        save_arrays(path, arrays, metadata | {"quantum": repr(self.quantum)})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str], name: str) -> "PhoneGraph":
        """Rebuild a saved graph from its file's arrays; FormatError names ``name`` and the field that is damaged."""
        for field in _ARRAYS:
            if field not in arrays or arrays[field].ndim != 1 or arrays[field].dtype.kind not in "iu":
                raise FormatError(f"{name}: {field} is missing or no row of integers; build the graph again.")
        try:
            start, phones, quantum = int(metadata["start"]), int(metadata["phones"]), float(metadata["quantum"])
            words = tuple(arrays["words"].tobytes().decode("utf8").split("\n"))
        except (KeyError, ValueError) as problem:
            raise FormatError(f"{name}: metadata or words cannot be read ({problem}); build it again.") from None
        states, arcs = len(arrays["arcs"]), len(arrays["ilabels"])
        for field, length in (
            ("epsilons", states), ("nextstates_low", arcs), ("nextstates_high", arcs), ("costs", arcs),
        ):  # fmt: skip
            if len(arrays[field]) != length:
                raise FormatError(f"{name}: {field} has {len(arrays[field])} entries, not {length}; build it again.")
        if len(arrays["finals"]) > states or not (1 <= phones < 2**16 and 1e-6 <= quantum <= 1.0):
            raise FormatError(f"{name}: finals, phones or quantum is out of range; build the graph again.")
        finals = np.full(states, np.inf, dtype=np.float32)
        final = arrays["finals"].astype(np.float32) * np.float32(quantum)
        finals[: len(final)] = np.where(arrays["finals"] == _NOT_FINAL, np.float32(np.inf), final)
        begin = np.zeros(states + 1, dtype=np.int64)
        np.cumsum(arrays["arcs"], dtype=np.int64, out=begin[1:])
        fst = Fst(
            start=start,
            arc_begin=begin,
            ilabels=arrays["ilabels"].astype(np.int32),
            olabels=arrays["olabels"].astype(np.int32),
            weights=arrays["costs"].astype(np.float32) * np.float32(quantum),
            nextstates=(arrays["nextstates_high"].astype(np.int32) << 16) + arrays["nextstates_low"],
            final_weights=finals,
        )
        fst.check(name)
        if not np.array_equal(fst.epsilon_begin, begin[1:] - arrays["epsilons"]) or not fst.is_in_search_order():
            raise FormatError(f"{name}: epsilons does not tell the epsilon arcs apart; build the graph again.")
        labels = CtcLabels.of_phones(phones)
        entry = ~labels.is_self_loop & (labels.phone > 0)
        entry[EPSILON] = True
        if arcs and (int(fst.ilabels.max()) >= len(entry) or not entry[fst.ilabels].all()):
            raise FormatError(f"{name}: ilabels holds a label that no phone has; build the graph again.")
        if has_epsilon_cycle(fst):
            raise FormatError(f"{name}: nextstates holds a cycle of epsilon arcs; build the graph again.")
        if arcs and int(fst.olabels.max()) >= len(words):
            raise FormatError(f"{name}: olabels holds a label above the {len(words)} words; build the graph again.")
        return cls(fst, words, phones, quantum)


def _quanta(costs: NDArray[Any], quantum: float) -> NDArray[Any]:
    """Return ``costs`` in quanta, int16 where they all fit."""
    quanta = np.rint(costs.astype(np.float64) / quantum).astype(np.int32)
    small = np.iinfo(np.int16)
    return quanta.astype(np.int16) if np.all((quanta >= small.min) & (quanta <= small.max)) else quanta


def compile_phone_graph(
    lexicon: Lexicon, arpa: Arpa, units: Sequence[str], options: GraphOptions | None = None
) -> PhoneGraph:
    """Compile pronunciations and n-gram model into one transducer, minimised and trimmed.

    Arguments and errors are those of ``graph.compile_ctc_graph``.
    """
    from ..fst.connect import reachable_part
    from .equal_histories import merge_equal_histories
    from .lexicon_tree import Sounds, grow_trees
    from .ngram_states import NgramStates

    options = options or GraphOptions()
    if len(units) < 2 or len(set(units)) != len(units):
        raise OptionsError("units: name the blank first, then at least one phone, each once.")
    labels = CtcLabels.of_phones(len(units) - 1)
    words = ["<eps>", *(word for word in arpa.words if word in lexicon and word not in ("<s>", "</s>"))]
    olabels = {word: olabel for olabel, word in enumerate(words) if olabel}
    if not olabels:
        raise OptionsError("lexicon: no word of the n-gram model has a pronunciation.")
    olabel_of_word = np.array([olabels.get(word, 0) for word in arpa.words], dtype=np.int32)
    label_of_phone = dict(zip(units[1:], labels.internal[1:].tolist(), strict=True))
    sounds = Sounds.from_lexicon(lexicon, olabels, label_of_phone, options.quantum)
    histories = NgramStates.from_arpa(arpa, olabel_of_word > 0, options.quantum, options.word_penalty)
    listed = histories.states
    histories = merge_equal_histories(histories)
    logger.info(
        "n-gram model: %d histories (%d distinct), %d listed words (%d more left to back-off)",
        listed, histories.states, len(histories.words), histories.left_out,
    )  # fmt: skip
    to_initial = np.zeros(len(labels.phone), dtype=np.int32)
    to_initial[labels.internal] = labels.initial
    trees = grow_trees(histories, sounds, olabel_of_word, to_initial, options.quantum)
    logger.info("with pronunciations: %d states, %d arcs", trees.states, trees.arcs)
    trees = reachable_part(trees)
    logger.info("reachable: %d states, %d arcs", trees.states, trees.arcs)
    return PhoneGraph(trees, tuple(words), len(units) - 1, options.quantum)
