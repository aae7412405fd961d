"""JSGF: grammars in the Java Speech Grammar Format, version 1.0.

    #JSGF V1.0;
    grammar lights;
    public <command> = [please] turn (/2/ on | /1/ off) the <lamp>+ {tags are ignored};
    <lamp> = lamp | "ceiling lamp";

Words are taken as they are written (a lexicon's are usually lower case); a quoted token is the words inside. Rules that
refer to themselves may do so where nothing follows. Imports are refused: one file holds one grammar.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import FormatError
from .grammar_expression import (
    IMPOSSIBLE,
    NOTHING,
    Choice,
    Expression,
    Grammar,
    Reference,
    Repetition,
    Sequence,
    Word,
    optional,
)

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<header>\#JSGF[^;\n]*;?)
    |(?P<weight>/\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*/)
    |(?P<rule><[^<>\s;|]*>)
    |(?P<quoted>"(?:[^"\\]|\\.)*")
    |(?P<tag>\{(?:[^{}\\]|\\.)*\})
    |(?P<mark>[;=|()\[\]*+])
    |(?P<word>[^\s;=|*+<>()\[\]{}/"]+)""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 100


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def read_jsgf(path: str | os.PathLike[str], rule: str | None = None) -> Grammar:
    """Read the grammar in a UTF-8 file; see ``parse_jsgf``."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise FormatError(f"{path}: cannot be read as a JSGF grammar in UTF-8 ({problem}).") from None
    return parse_jsgf(text, rule, str(path))


def parse_jsgf(text: str, rule: str | None = None, name: str = "JSGF") -> Grammar:
    """Return the grammar of ``text``: what any public rule says, or what ``rule`` says, public or not.

    Raises FormatError, naming ``name`` and the line, where the text is malformed, a rule is missing or defined twice,
    or another grammar is imported.
    """
    return _Parser(name, list(_tokens(text, name))).parse(rule)


def _tokens(text: str, name: str) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            what = "a comment" if text.startswith("/*", at) else repr(text[at])
            raise FormatError(f"{name}, line {line}: {what} does not belong here, or never ends.")
        if match.lastgroup != "space":
            yield _Token(match.lastgroup, match.group(), line)
        line += match.group().count("\n")
        at = match.end()


