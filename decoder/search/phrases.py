"""Phrases that a search should rather find: names, commands, the terms of a field.

    phrases = PhraseList([Phrase("harken to me"), Phrase("zwieback", 3.0)]).compile(graph.words)
    phrases.unknown                                     # the words that the graph cannot find, by phrase
    search = BeamSearch(graph, options, History.of(graph, phrases=phrases)).start()

What a phrase does to a path, exactly: every place where the path holds all of its words in a row lowers the path's cost
by ``weight`` nats for each of them; phrases that overlap, or lie within one another, all count. While a phrase is under
way, its weight is lent word by word, so that the path survives, and taken back where the phrase breaks off.

The automaton is that of Aho and Corasick, "Efficient string matching" (1975), with words for letters.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError

MOST_STATES = 1 << 20


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words, separated by spaces, and how much each of them is favoured where all are found: ``weight`` in nats.

    A negative weight keeps a search from the phrase. Raises OptionsError where there is no word, or the weight is not
    from -100 to 100.
    """

    text: str
    weight: float = 2.0

    def __post_init__(self) -> None:
        if not self.text.split():
            raise OptionsError("phrases: a phrase has no word; write its words, separated by spaces.")
        if not (math.isfinite(self.weight) and abs(self.weight) <= 100.0):
            raise OptionsError(f"phrases: {self.text!r} has the weight {self.weight}; choose nats from -100 to 100.")

    @property
    def words(self) -> tuple[str, ...]:
        """The words."""
        return tuple(self.text.split())


@dataclass(frozen=True, slots=True)
class PhraseList:
    """Phrases and their weights; of one that is listed twice, the higher weight counts."""

    phrases: tuple[Phrase, ...]

    def __init__(self, phrases: Iterable[Phrase | str]) -> None:
        made = tuple(Phrase(phrase) if isinstance(phrase, str) else phrase for phrase in phrases)
        object.__setattr__(self, "phrases", made)

    def compile(self, words: Sequence[str]) -> "Phrases":
        """Compile for a graph whose output words are ``words`` (``words[0]`` is none).

        A word that is not among them as it is written is taken in lower case, or else as the normaliser of English
        reads it, if that is one word: "Knightley," is ``knightley``. Phrases with words that are not among them even so
        cannot be found: they are left out, and ``Phrases.unknown`` names those words. Raises OptionsError where the
        phrases need more than 2^20 states.
        """
        number = {word: label for label, word in enumerate(words) if label}
        weights: dict[tuple[int, ...], float] = {}
        unknown: dict[str, tuple[str, ...]] = {}
        for phrase in self.phrases:
            found = [_label(word, number) for word in phrase.words]
            missing = tuple(
                dict.fromkeys(word for word, label in zip(phrase.words, found, strict=True) if label is None)
            )
            if missing:
                unknown[phrase.text] = missing
                continue
            labels = tuple(label for label in found if label is not None)
            weights[labels] = max(weights.get(labels, -math.inf), phrase.weight)
        return _compile(weights, len(words), unknown)


