"""Rescoring: rank what a search found again with better language models.

    total = acoustic_scale * acoustic + graph_weight * graph + first_pass_weight * first_pass
            + lm_weight * lm (summed over the models) + word_insertion_penalty * words + phrase

Costs are natural logarithms, the smaller the better; the weights are log-linear. ``first_pass`` is the cost of the
language model that the search had, ``graph`` what is left of the graph's without it: pronunciations and transitions.
Where the two cannot be told apart, ``first_pass`` is 0 and all is ``graph``: with one weight for both, which is what
``first_pass_weight`` None means, it makes no difference. With a weight of 0 the new language model takes the place of
the old one; with weights that add up to what the search used, the two are interpolated. What a list of phrases gave or
took in the search (``phrase``) counts as it is. This file ranks lists; ``harken.decoder.lattice.rescore`` does the same
for whole lattices, by the same formula.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionsError

MOST_WEIGHT = 1e6
"""No weight or penalty is beyond: costs that are multiplied by it, and sums of them, stay far from infinity."""


class Hypothesis(Protocol):
    """What is rescored: anything with these three, such as a search's n-best entries.

    Where there is an ``lm_cost`` too, the language model of the search was not part of its graph: then this is the cost
    of the first pass. And a ``phrase_cost`` counts as it is.
    """

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
    """What rescores: ``Ngram``, ``KenlmModel``, ``LinearMixture``, or anything else that scores a sentence.

    Where it has ``sentence_scores`` too, that is called once for all sentences.
    """

    def sentence_score(self, words: Sequence[str]) -> float:
        """Return log10 p of a whole sentence, its end included."""


class Parts(NamedTuple):
    """The parts of a cost, numbers or arrays of them: ``models`` has one for each rescoring model."""

    acoustic: Any
    graph: Any
    first_pass: Any
    models: Sequence[Any]
    words: Any
    phrase: Any


@dataclass(frozen=True, slots=True)
class RescoreOptions:
    """The weights of the parts of a cost, by the formula of ``harken.lm.rescore``.

    All costs are in nats: -ln of a probability, so a language model's log10 p counts ln 10 = 2.3026 times. The weights
    multiply them and have no unit; ``acoustic_scale`` multiplies the costs of the scores as they are.
    ``word_insertion_penalty``, in nats too, is added for every word: above 0 for fewer words, below for more.
    ``lm_weight`` is a number, or one for each model. ``first_pass_weight`` None: the same as ``graph_weight``.
    """

    lm_weight: float | tuple[float, ...] = 1.0
    word_insertion_penalty: float = 0.0
    acoustic_scale: float = 1.0
    graph_weight: float = 0.0
    first_pass_weight: float | None = None

    def __post_init__(self) -> None:
        for name in ("lm_weight", "word_insertion_penalty", "acoustic_scale", "graph_weight", "first_pass_weight"):
            value = getattr(self, name)
            for one in value if isinstance(value, tuple) else () if value is None else (value,):
                least = -MOST_WEIGHT if name == "word_insertion_penalty" else 0
                if not least <= one <= MOST_WEIGHT:
                    raise OptionsError(f"{name} is {one}; give a number from {least:g} to {MOST_WEIGHT:g}.")

    @property
    def lm_weights(self) -> tuple[float, ...]:
        """The weight of each rescoring model."""
        return self.lm_weight if isinstance(self.lm_weight, tuple) else (self.lm_weight,)

    @property
    def first_weight(self) -> float:
        """The weight of the first pass's language model."""
        return self.graph_weight if self.first_pass_weight is None else self.first_pass_weight

    def check_models(self, count: int) -> None:
        """Raise OptionsError where there is not one weight for each of ``count`` models."""
        if count != len(self.lm_weights):
            given = len(self.lm_weights)
            raise OptionsError(f"lm_weight has {given} values for {count} language models; give each one.")

    def total(self, parts: Parts) -> Any:
        """Return the total cost of ``parts``: the formula of this module."""
        return self.acoustic_scale * parts.acoustic + self.graph_share(parts) + self.lm_share(parts) + parts.phrase

    def graph_share(self, parts: Parts) -> Any:
        """Return what of the total comes from the graph and the number of words."""
        return self.graph_weight * parts.graph + self.word_insertion_penalty * parts.words

    def lm_share(self, parts: Parts) -> Any:
        """Return what of the total comes from language models, the first pass's too."""
        models = sum(weight * cost for weight, cost in zip(self.lm_weights, parts.models, strict=True))
        return self.first_weight * parts.first_pass + models


