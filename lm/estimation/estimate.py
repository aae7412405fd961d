"""From sentences to a back-off n-gram model: the front door of counting, smoothing, mixing and pruning.

tables = estimate(["the cat sat", "the dog sat"], order=3)
write_arpa(prune(tables, PruneOptions(total=100_000)).to_arpa(), "small.arpa")
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from .backoff_tables import BackoffTables
from .counting import count_ngrams, encode
from .kneser_ney import SmoothingOptions, smooth
from .mixture import mix
from .prune import PruneOptions, prune

__all__ = ["PruneOptions", "SmoothingOptions", "commonest_words", "estimate", "mix", "prune"]


def estimate(
    sentences: Iterable[str],
    order: int = 3,
    vocabulary: Sequence[str] | None = None,
    options: SmoothingOptions | None = None,
) -> BackoffTables:
    """Return the modified interpolated Kneser-Ney model of ``sentences``, words between spaces.

    Words outside ``vocabulary`` count as ``<unk>``; without one, every word of the text is in the model, and with the
    default options the model is the one that KenLM's lmplz makes. Orders 1 to 6. Raises OptionsError, FormatError.
    """
    tokens, words = encode(sentences, vocabulary)
    counts = count_ngrams(tokens, words, order)
    del tokens
    return smooth(counts, options)


def commonest_words(counts: Counter[str], size: int, always: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the ``size`` commonest words of ``counts`` and all of ``always``, in alphabetic order.

    Words that are equally common are taken in alphabetic order, so that the answer depends on the counts alone.
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted({word for word, _ in ranked[:size]}.union(always)))
