"""Rules for words: abbreviations with full stops, streets, roman numerals, addresses of the web, signs in words."""

import re
from typing import Final

from .abbreviations import COMPASS, DAYS, DOMAINS, DOTTED, KINGS, PARTS, STATES, STREETS
from .numbers import cardinal, digits, ordinal, roman
from .rule import Rule, any_of, rule, word_before

_KINGS: Final = frozenset(KINGS.split())
_PARTS: Final = frozenset(PARTS.split())
_SHORT: Final = {"w/o": "without", "w/": "with", "b/c": "because"}
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "nbsp": " ", "apos": "'", "#39": "'", "mdash": "--"}
_SENTENCE_STARTS: Final = "A|An|And|As|At|But|For|He|Her|His|I|If|In|It|Its|My|No|On|She|So|That|The|Then|There|They|This|To|We|What|When|Where|You|Your"  # noqa: E501


def _dotted(match: re.Match[str]) -> str:
    word = DOTTED.get(match[1].lower())
    return f" {word} " if word else match[0]


def _company(match: re.Match[str]) -> str:
    before = word_before(match)
    return f" {DOTTED[match[1].lower()]} " if before[:1].isupper() or before.lower() in ("and", "&") else match[0]


def _street(match: re.Match[str]) -> str:
    before = re.sub(rf"\b({any_of(COMPASS)})\b\.?(?=\s)", lambda direction: COMPASS[direction[1]], match["before"])
    return f"{before}{STREETS[match['kind'] or match['lower'].capitalize()]} "


def _numeral(match: re.Match[str]) -> str:
    value = roman(match["numeral"])
    before = word_before(match)
    name = before.lower()
    king = name in _KINGS
    if not king and name not in _PARTS:
        return match[0]
    if not value or (match["owner"] and not king):
        return match[0]
    if value == 1 and name != "chapter":
        return match[0]  # the pronoun
    return f"{'the ' + ordinal(value) if king else cardinal(value)}{match['owner'] or ''} "


def _century(match: re.Match[str]) -> str:
    value = roman(match[1])
    return f" {ordinal(value)}{match[2]}" if value else match[0]


def _world_war(match: re.Match[str]) -> str:
    which = match["roman"] or match["figure"] or match["short"]
    return f" world war {cardinal(int(which) if which.isdecimal() else len(which))} "


_SEVERAL_FIGURES: Final = re.compile(r"\d{2,}")


def _path(path: str) -> str:
    """Read what stands before or after a host: signs by name, figures one by one."""
    for sign, name in (
        ("/", "slash"),
        (".", "dot"),
        ("-", "dash"),
        ("_", "underscore"),
        ("?", "question mark"),
        ("#", "hash"),
    ):
        path = path.replace(sign, f" {name} ")
    return _SEVERAL_FIGURES.sub(lambda figures: f" {digits(figures[0])} ", path)


def _web_address(match: re.Match[str]) -> str:
    host = match["host"].replace(".", " dot ").replace("-", " dash ").replace("_", " underscore ")
    user = _path(match["user"].rstrip("@")) + " at " if match["user"] else ""
    path = (match["path"] or "").rstrip("/")
    stop = re.search(r"[.,;:!?)\]'\"]+$", path)
    if stop:
        path = path[: stop.start()]
    return f" {user}{host}{_path(path)}{stop[0] if stop else ''} "


def _hashtag(match: re.Match[str]) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])", " ", match[1])
    return f" hashtag {words.replace('_', ' ')}"


_NUMERAL: Final = r"(?P<numeral>[VX]|[IVXLC]{2,}|I(?=[.:]|$))"

