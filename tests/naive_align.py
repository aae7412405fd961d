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


def best_hmm_alignment(scores, choices, states_of):
    """Return the least cost of reading the words with HMMs of states in a row, and the pdf of every frame.

    ``states_of(left, phone)`` lists the states of a phone after another (None: the first) as (pdf of the first frame,
    pdf of further frames, probability of staying).
    """
    best = (math.inf, None)
    for ways in itertools.product(*choices):
        phones = [phone for way, _ in ways for phone in way]
        states = [
            state for left, phone in zip([None, *phones[:-1]], phones, strict=True) for state in states_of(left, phone)
        ]
        prior = -sum(math.log(probability) for _, probability in ways)
        paths = {0: (prior - float(scores[0][states[0][0]]), [states[0][0]])}
        for row in scores[1:]:
            new = {}
            for place, (cost, path) in paths.items():
                _, further, stay = states[place]
                steps = [(place, further, -math.log(stay))]
                if place + 1 < len(states):
                    steps.append((place + 1, states[place + 1][0], -math.log(1 - stay)))
                for step, pdf, extra in steps:
                    there = cost + extra - float(row[pdf])
                    if there < new.get(step, (math.inf, None))[0]:
                        new[step] = (there, [*path, pdf])
            paths = new
        if len(states) - 1 in paths:
            cost, path = paths[len(states) - 1]
            best = min(best, (cost - math.log(1 - states[-1][2]), path), key=lambda found: found[0])
    return best