@dataclass(frozen=True, slots=True)
class Rescored:
    """A hypothesis with its new cost; ``rank`` is its place in the list that was given, 0 the best.

    Costs are in nats. The parts of the cost are not weighted; ``lm_costs`` has one (-ln p of the words) for each model.
    ``graph_cost`` is without ``first_pass_cost``. ``total_cost`` is what the hypotheses are ordered by.
    """

    words: tuple[str, ...]
    rank: int
    acoustic_cost: float
    graph_cost: float
    first_pass_cost: float
    lm_costs: tuple[float, ...]
    total_cost: float

    @property
    def lm_cost(self) -> float:
        """The cost by the first of the rescoring models."""
        return self.lm_costs[0]


class LinearMixture:
    """Several models as one: p(word | words before) = sum of weight times each model's; the weights sum to 1."""

    def __init__(self, models: Sequence[Any], weights: Sequence[float]) -> None:
        sound = len(models) == len(weights) > 0 and all(math.isfinite(weight) and weight > 0 for weight in weights)
        if not sound or abs(math.fsum(weights) - 1.0) > 1e-6:
            raise OptionsError(
                f"mixture: {len(models)} models have the weights {list(weights)}; they have to be above 0 and sum to 1."
            )
        self.models, self.weights = tuple(models), tuple(float(weight) for weight in weights)

    def word_scores(self, words: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return log10 p of each word and of the end after it, and which of them any of the models knows."""
        scores, known = zip(*(model.word_scores(words) for model in self.models), strict=True)
        with np.errstate(divide="ignore"):
            mixed = np.log10(sum(w * np.power(10.0, s) for w, s in zip(self.weights, scores, strict=True)))
        return mixed, np.logical_or.reduce(known)

    def sentence_score(self, words: Sequence[str]) -> float:
        """Return log10 p of a whole sentence, its end included."""
        return float(self.word_scores(words)[0].sum())


def rescore(
    hypotheses: Iterable[Hypothesis | tuple[Sequence[str], float, float]],
    model: LanguageModel | Sequence[LanguageModel],
    options: RescoreOptions | None = None,
    first_pass: LanguageModel | None = None,
) -> tuple[Rescored, ...]:
    """Return ``hypotheses``, best first by their new total cost; those of equal cost keep their order.

    Each is an object with words, acoustic_cost and graph_cost, or a tuple of these three. With the language model of
    the search as ``first_pass``, its cost is told apart from the graph's, so that each has its own weight; hypotheses
    that have an ``lm_cost`` have it apart already.
    """
    options, listed = options or RescoreOptions(), list(hypotheses)
    models = tuple(model) if isinstance(model, Sequence) else (model,)
    options.check_models(len(models))
    if not listed:
        return ()
    rows = [_parts(hypothesis) for hypothesis in listed]
    words = [tuple(row[0]) for row in rows]
    acoustic, graph = (np.array(column, np.float64) for column in list(zip(*rows, strict=True))[1:])
    phrase, first = (
        np.array([float(getattr(one, name, 0.0)) for one in listed]) for name in ("phrase_cost", "lm_cost")
    )
    if first_pass is not None and not first.any():
        first = _costs(first_pass, words)
        graph = graph - first
    costs = [_costs(one, words) for one in models]
    count = np.array([len(one) for one in words])
    totals = options.total(Parts(acoustic, graph, first, costs, count, phrase))
    by_model = list(zip(*(column.tolist() for column in costs), strict=True))
    columns = zip(acoustic.tolist(), graph.tolist(), first.tolist(), by_model, totals.tolist(), strict=True)
    made = [Rescored(words[rank], rank, *parts) for rank, parts in enumerate(columns)]
    return tuple(sorted(made, key=lambda one: (one.total_cost, one.rank)))


def _costs(model: LanguageModel, sentences: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Return -ln p of each sentence."""
    batch = getattr(model, "sentence_scores", None)
    scores = [model.sentence_score(words) for words in sentences] if batch is None else batch(sentences)
    return -math.log(10) * np.asarray(scores, np.float64)


def _parts(hypothesis: Hypothesis | tuple[Sequence[str], float, float]) -> tuple[Sequence[str], float, float]:
    if hasattr(hypothesis, "graph_cost"):  # first, as a named tuple has it too
        named = cast(Hypothesis, hypothesis)
        return named.words, named.acoustic_cost, named.graph_cost
    return hypothesis  # a plain tuple
