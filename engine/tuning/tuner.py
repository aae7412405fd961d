"""Tuning the weights of rescoring on a development set: every point of a grid in one pass over each lattice.

A recording is searched once. Its lattices are expanded on the language models once, and then the best words under all
weights are found together (``harken.decoder.lattice.rescore_sweep``): hundreds of points take about as long as one
search through the recording's pauses.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import HarkenError, OptionsError
from ...lm.rescore import RescoreOptions
from ...lm.text.normalizer import normalize
from ...tensorfile import write_aside
from ..manifest import Clip
from ..model import DESCRIPTION
from ..rescoring import rescore_options
from ..word_errors import word_errors
from .lattices import ClipLattices
from .surface import AXES, Surface, TuningGrid

if TYPE_CHECKING:
    from ...decoder.lattice.lattice import Lattice
    from ...decoder.lattice.rescore import LatticeRescorer


@dataclass(frozen=True, slots=True)
class Tuning:
    """The surface of word errors; ``refused`` are the reasons why clips took no part."""

    surface: Surface
    refused: tuple[str, ...]
    decoded: int
    reused: int


class Sweeper:
    """Counts the word errors of clips at every one of ``points``, given the lattices of their segments."""

    def __init__(self, rescorer: "LatticeRescorer", points: Sequence[RescoreOptions]) -> None:
        from ...decoder.lattice.rescore_sweep import weight_rows

        self._rescorer, self._points = rescorer, len(points)
        self._rows = weight_rows(points, len(rescorer.options.weights.lm_weights))

    def errors(self, lattices: "Sequence[Lattice]", reference: Sequence[str]) -> NDArray[np.int64]:
        """Return the edits between ``reference`` and what all segments together say at each point, int64 (points,)."""
        from ...decoder.lattice.rescore_sweep import sweep_weights

        swept = [sweep_weights(self._rescorer.expand(one), self._rows) for one in lattices if one.states]
        chosen = np.stack([np.zeros(self._points, np.int32), *(one.chosen for one in swept)])
        distinct, which = np.unique(chosen, axis=1, return_inverse=True)
        counts = []
        for numbers in distinct[1:].T.tolist():
            parts = (one.sequences[number] for one, number in zip(swept, numbers, strict=True))
            said = normalize(" ".join(word for part in parts for word in part)).split()
            counts.append(word_errors(reference, said).errors)
        found: NDArray[np.int64] = np.array(counts, np.int64)[which.reshape(-1)]
        return found


def tune(
    lattices: ClipLattices,
    clips: Sequence[Clip],
    grid: TuningGrid | None = None,
    workers: int = 1,
    progress: Callable[[], None] | None = None,
) -> Tuning:
    """Count word errors over ``clips`` at every point of ``grid``; recordings that are refused take no part.

    ``workers`` threads share the decoding. ``progress`` is called after each clip. Raises OptionsError where no clip
    is left, or none has words.
    """
    rescorer = lattices.recognizer.rescorer
    assert rescorer is not None  # ClipLattices has seen to it
    options = rescore_options(lattices.recognizer.decoding)
    grid = (grid or TuningGrid()).around(options)
    base = replace(rescore_options(lattices.recognizer.bundle.decoding), acoustic_scale=options.acoustic_scale)
    sweeper = Sweeper(rescorer.lattices, [*grid.points(options.acoustic_scale), base])
    errors, words, refused = [], [], []

    def run(clip: Clip) -> tuple[NDArray[np.int64], int] | HarkenError:
        reference = normalize(clip.text).split()
        try:
            return sweeper.errors(lattices.of(clip.path), reference), len(reference)
        except HarkenError as problem:
            return problem

    for found in _in_order(run, clips, workers):
        if isinstance(found, HarkenError):
            refused.append(str(found))
        else:
            errors.append(found[0])
            words.append(found[1])
        if progress is not None:
            progress()
    if not errors:
        raise OptionsError(
            f"tuning: none of the {len(clips)} clips can be decoded ({refused[0] if refused else 'none'})."
        )
    table = np.stack(errors)
    surface = Surface(grid, base, table[:, :-1], table[:, -1], np.array(words, np.int64))
    return Tuning(surface, tuple(refused), lattices.decoded, lattices.reused)


def _in_order(run: Callable[[Clip], Any], clips: Sequence[Clip], workers: int) -> Iterable[Any]:
    """Yield what ``run`` makes of each clip, in order, ``workers`` at a time."""
    if workers <= 1:
        yield from map(run, clips)
        return
    with ThreadPoolExecutor(workers) as pool:
        for begin in range(0, len(clips), 8 * workers):
            yield from pool.map(run, clips[begin : begin + 8 * workers])


def write_decoding(folder: str | Path, weights: RescoreOptions, provenance: str) -> None:
    """Put the tuned ``weights`` into the model.json of a bundle, and ``provenance``, a sentence, behind the others."""
    place = Path(folder) / DESCRIPTION
    described = json.loads(place.read_text(encoding="utf8"))
    described["decoding"].update({name: getattr(weights, name) for name in AXES})
    if described["decoding"]["first_pass_weight"] is None:
        del described["decoding"]["first_pass_weight"]
    described["provenance"] = [*described.get("provenance", []), provenance]
    write_aside(place, (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode())
