"""One recording's beam search.

A search keeps the links between its tokens, pruned by the lattice beam as it goes, so that alternatives can be read off
at the end. Recordings without end: once more than ``keep_frames`` frames are kept, everything before a token that the
best paths of all live tokens share is committed: its words are written down and its tokens freed. The best path is
the same with and without committing; alternatives (``nbest``) differ in what came after the last committed token,
which is at least half of ``keep_frames`` frames (more where the live tokens did not agree so soon).
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import ScoresError, SearchError
from ..fst.transducer import read_only
from ..graph.search_graph import Graph
from ..lattice.lattice import Lattice
from .hypothesis import Costs, Hypothesis, Stretch, hypothesis, read_stretch
from .lattice_segments import join_lattices, with_one_end
from .link_costs import link_costs
from .options import SearchOptions
from .raw_lattice import Ends, Kept, raw_lattice
from .result import SearchResult
from .storage import grown, grown_work, make_frames, make_links, make_tokens, make_work
from .token_arrays import (
    ABSOLUTE,
    ARCS,
    COMMIT,
    CROWDED,
    DEAD,
    FRAME,
    FULL,
    NO_LINK,
    POSITION_SIZE,
    PRUNED,
    ROW,
    GraphArrays,
    Trace,
    Widths,
)

if TYPE_CHECKING:
    from .history_kernels import HistoryArrays


class Search:
    """One recording's search, made by ``BeamSearch.start``.

    The answer does not depend on how the rows are cut into calls of ``advance``.
    """

    def __init__(
        self,
        machine: tuple[Graph, GraphArrays, int],
        history: "tuple[HistoryArrays, int, bool] | None",
        options: SearchOptions,
        first_frame: int,
        keep_lattice: bool | Callable[[Lattice], Lattice],
        trace: bool,
    ) -> None:
        self.graph, self._arrays, levels = machine
        self._model: HistoryArrays | None = None
        first_history, looks_ahead = 0, False
        if history is not None:
            self._model, first_history, looks_ahead = history
        self.options = options
        self._first_frame = first_frame
        self._widths = Widths.of(options)
        remembers = self._model is not None
        self._tokens = make_tokens(remembers, looks_ahead)
        self._links = make_links(self._model is not None and len(self._model.lm.final_costs) > 0)
        self._frames = make_frames()
        self._work = make_work(len(self.graph.score_column), levels, trace, remembers)
        self._tokens.state[0], self._tokens.cost[0], self._tokens.back[0] = self.graph.fst.start, 0.0, NO_LINK
        if remembers:
            self._tokens.history[0] = first_history
        self._position = np.zeros(POSITION_SIZE, np.int64)
        self._position[[FRAME, ABSOLUTE, PRUNED]] = -1
        self._committed: list[Stretch] = []
        self._committed_frames = 0
        self._keep_lattice = keep_lattice
        self._segments: list[Lattice] = []
        self._result: SearchResult | None = None
        self._final = True
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
        parts = (*self._tokens, *self._links, *self._frames, *self._work.trace, *self._work.lists, *self._work[:-2])
        return sum(int(array.nbytes) for array in parts)

    @property
    def segments(self) -> tuple[Lattice, ...]:
        """What is committed so far, as lattices that follow one another; empty unless ``keep_lattice`` was asked for.

        The last state of each is its only end and the first state of the next one. Alternatives that pass by those
        states are not in them.
        """
        return tuple(self._segments)

    @property
    def trace(self) -> Trace:
        """What was followed for each row so far (see ``Trace``); empty arrays unless ``trace`` was asked for."""
        return Trace(*(read_only(array[: max(self.frames, 0)]) for array in self._work.trace))

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
            kept = (self._tokens, self._links, self._frames, self._work)
            looking = self._model if len(self._tokens.ahead) else None
            status = advance(self._arrays, self._widths, *kept, self._model, looking, self._position, read_only(rows))
            if status == FULL:
                self._tokens = grown(self._tokens, 2 * len(self._tokens.state))
                self._links = grown(self._links, 2 * len(self._links.arc))
            if status in (FULL, CROWDED):
                self._work = grown_work(self._work, len(self._tokens.state), status == CROWDED)
            elif status == COMMIT:
                self._commit()
            else:
                return int(status)

    def partial(self) -> Hypothesis:
        """Return the best path so far, whether or not it could end here; the search goes on."""
        if self._dead:
            raise SearchError(f"search: it ended at frame {self.frames}; start another one.")
        return self._hypothesis(*self._best(use_final=False)[:2])

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

    def finish(self, final: bool = True) -> SearchResult:
        """End the search; asked again, it returns the same result.

        Final states are preferred: only where no live token stands on one is the best token taken as it is, and the
        result says ``reached_final`` False. With ``final`` False it is taken in any case, as in a recording that breaks
        off. Raises SearchError where no path is left, or where the search was finished the other way.
        """
        if self._dead:
            raise SearchError(f"search: no path is left after frame {self._first_frame + self.frames}.")
        if self._result is None:
            self._final = final
            token, ending, reached = self._best(use_final=final)
            self._result = SearchResult(
                best=self._hypothesis(token, ending), frames=self.frames, reached_final=reached, search=self
            )
        elif final != self._final:
            raise SearchError(f"search: it was finished with final={self._final}; start another one.")
        return self._result

    def best_labels(self) -> NDArray[np.int32]:
        """Return the best path's input label of each frame of the finished search (``SearchResult.best_labels``)."""
        self._finished()
        path = self._path(self._best(self._final)[0])
        labels: NDArray[np.int32] = self.graph.fst.ilabels[self._links.arc[path]]
        return labels[labels != 0]

    def best_hypotheses(self, count: int) -> tuple[Hypothesis, ...]:
        """Return the ``count`` best distinct word sequences of the finished search (``SearchResult.nbest``)."""
        from ..lattice.nbest import nbest

        found = []
        for path in nbest(self.open_lattice, count, self.options.lattice_beam):
            costs = Costs(path.graph_cost, path.acoustic_cost, path.lm_cost, path.phrase_cost)
            stretch = read_stretch(self.graph, path.labels, path.word_ids, costs, path.first_frame)
            found.append(hypothesis(self.graph, [*self._committed, stretch], Costs(), self.options.acoustic_scale))
        return tuple(found)

    @cached_property
    def open_lattice(self) -> Lattice:
        """What the finished search did not commit, as a lattice."""
        from .prune_kernels import keep_best_paths, prune

        self._finished()
        begin, end, final, lm, phrase = self._ends(self._final)
        costs = self._costs(begin, end) + final + lm + phrase
        worse = costs - costs.min()
        worse[worse > self.options.lattice_beam] = np.inf
        if self.options.lattice_beam == 0.0:
            worse[np.arange(end - begin) != np.argmin(costs)] = np.inf
        self._tokens.extra[begin:end] = worse
        if self.options.lattice_beam == 0.0:
            keep_best_paths(self._tokens, self._links, self._frames, self._position, -1)
        else:
            prune(self._widths, self._tokens, self._links, self._frames, self._work.order, self._position, -1)
        begin, end, final, lm, phrase = self._ends(self._final)
        ends = Ends(np.arange(begin, end), final, lm.astype(np.float64), phrase.astype(np.float64))
        return self._lattice(int(self._position[FRAME]), ends)

    def whole_lattice(self) -> Lattice:
        """Return the lattice of the finished search, what was committed included where that is kept."""
        return join_lattices([*self.segments, self.open_lattice])

    def _lattice(self, last: int, ends: Ends) -> Lattice:
        kept = Kept(self._tokens, self._links, self._frames)
        first, options = self._first_frame + self._committed_frames, self.options
        return raw_lattice(
            self.graph,
            self._arrays,
            kept,
            self._model,
            last,
            ends,
            first,
            options.acoustic_scale,
            options.lattice_beam,
        )

    def _finished(self) -> None:
        if self._result is None:
            raise SearchError("search: it is not finished; call finish() first.")

    def _best(self, use_final: bool) -> tuple[int, Costs, bool]:
        """Return the best token of the last frame, what ending there costs, and whether its state is a final one."""
        begin, end, final, lm, phrase = self._ends(use_final)
        best = int(np.argmin(self._costs(begin, end) + final + lm + phrase))
        reached = use_final and bool(np.isfinite(self._final_costs(begin, end)[best]))
        return begin + best, Costs(float(final[best]), 0.0, float(lm[best]), float(phrase[best])), reached

    def _ends(self, use_final: bool) -> tuple[int, int, NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return where the last frame's tokens begin and end, and what ending in each costs: graph, LM, phrase.

        Where none of them may end, all may.
        """
        frame = int(self._position[FRAME])
        begin, end = int(self._frames.token_begin[frame]), int(self._frames.token_begin[frame + 1])
        if use_final:
            final = self._final_costs(begin, end)
            lm, phrase = self._history_costs(begin, end, True)
            if np.isfinite(final + lm).any():
                return begin, end, final, lm, phrase
        return begin, end, np.zeros(end - begin), *self._history_costs(begin, end, False)

    def _final_costs(self, begin: int, end: int) -> NDArray[np.float64]:
        return self.graph.fst.final_weights[self._tokens.state[begin:end]].astype(np.float64)

    def _costs(self, begin: int, end: int) -> NDArray[np.float64]:
        """Return what the paths to tokens cost, nothing looked ahead to."""
        costs = self._tokens.cost[begin:end]
        return costs - self._tokens.ahead[begin:end] if len(self._tokens.ahead) else costs

    def _history_costs(self, begin: int, end: int, final: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the costs of the language model and of phrases where tokens' histories end."""
        lm, phrase = np.zeros(end - begin, np.float32), np.zeros(end - begin, np.float32)
        if self._model is not None:
            from .history_kernels import end_costs

            end_costs(self._model, self._tokens.history[begin:end].copy(), final, lm, phrase)
        return lm, phrase

    def _path(self, token: int) -> NDArray[np.int64]:
        """Return the links of a token's best path, first to last."""
        back, source = self._tokens.back, self._links.source
        path = []
        while (link := int(back[token])) != NO_LINK:
            path.append(link)
            token = int(source[link])
        return np.array(path[::-1], dtype=np.int64)

    def _stretch(self, path: NDArray[np.int64]) -> Stretch:
        links, fst = self._links, self.graph.fst
        arcs = links.arc[path]
        ilabels, olabels = fst.ilabels[arcs], fst.olabels[arcs]
        parts = (fst.weights[arcs], links.acoustic[path], *link_costs(self._tokens, links, path, olabels, self._model))
        costs = Costs(*(float(part.sum(dtype=np.float64)) for part in parts))
        first = self._first_frame + self._committed_frames
        return read_stretch(self.graph, ilabels[ilabels != 0], olabels[olabels != 0], costs, first)

    def _hypothesis(self, token: int, ending: Costs) -> Hypothesis:
        stretches = [*self._committed, self._stretch(self._path(token))]
        return hypothesis(self.graph, stretches, ending, self.options.acoustic_scale)

    def _commit(self) -> None:
        """Write down and free what all live tokens share, if it lies in the older half of the kept frames."""
        from .prune_kernels import common_ancestor, drop_before

        newest = int(self._position[FRAME]) - self._widths.keep_frames // 2
        root = int(common_ancestor(self._tokens, self._links, self._frames, self._position, newest))
        if root < 0:
            return
        path = self._path(root)
        if len(path) == 0:
            return
        self._committed.append(self._stretch(path))
        if self._keep_lattice:
            self._segments.append(self._segment(root))
        drop_before(self._tokens, self._links, self._frames, self._position, root)
        self._committed_frames = self.frames - int(self._position[FRAME])

    def _segment(self, root: int) -> Lattice:
        """Return all that leads to the token ``root`` as a lattice."""
        from ..lattice.assemble import trim

        last = int(np.searchsorted(self._frames.token_begin[: self._position[FRAME] + 2], root, side="right")) - 1
        nothing = np.zeros(1)
        segment = trim(self._lattice(last, Ends(np.array([root]), nothing, nothing, nothing)))
        return with_one_end(self._keep_lattice(segment)) if callable(self._keep_lattice) else segment

    def _checked(self, scores: ArrayLike) -> NDArray[np.float32]:
        try:
            with np.errstate(over="ignore"):  # infinite, which is dealt with below
                given = np.asarray(scores)
                if np.iscomplexobj(given):
                    raise TypeError("complex ones")
                rows = np.ascontiguousarray(given, dtype=np.float32)
        except (TypeError, ValueError) as problem:
            raise ScoresError(f"scores: they are no matrix of numbers ({problem}); give (frames, units).") from None
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
            self._frames = grown(self._frames, 2 * needed)
        needed = self.frames + rows
        if 0 < len(self._work.trace.bound) < needed:
            self._work = self._work._replace(trace=grown(self._work.trace, 2 * needed))