WORD_RULES: Final[tuple[Rule, ...]] = (
    rule(
        "entities", "&", rf"&({any_of(_ENTITIES)});", lambda match: _ENTITIES[match[1]],
        "Named characters that are left over from web pages stand for themselves.",
    ),
    rule(
        "et cetera", "&", r"&c\b\.?|&C\.", lambda match: " et cetera ",
        'The old short form "&c." is "et cetera".',
    ),
    rule(
        "initials", "&", r"\b([A-Z]{1,2})\s?&\s?(?!CO\b)([A-Z]{1,2})\b",
        lambda match: f" {' '.join(match[1])} and {' '.join(match[2])} ",
        "One or two capitals joined by an ampersand are read letter by letter.",
    ),
    rule(
        "for example", ".", r"(?i)\b(e\.\s?g|i\.\s?e)\.(?!\w)",
        lambda match: " for example " if match[1][0] in "eE" else " that is ",
        '"e.g." is read "for example" and "i.e." "that is"; without full stops they are letters.',
    ),
    rule(
        "with", "/", r"\b(w/o|w/|b/c)(?!/)(?<!/w/)(?=\s|(?<=w/)[a-z]|$)", lambda match: f" {_SHORT[match[1]]} ",
        'The hurried "w/", "w/o" and "b/c" are "with", "without" and "because".',
    ),
    rule(
        "degrees of learning", "P", r"\bPh\.\s?D\b\.?|\bPhD(s?)\b",
        lambda match: " p h d's " if match[1] else " p h d ",
        'A "Ph.D." is spelled, although it has one full stop for two letters.',
    ),
    rule(
        "dotted titles", ".", r"\b([A-Z][A-Za-z]{1,5})\.(?=[\s-]+[A-Z])", _dotted,
        "Ranks, first names, mountains and companies that are short for a word are read out where a full stop and a "
        "capital letter follow and one begins them.",
    ),
    rule(
        "companies", ".", r"\b(Co|Corp)\.(?!\w)", _company,
        '"Co." and "Corp." after a name are a company and a corporation, whatever follows.',
    ),
    rule(
        "streets", "0123456789",
        r"(?P<before>\b\d[\w/-]{0,8}\s+(?:(?:[NSEW]|[NS][EW])\b\.?\s+)?(?:[A-Z][a-z][\w']*\s+|\d+(?:st|nd|rd|th)\s+){1,3}"
        r"|\b\d+(?:st|nd|rd|th)\s+)(?:(?P<lower>st|ave)\b(?=\.|,|\s[a-z(]|$)|"
        rf"(?P<kind>{any_of(STREETS)})\b)(?!')\.?(?!(?<=St\.|Dr\.|Ct\.|Pl\.|Sq\.)\s+[A-Z][a-z])", _street,
        "After a house number or a numbered name, the kind of street is read out, and the point of the compass.",
    ),
    rule(
        "streets at the end", "tT", rf"(?<=[A-Z])(?P<name>[a-z']+) St\.(?=\s+(?:{_SENTENCE_STARTS})\b)",
        lambda match: f"{match['name']} street. ",
        'A "St." that ends a sentence is a street.',
    ),
    rule(
        "saints", "tT", r"\b[Ss](?:t\.|t(?=\s+[A-Z][a-z])|T\.)(?=\s*-?[A-Z])", lambda match: " saint ",
        '"St." before a capital letter is a saint.',
    ),
    rule(
        "streets by name", "tT", r"(?<=[a-z] )[Ss]t\.", lambda match: " street ",
        'Any other "St." after a word is a street.',
    ),
    rule(
        "weekdays", ".", r"\b([Mm]on|[Tt]ues?|[Ww]ed|[Tt]hurs?|[Tt]hu|[Ff]ri)\.(?=,|\s+(?:[a-z\d]|(?:Jan|Feb|Mar|Apr|May|Ju|Aug|Sep|Oct|Nov|Dec)))"  # noqa: E501
        r"|\b([Ss]at|[Ss]un)\.(?=,?\s+(?:(?:Jan|Feb|Mar|Apr|May|Ju|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+)?\d)",
        lambda match: f" {DAYS[(match[1] or match[2]).lower()]} ",
        "Days of the week with a full stop are read out where a sentence goes on.",
        hint=r"\.(?:,|\s+[a-z\dJFMASOND])",
    ),
    rule(
        "states", ",", rf"(?<=[a-z]), ?({any_of(STATES)})\b\.?", lambda match: f", {STATES[match[1]]} ",
        "The postal code of an American state after a comma is its name, where it is no English word.",
    ),
    rule(
        "world wars", "W",
        r"\b(?:World\s+War|WORLD\s+WAR)\s+(?:(?P<roman>I{1,3})|(?P<figure>[123]))\b|\bWW(?P<short>I{1,3}|[123])\b",
        _world_war,
        "The world wars are counted, however they are written.",
    ),
    rule(
        "centuries", "IVX", r"\b([IVX]+)([\s-]+(?i:century|centuries|dynasty))\b", _century,
        "A roman numeral before a century or a dynasty is a rank.",
    ),
    rule(
        "roman numerals", "IVXLC",
        rf"(?<=[A-Za-z]\s){_NUMERAL}(?![\w'](?!s\b))(?P<owner>'s)?\.?", _numeral,
        'Roman numerals after the name of a ruler are ranks ("the eighth"), after a part of a book they are numbers.',
    ),
    rule(
        "web addresses", ".",
        r"(?i)(?:\bhttps?://)?(?P<user>\b[\w.+-]{1,64}@)?\b"
        r"(?P<host>(?:(?<=@)|(?<=//)|(?=[\w.-]{0,200}\.(?:" + DOMAINS.replace(" ", "|")
        + r")\b))(?:[a-z0-9][\w-]{0,62}\.){1,9}[a-z]+)\b(?P<path>[/?#][^\s<>\"]*)?",
        _web_address,
        "Addresses of pages and of mail: dots, strokes, hyphens and the at sign have names.",
        hint=rf"\.(?i:{DOMAINS.replace(' ', '|')})\b|@\w|//\w",
    ),
    rule(
        "hashtags", "#", r"(?<![\w&])#(?![A-Z]\d)([A-Za-z]\w+)", _hashtag,
        "A hash before a word is a hashtag; its words are parted where capitals show them.",
    ),
    rule(
        "sharps", "#", r"\b([A-G])#(?!\w)", lambda match: f" {match[1]} sharp ",
        "A capital A to G with a hash is sharp: the note and the programming language.",
    ),
)  # fmt: skip
