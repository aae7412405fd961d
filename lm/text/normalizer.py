"""Written English to spoken words: what the language model, the trainer and the scorer all mean by "the text".

``normalize`` gives lower-case words of a-z and apostrophe, separated by single spaces. Most lines of a book need
nothing but a translation table, so that is tried first; a line with figures, symbols or abbreviations goes through
``lm/text/written.py`` before it meets the same table.
"""

import re
from typing import Final

from .written import ABBREVIATIONS, TITLES, read_out, to_ascii

_MARK: Final = "\0"
"""Stands for every character that the table alone cannot read."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_TABLE: Final = {
    code: chr(code).lower()
    if chr(code).lower() in _LETTERS or chr(code) == "'"
    else "'"
    if chr(code) == "`"
    else _MARK
    if chr(code) in "0123456789&%$@#+="
    else " "
    for code in range(128)
}
_TYPOGRAPHIC: Final = (
    ("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u2018", "`"), ("\u2014", "-"), ("\u2026", " "),
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
_TITLES: Final = frozenset(TITLES)
_CLAUSE: Final = re.compile(r"(?<=[a-z]{5}[.?!;,]) ")
"""Where a text may be cut without parting an abbreviation from what follows: after a long word and its mark."""
_APOSTROPHES: Final = re.compile("'+")
_CONTROLS: Final = dict.fromkeys(range(32), " ")


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
    if not text.isprintable():
        text = text.translate(_CONTROLS)
    if not text.isascii():
        for mark, plain in _TYPOGRAPHIC:
            text = text.replace(mark, plain)
        if not text.isascii():
            text = to_ascii(text)
    spoken = text.translate(_TABLE)
    words = spoken.split()
    if _MARK in spoken or not ABBREVIATIONS.isdisjoint(words):
        words = [word for part in _CLAUSE.split(text) for word in _read_clause(part)]
    joined = " ".join(words)
    if "'" in joined and (" '" in joined or "' " in joined or "''" in joined or joined[0] == "'" or joined[-1] == "'"):
        words = _edges(words)
        joined = " ".join(words)
    if not _TITLES.isdisjoint(words):
        joined = " ".join(TITLES.get(word, word) for word in words)
    return joined


def _read_clause(text: str) -> list[str]:
    spoken = text.translate(_TABLE)
    words = spoken.split()
    if _MARK in spoken or not ABBREVIATIONS.isdisjoint(words):
        words = read_out(text).translate(_TABLE).replace(_MARK, " ").split()
    return words
