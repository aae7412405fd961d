"""What tuning found: word errors over a grid of weights, how sure they are, and how flat they lie."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ...lm.rescore import RescoreOptions

AXES = ("lm_weight", "word_insertion_penalty", "graph_weight", "first_pass_weight")
SMALL_SET = 5000
"""Reference words below which a development set is called small."""


@dataclass(frozen=True, slots=True)
class TuningGrid:
    """The values that are tried, every combination of them; None: the bundle's alone."""

    lm_weight: tuple[float, ...] = tuple(round(0.1 * step, 1) for step in range(2, 15))
    word_insertion_penalty: tuple[float, ...] = tuple(0.25 * step for step in range(-6, 7))
    graph_weight: tuple[float, ...] | None = None
    first_pass_weight: tuple[float | None, ...] | None = None

    def __post_init__(self) -> None:
        for name in AXES:
            values = getattr(self, name)
            if values is not None and (not values or len(set(values)) != len(values)):
                raise OptionsError(f"{name}: {list(values)} is no list of values to try; give each once.")

    def around(self, base: RescoreOptions) -> "TuningGrid":
        """Return the grid with the values of ``base`` where there are none."""
        given = {name: getattr(self, name) for name in AXES}
        made = {name: (getattr(base, name),) if values is None else values for name, values in given.items()}
        return TuningGrid(**{name: _rising(values) for name, values in made.items()})

    @property
    def axes(self) -> tuple[tuple[float | None, ...], ...]:
        """The values of each of ``AXES``."""
        return tuple(getattr(self, name) or (None,) for name in AXES)

    def points(self, acoustic_scale: float) -> list[RescoreOptions]:
        """Return the options of every point; the last axis goes round fastest."""
        rows = (dict(zip(AXES, values, strict=True)) for values in product(*self.axes))
        return [RescoreOptions(acoustic_scale=acoustic_scale, **row) for row in rows]  # type: ignore[arg-type]


def _rising(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(values, key=lambda value: -np.inf if value is None else value))


