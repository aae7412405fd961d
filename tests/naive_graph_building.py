"""Slow twins of graph building: lexicons, contexts and HMMs as plain lists of what may be said, in plain loops."""

import itertools
import math


def disambiguation(pronunciations):
    """Return the number of the symbol that each pronunciation gets, 0 for none, comparing all with all."""
    numbers = []
    for place, phones in enumerate(pronunciations):
        others = [other for at, other in enumerate(pronunciations) if at != place]
        if phones in others or any(len(other) > len(phones) and other[: len(phones)] == phones for other in others):
            numbers.append(1 + sum(other == phones for other in pronunciations[:place]))
        else:
            numbers.append(0)
    return numbers


def spoken(entries, words, silence=None, probability=0.5, symbols=False):
    """Return {(phones said, words): least cost} of every sequence of at most ``words`` pronunciations.

    Phones are names; with ``symbols`` the disambiguation symbols stand among them.
    """
    numbers = disambiguation([entry.phones for entry in entries])
    after_silence = max(numbers, default=0) + 1
    pause = (silence, *([f"#{after_silence}"] if symbols else [])) if silence else ()
    found = {}
    for count in range(words + 1):
        for said in itertools.product(range(len(entries)), repeat=count):
            for pauses in itertools.product([False, True] if silence else [False], repeat=count + 1):
                phones, cost = list(pause) if pauses[0] else [], 0.0
                if silence:
                    cost -= sum(math.log(probability if paused else 1 - probability) for paused in pauses)
                for index, paused in zip(said, pauses[1:], strict=True):
                    entry = entries[index]
                    phones += entry.phones
                    phones += [f"#{numbers[index]}"] if symbols and numbers[index] else []
                    phones += pause if paused else ()
                    cost -= math.log(entry.probability)
                key = tuple(phones), tuple(entries[index].word for index in said)
                found[key] = min(cost, found.get(key, math.inf))
    return found


def explicit_cost(table, order, words):
    """Return the cost of ``words`` (ids, ``</s>`` left out) by the rule of back-off models: the longest n-gram counts.

    ``table`` is that of ``naive_graph.ngram_table``.
    """
    context, cost = (1,), 0.0
    for word in (*words, 2):
        while (*context, word) not in table:
            cost += table[context][1] if context in table else 0.0
            context = context[1:]
        cost += table[(*context, word)][0]
        context = ((*context, word)[-(order - 1) :]) if order > 1 else ()
    return cost


def windows(sequence, plain, width, central):
    """Return what a string of labels becomes in context: a list of windows and of the symbols in between, in order.

    ``plain`` maps the labels of phones to those without a mark; other labels are symbols, told as (label,) negative.
    The window of a phone comes when the last phone it holds is read, (0,) stands where the centre has no phone yet.
    """
    right = width - 1 - central
    read, told = [0] * central, []
    centre = central
    for label in [*sequence, *[0] * right]:
        if label and label not in plain:
            told.append((-label,))
            continue
        read.append(label)
        if len(read) > centre + right:
            around = read[centre - central : centre + right + 1]
            told.append(tuple(name if at == central else plain.get(name, 0) for at, name in enumerate(around)))
            centre += 1
        else:
            told.append((0,))
    if not any(label in plain for label in sequence):
        return [part for part in told if part[0] < 0]
    return told


def best_alignment(rows, phones):
    """Return the least cost of reading all ``rows`` of log-likelihoods through the HMMs of ``phones``, in order.

    Each phone is a list of states (transitions, forward pdf, self-loop pdf), transitions as pairs (target,
    probability), the number of states being the end. Staying in a state repeats it before the phone goes on; the first
    frame of a state reads its forward pdf, further ones its self-loop pdf. Every path is tried.
    """

    def best(phone, state, frame, entered):
        if phone == len(phones):
            return 0.0 if frame == len(rows) else math.inf
        if frame == len(rows) and not entered:
            return math.inf
        transitions, forward, loop = phones[phone][state]
        if not entered:
            return -float(rows[frame][forward]) + best(phone, state, frame + 1, True)
        cheapest = math.inf
        for target, share in transitions:
            if target == state:
                rest = (
                    -float(rows[frame][loop]) + best(phone, state, frame + 1, True) if frame < len(rows) else math.inf
                )
            elif target == len(phones[phone]):
                rest = best(phone + 1, 0, frame, False)
            else:
                rest = best(phone, target, frame, False)
            cheapest = min(cheapest, rest - math.log(share))
        return cheapest

    return best(0, 0, 0, False)


def sentences(grammar, longest):
    """Return {words: least cost} of all that ``grammar`` says in at most ``longest`` words.

    The rules' sentences are put together from those of the round before, until nothing changes.
    """
    even = math.log(2)

    def joined(first, second):
        found = {}
        for (one, cost), (other, more) in itertools.product(first.items(), second.items()):
            if len(one) + len(other) <= longest:
                found[one + other] = min(cost + more, found.get(one + other, math.inf))
        return found

    def said(expression, known):
        kind = type(expression).__name__
        if kind == "Word":
            return {(expression.text,): 0.0} if longest else {}
        if kind == "Reference":
            return known[expression.rule]
        if kind == "Sequence":
            found = {(): 0.0}
            for part in expression.parts:
                found = joined(found, said(part, known))
            return found
        if kind == "Choice":
            found = {}
            for part, share in zip(expression.parts, expression.shares() if expression.parts else (), strict=True):
                for words, cost in said(part, known).items():
                    if share:
                        found[words] = min(cost - math.log(share), found.get(words, math.inf))
            return found
        once = said(expression.part, known)
        found, again = ({(): even} if expression.least == 0 else {}), once
        for count in range(1, longest + 2):
            for words, cost in again.items():
                total = cost + even * (count + (expression.least == 0))
                found[words] = min(total, found.get(words, math.inf))
            again = joined(again, once)
        return found

    known = {rule: {} for rule in grammar.rules}
    while True:
        fresh = {rule: said(expression, known) for rule, expression in grammar.rules.items()}
        if fresh == known:
            return said(grammar.top, known)
        known = fresh
