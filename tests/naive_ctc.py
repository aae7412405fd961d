"""CTC decoding in plain loops: every alignment, the forward algorithm, and a prefix beam search over dictionaries."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

MINUS = -math.inf


def log_add(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return high if low == MINUS else high + math.log1p(math.exp(low - high))


def collapse(path: Sequence[str]) -> str:
    """Return the text of an alignment: repeats drop, then blanks, then spaces at the ends and beside others."""
    return " ".join("".join(label for label, _ in itertools.groupby(path)).split())


def all_texts(log_probs: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """Return the log-probability of every text: the sum over all alignments."""
    totals: dict[str, float] = {}
    for columns in itertools.product(range(len(labels)), repeat=len(log_probs)):
        text = collapse([labels[column] for column in columns])
        score = float(sum(log_probs[row, column] for row, column in enumerate(columns)))
        totals[text] = log_add(totals.get(text, MINUS), score)
    return totals


def forward_score(log_probs: np.ndarray, labels: Sequence[str], text: str) -> float:
    """Return the log-probability of all alignments of ``text``, whose characters are labels; each space is one."""
    blank = labels.index("")
    states = [blank]
    for character in text:
        states += [labels.index(character), blank]
    alpha = [0.0] + [MINUS] * len(states)  # one state before the first row, from which the first two are reached
    for number, row in enumerate(log_probs):
        new = [MINUS] * (len(states) + 1)
        for place, column in enumerate(states, 1):
            total = log_add(alpha[place], alpha[place - 1])
            if place >= 3 and column not in (blank, states[place - 3]):
                total = log_add(total, alpha[place - 2])
            if number == 0:
                total = 0.0 if place <= 2 else MINUS
            new[place] = total + float(row[column])
        alpha = new
    return log_add(alpha[-1], alpha[-2]) if len(states) > 1 else alpha[-1]


class NaiveWords:
    """pyctcdecode's word model: ``score(state, word)`` gives log10 p and a state, ``end(state)`` log10 p of the end."""

    def __init__(
        self,
        score: Callable[[Any, str], tuple[float, Any]],
        end: Callable[[Any], float],
        start: Any,
        known: set[str],
        order: int,
        alpha: float,
        beta: float,
        offset: float,
        boundary: bool,
    ) -> None:
        self.raw, self.end, self.start, self.known, self.order = score, end, start, known, order
        self.alpha, self.beta, self.offset, self.boundary = alpha, beta, offset, boundary

    def word(self, state: Any, word: str, last: bool) -> tuple[float, Any]:
        log10, following = self.raw(state, word)
        if word not in self.known:
            log10 += self.offset
        if last and self.boundary:
            log10 += self.end(following)
        return self.alpha * log10 * math.log(10) + self.beta, following

    def part(self, part: str) -> float:
        if any(word.startswith(part) for word in self.known):
            return 0.0
        return self.offset * max(1.0, len(part) / 6)


def hot_part(part: str, hot: Sequence[str], weight: float) -> float | None:
    lengths = [len(word) for word in hot if word.startswith(part)]
    return weight * len(part) / min(lengths) if lengths and part else None


def beam_search(
    log_probs: np.ndarray,
    labels: Sequence[str],
    model: NaiveWords | None = None,
    hot: Sequence[str] = (),
    hot_weight: float = 10.0,
    width: int = 100,
    prune: float = -10.0,
    token_min: float = -5.0,
    prune_history: bool = False,
    strict: bool = False,
) -> list[tuple[str, float, float]]:
    """Return (text, log-probability of the alignments, fused score), the best first, for labels of characters.

    A beam is (complete words, unfinished word, last label), the last label "" for a blank. ``strict`` as pyctcdecode.
    """

    def bonus(words: tuple[str, ...], part: str) -> float:
        total = hot_weight * sum(word in hot for word in words)
        state = model.start if model else None
        for word in words if model else ():
            gain, state = model.word(state, word, last=False)
            total += gain
        begun = hot_part(part, hot, hot_weight)
        if begun is not None:
            return total + begun
        return total + (model.part(part) if model and part else 0.0)

    def completed(words: tuple[str, ...], part: str) -> float:
        total = bonus(words, "") + hot_weight * (part in hot)
        if not model:
            return total
        state = model.start
        for word in words:
            _, state = model.word(state, word, last=False)
        return total + model.word(state, part, last=True)[0]

    beams: dict[tuple[tuple[str, ...], str, str], float] = {((), "", ""): 0.0}
    for row in log_probs:
        new: dict[tuple[tuple[str, ...], str, str], float] = {}
        for column, label in enumerate(labels):
            if row[column] < token_min and column != int(np.argmax(row)):
                continue
            for (words, part, last), score in beams.items():
                if label in ("", last):
                    key = words, part, label
                elif label == " ":
                    key = (*words, part) if part else words, "", label
                else:
                    key = words, part + label, label
                new[key] = log_add(new.get(key, MINUS), score + float(row[column]))
        totals: dict[tuple[Any, ...], float] = {}
        for key, score in new.items():
            counted = key if strict else key[:2]
            totals[counted] = log_add(totals.get(counted, MINUS), score)
        ranked = sorted(((score + bonus(*key[:2]), key) for key, score in totals.items()), reverse=True)
        kept = {key for fused, key in ranked[:width] if fused >= ranked[0][0] + prune}
        ordered = sorted(((score + bonus(*key[:2]), key) for key, score in new.items()), reverse=True)
        seen, beams = set(), {}
        for _, key in ordered:
            if (key if strict else key[:2]) in kept:
                history = key[0][-max(1, (model.order if model else 1) - 1) :], *key[1:]
                if not (prune_history and history in seen):
                    beams[key] = new[key]
                seen.add(history)
    joined: dict[str, tuple[float, float]] = {}
    for (words, part, _), score in beams.items():
        text = " ".join((*words, part) if part else words)
        before, gain = joined.get(text, (MINUS, MINUS))
        here = completed(words, part)
        joined[text] = log_add(before, score), here if strict else max(gain, here)
    answers = sorted(((text, score, score + gain) for text, (score, gain) in joined.items()), key=lambda a: -a[2])
    return [answer for answer in answers[:width] if answer[2] >= answers[0][2] + prune]