class _Parser:
    """Reads tokens one after the other, by recursive descent."""

    def __init__(self, name: str, tokens: list[_Token]) -> None:
        self.name = name
        self.tokens = tokens
        self.at = 0
        self.grammar = ""
        self.depth = 0
        self.rules: dict[str, Expression] = {}
        self.public: list[str] = []
        self.used: dict[str, int] = {}

    def fail(self, problem: str, line: int | None = None) -> FormatError:
        if line is None:
            line = self.tokens[min(self.at, len(self.tokens) - 1)].line if self.tokens else 1
        return FormatError(f"{self.name}, line {line}: {problem}.")

    def peek(self) -> str:
        """Return the text of the next token; of words, rules and so on their kind."""
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        return token.text if token.kind == "mark" else token.kind

    def take(self, wanted: str, what: str) -> str:
        if self.peek() != wanted:
            found = repr(self.tokens[self.at].text) if self.at < len(self.tokens) else "the end"
            raise self.fail(f"found {found} where {what} should stand")
        self.at += 1
        return self.tokens[self.at - 1].text

    def parse(self, rule: str | None) -> Grammar:
        header = self.take("header", "#JSGF V1.0;")
        if not re.fullmatch(r"#JSGF\s+V1\.0(\s+[^\s;]+){0,2}\s*;", header):
            self.at -= 1
            raise self.fail("the header should read #JSGF V1.0; (with a character encoding and a locale, if need be)")
        if self.take("word", "'grammar'") != "grammar":
            self.at -= 1
            raise self.fail("'grammar NAME;' should stand here")
        self.grammar = self.take("word", "the grammar's name")
        self.take(";", "';'")
        while self.peek():
            self.definition()
        for used, line in self.used.items():
            if used not in self.rules:
                raise self.fail(f"rule <{used}> is referred to, but not defined", line)
        if rule is not None and rule.strip("<>") not in self.rules:
            raise FormatError(f"{self.name}: it has no rule <{rule.strip('<>')}>.")
        tops = self.public if rule is None else [rule.strip("<>")]
        if not tops:
            raise FormatError(f"{self.name}: no rule is public; mark one, or name the rule to be said.")
        top = Choice(tuple(Reference(name) for name in tops)) if len(tops) > 1 else Reference(tops[0])
        return Grammar(top, self.rules, self.name)

    def definition(self) -> None:
        word = self.take("word", "'public' or a rule's definition") if self.peek() == "word" else ""
        if word == "import":
            self.at -= 1
            raise self.fail("imports are not followed; copy the rules into this grammar")
        if word not in ("", "public"):
            self.at -= 1
            raise self.fail(f"found {word!r} where 'public' or a rule should stand")
        line = self.tokens[min(self.at, len(self.tokens) - 1)].line
        rule = self.rule_name(self.take("rule", "a rule's name in < >"))
        if rule in self.rules or rule in ("NULL", "VOID"):
            raise self.fail(f"rule <{rule}> cannot be defined again", line)
        self.take("=", "'='")
        self.rules[rule] = self.choice()
        if word == "public":
            self.public.append(rule)
        self.take(";", "';'")

    def rule_name(self, text: str) -> str:
        name = text[1:-1].removeprefix(f"{self.grammar}.")
        if not name:
            raise self.fail("a rule needs a name between < and >")
        return name

    def choice(self) -> Expression:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.fail(f"groups are nested deeper than {_DEEPEST}")
        parts: list[Expression] = []
        weights: list[float] = []
        while True:
            weighed = self.peek() == "weight"
            if parts and weighed != bool(weights):
                raise self.fail("either all alternatives have a weight, or none has")
            if weighed:
                weights.append(self.weight())
            parts.append(self.sequence())
            if self.peek() != "|":
                break
            self.at += 1
        if weights and not sum(weights) > 0.0:
            raise self.fail("all weights of the alternatives are 0")
        self.depth -= 1
        return Choice(tuple(parts), tuple(weights)) if len(parts) > 1 else parts[0]

    def weight(self) -> float:
        value = float(self.take("weight", "a weight").strip("/ \t\r\n"))
        if not 0.0 <= value < 1e30:
            self.at -= 1
            raise self.fail(f"the weight {value:g} is negative or too large")
        return value

    def sequence(self) -> Expression:
        parts = []
        while self.peek() in ("word", "quoted", "rule", "(", "["):
            part = self.item()
            if self.peek() in ("*", "+"):
                part = Repetition(part, least=int(self.peek() == "+"))
                self.at += 1
            while self.peek() == "tag":
                self.at += 1
            parts.append(part)
        if not parts:
            found = repr(self.tokens[self.at].text) if self.at < len(self.tokens) else "the end"
            raise self.fail(f"found {found} where words should stand; <NULL> says nothing")
        return Sequence(tuple(parts)) if len(parts) > 1 else parts[0]

    def item(self) -> Expression:
        kind, token = self.peek(), self.tokens[self.at]
        self.at += 1
        if kind == "word":
            return Word(token.text)
        if kind == "quoted":
            words = re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL).split()
            return Word(words[0]) if len(words) == 1 else Sequence(tuple(Word(word) for word in words))
        if kind == "rule":
            name = self.rule_name(token.text)
            if name in ("NULL", "VOID"):
                return NOTHING if name == "NULL" else IMPOSSIBLE
            self.used.setdefault(name, token.line)
            return Reference(name)
        inner = self.choice()
        self.take(")" if kind == "(" else "]", "the end of the group that began in line " + str(token.line))
        return inner if kind == "(" else optional(inner)
