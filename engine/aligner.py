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
    from ..lm.text.normalizer import normalize

    scores = recognizer.scores(recognizer.features(samples))
    units = recognizer.bundle.units
    if not isinstance(text, str):
        return align(scores, text, units, options=options)

    def guess(word: str) -> list[tuple[tuple[str, ...], float]]:
        if recognizer.g2p is None:
            raise OptionsError(f"align: {word!r} is not in the model's lexicon, and the model cannot guess; list it.")
        return recognizer.g2p.pronounce(word, _GUESSES)

    return align(scores, normalize(text).split(), units, recognizer.lexicon, guess, options)
