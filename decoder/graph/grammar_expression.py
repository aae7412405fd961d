"""Grammars of what may be said: words put together by sequence, choice, repetition and named rules.

The choices have probabilities, as a language model's words do: the alternatives share 1 by their weights (equally where
none are given), an optional part is said or not, and a repetition goes on or ends, with probability 1/2 each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Word:
    """One word."""

    text: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other; without parts, nothing has to be said."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the parts, by their ``weights`` (any unit); without parts, nothing can be said at all."""

    parts: tuple["Expression", ...]
    weights: tuple[float, ...] = ()

    def shares(self) -> tuple[float, ...]:
        """Return the probability of each part."""
        if not self.weights:
            return tuple(1.0 / len(self.parts) for _ in self.parts)
        return tuple(weight / sum(self.weights) for weight in self.weights)


@dataclass(frozen=True, slots=True)
class Repetition:
    """The part, again and again; ``least`` (0 or 1) times at least."""

    part: "Expression"
    least: int


@dataclass(frozen=True, slots=True)
class Reference:
    """What the rule of this name says."""

    rule: str


Expression: TypeAlias = Word | Sequence | Choice | Repetition | Reference

NOTHING = Sequence(())
IMPOSSIBLE = Choice(())


def optional(part: Expression) -> Choice:
    """Return a choice between ``part`` and nothing."""
    return Choice((part, NOTHING))


@dataclass(frozen=True, slots=True)
class Grammar:
    """What may be said, ``top``, and the rules it refers to, by name; ``name`` is for messages."""

    top: Expression
    rules: Mapping[str, Expression] = field(default_factory=dict)
    name: str = "grammar"

    @property
    def words(self) -> tuple[str, ...]:
        """The words, in the order in which they are first named, those of unused rules included."""
        found: dict[str, None] = {}
        for expression in (self.top, *self.rules.values()):
            for part in parts_of(expression):
                if isinstance(part, Word):
                    found[part.text] = None
        return tuple(found)


def parts_of(expression: Expression) -> Iterator[Expression]:
    """Go through an expression and all parts of it, in their order; rules are not followed."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, Sequence | Choice):
            waiting += reversed(part.parts)
        elif isinstance(part, Repetition):
            waiting.append(part.part)
