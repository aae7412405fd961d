"""What customising takes and what it tells: options and report."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import OptionsError
from ...lm.pronunciation.added_words import AddedWords
from ...lm.pronunciation.words import WantedWord
from ..model import Bundle

if TYPE_CHECKING:
    from ...lm.ngram.perplexity import Perplexity
    from ..evaluate import Evaluation
    from .models import HeldOut


@dataclass(frozen=True)
class CustomizeOptions:
    """What to make a model of, and where.

    text: files of the domain's sentences. out: the new bundle's folder. base: a bundle, None for the English one of the
    package. words: words to know besides (see harken.lm.pronunciation.words). normalize: the text is written English,
    to be read out; else it is sentences of spoken words, one a line. least_count: how often the text has to hold a word
    that the lexicon lacks for its pronunciation to be guessed; None adds none. weight: of the domain beside the base,
    None fits it. word_probability: how likely each of ``words``, known ones too, is to come next, over what the text
    says; less where together they would have more than a twentieth. first_pass_ngrams, rescoring_ngrams: n-grams above
    order 1 that the models keep. static: compile the language model into the graph, too. test_text, test: text files
    and a manifest that base and new model are compared on. name, version: of the new bundle.
    """

    text: Sequence[str | os.PathLike[str]]
    out: str | os.PathLike[str]
    base: str | os.PathLike[str] | Bundle | None = None
    words: Sequence[WantedWord | str] = ()
    normalize: bool = True
    least_count: int | None = 2
    weight: float | None = None
    word_probability: float = 1e-3
    first_pass_ngrams: int = 800_000
    rescoring_ngrams: int = 4_000_000
    static: bool = False
    test_text: Sequence[str | os.PathLike[str]] = ()
    test: str | os.PathLike[str] | None = None
    name: str | None = None
    version: str | None = None

    def __post_init__(self) -> None:
        if not self.text:
            raise OptionsError("text: names no file; give the domain's text.")
        if self.least_count is not None and self.least_count < 1:
            raise OptionsError(f"least_count is {self.least_count}; give 1 or more, or None.")
        if self.weight is not None and not 0.0 <= self.weight <= 1.0:
            raise OptionsError(f"weight is {self.weight}; give a number from 0 to 1.")
        if not 0.0 < self.word_probability < 1.0:
            raise OptionsError(f"word_probability is {self.word_probability}; give a number between 0 and 1.")
        for name in ("first_pass_ngrams", "rescoring_ngrams"):
            if getattr(self, name) < 0:
                raise OptionsError(f"{name} is {getattr(self, name)}; give 0 or more.")


@dataclass(frozen=True)
class CustomizeReport:
    """What came of it.

    listed, found: words that lists and text added, with their pronunciations; left_out: words of the text that were
    not added, commonest first. first_pass, rescoring: the weight of the domain and perplexities on held-out parts of
    its text. before, after: perplexities of the rescoring models on the test text, None without one; errors_before,
    errors_after likewise on the test recordings. seconds: how long each step took. shown: how listed words that the
    model knew are shown now, where it is not as the lexicon spells them. least_count: that of the options.
    """

    out: Path
    text_words: int
    text_sentences: int
    dropped: str
    listed: AddedWords
    found: AddedWords
    left_out: tuple[str, ...]
    first_pass: "HeldOut"
    rescoring: "HeldOut"
    before: "Perplexity | None" = None
    after: "Perplexity | None" = None
    errors_before: "Evaluation | None" = None
    errors_after: "Evaluation | None" = None
    seconds: dict[str, float] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    least_count: int | None = None
