"""Forced alignment in plain loops: every choice of pronunciations, the whole trellis of each."""

import itertools
import math


def best_alignment(scores, choices, units, blank=0):
    """Return the least cost of reading the words, and the (unit, begins a phone) of every frame on a path of that cost.

    ``choices`` lists, for each word, its pronunciations as (phones, probability).
    """
    best = (math.inf, None)
    for ways in itertools.product(*choices):
        phones = [units.index(phone) for way, _ in ways for phone in way]
        prior = -sum(math.log(probability) for _, probability in ways)
        cost, path = _trellis(scores, phones, blank)
        best = min(best, (cost + prior, path), key=lambda found: found[0])
    return best


def _trellis(scores, phones, blank):
    """Return the best path's cost and frames through blank, p1, blank, p2, ... blank."""
    states = [blank]
    for phone in phones:
        states += [phone, blank]
    paths = {0: (-float(scores[0][blank]), [(blank, False)])}
    if len(states) > 1:
        paths[1] = (-float(scores[0][states[1]]), [(states[1], True)])
    for row in scores[1:]:
        new = {}
        for state, (cost, path) in paths.items():
            steps = [state, state + 1]
            if state % 2 and state + 2 < len(states) and states[state + 2] != states[state]:
                steps.append(state + 2)
            for step in steps:
                if step < len(states):
                    there = cost - float(row[states[step]])
                    if there < new.get(step, (math.inf, None))[0]:
                        new[step] = (there, [*path, (states[step], bool(step % 2) and step != state)])
        paths = new
    ends = [paths[state] for state in (len(states) - 1, len(states) - 2) if state in paths]
    return min(ends, default=(math.inf, None), key=lambda found: found[0])
