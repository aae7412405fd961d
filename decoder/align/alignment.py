"""Forced alignment: the best path of scores through a known text, read off as words and phones with times.

alignment = align(scores, "hello world".split(), units, lexicon)
for word in alignment.words:
    print(word.text, word.start, word.end, [(phone.text, phone.start, phone.end) for phone in word.phones])
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import OptionsError, ScoresError, SearchError
from ...lm.pronunciation.lexicon import Lexicon
from ..graph.search_graph import Graph
from ..search.beam_search import BeamSearch
from ..search.options import SearchOptions
from .transcript_graph import Pronounce, Ways, pronunciations, transcript_graph


@dataclass(frozen=True, slots=True)
class AlignOptions:
    """How a text is aligned.

    A path may be worse than the best so far by ``beam`` (nats), by ``retry_beam`` if none came through. ``silence`` is
    a unit that may stand between words. ``close_gaps``: blank stretches of at most so many frames between two phones
    are shared between them (0 leaves them out: then a phone lasts from its first to its last frame of its own).
    """

    beam: float = 200.0
    retry_beam: float = 2000.0
    silence: str | None = None
    close_gaps: int = 0

    def __post_init__(self) -> None:
        if not (0 < self.beam <= self.retry_beam and math.isfinite(self.retry_beam)):
            raise OptionsError(
                f"align: beam {self.beam} and retry_beam {self.retry_beam}: give 0 < beam <= retry_beam."
            )
        if self.close_gaps < 0:
            raise OptionsError(f"align: close_gaps is {self.close_gaps}; give a number of frames from 0.")


@dataclass(frozen=True, slots=True)
class AlignedPhone:
    """A phone over the frames ``start`` to before ``end``; ``score`` is the mean natural logarithm over its frames."""

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A word, as ``AlignedPhone`` has it, with its phones; ``guessed`` where no lexicon had its pronunciation."""

    text: str
    start: int
    end: int
    score: float
    phones: tuple[AlignedPhone, ...]
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words of a text over ``frames`` rows of scores; ``score`` is the path's mean natural logarithm a frame.

    ``silences`` are the stretches of the silence unit, where there is one.
    """

    words: tuple[AlignedWord, ...]
    silences: tuple[AlignedPhone, ...]
    frames: int
    score: float

    @property
    def phones(self) -> tuple[AlignedPhone, ...]:
        """All phones of all words, in order."""
        return tuple(phone for word in self.words for phone in word.phones)


def align(
    scores: ArrayLike,
    transcript: Sequence[str],
    units: Sequence[str],
    lexicon: Lexicon | None = None,
    pronounce: Pronounce | None = None,
    options: AlignOptions | None = None,
) -> Alignment:
    """Return when each word of ``transcript``, or each phone where ``lexicon`` is None, was said.

    ``scores`` is float32 (frames, units), natural logarithms of a CTC model, ``units`` their names, the blank first.
    All pronunciations of a word compete; ``pronounce`` gives those of a word that the lexicon lacks. Of phones, each
    comes out as a word of one phone. Raises OptionsError for an empty text, unknown words or phones; ScoresError for
    scores that do not fit; SearchError where no path reaches the end of the text: it is not what was said.
    """
    options = options or AlignOptions()
    words = tuple(transcript)
    if not words:
        raise OptionsError("align: the text is empty; give the words that were said.")
    unknown: list[str] = []
    if lexicon is None:
        ways: Sequence[Ways] = [[((phone,), 1.0)] for phone in words]
    else:
        ways, unknown = pronunciations(words, lexicon, pronounce)
    graph = transcript_graph(words, ways, units, options.silence)
    rows = np.ascontiguousarray(scores, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != len(units):
        raise ScoresError(f"align: scores have shape {rows.shape}; {len(units)} units are named.")
    silence = units.index(options.silence) if options.silence else -1
    return align_graph(rows, graph, words, units, options, frozenset(unknown), silence)


def align_graph(
    scores: NDArray[np.float32],
    graph: Graph,
    words: Sequence[str],
    phones: Sequence[str],
    options: AlignOptions | None = None,
    guessed: frozenset[str] = frozenset(),
    silence: int = -1,
) -> Alignment:
    """Return when ``words`` were said, given a graph of any topology that reads them and nothing else.

    ``phones[p]`` names the graph's phone ``p`` (``phones[0]`` stands for none), ``silence`` is the one that stands
    between words where it has a number. Raises as ``align`` does.
    """
    options = options or AlignOptions()
    labels = _best_labels(graph, scores, len(words), options)
    return _read(graph, labels, scores, words, phones, guessed, options, silence)


def _best_labels(graph: Graph, rows: NDArray[np.float32], words: int, options: AlignOptions) -> NDArray[np.int32]:
    """Return the input label of every frame of the best path."""
    for beam in (options.beam, options.retry_beam):
        widths = SearchOptions(
            beam=beam, max_active=2**31 - 1, min_active=0, lattice_beam=0.0, prune_interval=25, keep_frames=None
        )
        search = BeamSearch(graph, widths).start()
        try:
            search.advance(rows)
            result = search.finish()
        except SearchError:
            continue
        if result.reached_final:
            return result.best_labels()
    raise SearchError(
        f"align: the text of {words} words does not fit the {len(rows)} frames of scores; give what was really said."
    )


def _read(
    graph: Graph,
    labels: NDArray[np.int32],
    rows: NDArray[np.float32],
    words: Sequence[str],
    units: Sequence[str],
    guessed: frozenset[str],
    options: AlignOptions,
    silence: int,
) -> Alignment:
    """Cut the frames' labels into phones, and these into words."""
    own = rows[np.arange(len(labels)), graph.score_column[labels]].astype(np.float64)
    phone = graph.label_phone[labels]
    begins = np.flatnonzero((phone > 0) & ~graph.label_is_self_loop[labels])
    # A phone's repeats follow it at once: its frames end where a blank or another phone begins.
    changes = np.flatnonzero((phone == 0) | ~graph.label_is_self_loop[labels])
    ends = np.append(changes, len(labels))[np.searchsorted(changes, begins, side="right")]
    means = [float(own[begin:end].mean()) for begin, end in zip(begins, ends, strict=True)]
    starts, stops = begins.copy(), ends.copy()
    close = np.flatnonzero((begins[1:] - ends[:-1] > 0) & (begins[1:] - ends[:-1] <= options.close_gaps))
    stops[close] = starts[close + 1] = (ends[close] + begins[close + 1] + 1) // 2
    silent = phone[begins] == silence
    spans = [
        AlignedPhone(units[unit], int(start), int(stop), mean)
        for unit, start, stop, mean in zip(phone[begins], starts, stops, means, strict=True)
    ]
    number = np.cumsum(graph.label_starts_word[labels[begins]])
    found: list[list[int]] = [[] for _ in words]
    for place, (word, is_silence) in enumerate(zip(number, silent, strict=True)):
        if not is_silence:
            found[word - 1].append(place)
    aligned = []
    for word, places in zip(words, found, strict=True):
        frames = np.concatenate([own[begins[place] : ends[place]] for place in places])
        phones = tuple(spans[place] for place in places)
        aligned.append(
            AlignedWord(word, phones[0].start, phones[-1].end, float(frames.mean()), phones, word in guessed)
        )
    silences = tuple(span for span, is_silence in zip(spans, silent, strict=True) if is_silence)
    return Alignment(tuple(aligned), silences, len(labels), float(own.mean()) if len(own) else 0.0)
