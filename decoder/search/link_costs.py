"""What links cost beside the graph and the scores: their language model's part, their phrases' part."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .token_arrays import Links, Tokens

if TYPE_CHECKING:
    from .history_kernels import HistoryArrays


def link_costs(
    tokens: Tokens, links: Links, which: NDArray[Any], olabels: NDArray[np.int32], model: "HistoryArrays | None"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the costs of the language model and of phrases of the links ``which``, float64, both of its length.

    ``olabels`` are their output labels. A search with phrases alone keeps neither: where a phrase stands before and
    behind a link says what the link cost.
    """
    none = np.zeros(len(which))
    if model is None:
        return none, none
    if len(links.lm) > 0:
        return links.lm[which].astype(np.float64), links.phrase[which].astype(np.float64)
    if len(model.phrases.held) == 0:
        return none, none
    from .history_kernels import PHRASE_BITS

    held, earned = model.phrases.held.astype(np.float64), model.phrases.earned.astype(np.float64)
    before, after = (tokens.history[end[which]] & ((1 << PHRASE_BITS) - 1) for end in (links.source, links.target))
    phrase = (held[before] - held[after] - earned[after]).astype(np.float32)  # as the search rounds it
    return none, np.where(olabels != 0, phrase.astype(np.float64), 0.0)
