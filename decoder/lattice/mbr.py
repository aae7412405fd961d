"""Minimum Bayes risk decoding: the words with the fewest errors to be expected, how sure each is, and what else may be.

After Xu, Povey, Mangu and Zhu, "Minimum Bayes risk decoding and system combination based on a recursion for edit
distance" (2011), as Kaldi's lattice-mbr-decode does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError, SearchError
from .arc_times import arc_times
from .lattice import Lattice
from .nbest import best_path
from .posteriors import PosteriorScales, scaled_arrays

if TYPE_CHECKING:
    from .mbr_kernels import Arcs


MOST_CELLS = 10**8
"""States times words that are compared at once, at most: two tables of as many float64."""


@dataclass(frozen=True, slots=True)
class MbrOptions:
    """scales: of the costs; rounds: how often, at most, the words are replaced by those that stand against them."""

    scales: PosteriorScales = field(default_factory=PosteriorScales)
    rounds: int = 100

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise OptionsError(f"mbr: rounds is {self.rounds}; allow at least one.")


@dataclass(frozen=True, slots=True)
class Bin:
    """One place of the sausage: which words may stand there ("" for none), likeliest first, how likely, and when.

    ``posteriors`` add up to 1; ``times`` are first frame and end of each word, averages over the lattice's arcs.
    ``start`` and ``end`` are the averages over all of them; where bins overlap, the middle parts them.
    """

    words: tuple[str, ...]
    posteriors: tuple[float, ...]
    times: tuple[tuple[float, float], ...]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class MinimumRisk:
    """The words, when each is said (frames), and how likely it is right, in [0, 1].

    ``bins`` is the whole sausage (confusion network): a bin for each word, and one before, between and behind them.
    ``expected_errors`` is the expected number of substitutions, insertions and deletions.
    """

    words: tuple[str, ...]
    times: tuple[tuple[float, float], ...]
    confidences: tuple[float, ...]
    bins: tuple[Bin, ...]
    expected_errors: float

    @property
    def text(self) -> str:
        """The words, joined by spaces."""
        return " ".join(self.words)


def minimum_bayes_risk(lattice: Lattice, options: MbrOptions | None = None) -> MinimumRisk:
    """Return the words of the lattice that have the least expected number of errors: exact up to local changes.

    The best path's words are replaced, place by place, by what is likeliest there, as long as that brings the errors
    down. A determinized lattice is meant: one path for each word sequence. Raises SearchError where the lattice has no
    path, OptionsError where states times words are more than ``MOST_CELLS``.
    """
    options = options or MbrOptions()
    sausage = _Sausage(lattice, options.scales)
    sequence = sausage.with_gaps(best_path(lattice).word_ids)
    sausage.compare(sequence)
    for _ in range(options.rounds):
        following = sausage.with_gaps(sausage.names[sausage.likeliest()])
        if np.array_equal(following, sequence):
            break
        before = sausage.expected_errors
        sausage.compare(following)
        if sausage.expected_errors >= before:  # the distance is a bound, so that the words may swing to and fro
            sausage.compare(sequence)
            break
        sequence = following
    return sausage.result(sequence)


def word_confidences(lattice: Lattice, words: Sequence[str], scales: PosteriorScales | None = None) -> MinimumRisk:
    """Return how sure each of ``words`` is (a whole utterance, on the lattice or not): they are kept as they are."""
    sausage = _Sausage(lattice, scales or PosteriorScales())
    ids = {lattice.words_table[word]: word for word in sausage.names[1:].tolist()}
    numbers = np.array([ids.get(word, -1) for word in words], np.int64)
    sequence = sausage.with_gaps(numbers)
    sausage.compare(sequence)
    found = sausage.result(sequence)
    return replace(found, words=tuple(words))


class _Sausage:
    """A lattice with one end, its words numbered, and what stands against the words of a sequence."""

    def __init__(self, lattice: Lattice, scales: PosteriorScales) -> None:
        if lattice.states == 0:
            raise SearchError("mbr: the lattice has no path.")
        self.lattice = lattice
        self.names = np.unique(np.append(lattice.words, 0)).astype(np.int64)  # 0, none, comes first
        self.arcs = self._arcs(scales)
        self.first_time = float(lattice.frames[0])
        self.expected_errors = 0.0
        self.posteriors = self.begins = self.ends = np.empty((0, 0))

    def _arcs(self, scales: PosteriorScales) -> "Arcs":
        """Sort the arcs by target; ends become arcs to one more state."""
        from .distance_kernels import costs_behind
        from .mbr_kernels import Arcs

        lattice = self.lattice
        arrays = scaled_arrays(lattice, scales)
        behind = costs_behind(arrays, True)
        finals = np.flatnonzero(np.isfinite(arrays.final_totals) & np.isfinite(behind))
        sources = np.concatenate([lattice.sources(), finals])
        targets = np.concatenate([lattice.nextstates, np.full(len(finals), lattice.states)])
        words = np.concatenate([np.searchsorted(self.names, lattice.words), np.zeros(len(finals), np.int64)])
        coming = behind[sources] + np.concatenate([arrays.totals, arrays.final_totals[finals]])
        last = -np.logaddexp.reduce(-coming[lattice.arcs :]) if len(finals) else np.inf
        if not last < np.inf:
            raise SearchError("mbr: no path of the lattice leads to an end; trim it.")
        times = arc_times(lattice)
        ending = np.repeat(lattice.frames[finals][:, None], 2, axis=1)
        times = np.concatenate([times, ending]).astype(np.float64)
        reached = np.isfinite(behind[sources])
        order = np.argsort(targets, kind="stable")
        order = order[reached[order]]
        begin = np.zeros(lattice.states + 2, np.int64)
        np.cumsum(np.bincount(targets[order], minlength=lattice.states + 1), out=begin[1:])
        share = np.exp(np.append(behind, last)[targets[order]] - coming[order])
        return Arcs(
            begin, sources[order].astype(np.int32), words[order].astype(np.int32), share,
            times[order, 0].copy(), times[order, 1].copy(),
        )  # fmt: skip

    def with_gaps(self, words: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
        """Return numbers of the words, and of none before, between and behind them; -1 for those of no arc."""
        spoken = np.asarray(words)[np.asarray(words) != 0]
        sequence = np.zeros(2 * len(spoken) + 1, np.int64)
        place = np.minimum(np.searchsorted(self.names, spoken), len(self.names) - 1)
        sequence[1::2] = np.where(self.names[place] == spoken, place, -1)
        return sequence

    def compare(self, sequence: NDArray[np.int64]) -> None:
        from .mbr_kernels import expected_errors

        states = self.lattice.states + 1
        if states * (len(sequence) + 1) > MOST_CELLS or len(self.names) * len(sequence) > MOST_CELLS:
            raise OptionsError(
                f"mbr: {states} states beside {len(sequence) // 2} words are too many at once; cut it at pauses."
            )
        self.expected_errors, self.posteriors, self.begins, self.ends = expected_errors(
            self.arcs, sequence.astype(np.int32), len(self.names), self.first_time
        )

    def likeliest(self) -> NDArray[np.int64]:
        """Return what stands likeliest in each place; of equally likely words, the one with the greatest number."""
        return len(self.names) - 1 - np.argmax(self.posteriors[:, ::-1], axis=1)

    def result(self, sequence: NDArray[np.int64]) -> MinimumRisk:
        bins = _in_order([self._bin(place) for place in range(len(sequence))])
        spoken = np.flatnonzero(np.arange(len(sequence)) % 2 == 1)
        times, confidences = [], []
        for place in spoken:
            word, made = int(sequence[place]), bins[place]
            sure = float(self.posteriors[place, word]) if word >= 0 else 0.0
            confidences.append(min(1.0, max(0.0, sure)))
            times.append(self._times(place, word) if sure > 0 else (made.start, made.end))
        words = tuple(self.lattice.words_table[self.names[sequence[place]]] for place in spoken)
        return MinimumRisk(
            words, _without_overlaps(times), tuple(confidences), tuple(bins), float(self.expected_errors)
        )

    def _bin(self, place: int) -> Bin:
        shares = self.posteriors[place]
        found = np.flatnonzero(shares > 0)
        order = [int(word) for word in found[np.lexsort((-found, -shares[found]))]]
        names = self.lattice.words_table
        total = float(shares.sum()) or 1.0
        return Bin(
            words=tuple(names[self.names[word]] if word else "" for word in order),
            posteriors=tuple(min(1.0, float(shares[word])) for word in order),
            times=tuple(self._times(place, word) for word in order),
            start=float(self.begins[place].sum()) / total,
            end=float(self.ends[place].sum()) / total,
        )

    def _times(self, place: Any, word: int) -> tuple[float, float]:
        share = float(self.posteriors[place, word])
        return float(self.begins[place, word]) / share, float(self.ends[place, word]) / share


def _in_order(bins: Sequence[Bin]) -> list[Bin]:
    """Part bins that overlap at the average of one's end and the next one's start, as Kaldi does."""
    fixed: list[Bin] = []
    for made in bins:
        if fixed and fixed[-1].end > made.start:
            middle = max(fixed[-1].start, 0.5 * (fixed[-1].end + made.start))
            fixed[-1] = replace(fixed[-1], end=middle)
            made = replace(made, start=middle, end=max(middle, made.end))
        fixed.append(made)
    return fixed


def _without_overlaps(times: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Let words that overlap share the time in the ratio of their durations, as Kaldi does."""
    fixed: list[tuple[float, float]] = []
    for begin, end in times:
        if fixed and fixed[-1][1] > begin:
            before_begin, before_end = fixed[-1]
            earlier = fixed[-2][1] if len(fixed) > 1 else 0.0
            left, right = max(earlier, min(before_begin, begin)), max(before_end, end)
            first, second = before_end - before_begin, end - begin
            middle = left + (right - left) * first / (first + second) if first > 0 else left
            fixed[-1] = (left, middle)
            begin, end = middle, right
        fixed.append((begin, end))
    return tuple(fixed)
