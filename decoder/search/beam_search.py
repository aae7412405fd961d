"""Beam search over a search graph: scores in, words out, in as many calls as the caller likes.

    search = BeamSearch(graph, SearchOptions(beam=14.0)).start()
    search.advance(scores)                     # any number of rows, any number of times
    result = search.finish()
    result.best.words, result.best.times, result.nbest(10)

A search keeps the links between its tokens, pruned by the lattice beam as it goes, so that alternatives can be read off
at the end. Recordings without end: once more than ``keep_frames`` frames are kept, everything before a token that the
best paths of all live tokens share is committed: its words are written down and its tokens freed. The best path is
the same with and without committing; alternatives (``nbest``) differ in what came after the last committed token,
which is at least half of ``keep_frames`` frames (more where the live tokens did not agree so soon).
"""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import FormatError, ScoresError, SearchError
from ..fst.transducer import read_only
from ..graph.search_graph import Graph
from .hypothesis import Costs, Hypothesis, Stretch, hypothesis, read_stretch
from .options import SearchOptions
from .result import SearchResult
from .token_arrays import (
    ABSOLUTE,
    ARCS,
    COMMIT,
    DEAD,
    FRAME,
    FULL,
    HAS_WORD,
    LABEL_SHIFT,
    LOOKS_AHEAD,
    NO_LINK,
    POSITION_SIZE,
    PRUNED,
    ROW,
    Frames,
    GraphArrays,
    Links,
    Tokens,
    Widths,
    Work,
)

if TYPE_CHECKING:
    from .history_kernels import HistoryArrays


class History(Protocol):
    """What tokens remember beside their graph state: a language model composed on the fly, the place in phrases.

    ``arrays`` are what the kernels of history_kernels.py read, ``start`` is the first history. ``points`` int32 (graph
    states,) has equal numbers where two states look ahead to the same cost whatever the history; None: all do.
    """

    @property
    def arrays(self) -> "HistoryArrays":
        """The arrays for the kernels."""
        ...

    @property
    def start(self) -> int:
        """The first history."""
        ...

    @property
    def points(self) -> NDArray[np.int32] | None:
        """Which states look ahead alike."""
        ...


class BeamSearch:
    """A search graph made ready: build it once, start a search for each recording (searches may run side by side).

    With a ``history``, tokens are pairs of a graph state and a history, whose costs come on top of the graph's.
    Raises FormatError where the graph has a cycle of epsilon arcs.
    """

    def __init__(self, graph: Graph, options: SearchOptions | None = None, history: History | None = None) -> None:
        from .search_kernels import mark_levels

        self.graph = graph
        self.options = options or SearchOptions()
        self.history = history
        fst = graph.fst
        if fst.arcs >= 2**31 or len(graph.score_column) >= 2**21:
            raise FormatError("graph: more than 2^31 arcs or 2^21 input labels cannot be searched; make it smaller.")
        states = np.empty(2 * fst.states + 1, np.int32)
        states[::2], states[1::2] = fst.arc_begin, fst.epsilon_begin
        arcs = np.empty(3 * fst.arcs, np.int32)
        arcs[::3], arcs[1::3] = fst.nextstates, fst.weights.view(np.int32)
        np.left_shift(fst.ilabels, LABEL_SHIFT, out=arcs[2::3], dtype=np.int32)
        arcs[2::3] |= np.where(fst.olabels != 0, np.int32(HAS_WORD), np.int32(0))
        if history is not None and history.points is not None:
            moves = history.points[fst.nextstates] != np.repeat(history.points, np.diff(fst.arc_begin))
            arcs[2::3] |= np.where(moves, np.int32(LOOKS_AHEAD), np.int32(0))
        level = np.zeros(fst.states, np.uint8)
        highest = mark_levels(states, arcs, level)
        if highest < 0:
            raise FormatError(
                f"graph: epsilon arcs form a cycle at or behind state {-1 - highest}; remove it from the graph."
            )
        self.levels = int(highest) + 1
        self.arrays = GraphArrays(
            states, arcs, arcs.view(np.float32), level, fst.arrays.olabels, read_only(graph.score_column)
        )

    def start(self, first_frame: int = 0) -> "Search":
        """Return a search before its first row of scores; words are timed as if that row were ``first_frame``."""
        return Search(self, first_frame)


