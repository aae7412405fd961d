"""Phrase lists in files: a phrase a line, after a tab its weight in nats a word where it has one of its own."""

import os
from pathlib import Path

from ...errors import FormatError, OptionsError
from .phrases import Phrase, PhraseList


def read_phrases(path: str | os.PathLike[str]) -> PhraseList:
    """Read a phrase list in UTF-8; empty lines and lines that begin with # are skipped.

    Raises FormatError, naming the line, for a weight that is no number or out of range, or a file without phrases.
    """
    try:
        lines = Path(path).read_text(encoding="utf8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise FormatError(f"{path}: cannot be read as a list of phrases ({problem}).") from None
    phrases = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        text, tab, weight = line.partition("\t")
        try:
            phrases.append(Phrase(text, float(weight)) if tab else Phrase(text))
        except OptionsError as problem:
            raise FormatError(f"{path}, line {number}: {problem}") from None
        except ValueError:
            raise FormatError(f"{path}, line {number}: the weight {weight!r} is no number; write nats.") from None
    if not phrases:
        raise FormatError(f"{path}: lists no phrase; write one a line.")
    return PhraseList(phrases)
