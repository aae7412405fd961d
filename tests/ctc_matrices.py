"""Score matrices for CTC decoders: sentences rendered with noise, and the bundled model's scores of real speech."""

from itertools import pairwise
from typing import Any

import numpy as np
from harken.engine.audio import read_audio
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa_writer import write_arpa

LETTERS = ["", " ", *"abcdefghijklmnopqrstuvwxyz", "'", "-", ".", "?"]
PHONE_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM"
"""A character for each of the bundled model's 39 phones, in their order."""


def render(
    text: str, labels: list[str], frames: int, seed: int, sharp: float = 8.0, noise: float = 1.5, doubt: float = 0.25
) -> np.ndarray:
    """Return log-probabilities (frames, labels) float32 in which ``text`` is spoken evenly, as a CTC model scores it.

    Every character holds a frame or two, blanks the others; ``noise`` is the deviation of all logits, ``doubt`` the
    chance that another label stands beside a character with nearly its score.
    """
    rng = np.random.default_rng(seed)
    blank, columns = labels.index(""), [labels.index(character) for character in text if character in labels]
    logits = rng.normal(0, noise, (frames, len(labels)))
    spoken = np.zeros(frames, np.bool_)
    gap = frames / len(columns)
    for place, column in enumerate(columns):
        first = int(np.clip((place + 0.5) * gap + rng.uniform(-0.3, 0.3) * gap, 0, frames - 1))
        for frame in range(first, min(first + 1 + (rng.random() > 0.6), frames)):
            logits[frame, column] += sharp
            spoken[frame] = True
            if rng.random() < doubt:
                logits[frame, rng.integers(len(labels))] += sharp * rng.uniform(0.6, 1.05)
            if rng.random() < 0.3:
                logits[frame, blank] += sharp * rng.uniform(0.5, 1)
    logits[~spoken, blank] += sharp
    return log_softmax(logits).astype(np.float32)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    centred = logits - logits.max(axis=1, keepdims=True)
    return centred - np.log(np.exp(centred).sum(axis=1, keepdims=True))


def text_score(log_probs: np.ndarray, labels: list[str], text: str) -> float:
    """Return the log-probability of all alignments of ``text`` (no space at its ends, none beside another).

    Alignments may hold more spaces than the text: at the ends, and further ones where it has one.
    """
    if not text:
        return float(np.logaddexp.reduce(log_probs[:, [labels.index(""), labels.index(" ")]], axis=1).sum())
    columns = [labels.index(character) for character in f" {text} "]
    states = np.full(2 * len(columns) + 1, labels.index(""))
    states[1::2] = columns
    may_skip = np.zeros(len(states), np.bool_)
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    spaces = np.flatnonzero(states == labels.index(" "))
    alpha = np.full(len(states), -np.inf)
    alpha[[0, 1, 3]] = log_probs[0, states[[0, 1, 3]]]
    for row in log_probs[1:].astype(np.float64):
        new = alpha.copy()
        new[1:] = np.logaddexp(new[1:], alpha[:-1])
        new[2:] = np.logaddexp(new[2:], np.where(may_skip[2:], alpha[:-2], -np.inf))
        new[spaces] = np.logaddexp(new[spaces], alpha[spaces + 1])
        new[3] = np.logaddexp(new[3], alpha[0])
        alpha = new + row[states]
    return float(np.logaddexp.reduce(alpha[-4:]))


def phone_labels(units: Any) -> list[str]:
    """Return a label for each column of ``real_matrix``: the blank, a character a phone, and the space."""
    return ["", *PHONE_LETTERS[: len(units) - 1], " "]


def real_matrix(recognizer: Any, path: Any, seed: int) -> np.ndarray:
    """Return the bundled model's log-probabilities for a recording, with a column more: a space between words.

    The model has no unit for that, so between two words of the best path through its own graph stands one row more, in
    which the space gets a share drawn at random; the rest is the mean of the rows beside it.
    """
    rng = np.random.default_rng(seed)
    samples = read_audio(path)
    scores = log_softmax(recognizer.scores(recognizer.features(samples[0])).astype(np.float64))
    search = recognizer.search.start()
    search.advance(scores.astype(np.float32))
    times = search.finish().nbest(1)[0].times
    probs = np.hstack([np.exp(scores), np.full((len(scores), 1), 1e-6)])
    rows, before = [], 0
    for (_, end), (start, _) in pairwise(times):
        middle = min(max((end + start) // 2, 1), len(probs) - 1)
        rows.append(probs[before:middle])
        share = rng.uniform(0.1, 0.98)
        between = (probs[middle - 1] + probs[middle]) / 2 * (1 - share)
        between[-1] += share
        rows.append(between[None])
        before = middle
    rows.append(probs[before:])
    together = np.concatenate(rows)
    return np.log(together / together.sum(axis=1, keepdims=True)).astype(np.float32)


def phone_model(lexicon: Any, sentences: list[str], units: list[str], path: Any) -> None:
    """Write an ARPA trigram of ``sentences`` whose words are spelled with ``phone_labels``, by their first entries."""
    letter = dict(zip(units[1:], PHONE_LETTERS, strict=False))
    spelled: dict[str, str] = {}
    for entry in lexicon.entries:
        spelled.setdefault(entry.word, "".join(letter[phone] for phone in entry.phones))
    lines = [" ".join(spelled.get(word, "<unk>") for word in sentence.split()) for sentence in sentences]
    write_arpa(estimate([line for line in lines if "<unk>" not in line], order=3).to_arpa(), path)
