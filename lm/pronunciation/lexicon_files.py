"""Lexicon files of other systems, read and written: Kaldi's three kinds, CMUdict's and pocketsphinx's.

lexicon = read_lexicon("cmudict.dict", LexiconForm("cmudict", stress=False))

form            a line
harken          ``word<TAB>phones`` or ``word<TAB>probability<TAB>phones`` (see Lexicon)
kaldi           lexicon.txt: ``word phones``
kaldi-prob      lexiconp.txt: ``word probability phones``
kaldi-silprob   lexiconp_silprob.txt: ``word probability s1 s2 s3 phones``; s1 to s3, about silences, are passed over
cmudict         ``WORD  phones``, further ways as ``WORD(2)  phones``; lines that begin with ;; or ## are comments, and
                so is what follows " #"; pocketsphinx's .dict is the same

Fields are separated by any white space but in harken's. Files whose names end in .gz are read as gzip.
"""

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import FormatError, OptionsError
from ...tensorfile import write_aside
from .lexicon import Lexicon, Pronunciation, parse_line

FORMS = ("harken", "kaldi", "kaldi-prob", "kaldi-silprob", "cmudict")
_NUMBERS = {"harken": 0, "kaldi": 0, "kaldi-prob": 1, "kaldi-silprob": 4, "cmudict": 0}
"""How many numbers stand between word and phones."""
_VARIANT = re.compile(r"(.+)\(\d+\)")
_STRESSED = re.compile(r"\A([A-Za-z]+)[0-2]\Z")


@dataclass(frozen=True, slots=True)
class LexiconForm:
    """How to read a lexicon file: ``name`` one of FORMS, or None to tell it by the content.

    ``stress``: keep the digit at the end of phones (AH0); without it, ways that differ in stress alone become one.
    ``lower``: bring words to lower case, as the bundled model has them.
    """

    name: str | None = None
    stress: bool = True
    lower: bool = False

    def __post_init__(self) -> None:
        if self.name is not None and self.name not in FORMS:
            raise OptionsError(f"There is no lexicon form {self.name!r}; choose among {', '.join(FORMS)}.")


def read_lexicon(path: str | os.PathLike[str], form: LexiconForm | None = None) -> Lexicon:
    """Read a lexicon file in UTF-8; where no form is named it is told by ``tell_form``.

    Ways that dropping stress or capitals makes equal are merged, and so are those that CMUdict has twice. Raises
    FormatError, naming the line, for one without a word or phones, with a probability outside (0, 1], and, in the other
    forms, for one that repeats an earlier one.
    """
    form = form or LexiconForm()
    text = _read_text(path)
    name = form.name or _tell(text)
    if name == "harken" and form.stress and not form.lower and not os.fspath(path).endswith(".gz"):
        return Lexicon.read(path)
    entries: dict[tuple[str, tuple[str, ...]], float] = {}
    written: dict[tuple[str, tuple[str, ...]], int] = {}
    for number, line in _lines(text, name):
        where = f"{path}, line {number}"
        entry = _entry(line, name, where)
        before = written.setdefault((entry.word, entry.phones), number)
        if before != number and name != "cmudict":
            raise FormatError(f"{where}: repeats the pronunciation of line {before}; drop one of them.")
        phones = entry.phones if form.stress else tuple(_STRESSED.sub(r"\1", phone) for phone in entry.phones)
        key = entry.word.lower() if form.lower else entry.word, phones
        entries[key] = max(entries.get(key, 0.0), entry.probability)
    return Lexicon(tuple(Pronunciation(word, phones, share) for (word, phones), share in entries.items()))


def tell_form(path: str | os.PathLike[str]) -> str:
    """Return the form of a lexicon file, told by its content.

    ``cmudict`` where a line is a comment or a word has further ways (``WORD(2)`` beside ``WORD``); ``kaldi-silprob``
    and ``kaldi-prob`` where every line has four or one numbers between word and phones; else ``harken`` where every
    line has a tab, and ``kaldi`` where not. Raises FormatError for a file that cannot be read.
    """
    return _tell(_read_text(path))


def write_lexicon(lexicon: Lexicon, path: str | os.PathLike[str], form: str = "harken") -> None:
    """Write a lexicon in one of FORMS, written aside and renamed; ``kaldi`` and ``cmudict`` hold no probabilities.

    Raises OptionsError for ``kaldi-silprob``, since a lexicon does not know about silences.
    """
    LexiconForm(form)
    if form == "kaldi-silprob":
        raise OptionsError("A lexicon holds no probabilities of silence; write the form kaldi-prob.")
    if form == "harken":
        lexicon.write(path)
        return
    lines = []
    ways: dict[str, int] = {}
    for entry in lexicon:
        number = ways[entry.word] = ways.get(entry.word, 0) + 1
        word = f"{entry.word}({number})" if form == "cmudict" and number > 1 else entry.word
        share = f"{entry.probability!r} " if form == "kaldi-prob" else ""
        lines.append(f"{word} {share}{' '.join(entry.phones)}\n")
    write_aside(path, "".join(lines).encode())


def _read_text(path: str | os.PathLike[str]) -> str:
    try:
        data = Path(path).read_bytes()
        if os.fspath(path).endswith(".gz"):
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as problem:
        raise FormatError(f"{path}: cannot be read as a UTF-8 lexicon ({problem}).") from None


def _lines(text: str, name: str) -> Iterator[tuple[int, str]]:
    """Give every filled line, without its comment, and its number."""
    for number, line in enumerate(text.split("\n"), 1):
        if name == "cmudict":
            line = "" if line.startswith((";;", "##")) else line.split(" #")[0]
        if line.strip():
            yield number, line


def _entry(line: str, name: str, where: str) -> Pronunciation:
    if name == "harken":
        return parse_line(line.rstrip("\r"), where)
    word, *fields = line.split()
    numbers = _NUMBERS[name]
    if len(fields) <= numbers:
        raise FormatError(f"{where}: has {1 + len(fields)} fields, too few for a line of the form {name}.")
    share = _number(fields[0]) if numbers else 1.0
    if share is None or not 0.0 < share <= 1.0:
        raise FormatError(f"{where}: {fields[0]!r} is no probability in (0, 1]; write one, or name another form.")
    variant = _VARIANT.fullmatch(word) if name == "cmudict" else None
    return Pronunciation(variant[1] if variant else word, tuple(fields[numbers:]), share)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _tell(text: str) -> str:
    rows = [line.split() for line in text.split("\n") if line.strip()]
    words = {row[0] for row in rows}
    variants = (_VARIANT.fullmatch(word) for word in words if word.endswith(")"))
    if any(word.startswith(";;") for word in words) or any(match and match[1] in words for match in variants):
        return "cmudict"
    for name in ("kaldi-silprob", "kaldi-prob"):
        numbers = _NUMBERS[name]
        if rows and all(
            len(row) > numbers + 1 and all(_number(field) is not None for field in row[1 : numbers + 1]) for row in rows
        ):
            return "harken" if numbers == 1 and all(line.count("\t") == 2 for line in _filled(text)) else name
    return "harken" if all("\t" in line for line in _filled(text)) else "kaldi"


def _filled(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if line.strip())
