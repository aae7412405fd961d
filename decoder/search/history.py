"""What tokens remember beside their graph state: a language model that is composed on the fly, and phrases.

    graph = compile_lexicon_graph(lexicon, units)                       # once
    history = History.of(graph, read_arpa("my.arpa"))                   # any n-gram model, any time
    search = BeamSearch(graph, SearchOptions(beam=14.0), history).start()

The search finds the words and costs that it would find in the graph with the language model compiled in. With
``phrases`` (see phrases.py) it also works on graphs that hold their language model already.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ...lm.ngram.arpa import Arpa
from ...lm.ngram.ngram import Ngram
from ..fst.transducer import read_only
from ..graph.phone_graph import GraphOptions
from ..graph.search_graph import Graph
from .look_ahead import Reachability
from .phrases import Phrases
from .word_automaton import WordAutomaton
from .word_marks import WordMarks, arc_keys, state_hashes

if TYPE_CHECKING:
    from .history_kernels import HistoryArrays

_MEMO = 1 << 16
"""The places of the table of look-ahead costs: about what a processor's second cache holds."""


@dataclass(frozen=True, eq=False)
class History:
    """A language model and phrases made ready for one graph; made by ``of``. Searches may share it, side by side.

    ``model`` is None where the graph holds its language model itself; ``reach`` is None without look-ahead; ``phrases``
    None without phrases; ``graph`` None without ``model``.
    """

    model: WordAutomaton | None
    reach: Reachability | None
    phrases: Phrases | None
    graph: Graph | None = None

    @classmethod
    def of(
        cls,
        graph: Graph,
        language_model: Arpa | Ngram | WordAutomaton | None = None,
        phrases: Phrases | None = None,
        look_ahead: Reachability | bool = True,
        options: GraphOptions | None = None,
    ) -> "History":
        """Make ``language_model`` and ``phrases`` ready for searches of ``graph``.

        ``look_ahead``: whether to look ahead to the language model's costs; what depends on the graph alone is worked
        out here unless it is given (``Reachability.of(graph)``: do that once where models are swapped). ``options``
        round the model's costs and hold its word penalty as where a graph is compiled. Words of the graph that the
        model does not list are never found. Raises OptionsError where model and graph have no word in common, or
        where the phrases were compiled for other words.
        """
        if phrases is not None and len(phrases.word) != len(graph.words):
            raise OptionsError(
                f"phrases: compiled for {len(phrases.word)} words, the graph has {len(graph.words)}; "
                "compile them with the graph's words."
            )
        if language_model is None:
            return cls(None, None, phrases)
        reach = Reachability.of(graph) if isinstance(look_ahead, bool) else look_ahead
        if len(reach.points) != graph.fst.states or len(reach.rank) != len(graph.words):
            raise OptionsError("look_ahead: worked out for another graph; use Reachability.of(graph).")
        model = language_model
        if not isinstance(model, WordAutomaton):
            model = WordAutomaton.of(model, graph.words, reach.rank, options)
        elif not np.array_equal(model.rank, reach.rank):
            raise OptionsError("language_model: made for another graph; use WordAutomaton.of with this one's ranks.")
        return cls(model, reach if look_ahead is not False else None, phrases, graph)

    @property
    def start(self) -> int:
        """The history before the first word."""
        from .history_kernels import PHRASE_BITS

        return 0 if self.model is None else self.model.start << PHRASE_BITS

    @property
    def points(self) -> NDArray[np.int32] | None:
        """Where the look-ahead cost may differ (``Reachability.points``); None where there is none."""
        return None if self.reach is None else self.reach.points

    @property
    def moving(self) -> NDArray[np.bool_] | None:
        """Which output labels change history 0 or cost something there; None: all may."""
        return self.phrases.word != 0 if self.model is None and self.phrases is not None else None

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays, those included that every search has for itself."""
        own = self.arrays
        parts = (*own.lm, *own.ahead, *own.phrases, own.arc_keys, own.next_history, own.next_lm, own.next_phrase)
        return sum(int(part.nbytes) for part in parts if isinstance(part, np.ndarray))

    @property
    def arrays(self) -> "HistoryArrays":
        """What the kernels read, with scratch space for one search (every call makes it anew)."""
        shared = self._shared
        longest = 1 if self.model is None else self.model.longest_answer
        memo = np.full(2 * _MEMO if len(shared.ahead.points) else 2, -1, np.int64)
        return shared._replace(
            next_history=np.zeros(longest, np.int64),
            next_lm=np.zeros(longest, np.float32),
            next_phrase=np.zeros(longest, np.float32),
            ahead=shared.ahead._replace(
                memo_keys=memo, memo_costs=memo.view(np.float32), memo_places=memo.view(np.int32)
            ),
        )

    @cached_property
    def _shared(self) -> "HistoryArrays":
        from .history_kernels import AheadArrays, HistoryArrays, PhraseArrays, WordArrays, fill_dense, fill_listed

        none, no_cost, nowhere = (read_only(np.zeros(0, kind)) for kind in (np.int32, np.float32, np.int64))
        scratch = np.zeros(1, np.int64), np.zeros(1, np.float32), np.zeros(1, np.float32)
        lm = WordArrays(
            nowhere, none, no_cost, none, none, no_cost, no_cost, none, none, nowhere, none, *(nowhere,) * 4
        )
        ahead = AheadArrays(
            *(none, nowhere, none, none, read_only(np.zeros(0, np.uint8)), nowhere),
            start=0,
            dense=np.zeros((2, 0), np.float32),
            dense_places=np.zeros((2, 0), np.int32),
            memo_keys=scratch[0],
            memo_costs=scratch[1],
            memo_places=np.zeros(1, np.int32),
        )
        phrases = PhraseArrays(none, none, none, none, none, none, no_cost, no_cost)
        slack, asked = 0.0, nowhere
        marks = None if self.model is None or self.reach is None else WordMarks.of(self.model, self.reach)
        if self.model is not None:
            made = {field: getattr(self.model, field) for field in WordArrays._fields if hasattr(self.model, field)}
            lm = lm._replace(**{field: read_only(array) for field, array in made.items()})
            listed = np.zeros(int(lm.listed_begin[-1]), np.int64)
            fill_listed(lm, listed)
            lm = lm._replace(listed=read_only(listed), hashes=read_only(state_hashes(self.model)))
            slack += self.model.most_gained
        if self.model is not None and self.graph is not None:
            asked = read_only(arc_keys(self.graph, self.model, self.reach, marks))
        if self.model is not None and self.reach is not None and marks is not None:
            lm = lm._replace(marks=read_only(marks.states), tops=read_only(marks.tops))
            ahead = ahead._replace(
                **{
                    field: read_only(getattr(self.reach, field))
                    for field in ("points", "begin", "lows", "highs", "ends")
                },
                marks=read_only(marks.sets),
                start=self.model.start,
                dense=np.zeros((2, self.reach.sets), np.float32),
                dense_places=np.zeros((2, self.reach.sets), np.int32),
            )
            fill_dense(lm, ahead)
            slack = np.inf if self.reach.reopens else slack
        if self.phrases is not None:
            phrases = PhraseArrays(*(read_only(getattr(self.phrases, field)) for field in PhraseArrays._fields))
            slack += self.phrases.most_gained
        return HistoryArrays(*scratch, slack, asked, lm, ahead, phrases)
