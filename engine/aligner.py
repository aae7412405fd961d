"""Forced alignment with a model bundle: written text is spoken out, unknown words get the model's guess."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..decoder.align import Alignment, AlignOptions, align
from ..errors import OptionsError

if TYPE_CHECKING:
    from .recognizer import Recognizer

_GUESSES = 3


def align_samples(
    recognizer: "Recognizer",
    samples: NDArray[np.float32],
    text: str | Sequence[str],
    options: AlignOptions | None = None,
) -> Alignment:
    """Return when the words of ``text`` were said in mono ``samples`` (n,) at the model's rate.

    A string is written text, whose figures and abbreviations are read out; a sequence lists phones of the model.
    Raises OptionsError where nothing is left to align, SearchError where the text does not fit.
    """
    from ..lm.lexicon import Lexicon
    from ..lm.text import normalize

    scores = recognizer.scores(recognizer.features(samples))
    units = recognizer.bundle.units
    if not isinstance(text, str):
        return align(scores, text, units, options=options)
    words = normalize(text).split()
    lexicon = Lexicon.read(recognizer.bundle.path("lexicon.txt"))
    return align(scores, words, units, lexicon, _Guess(recognizer), options)


class _Guess:
    """Pronounces words by the bundle's grapheme-to-phoneme model, loaded when the first one is asked for."""

    def __init__(self, recognizer: "Recognizer") -> None:
        self._bundle = recognizer.bundle

    def __call__(self, word: str) -> list[tuple[tuple[str, ...], float]]:
        """Return the likeliest pronunciations of ``word``."""
        from ..lm.g2p import G2p

        if not self._bundle.has("g2p.safetensors"):
            raise OptionsError(f"align: {word!r} is not in the model's lexicon, and the model cannot guess; list it.")
        if not hasattr(self, "_model"):
            self._model = G2p.load(self._bundle.path("g2p.safetensors"))
        return self._model.pronounce(word, _GUESSES)
