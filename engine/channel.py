"""One channel of a recording on its way through the stages, block by block."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .nbest import Candidates
from .segmentation import SegmentationOptions, Segmenter, Stretch

if TYPE_CHECKING:
    from ..decoder.search.beam_search import Search
    from ..decoder.search.result import SearchResult
    from .recognizer import Recognizer

Floats = NDArray[np.float32]


class StageClock:
    """Adds up the seconds that each stage takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(("audio", "features", "acoustic", "search", "rescoring"), 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the body's time to stage ``name``."""
        begin = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += perf_counter() - begin


class ChannelPipeline:
    """Takes the samples of one channel as they come and gives its segments, rescored, as pauses end them."""

    def __init__(self, recognizer: "Recognizer", channel: int | None, clock: StageClock) -> None:
        self._recognizer, self._clock = recognizer, clock
        self._features = recognizer.extractor.stream()
        self._acoustic = recognizer.acoustic.stream()
        self._decoder = ChannelDecoder(recognizer, channel, list_all=False)

    def accept(self, samples: Floats) -> list[Candidates]:
        """Return the segments that end within these samples (n,)."""
        with self._clock.stage("features"):
            features = self._features.accept(samples)
        with self._clock.stage("acoustic"):
            scores = self._acoustic.accept(features)
        return self._decode(scores)

    def finish(self) -> list[Candidates]:
        """Return what is left at the end of the recording."""
        with self._clock.stage("features"):
            features = self._features.finish()
        with self._clock.stage("acoustic"):
            scores = np.concatenate([self._acoustic.accept(features), self._acoustic.finish()])
        segments = self._decode(scores)
        with self._clock.stage("search"):
            last = self._decoder.finish()
        return segments + self._rescore(last)

    def _decode(self, scores: Floats) -> list[Candidates]:
        with self._clock.stage("search"):
            segments = self._decoder.accept(scores)
        return self._rescore(segments)

    def _rescore(self, segments: list[Candidates]) -> list[Candidates]:
        with self._clock.stage("rescoring"):
            return [self._recognizer.rescore(segment) for segment in segments]


class ChannelDecoder:
    """Takes the scores of one channel as they come, cuts them at pauses and searches each segment.

    With ``list_all`` False, a segment whose lattice is to be rescored has its best hypothesis alone. ``keep_lattice``:
    whether segments come with their lattices; None: where they are to be rescored.
    """

    def __init__(
        self,
        recognizer: "Recognizer",
        channel: int | None,
        list_all: bool = True,
        keep_lattice: bool | None = None,
    ) -> None:
        self._searcher = recognizer.search
        self._keep_lattice = recognizer.rescores_lattices if keep_lattice is None else keep_lattice
        self._nbest = recognizer.decoding.nbest if list_all or not self._keep_lattice else 1
        self._channel, self._frame_seconds = channel, recognizer.frame_seconds
        self._segmenter = Segmenter(SegmentationOptions(pause=recognizer.decoding.pause_seconds), self._frame_seconds)
        self._search: Search | None = None
        self._first_frame = 0

    def accept(self, scores: Floats) -> list[Candidates]:
        """Return the segments that end within these scores (frames, units)."""
        return self._run(self._segmenter.accept(scores))

    def finish(self) -> list[Candidates]:
        """Return the last segment, if one is open."""
        return self._run(self._segmenter.finish())

    def _run(self, stretches: list[Stretch]) -> list[Candidates]:
        segments = []
        for stretch in stretches:
            if self._search is None:
                self._search = self._searcher.start(stretch.first_frame, keep_lattice=self._keep_lattice)
                self._first_frame = stretch.first_frame
            if len(stretch.scores):
                self._search.advance(stretch.scores)
            if stretch.closes:
                segments.append(self._candidates(self._search.finish(), stretch.first_frame + len(stretch.scores)))
                self._search = None
        return segments

    def _candidates(self, found: "SearchResult", end: int) -> Candidates:
        return Candidates(
            self._channel,
            self._first_frame,
            end,
            self._frame_seconds,
            (found.best,) if self._nbest == 1 else found.nbest(self._nbest),
            lattice=found.lattice() if self._keep_lattice else None,
        )
