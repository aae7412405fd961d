"""The parts of written English that are not read letter for letter: a ladder of rules, the special before the general.

What comes out is ASCII text for the translation table of ``lm/text/normalizer.py``, without figures or symbols.
"""

import re
from collections.abc import Callable
from typing import Final

from .abbreviations import SYMBOLS
from .figure_rules import FIGURE_RULES
from .folding import SIGNS
from .rule import Reading, Rule, rule
from .word_rules import WORD_RULES

_FIGURE: Final = re.compile(r"\d")
_AFTER_FIGURE: Final = re.compile(r"\d(\D)")
SYMBOL_RULES: Final[tuple[Rule, ...]] = (
    rule(
        "drawn lines", "+=",
        r"(?<!\w)[+=](?=[-|+=])|(?<=[-|+=])(?<!\w\+)[+=]|(?<!\S)=(?=[A-Za-z])|(?<=[A-Za-z])=(?=[;:.,!?]|$)",
        lambda match: " ",
        "Plus and equals signs that draw lines and boxes, or stand for bold type, are dropped.",
    ),
    rule(
        "symbols", "".join(SYMBOLS),
        "[" + "".join(map(re.escape, SYMBOLS)) + "]", lambda match: f" {SYMBOLS[match[0]]} ",
        "Symbols that are left are named: and, percent, plus, equals, at, dollars.",
    ),
)  # fmt: skip
LADDER: Final = WORD_RULES + FIGURE_RULES + SYMBOL_RULES
_WITHOUT_FIGURES: Final = WORD_RULES + SYMBOL_RULES


def read_out(text: str, trace: list[Reading] | None = None) -> str:
    """Return ASCII ``text`` with figures, symbols and abbreviations replaced by the words that are said for them.

    ``trace`` is given what each rule did, in the order in which it was done.
    """
    present = set(text)
    following = set(_AFTER_FIGURE.findall(text))
    hints: dict[re.Pattern[str], bool] = {}
    for step in LADDER if _FIGURE.search(text) else _WITHOUT_FIGURES:
        if (step.needs and step.needs.isdisjoint(present)) or (step.after and step.after.isdisjoint(following)):
            continue
        if step.hint:
            if step.hint not in hints:
                hints[step.hint] = step.hint.search(text) is not None
            if not hints[step.hint]:
                continue
        assert step.pattern is not None
        assert step.read is not None
        text, changes = step.pattern.subn(step.read if trace is None else _traced(step, trace), text)
        if changes:
            present = set(text)
            following = set(_AFTER_FIGURE.findall(text))
            hints.clear()
    return text


def _traced(step: Rule, trace: list[Reading]) -> Callable[[re.Match[str]], str]:
    """Return the reading of ``step`` that also notes in ``trace`` what it changed."""
    assert step.read is not None
    read = step.read

    def noted(match: re.Match[str]) -> str:
        spoken = read(match)
        if spoken != match[0]:
            written, read_as = match[0].translate(SIGNS).strip(), " ".join(spoken.translate(SIGNS).split())
            trace.append(Reading(step.name, written, read_as))
        return spoken

    return noted