class Search:
    """One recording's search. The answer does not depend on how the rows are cut into calls of ``advance``."""

    def __init__(self, machine: BeamSearch, first_frame: int = 0) -> None:
        self.graph, self.options = machine.graph, machine.options
        self._arrays = machine.arrays
        self._model = None if machine.history is None else machine.history.arrays
        self._first_frame = first_frame
        options = self.options
        self._widths = Widths(
            beam=float(options.beam),
            max_active=int(options.max_active),
            min_active=int(options.min_active),
            beam_delta=float(options.beam_delta),
            lattice_beam=float(options.lattice_beam),
            acoustic_scale=float(options.acoustic_scale),
            prune_interval=int(options.prune_interval),
            keep_frames=int(options.keep_frames or 0),
        )
        labels = len(self.graph.score_column)
        without = () if self._model is not None else _OF_HISTORY
        self._tokens = Tokens(*_empty(Tokens, 1 << 15, without))
        self._links = Links(*_empty(Links, 1 << 16, without))
        self._frames = Frames(*_empty(Frames, 256))
        self._work = Work(
            table=np.full(1 << 13, -1, np.int32),
            scaled=np.zeros(labels, np.float64),
            acoustic=np.zeros(labels, np.float32),
            level_head=np.empty(machine.levels, np.int32),
            order=np.empty(1 << 15, np.float64),
        )
        self._tokens.state[0], self._tokens.cost[0], self._tokens.back[0] = self.graph.fst.start, 0.0, NO_LINK
        if machine.history is not None:
            self._tokens.history[0] = machine.history.start
        self._position = np.zeros(POSITION_SIZE, np.int64)
        self._position[[FRAME, ABSOLUTE, PRUNED]] = -1
        self._frames.token_begin[0] = self._frames.link_begin[0] = 0
        self._committed: list[Stretch] = []
        self._committed_frames = 0
        self._result: SearchResult | None = None
        self._dead = False
        self._run(np.empty((0, self.graph.columns), np.float32))

    @property
    def frames(self) -> int:
        """How many rows of scores the search has taken."""
        return int(self._position[ABSOLUTE])

    @property
    def arcs(self) -> int:
        """How many emitting arcs it has looked at."""
        return int(self._position[ARCS])

    @property
    def committed_frames(self) -> int:
        """How many of them are settled: no later score can change their words."""
        return self._committed_frames

    @property
    def kept_bytes(self) -> int:
        """The bytes that the search's own arrays take."""
        parts = (*self._tokens, *self._links, *self._frames, *self._work)
        return sum(int(array.nbytes) for array in parts)

    def advance(self, scores: ArrayLike) -> None:
        """Take rows of scores: (rows, units), natural logarithms; minus infinity rules a unit out.

        Raises ScoresError where the shape does not fit or a score is NaN or plus infinity (nothing is taken then),
        SearchError where no path is left, or where the search is finished.
        """
        if self._result is not None or self._dead:
            raise SearchError(f"search: it ended at frame {self.frames}; start another one.")
        rows = self._checked(scores)
        self._make_room(len(rows))
        if self._run(rows) == DEAD:
            self._dead = True
            raise SearchError(
                f"search: no path is left after frame {self._first_frame + self.frames}; widen the beam "
                f"({self.options.beam:g}), or look for scores that rule every unit out."
            )

    def _run(self, rows: NDArray[np.float32]) -> int:
        from .search_kernels import advance

        self._position[ROW] = 0
        while True:
            status = advance(
                self._arrays,
                self._widths,
                self._tokens,
                self._links,
                self._frames,
                self._work,
                self._model,
                self._position,
                read_only(rows),
            )
            if status == FULL:
                self._grow()
            elif status == COMMIT:
                self._commit()
            else:
                return int(status)

    def partial(self) -> Hypothesis:
        """Return the best path so far, whether or not it could end here; the search goes on."""
        if self._dead:
            raise SearchError(f"search: it ended at frame {self.frames}; start another one.")
        return self._hypothesis(self._best(use_final=False)[0], Costs())

    def trailing_blanks(self) -> int:
        """Return how many of the latest frames are blank on the best path so far (a pause is where to cut)."""
        blanks = 0
        token = self._best(use_final=False)[0]
        while (link := int(self._tokens.back[token])) != NO_LINK:
            label = int(self.graph.fst.ilabels[self._links.arc[link]])
            if label and self.graph.label_phone[label] != 0:
                return blanks
            blanks += label != 0
            token = int(self._links.source[link])
        return blanks

    def finish(self) -> SearchResult:
        """End the search; asked again, it returns the same result.

        Final states are preferred: only where no live token stands on one is the best token taken as it is, and the
        result says ``reached_final`` False.
        """
        if self._dead:
            raise SearchError(f"search: no path is left after frame {self._first_frame + self.frames}.")
        if self._result is None:
            token, ending, reached = self._best(use_final=True)
            self._result = SearchResult(
                best=self._hypothesis(token, ending), frames=self.frames, reached_final=reached, search=self
            )
        return self._result

    def best_labels(self) -> NDArray[np.int32]:
        """Return the best path's input label of each frame of the finished search (``SearchResult.best_labels``)."""
        self.finish()
        path = self._path(self._best(use_final=True)[0])
        labels: NDArray[np.int32] = self.graph.fst.ilabels[self._links.arc[path]]
        return labels[labels != 0]

    def best_hypotheses(self, count: int) -> tuple[Hypothesis, ...]:
        """Return the ``count`` best distinct word sequences of the finished search (``SearchResult.nbest``)."""
        from .nbest import best_paths

        result = self.finish()
        fst = self.graph.fst
        paths = best_paths(
            self._arrays,
            read_only(fst.olabels),
            len(self.graph.words),
            self._widths,
            (self._tokens, self._links, self._frames, self._position),
            read_only(fst.final_weights if result.reached_final else fst.final_weights[:0]),
            count,
        )
        found = []
        for begin, end in zip(paths.begins[:-1], paths.begins[1:], strict=True):
            path = paths.links[begin:end]
            last = self._links.target[path[-1]] if len(path) else 0
            ending = Costs(float(fst.final_weights[self._tokens.state[last]])) if result.reached_final else Costs()
            stretches = [*self._committed, self._stretch(path)]
            found.append(hypothesis(self.graph, stretches, ending, self.options.acoustic_scale))
        return tuple(found)

    def _best(self, use_final: bool) -> tuple[int, Costs, bool]:
        """Return the best token of the last frame, what ending there costs, and whether its state is a final one."""
        begin, end = self._last_tokens()
        finals = self.graph.fst.final_weights[self._tokens.state[begin:end]].astype(np.float64)
        reached = use_final and bool(np.isfinite(finals).any())
        if not reached:
            finals = np.zeros(end - begin)
        lm, phrase = self._end_costs(begin, end, reached)
        best = int(np.argmin(self._costs(begin, end) + finals + lm + phrase))
        return begin + best, Costs(float(finals[best]), 0.0, float(lm[best]), float(phrase[best])), reached

    def _costs(self, begin: int, end: int) -> NDArray[np.float64]:
        """Return what the paths to tokens cost, nothing looked ahead to."""
        costs = self._tokens.cost[begin:end]
        return costs if self._model is None else costs - self._tokens.ahead[begin:end]

    def _end_costs(self, begin: int, end: int, final: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the costs of the language model and of phrases where tokens' histories end."""
        lm, phrase = np.zeros(end - begin, np.float32), np.zeros(end - begin, np.float32)
        if self._model is not None:
            from .history_kernels import end_costs

            end_costs(self._model, self._tokens.history[begin:end].copy(), final, lm, phrase)
        return lm, phrase

    def _last_tokens(self) -> tuple[int, int]:
        frame = int(self._position[FRAME])
        return int(self._frames.token_begin[frame]), int(self._frames.token_begin[frame + 1])

    def _path(self, token: int) -> NDArray[np.int64]:
        """Return the links of a token's best path, first to last."""
        back, source = self._tokens.back, self._links.source
        path = []
        while (link := int(back[token])) != NO_LINK:
            path.append(link)
            token = int(source[link])
        return np.array(path[::-1], dtype=np.int64)

    def _stretch(self, path: NDArray[Any]) -> Stretch:
        return read_stretch(self.graph, self._links, path, self._first_frame + self._committed_frames)

    def _hypothesis(self, token: int, ending: Costs) -> Hypothesis:
        stretches = [*self._committed, self._stretch(self._path(token))]
        return hypothesis(self.graph, stretches, ending, self.options.acoustic_scale)

    def _commit(self) -> None:
        """Write down and free what all live tokens share, if it lies in the older half of the kept frames."""
        from .prune_kernels import common_ancestor, drop_before

        frame = int(self._position[FRAME])
        newest = frame - self._widths.keep_frames // 2
        root = int(common_ancestor(self._tokens, self._links, self._frames, self._position, newest))
        if root < 0:
            return
        path = self._path(root)
        if len(path) == 0:
            return
        self._committed.append(self._stretch(path))
        drop_before(self._tokens, self._links, self._frames, self._position, root)
        self._committed_frames = self.frames - int(self._position[FRAME])

    def _checked(self, scores: ArrayLike) -> NDArray[np.float32]:
        rows = np.ascontiguousarray(scores, dtype=np.float32)
        columns = self.graph.columns
        if rows.ndim != 2 or rows.shape[1] < columns:
            raise ScoresError(f"scores: shape is {rows.shape}; this graph reads (frames, {columns}).")
        # NaN compares false with everything.
        if not rows.max(initial=-np.inf) < np.inf:
            frame, column = (int(place[0]) for place in np.nonzero(np.isnan(rows) | (rows == np.inf)))
            raise ScoresError(
                f"scores: frame {self._first_frame + self.frames + frame}, column {column} is {rows[frame, column]}; "
                "scores are finite natural logarithms, or minus infinity."
            )
        return rows

    def _make_room(self, rows: int) -> None:
        needed = int(self._position[FRAME]) + rows + 3
        if needed > len(self._frames.token_begin):
            self._frames = Frames(*_grown(self._frames, 2 * needed))

    def _grow(self) -> None:
        """Make room where room is short; what is there stays."""
        self._tokens = Tokens(*_grown(self._tokens, 2 * len(self._tokens.state)))
        self._links = Links(*_grown(self._links, 2 * len(self._links.arc)))
        self._work = self._work._replace(
            order=np.empty(len(self._tokens.state), np.float64), table=np.full(2 * len(self._work.table), -1, np.int32)
        )


_DTYPES = {
    "state": np.int32, "cost": np.float64, "back": np.int32, "extra": np.float64, "moved": np.int32,
    "history": np.int64, "ahead": np.float64,
    "source": np.int32, "target": np.int32, "arc": np.int32, "graph": np.float32, "acoustic": np.float32,
    "lm": np.float32, "phrase": np.float32,
    "token_begin": np.int64, "link_begin": np.int64,
}  # fmt: skip
_OF_HISTORY = ("history", "ahead", "lm", "phrase")


def _empty(kind: Any, length: int, without: tuple[str, ...] = ()) -> list[NDArray[Any]]:
    """Return arrays for all fields of ``kind``; those of the fields ``without`` are empty and stay so."""
    return [np.empty(0 if field in without else length, _DTYPES[field]) for field in kind._fields]


def _grown(arrays: Any, length: int) -> list[NDArray[Any]]:
    grown = [np.empty(length if len(array) else 0, array.dtype) for array in arrays]
    for new, old in zip(grown, arrays, strict=True):
        new[: len(old)] = old
    return grown