@dataclass(frozen=True, eq=False)
class Surface:
    """Word errors at every point of a grid.

    ``errors`` int64 (clips, points) and ``words`` int64 (clips,), those of the references. ``base`` is what the bundle
    has, ``base_errors`` int64 (clips,) what comes of that, be it a point of the grid or not.
    """

    grid: TuningGrid
    base: RescoreOptions
    errors: NDArray[np.int64]
    base_errors: NDArray[np.int64]
    words: NDArray[np.int64]

    def __post_init__(self) -> None:
        if int(self.words.sum()) == 0:
            raise OptionsError("tuning: the development set has no words; name recordings with what is said in them.")

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values of each axis."""
        return tuple(len(values) for values in self.grid.axes)

    @cached_property
    def points(self) -> list[RescoreOptions]:
        """The options of every point."""
        return self.grid.points(self.base.acoustic_scale)

    @cached_property
    def rates(self) -> NDArray[np.float64]:
        """The word error rate of every point in percent, float64 (points,)."""
        rates: NDArray[np.float64] = 100.0 * self.errors.sum(axis=0) / self.words.sum()
        return rates

    @cached_property
    def best(self) -> int:
        """The point with the fewest errors; of several, the one whose neighbours have the fewest."""
        return _best(self.errors.sum(axis=0), self.shape)

    @cached_property
    def draws(self) -> NDArray[np.float64]:
        """How often each clip is in each of 1000 sets of as many clips, drawn with replacement, float64 (1000, clips).

        For the bootstrap of Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR performance
        evaluation" (2004). The draws are the same in every run.
        """
        clips = len(self.words)
        return np.random.default_rng(0).multinomial(clips, np.full(clips, 1 / clips), 1000).astype(np.float64)

    def sampled(self, errors: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the rates of the drawn sets in percent, float64 (1000, ...), for errors (clips, ...)."""
        rates: NDArray[np.float64] = 100.0 * ((self.draws @ errors).T / np.maximum(self.draws @ self.words, 1.0)).T
        return rates

    @property
    def interval(self) -> tuple[float, float]:
        """Where the rate of the best point lies with 95 % confidence, in percent, by the bootstrap over clips."""
        low, high = np.percentile(self.sampled(self.errors[:, self.best]), (2.5, 97.5))
        return float(low), float(high)

    @cached_property
    def as_good(self) -> NDArray[np.bool_]:
        """Which points this set cannot tell from the best with 95 % confidence, by paired samples: bool (points,)."""
        good: NDArray[np.bool_] = self._not_worse(self.errors)
        return good

    @property
    def base_as_good(self) -> bool:
        """Whether this set cannot tell what the bundle has from the best."""
        return bool(self._not_worse(self.base_errors[:, np.newaxis])[0])

    @property
    def base_rate(self) -> float:
        """The rate of what the bundle has, in percent."""
        return 100.0 * float(self.base_errors.sum() / self.words.sum())

    def _not_worse(self, errors: NDArray[np.int64]) -> Any:
        worse = self.sampled(errors - self.errors[:, self.best : self.best + 1])
        return np.percentile(worse, 2.5, axis=0) <= 0

    @cached_property
    def held_out(self) -> float | None:
        """The rate where each tenth of the clips has the weights that are best on the others; None below ten clips."""
        clips = len(self.words)
        if clips < 10:
            return None
        errors, fold = 0, np.arange(clips) % 10
        for part in range(10):
            chosen = _best(self.errors[fold != part].sum(axis=0), self.shape)
            errors += int(self.errors[fold == part, chosen].sum())
        return 100.0 * errors / int(self.words.sum())

    @property
    def base_point(self) -> int | None:
        """The point of the grid that is what the bundle has, None where none is."""
        same = [
            point.lm_weights == self.base.lm_weights
            and point.word_insertion_penalty == self.base.word_insertion_penalty
            and (point.graph_weight, point.first_weight) == (self.base.graph_weight, self.base.first_weight)
            for point in self.points
        ]
        return same.index(True) if True in same else None

    @property
    def edges(self) -> tuple[str, ...]:
        """The axes of several values on whose first or last one the best point lies: a wider grid may have a better."""
        place = np.unravel_index(self.best, self.shape)
        return tuple(
            name
            for name, at, count in zip(AXES, place, self.shape, strict=True)
            if count > 1 and at in (0, count - 1) and not (name == "graph_weight" and self._value(name, int(at)) == 0)
        )

    def _value(self, name: str, at: int) -> float | None:
        return self.grid.axes[AXES.index(name)][at]

    def flat(self) -> dict[str, tuple[float, float]]:
        """Return the lowest and the highest value of each axis among the points that are as good as the best."""
        places = np.unravel_index(np.flatnonzero(self.as_good), self.shape)
        found = {}
        for name, values, at in zip(AXES, self.grid.axes, places, strict=True):
            if None not in values and len(values) > 1:
                found[name] = (float(values[int(at.min())] or 0.0), float(values[int(at.max())] or 0.0))
        return found

    def slope(self) -> float:
        """Return how much the rate rises, in percent absolute, one step away from the best point, on average."""
        around = [point for point in _neighbours(self.best, self.shape) if point != self.best]
        return float(np.mean(self.rates[around]) - self.rates[self.best]) if around else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it; rates in percent, the table's last axis going round fastest."""
        best = self.points[self.best]
        return {
            "clips": len(self.words),
            "words": int(self.words.sum()),
            "axes": {name: list(values) for name, values in zip(AXES, self.grid.axes, strict=True)},
            "acoustic_scale": self.base.acoustic_scale,
            "best": {name: getattr(best, name) for name in AXES},
            "wer": round(float(self.rates[self.best]), 4),
            "interval": [round(bound, 4) for bound in self.interval],
            "held_out_wer": None if self.held_out is None else round(self.held_out, 4),
            "bundle": {name: getattr(self.base, name) for name in AXES} | {"wer": round(self.base_rate, 4)},
            "points_as_good": int(self.as_good.sum()),
            "flat": {name: list(bounds) for name, bounds in self.flat().items()},
            "slope": round(self.slope(), 4),
            "table": [round(rate, 4) for rate in self.rates.tolist()],
        }


def _best(errors: NDArray[np.int64], shape: tuple[int, ...]) -> int:
    least = np.flatnonzero(errors == errors.min()).tolist()
    return min(least, key=lambda point: (float(np.mean(errors[_neighbours(point, shape)])), point))


def _neighbours(point: int, shape: tuple[int, ...]) -> list[int]:
    """Return the points at most one step away along every axis, ``point`` among them."""
    place = np.unravel_index(point, shape)
    near = [range(max(0, int(at) - 1), min(count, int(at) + 2)) for at, count in zip(place, shape, strict=True)]
    return [int(np.ravel_multi_index(other, shape)) for other in product(*near)]
