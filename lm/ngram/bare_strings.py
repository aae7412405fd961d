"""A string where a list of strings is meant: Python would read it letter by letter, so it is refused."""

import os
from typing import Any

from ...errors import OptionsError


def refuse_bare_string(given: Any, name: str, mend: str) -> None:
    """Raise OptionsError, with the ``mend``, where ``given``, called ``name``, is one string or path."""
    if isinstance(given, (str, bytes, os.PathLike)):
        raise OptionsError(f"{name} is one string ({str(given)[:40]!r}), not a list of them: {mend}.")


def refuse_bare_sentence(words: Any) -> None:
    """Raise OptionsError for a sentence that is not split into words."""
    refuse_bare_string(words, "words", "split it, as in words.split()")


def refuse_one_sentence(sentences: Any) -> None:
    """Raise OptionsError for one sentence in place of several."""
    refuse_bare_string(sentences, "sentences", "put it in a list, as in [sentence]")
