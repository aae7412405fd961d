"""CTC decoding in pyctcdecode's call shape: a list of labels, perhaps an n-gram model; score matrices in, texts out.

from harken.decoder import build_ctcdecoder
decoder = build_ctcdecoder(labels, "words.arpa")
text = decoder.decode(logits)
"""

import math
import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from ...errors import OptionsError
from .alphabet import Alphabet
from .endings import Ending
from .label_rows import LabelRows, weights_of
from .language_model import LanguageModel
from .ngram_source import open_source
from .options import HotWords, PrefixOptions
from .pool import announce, map_over
from .prefix_arrays import ASKED_LABELS
from .prefix_search import PrefixSearch
from .scores import as_log_probs

BEAM_WIDTH = 100
BEAM_PRUNE_LOGP = -10.0
TOKEN_MIN_LOGP = -5.0
HOTWORD_WEIGHT = 10.0


class OutputBeam(NamedTuple):
    """One answer: text, the language model's state after it, its words with their frames, and two scores.

    A word's frames are (first, one past the last). ``logit_score`` is the log-probability of the alignments that were
    followed; ``lm_score`` is the fused score, by which beams are ranked, the logit score included.
    """

    text: str
    last_lm_state: Any
    text_frames: list[tuple[str, tuple[int, int]]]
    logit_score: float
    lm_score: float


class BeamSearchDecoderCTC:
    """Decodes score matrices; one object serves any number of them, from one thread at a time.

    ``alphabet`` may be an Alphabet or a list of labels. The answers are pyctcdecode's to the last field: texts, order,
    scores, frames of words. With ``wide``, three things are better and therefore different: the beam counts texts (see
    ``PrefixOptions``); the frames of words are those of the likeliest alignments, not of the least likely ones that
    were joined; and a text of which some alignments end in a space is scored without that space, which pyctcdecode may
    count as an unknown empty word.
    """

    def __init__(
        self, alphabet: Alphabet | Sequence[str], language_model: LanguageModel | None = None, wide: bool = False
    ) -> None:
        self.wide = wide
        self.alphabet = alphabet if isinstance(alphabet, Alphabet) else Alphabet.build(alphabet)
        self.language_model = language_model
        self._label_rows: LabelRows | None = None
        announce(self)

    def reset_params(
        self,
        alpha: float | None = None,
        beta: float | None = None,
        unk_score_offset: float | None = None,
        lm_score_boundary: bool | None = None,
    ) -> None:
        """Change weights of the language model; without a model nothing happens."""
        if self.language_model is not None:
            self.language_model.reset_params(alpha, beta, unk_score_offset, lm_score_boundary)

    def decode(
        self,
        logits: ArrayLike,
        beam_width: int = BEAM_WIDTH,
        beam_prune_logp: float = BEAM_PRUNE_LOGP,
        token_min_logp: float = TOKEN_MIN_LOGP,
        hotwords: Iterable[str] | None = None,
        hotword_weight: float = HOTWORD_WEIGHT,
        lm_start_state: Any = None,
    ) -> str:
        """Return the best text for ``logits`` (see ``decode_beams``), found with ``prune_history``."""
        options = PrefixOptions(beam_width, beam_prune_logp, token_min_logp, True, self.wide)
        search = self._search(logits, options, hotwords, hotword_weight, lm_start_state)
        return self._outputs(search, options, with_frames=False)[0].text

    def decode_beams(
        self,
        logits: ArrayLike,
        beam_width: int = BEAM_WIDTH,
        beam_prune_logp: float = BEAM_PRUNE_LOGP,
        token_min_logp: float = TOKEN_MIN_LOGP,
        prune_history: bool = False,
        hotwords: Iterable[str] | None = None,
        hotword_weight: float = HOTWORD_WEIGHT,
        lm_start_state: Any = None,
    ) -> list[OutputBeam]:
        """Return the beams at the end of ``logits`` (frames, labels), the best first.

        ``logits`` are logits, log-probabilities or probabilities; see ``as_log_probs`` for what is refused, and
        ``PrefixOptions`` for the widths. ``hotwords`` are words or phrases: each of their words adds
        ``hotword_weight`` wherever it occurs, and its beginning a part of that. ``lm_start_state``, a state that a beam
        of an earlier call returned, goes on from there.
        """
        options = PrefixOptions(beam_width, beam_prune_logp, token_min_logp, prune_history, self.wide)
        return self._outputs(self._search(logits, options, hotwords, hotword_weight, lm_start_state), options)

    def decode_batch(
        self,
        pool: Any,
        logits_list: Iterable[ArrayLike],
        beam_width: int = BEAM_WIDTH,
        beam_prune_logp: float = BEAM_PRUNE_LOGP,
        token_min_logp: float = TOKEN_MIN_LOGP,
        hotwords: Iterable[str] | None = None,
        hotword_weight: float = HOTWORD_WEIGHT,
    ) -> list[str]:
        """Return ``decode`` of every matrix; ``pool`` may be None or a multiprocessing pool that forks."""
        words = None if hotwords is None else list(hotwords)
        options = (beam_width, beam_prune_logp, token_min_logp, words, hotword_weight)
        return map_over(pool, self, "decode", options, logits_list)

    def decode_beams_batch(
        self,
        pool: Any,
        logits_list: Iterable[ArrayLike],
        beam_width: int = BEAM_WIDTH,
        beam_prune_logp: float = BEAM_PRUNE_LOGP,
        token_min_logp: float = TOKEN_MIN_LOGP,
        prune_history: bool = False,
        hotwords: Iterable[str] | None = None,
        hotword_weight: float = HOTWORD_WEIGHT,
    ) -> list[list[tuple[str, list[tuple[str, tuple[int, int]]], float, float]]]:
        """Return the beams of every matrix without their states: (text, word frames, logit score, LM score)."""
        words = None if hotwords is None else list(hotwords)
        options = (beam_width, beam_prune_logp, token_min_logp, prune_history, words, hotword_weight)
        return map_over(pool, self, "_stateless_beams", options, logits_list)

    def _stateless_beams(
        self, logits: ArrayLike, *options: Any
    ) -> list[tuple[str, list[tuple[str, tuple[int, int]]], float, float]]:
        beams = self.decode_beams(logits, *options)
        return [(beam.text, beam.text_frames, beam.logit_score, beam.lm_score) for beam in beams]

    def save_to_dir(self, filepath: str | os.PathLike[str]) -> None:
        """Write the decoder into the folder ``filepath``, in the form that pyctcdecode writes and reads."""
        from .saved import save

        save(filepath, self.alphabet, self.language_model)

    @classmethod
    def load_from_dir(
        cls, filepath: str | os.PathLike[str], unigram_encoding: str | None = None
    ) -> "BeamSearchDecoderCTC":
        """Load what ``save_to_dir``, or pyctcdecode's, wrote; raises FormatError where that is incomplete."""
        from .saved import load

        return cls(*load(filepath, unigram_encoding))

    def _search(
        self,
        logits: ArrayLike,
        options: PrefixOptions,
        hotwords: Iterable[str] | None,
        hotword_weight: float,
        lm_start_state: Any,
    ) -> PrefixSearch:
        log_probs = as_log_probs(logits, len(self.alphabet.labels))
        if isinstance(hotwords, str):
            raise OptionsError("hotwords: a single string is given; give a list of strings.")
        hot = HotWords.from_phrases(list(hotwords or ()), hotword_weight)
        model, start = self.language_model, 0
        if model is not None:
            if model.prepare():
                self._label_rows = None
            start = model.start() if lm_start_state is None else model.source.take_in(lm_start_state)
            if model.kind == ASKED_LABELS and (
                self._label_rows is None or self._label_rows.weights != weights_of(model)
            ):
                self._label_rows = LabelRows(self.alphabet, model)
        search = PrefixSearch(self.alphabet, model, options, hot, self._label_rows, start)
        search.advance(log_probs)
        return search

    def _outputs(self, search: PrefixSearch, options: PrefixOptions, with_frames: bool = True) -> list[OutputBeam]:
        """Complete the last words, join the beams that become equal, score and rank them."""
        joined: dict[str, list[Ending]] = {}
        for ending in search.endings(with_frames):
            joined.setdefault(ending.text.rstrip(" "), []).append(ending)
        beams = []
        for text, endings in joined.items():
            completed = [(self._completed(search, ending), ending) for ending in endings]
            (bonus, state), ending = max(completed, key=lambda pair: pair[0][0]) if self.wide else completed[-1]
            highest = max(ending.logit for ending in endings)
            logit = highest + math.log(math.fsum(math.exp(ending.logit - highest) for ending in endings))
            words = text.split()
            frames = list(zip(words, ending.frames, strict=False))
            beams.append((OutputBeam(" ".join(words), None, frames, logit, logit + bonus), state))
        beams.sort(key=lambda pair: -pair[0].lm_score)
        least = beams[0][0].lm_score + options.beam_prune_logp
        model = self.language_model
        return [
            beam if model is None else beam._replace(last_lm_state=model.source.hand_out(state))
            for beam, state in beams[: options.beam_width]
            if beam.lm_score >= least
        ]

    def _completed(self, search: PrefixSearch, ending: Ending) -> tuple[float, int]:
        """Return the bonus of a text with its last word completed, and the language model's state after it."""
        bonus, state = ending.model + ending.hot, 0
        if self.language_model is not None:
            gain, state = self.language_model.last_score(ending.state, ending.begun)
            bonus += gain
        return bonus + (search.hot_words.weight if ending.begun in search.hot_words.words else 0.0), state


