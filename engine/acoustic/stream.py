"""Running a network over features as they arrive: what is carried from block to block, and one block's computation."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...blas import one_thread
from ...errors import ScoresError
from .description import Tap
from .plan import Plan
from .tensors import Float32

if TYPE_CHECKING:
    from .model import AcousticModel

INPUT = "features"


class Workspace:
    """The memory in which blocks are computed: one array (capacity, width) for each node, many in the same slot."""

    def __init__(self, plan: Plan) -> None:
        slots = [np.zeros(size, np.float32) for size in plan.slot_sizes]
        self.rows: dict[str, Float32] = {
            name: slots[place.slot][: place.capacity * place.width].reshape(place.capacity, place.width)
            for name, place in plan.places.items()
        }
        self.scratch: Float32 = np.zeros(plan.scratch_size, np.float32)


class AcousticStream:
    """Scores one recording as its features arrive; any division into calls gives the same bits.

    Row k of the scores belongs to frame k * subsampling, and comes as soon as the network's right context after that
    frame is there; ``finish`` gives the rest, ceil(frames / subsampling) rows in all.
    """

    def __init__(self, model: "AcousticModel") -> None:
        self._model = model
        self._plan = model.plan
        places = self._plan.places.values()
        self._kept = {place.name: np.zeros((place.keep, place.width), np.float32) for place in places}
        self._next = {place.name: place.first_row for place in places}
        self._base = {place.name: 0 for place in places}  # the number of the first row of a node's array
        self._last_frame: Float32 = np.zeros((0, model.feature_width), np.float32)
        self._held: list[Float32] = []
        self.frames = 0
        self.finished = False

    def accept(self, features: NDArray[Any]) -> Float32:
        """Return the scores (rows, units) that become computable with these features (frames, width); maybe none.

        Raises ScoresError for features of a wrong shape, with NaN or infinite values, or after ``finish``.
        """
        features = self._check(features)
        if self._model.streaming:
            return self._advance(features, last=False)
        self._held.append(features.copy())
        return np.zeros((0, self._model.units), np.float32)

    def finish(self, features: NDArray[Any] | None = None) -> Float32:
        """Return the last scores, after some last features if given; the stream takes nothing more."""
        features = self._check(self._last_frame[:0] if features is None else features)
        self.finished = True
        return self._advance(np.concatenate([*self._held, features]) if self._held else features, last=True)

    def _check(self, features: NDArray[Any]) -> Float32:
        if self.finished:
            raise ScoresError("the stream is finished; start another for more features.")
        features = np.asarray(features)
        width = self._model.feature_width
        if features.ndim != 2 or features.shape[1] != width or features.dtype.kind not in "fiu":
            raise ScoresError(
                f"the acoustic model takes features of shape (frames, {width}), not {features.dtype} {features.shape}."
            )
        with np.errstate(over="ignore"):
            features = features.astype(np.float32, copy=False)
        finite = np.isfinite(features).all(axis=1)
        if not finite.all():
            frame = self.frames + sum(map(len, self._held)) + int(finite.argmin())
            raise ScoresError(f"feature frame {frame} holds NaN or infinite values.")
        return features

    def _advance(self, features: Float32, *, last: bool) -> Float32:
        """Feed the features, before them the repeated first frame at the start, after them the last one at the end."""
        begin = self._plan.places[INPUT].first_row if self.frames == 0 else 0
        self.frames += len(features)
        end = len(features)
        if self.frames == 0:
            return np.zeros((0, self._model.units), np.float32)
        if last:
            output = self._plan.places[self._model.output]
            last_time = (self.frames - 1) // output.period * output.period
            end += max(0, last_time + output.reach - (self.frames - 1))
        if len(features):
            self._last_frame = features[-1:].copy()
        else:
            features, begin, end = self._last_frame, begin + 1, end + 1
        scores = [np.zeros((0, self._model.units), np.float32)]
        with one_thread(), self._model.workspace() as workspace, np.errstate(over="ignore", invalid="ignore"):
            for start in range(begin, end, self._plan.block_frames):
                stop = min(start + self._plan.block_frames, end)
                scores.append(self._run(features, start, stop, workspace))
        return np.concatenate(scores)

    def _run(self, features: Float32, start: int, stop: int, workspace: Workspace) -> Float32:
        """Compute one block: every row of every node that frames start to stop make computable, each just once.

        Frames outside of ``features`` stand for the nearest one inside.
        """
        places, arrays = self._plan.places, workspace.rows
        count = stop - start
        begin = places[INPUT].lead + places[INPUT].keep
        np.take(features, np.arange(start, stop), axis=0, out=arrays[INPUT][begin : begin + count], mode="clip")
        self._settle(INPUT, count, workspace)
        time = self._next[INPUT] - 1
        for layer in self._plan.layers:
            place = places[layer.name]
            row = self._next[layer.name]
            count = max(0, (time - place.reach) // place.period + 1 - row)
            if count:
                before, after = layer.spare_rows(row - place.origin, count)
                rows = before + count + after
                first = (row - before) * place.period
                inputs = [self._tapped(tap, first, place.period, rows, workspace) for tap in layer.taps]
                begin = place.lead + place.keep - before
                layer.compute(inputs, arrays[layer.name][begin : begin + rows], workspace.scratch)
            self._settle(layer.name, count, workspace)
        begin = place.lead + place.keep  # of the last layer: the output
        scores: Float32 = arrays[place.name][begin : begin + count].copy()
        if not np.isfinite(scores).all():
            raise ScoresError("the features are too large for the acoustic model: its scores are not finite.")
        return scores

    def _tapped(self, tap: Tap, time: int, period: int, rows: int, workspace: Workspace) -> Float32:
        """Return the view of what ``tap`` reads for ``rows`` rows of a layer, the first at ``time``."""
        source = self._plan.places[tap.source]
        step = period // source.period
        row = (time + tap.offset) // source.period - self._base[tap.source]
        return workspace.rows[tap.source][row : row + (rows - 1) * step + 1 : step]

    def _settle(self, name: str, count: int, workspace: Workspace) -> None:
        """Put the kept rows before the ``count`` new ones (spare rows lay there), and keep the last ones anew."""
        place = self._plan.places[name]
        self._base[name] = self._next[name] - place.keep - place.lead
        self._next[name] += count
        if place.keep and not place.overwritten:
            rows = workspace.rows[name][place.lead :]
            rows[: place.keep] = self._kept[name]
            self._kept[name][:] = rows[count : count + place.keep]
