"""Written English to spoken words: what the language model, the trainer and the scorer all mean by "the text".

``normalize`` gives lower-case words of a-z and apostrophe, separated by single spaces. Most lines of a book need
nothing but a translation table, so that is tried first; a line with figures, symbols or abbreviations goes through
the rules of ``lm/text/written.py`` before it meets the same table. ``explain`` tells which rule read what.
"""

import re
from typing import Final

from .abbreviations import CLOSER_LOOK, SYMBOLS, TITLES, WORDS
from .folding import to_ascii
from .rule import Reading, Rule
from .written import LADDER, read_out

_MARK: Final = "\0"
"""Stands for every character that the table alone cannot read."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_TABLE: Final = {
    code: chr(code).lower()
    if chr(code).lower() in _LETTERS or chr(code) == "'"
    else "'"
    if chr(code) == "`"
    else _MARK
    if chr(code) in "0123456789#" or chr(code) in SYMBOLS
    else " "
    for code in range(128)
}
_TYPOGRAPHIC: Final = (
    ("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u2018", "`"), ("\u2014", "--"), ("\u2026", " "),
)  # fmt: skip
_ELISIONS: Final = frozenset(
    (  # noqa: SIM905
        "'tis 'twas 'twere 'twill 'twould 'twon't 'tisn't 'twasn't 'tain't 'em 'til 'till 'cause 'bout 'round 'neath "
        "'gainst 'mid 'midst 'mong 'pon 'way 'nother 'nuff 'scuse 'fraid 'im 'er 'ere 'ave 'ad 'ow 'ome 'e 'ee 'un "
        "'uns 's 'd 'll 're 've 'm 't 'most 'long 'less 'twixt 'tween 'twould've 'ain't 'aven't 'adn't 'ouse 'ead 'ear"
    ).split()
)
_CLIPPED: Final = frozenset(
    "o' th' an' wi' ol' d' l' t' i' a' ha' fo' mo' po' co' tha' jes' mus' las' ole' yo'".split()  # noqa: SIM905
)
_WORDS: Final = frozenset(WORDS)
_CLAUSE: Final = re.compile(r"(?<=[a-z]{5}[.?!;,]) (?![A-Z][A-Z]\b)")
"""Where a text may be cut without parting an abbreviation from what follows: after a long word and its mark."""
_WORLD_WAR: Final = "War I"
"""Makes a line worth a closer look that has no other sign of it."""
_POSSESSIVE: Final = re.compile("(?<![a-z'])([a-z]+) 's(?= |$)")
_APOSTROPHES: Final = re.compile("'+")
_CONTROLS: Final = dict.fromkeys(range(32), " ")

RULES: Final[tuple[Rule, ...]] = (
    Rule("accents", "Accents and typographic marks are folded to a-z and plain marks, raised footnote marks dropped."),
    Rule("scripts", "Characters of other scripts, emoji and drawings go; normalize_lines counts such letters."),
    *LADDER,
    Rule("punctuation", "Letters become lower-case; punctuation goes, hyphens and underscores part words."),
    Rule("quotation marks", "Apostrophes at the edge of a word go where they quote and stay in elisions and plurals."),
    Rule("possessives", "A possessive 's that stands apart, or was written on figures, belongs to the word before it."),
    Rule("titles", "Titles and short forms such as Mr, Dr, Ltd and etc are read out with or without a full stop."),
    Rule("acronyms", "Some acronyms that no lexicon has as words are spelled; other capitals stay words (NASA)."),
)  # fmt: skip
"""Every rule, in the order in which they are applied."""


def _edges(words: list[str]) -> list[str]:
    """Drop the apostrophes at word edges that are quotation marks; keep elisions ('tis) and possessives (boys').

    An apostrophe before a word that is no known elision opens a quotation, the next one after a word closes it.
    """
    kept = []
    quoted = False
    for word in words:
        if "'" in word:
            inner = _APOSTROPHES.sub("'", word.strip("'"))
            if not inner:
                quoted = False
                continue
            begins, ends = word[0] == "'", word[-1] == "'"
            if begins and word[1] != "'" and word.rstrip("'") in _ELISIONS:
                inner = f"'{inner}"
            elif begins:
                quoted = True
            if ends and word[-2] != "'" and (word.lstrip("'") in _CLIPPED or not quoted):
                inner = f"{inner}'"
            elif ends:
                quoted = False
            word = inner
        kept.append(word)
    return kept


def normalize(text: str) -> str:
    """Return the spoken form of English ``text``: lower-case words of a-z and apostrophe, single spaces between.

    Punctuation is dropped, hyphens split, accents folded, contractions and possessives kept, quotation marks
    dropped; figures, dates, times, money, abbreviations and symbols are read out. Characters of other scripts are
    dropped. A text that is already in spoken form comes back as it is.
    """
    return _spoken(text, None)


def explain(text: str) -> list[Reading]:
    """Return what the rules did to ``text``, in order; plain words that only become lower-case are not told of."""
    trace: list[Reading] = []
    _spoken(text, trace)
    return trace


def _spoken(text: str, trace: list[Reading] | None) -> str:
    if not text.isprintable():
        text = text.strip()  # most often a line's end, and that alone
        if not text.isprintable():
            text = text.translate(_CONTROLS)
    if not text.isascii():
        if trace is not None:
            trace += _foldings(text)
        for mark, plain in _TYPOGRAPHIC:
            text = text.replace(mark, plain)
        if not text.isascii():
            text = to_ascii(text)
    spoken = text.translate(_TABLE)
    words = spoken.split()
    if _MARK in spoken or not CLOSER_LOOK.isdisjoint(words) or _WORLD_WAR in text:
        words = [word for part in _CLAUSE.split(text) for word in _read_clause(part, trace)]
    joined = " ".join(words)
    if "'" in joined and (" '" in joined or "' " in joined or "''" in joined or joined[0] == "'" or joined[-1] == "'"):
        words = _edges(words)
        if trace is not None and joined != " ".join(words):
            trace.append(Reading("quotation marks", joined, " ".join(words)))
        joined = " ".join(words)
        if " 's" in joined:
            apart, joined = joined, _POSSESSIVE.sub(r"\1's", joined)
            words = joined.split()
            if trace is not None and apart != joined:
                trace.append(Reading("possessives", apart, joined))
    if not _WORDS.isdisjoint(words):
        if trace is not None:
            trace += [
                Reading("titles" if word in TITLES else "acronyms", word, WORDS[word])
                for word in words
                if word in WORDS
            ]
        joined = " ".join(WORDS.get(word, word) for word in words)
    return joined


def _foldings(text: str) -> list[Reading]:
    """Tell what becomes of the characters beyond ASCII; those that rules ask for later are not told of."""
    folded = [(letter, to_ascii(letter)) for letter in text if not letter.isascii()]
    return [
        Reading("accents" if plain.strip() else "scripts", letter, plain.strip())
        for letter, plain in folded
        if plain not in SYMBOLS
    ]


def _read_clause(text: str, trace: list[Reading] | None) -> list[str]:
    spoken = text.translate(_TABLE)
    words = spoken.split()
    if _MARK in spoken or not CLOSER_LOOK.isdisjoint(words) or _WORLD_WAR in text:
        words = read_out(text, trace).translate(_TABLE).replace(_MARK, " ").split()
    return words