def build_ctcdecoder(
    labels: Sequence[str],
    kenlm_model_path: str | os.PathLike[str] | None = None,
    unigrams: Collection[str] | None = None,
    alpha: float = 0.5,
    beta: float = 1.5,
    unk_score_offset: float = -10.0,
    lm_score_boundary: bool = True,
    lm_unit: str = "word",
    wide: bool = False,
) -> BeamSearchDecoderCTC:
    """Build a decoder; the arguments are pyctcdecode's, and two more.

    labels: the label of every column, see ``Alphabet``. kenlm_model_path: an n-gram model, as an ARPA file (also
    gzip-compressed), a KenLM binary, or our own n-gram file. unigrams: the known words; those of an ARPA file are taken
    where none are given. alpha: weight of the language model. beta: what every word gains. unk_score_offset: what an
    unknown word loses. lm_score_boundary: whether texts begin and end as sentences. lm_unit: "word", or "label" for a
    model whose words are the labels: characters (a space as "|", "<space>" or "_") or pieces; each then gains beta.
    wide: see ``BeamSearchDecoderCTC``. Raises OptionsError and FormatError for what cannot be used.
    """
    alphabet = Alphabet.build(labels)
    model = None
    if kenlm_model_path is not None:
        source = open_source(kenlm_model_path)
        model = LanguageModel(source, unigrams, alpha, beta, unk_score_offset, lm_score_boundary, lm_unit)
    if unigrams is None and model is not None:
        unigrams = model.unigrams
    if unigrams:
        alphabet.warn_if_foreign(unigrams)
    return BeamSearchDecoderCTC(alphabet, model, wide)
