"""Finding the weights of a bundle's decoding on development speech.

First the share of the priors that is taken out of the scores, and the acoustic scale, by the word error rate of the
first pass; then, on the n-best lists that they give, the weights of the rescoring, all combinations at once, since all
parts of a hypothesis's cost are known by then.
"""

import logging
from collections.abc import Callable, Sequence
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
from ..word_errors import word_errors
from .corpus import Clip

log = logging.getLogger("harken.training")


@dataclass(frozen=True)
class TuningOptions:
    """The values that are tried; ``beam``, ``max_active`` and ``nbest`` go into the bundle as well.

    ``pause_seconds`` is that of the tuning runs alone: longer than any pause, so that every clip is one segment and its
    readings can be compared with the whole reference.
    """

    prior_scales: tuple[float, ...] = (0.4, 0.55, 0.7)
    acoustic_scales: tuple[float, ...] = (0.8, 1.0, 1.25)
    lm_weights: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4)
    graph_weights: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    penalties: tuple[float, ...] = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
    beam: float = 14.0
    max_active: int = 6000
    nbest: int = 100
    pause_seconds: float = 15.0


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
    fixed = {**kept, "pause_seconds": options.pause_seconds}
    plain = Recognizer(bundle)
    log_prior, bundled_scale = _prior(plain)
    scores = [plain.scores(plain.features(read_audio(clip.path, AudioOptions(plain.rate))[0])) for clip in clips]
    best: tuple[float, float, float, list[list[Candidates]]] | None = None
    for prior_scale, scale in product(options.prior_scales, options.acoustic_scales):
        recognizer = Recognizer(bundle, RecognizerOptions(acoustic_scale=scale, **fixed))  # type: ignore[arg-type]
        shift = np.float32(bundled_scale - prior_scale) * log_prior
        lists = [recognizer.decode(one + shift) for one in scores]
        rate = _word_error_rate(clips, [_first(found) for found in lists])
        log.info("prior scale %.2f, acoustic scale %.2f: %.2f %% of words wrong", prior_scale, scale, rate)
        if best is None or rate < best[0]:
            best = rate, prior_scale, scale, lists
    if best is None:
        raise OptionsError("Tuning needs at least one prior scale and one acoustic scale.")
    first_pass, prior_scale, scale, lists = best
    decoding = replace(plain.decoding, acoustic_scale=scale, **kept)  # type: ignore[arg-type]
    model = plain.language_model
    if model is None:
        return Tuned(decoding, prior_scale, first_pass, first_pass)
    table = _NbestTable(clips, lists, lambda words: -np.log(10.0) * model.sentence_score(words))
    rescored = np.inf
    for graph_weight, lm_weight, penalty in product(options.graph_weights, options.lm_weights, options.penalties):
        rate = table.word_error_rate(scale, graph_weight, lm_weight, penalty)
        if rate < rescored:
            rescored = rate
            decoding = replace(decoding, graph_weight=graph_weight, lm_weight=lm_weight, word_insertion_penalty=penalty)
    log.info("rescoring: %.2f %% of words wrong with %s", rescored, decoding)
    return Tuned(decoding, prior_scale, first_pass, float(rescored))


def _prior(recognizer: Recognizer) -> tuple[NDArray[np.float32], float]:
    node = recognizer.bundle.network["nodes"][-1]
    tensors, _ = map_arrays(recognizer.bundle.path("acoustic.safetensors"))
    return tensors[f"{node['name']}.log_prior"], float(node["scale"])


class _NbestTable:
    """The n-best lists of all segments as columns: costs, and word errors against the segment's clip.

    Only clips of one segment take part, since which reference words belong to which segment is not known.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        lists: Sequence[Sequence[Candidates]],
        lm_cost: Callable[[Sequence[str]], float],
    ) -> None:
        rows: list[tuple[float, float, float, int, int]] = []
        begins = [0]
        self.words = 0
        for clip, segments in zip(clips, lists, strict=True):
            if len(segments) != 1 or not segments[0].hypotheses:
                continue
            for hypothesis in segments[0].hypotheses:
                rows.append(
                    (
                        hypothesis.acoustic_cost,
                        hypothesis.graph_cost,
                        lm_cost(hypothesis.words),
                        len(hypothesis.words),
                        word_errors(clip.words, hypothesis.words).errors,
                    )
                )
            begins.append(len(rows))
            self.words += len(clip.words)
        self.columns: NDArray[np.float64] = np.array(rows, np.float64).reshape(-1, 5).T
        self.begins = np.array(begins)

    def word_error_rate(self, acoustic_scale: float, graph_weight: float, lm_weight: float, penalty: float) -> float:
        """Return the percentage of words wrong when each list's cheapest hypothesis is taken."""
        acoustic, graph, language, words, errors = self.columns
        total = acoustic_scale * acoustic + graph_weight * graph + lm_weight * language + penalty * words
        lists = np.repeat(np.arange(len(self.begins) - 1), np.diff(self.begins))
        order = np.lexsort((total, lists))
        return float(100.0 * errors[order[self.begins[:-1]]].sum() / max(1, self.words))


def _first(segments: Sequence[Candidates]) -> list[str]:
    return [word for segment in segments if segment.hypotheses for word in segment.hypotheses[0].words]


def _word_error_rate(clips: Sequence[Clip], found: Sequence[Sequence[str]]) -> float:
    errors = sum(word_errors(clip.words, words).errors for clip, words in zip(clips, found, strict=True))
    return 100.0 * errors / max(1, sum(len(clip.words) for clip in clips))
