"""N-best rescoring: rank a search's word sequences again with a better language model.

    total = acoustic_scale * acoustic + graph_weight * graph + lm_weight * (-ln p) + word_insertion_penalty * words
            + phrase

Costs are natural logarithms, the smaller the better. With ``graph_weight`` 0 the language model takes the place of the
graph's; with weights that add up to what the search used, the two are interpolated (log-linearly). What a list of
phrases gave or took in the search (``phrase_cost``, where a hypothesis has it) counts as it is.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from ..errors import OptionsError


class Hypothesis(Protocol):
    """What is rescored: anything with these three, such as a search's n-best entries."""

    @property
    def words(self) -> Sequence[str]:
        """The words."""

    @property
    def acoustic_cost(self) -> float:
        """The negative log-likelihood of the scores along the path, not scaled."""

    @property
    def graph_cost(self) -> float:
        """The cost of the path in the search graph: its language model, pronunciations, transitions."""


class LanguageModel(Protocol):
    """What rescores: ``Ngram``, ``KenlmModel``, or anything else that scores a sentence."""

    def sentence_score(self, words: Sequence[str]) -> float:
        """Return log10 p of a whole sentence, its end included."""


@dataclass(frozen=True, slots=True)
class RescoreOptions:
    """The weights of the four parts of a hypothesis's cost; the word insertion penalty is added for every word."""

    lm_weight: float = 1.0
    word_insertion_penalty: float = 0.0
    acoustic_scale: float = 1.0
    graph_weight: float = 0.0

    def __post_init__(self) -> None:
        for name in ("lm_weight", "word_insertion_penalty", "acoustic_scale", "graph_weight"):
            value = getattr(self, name)
            if not math.isfinite(value) or (value < 0 and name != "word_insertion_penalty"):
                raise OptionsError(f"{name} must be a finite number, and not below 0, not {value}.")


@dataclass(frozen=True, slots=True)
class Rescored:
    """A hypothesis with its new cost; ``rank`` is its place in the list that was given, 0 the best.

    ``lm_cost`` is -ln p of the words, not weighted; ``total_cost`` is what the hypotheses are ordered by.
    """

    words: tuple[str, ...]
    rank: int
    acoustic_cost: float
    graph_cost: float
    lm_cost: float
    total_cost: float


def rescore(
    hypotheses: Iterable[Hypothesis | tuple[Sequence[str], float, float]],
    model: LanguageModel,
    options: RescoreOptions | None = None,
) -> tuple[Rescored, ...]:
    """Return ``hypotheses``, best first by their new total cost; those of equal cost keep their order.

    Each is an object with words, acoustic_cost and graph_cost, or a tuple of these three.
    """
    options = options or RescoreOptions()
    made = []
    for rank, hypothesis in enumerate(hypotheses):
        words, acoustic, graph = _parts(hypothesis)
        lm_cost = -model.sentence_score(words) * math.log(10)
        total = (
            options.acoustic_scale * acoustic
            + options.graph_weight * graph
            + options.lm_weight * lm_cost
            + options.word_insertion_penalty * len(words)
            + float(getattr(hypothesis, "phrase_cost", 0.0))
        )
        made.append(Rescored(tuple(words), rank, float(acoustic), float(graph), lm_cost, total))
    return tuple(sorted(made, key=lambda one: (one.total_cost, one.rank)))


def _parts(hypothesis: Hypothesis | tuple[Sequence[str], float, float]) -> tuple[Sequence[str], float, float]:
    if hasattr(hypothesis, "graph_cost"):  # first, as a named tuple has it too
        named = cast(Hypothesis, hypothesis)
        return named.words, named.acoustic_cost, named.graph_cost
    return hypothesis  # a plain tuple
