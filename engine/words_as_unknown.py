"""A rescoring model that is asked about words it does not know: a share of its unknown word's probability each.

    p(word | history) = p(<unk> | history) * p(word) / p(<unk>)

Without this every added word would have the probability of all unknown words together, which is that of a common word.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..lm.ngram.kenlm_model import KenlmModel
    from ..lm.ngram.ngram import Ngram


class WordsAsUnknown:
    """``model`` with words besides: ``log10_prob`` says how likely each is where nothing is known of what came before.

    ``offsets`` is what each adds to the log10 probability of an unknown word, in every history.
    """

    def __init__(self, model: "KenlmModel | Ngram", log10_prob: Mapping[str, float]) -> None:
        from ..lm.ngram.ngram import Ngram

        self.model, self.order = model, model.order
        unknown = model.score(0, 0)[0] if isinstance(model, Ngram) else model.unknown_log10
        self.offsets = {word: value - unknown for word, value in log10_prob.items()}

    def word_scores(self, words: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return log10 p of each word of a sentence and of ``</s>`` after it, and which of them are known."""
        scores, known = self.model.word_scores(words)
        for place, word in enumerate(words):
            if word in self.offsets:
                scores[place] += self.offsets[word]
                known[place] = True
        return scores, known

    def sentence_score(self, words: Sequence[str]) -> float:
        """Return log10 p of a whole sentence, its end included."""
        return self.model.sentence_score(words) + sum(self.offsets.get(word, 0.0) for word in words)
