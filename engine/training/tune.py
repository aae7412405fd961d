"""Finding the weights of a bundle's decoding on development speech.

First the share of the priors that is taken out of the scores, and the acoustic scale, by the word error rate of the
first pass; then, on the lattices that they give, the weights of the rescoring, all combinations in one sweep
(``harken.engine.tuning``).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ...tensorfile import map_arrays
from ..audio import AudioOptions, read_audio
from ..model import Decoding
from ..nbest import Candidates
from ..recognizer import Recognizer, RecognizerOptions
from ..rescoring import rescore_options
from ..tuning.lattices import ClipLattices
from ..tuning.surface import AXES, Surface, TuningGrid
from ..tuning.tuner import Sweeper
from ..word_errors import word_errors
from .corpus import Clip

log = logging.getLogger("harken.training")


@dataclass(frozen=True)
class TuningOptions:
    """The values that are tried; ``beam``, ``max_active`` and ``nbest`` go into the bundle as well."""

    prior_scales: tuple[float, ...] = (0.4, 0.55, 0.7)
    acoustic_scales: tuple[float, ...] = (0.8, 1.0, 1.25)
    lm_weights: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4)
    graph_weights: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    penalties: tuple[float, ...] = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
    beam: float = 14.0
    max_active: int = 6000
    nbest: int = 100


@dataclass(frozen=True)
class Tuned:
    """The best decoding options and prior scale, and the word error rates (percent) before and after rescoring."""

    decoding: Decoding
    prior_scale: float
    first_pass: float
    rescored: float


def tune_decoding(bundle: Path, clips: Sequence[Clip], options: TuningOptions | None = None) -> Tuned:
    """Try all ``options`` on ``clips`` with the model in ``bundle``; return the best for its model.json."""
    options = options or TuningOptions()
    kept = {"beam": options.beam, "max_active": options.max_active, "nbest": options.nbest}
    plain = Recognizer(bundle)
    log_prior, bundled_scale = _prior(plain)
    scores = [plain.scores(plain.features(read_audio(clip.path, AudioOptions(plain.rate))[0])) for clip in clips]
    best: tuple[float, float, float] | None = None
    for prior_scale, scale in product(options.prior_scales, options.acoustic_scales):
        recognizer = Recognizer(bundle, RecognizerOptions(acoustic_scale=scale, rescore=False, **{**kept, "nbest": 1}))  # type: ignore[arg-type]
        shift = np.float32(bundled_scale - prior_scale) * log_prior
        rate = _word_error_rate(clips, [_first(recognizer.decode(one + shift)) for one in scores])
        log.info("prior scale %.2f, acoustic scale %.2f: %.2f %% of words wrong", prior_scale, scale, rate)
        if best is None or rate < best[0]:
            best = rate, prior_scale, scale
    if best is None:
        raise OptionsError("Tuning needs at least one prior scale and one acoustic scale.")
    first_pass, prior_scale, scale = best
    recognizer = Recognizer(bundle, RecognizerOptions(acoustic_scale=scale, **kept))  # type: ignore[arg-type]
    decoding = recognizer.decoding
    if recognizer.rescorer is None:
        return Tuned(decoding, prior_scale, first_pass, first_pass)
    shift = np.float32(bundled_scale - prior_scale) * log_prior
    surface = _surface(recognizer, clips, [one + shift for one in scores], options)
    chosen = surface.points[surface.best]
    decoding = replace(decoding, **{name: getattr(chosen, name) for name in AXES})
    log.info(
        "rescoring: %.2f %% of words wrong (95 %% confidence: %.2f to %.2f) with %s",
        surface.rates[surface.best], *surface.interval, decoding,
    )  # fmt: skip
    return Tuned(decoding, prior_scale, first_pass, float(surface.rates[surface.best]))


def _surface(
    recognizer: Recognizer, clips: Sequence[Clip], scores: Sequence[NDArray[np.float32]], options: TuningOptions
) -> Surface:
    """Return the word errors over the grid of ``options``."""
    assert recognizer.rescorer is not None
    base = rescore_options(recognizer.decoding)
    grid = TuningGrid(options.lm_weights, options.penalties, options.graph_weights).around(base)
    sweeper = Sweeper(recognizer.rescorer.lattices, [*grid.points(base.acoustic_scale), base])
    lattices = ClipLattices(recognizer)
    rows = [sweeper.errors(lattices.of_scores(one), clip.words) for clip, one in zip(clips, scores, strict=True)]
    table, words = np.stack(rows), np.array([len(clip.words) for clip in clips], np.int64)
    return Surface(grid, base, table[:, :-1], table[:, -1], words)


def _prior(recognizer: Recognizer) -> tuple[NDArray[np.float32], float]:
    node = recognizer.bundle.network["nodes"][-1]
    tensors, _ = map_arrays(recognizer.bundle.path("acoustic.safetensors"))
    return tensors[f"{node['name']}.log_prior"], float(node["scale"])


def _first(segments: Sequence[Candidates]) -> list[str]:
    return [word for segment in segments if segment.hypotheses for word in segment.hypotheses[0].words]


def _word_error_rate(clips: Sequence[Clip], found: Sequence[Sequence[str]]) -> float:
    errors = sum(word_errors(clip.words, words).errors for clip, words in zip(clips, found, strict=True))
    return 100.0 * errors / max(1, sum(len(clip.words) for clip in clips))
