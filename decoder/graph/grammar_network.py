"""Grammars compiled to G: an acceptor of words, deterministic and small.

Every use of a rule is written out anew; a rule that refers to itself (by way of others, too) where nothing follows
becomes a loop. Other recursion no finite machine can follow: it is refused.
"""

import math
from collections.abc import Mapping

import numpy as np

from ...errors import FormatError, OptionsError
from ..fst.symbols import SymbolTable
from ..fst.transducer import EPSILON, Fst
from .arc_columns import ArcColumns
from .grammar_expression import Choice, Expression, Grammar, Reference, Repetition, Sequence, Word

_MOST_ARCS = 1 << 21
_DEEPEST = 200
_EVEN = math.log(2.0)


def compile_grammar(grammar: Grammar, words: SymbolTable) -> Fst:
    """Compile ``grammar`` into an acceptor over ``words``; words that are not listed there are never said.

    Raises FormatError where a rule is missing or refers to itself before its end, OptionsError where nothing can be
    said, or the grammar is too large or cannot be made deterministic.
    """
    from ..fst.connect import connect
    from ..fst.determinize_star import determinize_star
    from ..fst.minimize import minimize_encoded

    network = _Network(grammar, {name: label for label, name in words})
    start, end = network.state(), network.state()
    network.expand(grammar.top, start, end, 0.0)
    finals = np.full(network.states, np.inf)
    finals[end] = 0.0
    columns = network.rows
    arcs = ArcColumns()
    if columns:
        sources, labels, costs, targets = (np.array(column) for column in zip(*columns, strict=True))
        arcs.add(sources, labels, labels, costs, targets)
    fst = connect(arcs.build(start, finals, isymbols=words, osymbols=words))
    if fst.start < 0:
        raise OptionsError(f"{grammar.name}: nothing can be said; look for words and rules that are never possible.")
    try:
        fst = determinize_star(fst, max_states=8 * fst.states + 10_000)
    except OptionsError:
        raise OptionsError(
            f"{grammar.name}: it cannot be made deterministic; give loops that say the same words the same weights."
        ) from None
    return minimize_encoded(fst)


class _Network:
    """The arcs so far, as rows (source, word label, cost, target), with epsilons."""

    def __init__(self, grammar: Grammar, labels: Mapping[str, int]) -> None:
        self.grammar = grammar
        self.labels = labels
        self.rows: list[tuple[int, int, float, int]] = []
        self.states = 0
        self.open: dict[str, tuple[int, int]] = {}  # rules being written out: where they begin and end
        self.depth = 0

    def state(self) -> int:
        self.states += 1
        return self.states - 1

    def arc(self, source: int, label: int, cost: float, target: int) -> None:
        if len(self.rows) >= _MOST_ARCS:
            raise OptionsError(f"{self.grammar.name}: it has more than {_MOST_ARCS} arcs; use fewer nested rules.")
        self.rows.append((source, label, cost, target))

    def expand(self, expression: Expression, source: int, target: int, cost: float) -> None:
        """Write out ``expression`` between two states, ``cost`` paid on the way in."""
        if self.depth >= _DEEPEST:
            raise OptionsError(f"{self.grammar.name}: it is nested deeper than {_DEEPEST}; make it flatter.")
        self.depth += 1
        if isinstance(expression, Word):
            if expression.text in self.labels:
                self.arc(source, self.labels[expression.text], cost, target)
        elif isinstance(expression, Sequence):
            self.sequence(expression, source, target, cost)
        elif isinstance(expression, Choice):
            for part, share in zip(expression.parts, expression.shares(), strict=True):
                if share > 0.0:
                    self.expand(part, source, target, cost - math.log(share))
        elif isinstance(expression, Repetition):
            self.repetition(expression, source, target, cost)
        else:
            self.reference(expression, source, target, cost)
        self.depth -= 1

    def sequence(self, expression: Sequence, source: int, target: int, cost: float) -> None:
        if not expression.parts:
            self.arc(source, EPSILON, cost, target)
        for part in expression.parts[:-1]:
            between = self.state()
            self.expand(part, source, between, cost)
            source, cost = between, 0.0
        for part in expression.parts[-1:]:
            self.expand(part, source, target, cost)

    def repetition(self, expression: Repetition, source: int, target: int, cost: float) -> None:
        before, after = self.state(), self.state()
        if expression.least == 0:
            self.arc(source, EPSILON, cost + _EVEN, target)
            cost += _EVEN
        self.arc(source, EPSILON, cost, before)
        self.expand(expression.part, before, after, 0.0)
        self.arc(after, EPSILON, _EVEN, before)
        self.arc(after, EPSILON, _EVEN, target)

    def reference(self, expression: Reference, source: int, target: int, cost: float) -> None:
        rule, name = expression.rule, self.grammar.name
        if rule in self.open:
            begin, end = self.open[rule]
            if target != end:
                raise FormatError(
                    f"{name}: rule <{rule}> refers to itself where more words follow; put it last, or repeat with *."
                )
            self.arc(source, EPSILON, cost, begin)
            return
        if rule not in self.grammar.rules:
            raise FormatError(f"{name}: rule <{rule}> is referred to, but not defined.")
        begin = self.state()
        self.arc(source, EPSILON, cost, begin)
        self.open[rule] = (begin, target)
        self.expand(self.grammar.rules[rule], begin, target, 0.0)
        del self.open[rule]