@dataclass(frozen=True, eq=False)
class Phrases:
    """A phrase list compiled for one graph: the fields of ``history_kernels.PhraseArrays``, and what was left out.

    ``unknown`` maps the text of every phrase that was left out to its words that the graph does not know.
    """

    word: NDArray[np.int32]
    first: NDArray[np.int32]
    begin: NDArray[np.int32]
    words: NDArray[np.int32]
    targets: NDArray[np.int32]
    fail: NDArray[np.int32]
    held: NDArray[np.float32]
    earned: NDArray[np.float32]
    unknown: dict[str, tuple[str, ...]]

    @property
    def states(self) -> int:
        """The number of states: the distinct beginnings of phrases, the empty one included."""
        return len(self.held)

    @property
    def unknown_words(self) -> tuple[str, ...]:
        """The words that the graph does not know, each once, in the order of the phrases."""
        return tuple(dict.fromkeys(word for missing in self.unknown.values() for word in missing))

    def move(self, state: int, label: int) -> tuple[int, float]:
        """Return the state that follows ``state`` (0 at first) on the output label ``label``, and what that costs."""
        word, following = int(self.word[label]), 0
        at = state if word else -1
        while at >= 0:
            place = int(np.searchsorted(self.words[self.begin[at] : self.begin[at + 1]], word)) + int(self.begin[at])
            if place < self.begin[at + 1] and self.words[place] == word:
                following = int(self.targets[place])
                break
            at = int(self.fail[at])
        return following, float(self.held[state]) - float(self.held[following]) - float(self.earned[following])

    @cached_property
    def most_gained(self) -> float:
        """The most by which one word can lower a cost."""
        # Where a word may lead from a state: on from it, or on from what it falls back to, or to nothing begun.
        most = 0.0
        for state in range(self.states):
            at = state
            while at >= 0:
                targets = self.targets[self.begin[at] : self.begin[at + 1]]
                gains = self.held[targets].astype(np.float64) + self.earned[targets] - self.held[state]
                most = max(most, float(gains.max(initial=0.0)))
                at = int(self.fail[at])
            most = max(most, -float(self.held[state]))
        return most


def _label(word: str, number: dict[str, int]) -> int | None:
    """Return the number of a word as it is written, in lower case, or as it is read out, whichever there is first."""
    for form in (word, word.lower()):
        if form in number:
            return number[form]
    from ...lm.text.normalizer import normalize

    return number.get(normalize(word))


def _compile(weights: dict[tuple[int, ...], float], labels: int, unknown: dict[str, tuple[str, ...]]) -> Phrases:
    used = sorted({label for phrase in weights for label in phrase})
    word = np.zeros(labels, np.int32)
    word[used] = np.arange(1, len(used) + 1)
    # The tree of all beginnings, breadth first, so that what a state falls back to has a lower number.
    following: list[dict[int, int]] = [{}]
    held, earned, fail = [0.0], [0.0], [-1]
    level: dict[int, list[tuple[tuple[int, ...], float]]] = {0: sorted(weights.items())}
    depth = 0
    while level:
        depth += 1
        deeper: dict[int, list[tuple[tuple[int, ...], float]]] = {}
        for state, phrases in level.items():
            for phrase, weight in phrases:
                letter = int(word[phrase[depth - 1]])
                target = following[state].get(letter)
                if target is None:
                    target = following[state][letter] = len(following)
                    following.append({})
                    held.append(-math.inf)
                    earned.append(0.0)
                    below = fail[state]
                    while below >= 0 and letter not in following[below]:
                        below = fail[below]
                    fail.append(following[below][letter] if below >= 0 else 0)
                if len(phrase) == depth:
                    earned[target] = weight * depth
                else:
                    held[target] = max(held[target], weight * depth)
                    deeper.setdefault(target, []).append((phrase, weight))
        level = deeper
    if len(following) > MOST_STATES:
        raise OptionsError(f"phrases: they need {len(following)} states, the most is {MOST_STATES}; list fewer.")
    for state in range(1, len(following)):
        earned[state] += earned[fail[state]]
    sizes = [len(ways) for ways in following]
    ways = [way for state_ways in following for way in sorted(state_ways.items())]
    first = np.zeros(len(used) + 1, np.int32)
    first[list(following[0])] = list(following[0].values())
    return Phrases(
        word=word,
        first=first,
        begin=np.cumsum([0, *sizes]).astype(np.int32),
        words=np.array([letter for letter, _ in ways], np.int32),
        targets=np.array([target for _, target in ways], np.int32),
        fail=np.array(fail, np.int32),
        held=np.array([0.0 if lent == -math.inf else lent for lent in held], np.float32),
        earned=np.array(earned, np.float32),
        unknown=unknown,
    )
