"""Where n-gram scores come from: an ARPA file or our own n-gram file in memory, or a KenLM binary that kenlm queries.

A source numbers its states, so that searches and caches hold integers; ``hand_out`` and ``take_in`` translate between
these and what users see: kenlm's State objects for a KenLM binary, plain integers for a model in memory.
"""

import os
from pathlib import Path
from typing import Any, Protocol

from ...errors import FormatError, OptionsError
from ...lm.ngram.arpa_reader import read_arpa
from ...lm.ngram.ngram import Ngram

_KENLM_MAGIC = b"mmap lm "
_MOST_STATES = 1 << 20
"""States that a KenLM source keeps before it starts afresh."""


class NgramSource(Protocol):
    """What a search asks of an n-gram model; scores are log10 probabilities."""

    order: int
    path: Path

    def start(self, sentence: bool) -> int:
        """Return the state at the start of a sentence, or that of no history."""

    def score(self, state: int, word: str) -> tuple[float, int]:
        """Return log10 p(word | state) and the state that follows."""

    def end(self, state: int) -> float:
        """Return log10 p(</s> | state)."""

    def knows(self, word: str) -> bool:
        """Return whether ``word`` is one of the model's."""

    def words(self) -> tuple[str, ...] | None:
        """Return all words but <unk>, None where the model does not list them."""

    def hand_out(self, state: int) -> Any:
        """Return a state as users see it."""

    def take_in(self, state: Any) -> int:
        """Return the number of a state that ``hand_out`` gave; raises OptionsError for anything else."""

    def refresh(self) -> bool:
        """Forget the states if there are too many of them; return whether that was so."""


class MemorySource:
    """An n-gram model in memory."""

    def __init__(self, model: Ngram, path: Path) -> None:
        self.model = model
        self.order = model.order
        self.path = path

    def start(self, sentence: bool) -> int:
        """Return the state at the start of a sentence, or that of no history."""
        return self.model.start_state if sentence else 0

    def score(self, state: int, word: str) -> tuple[float, int]:
        """Return log10 p(word | state) and the state that follows."""
        return self.model.score(state, self.model.word_id(word))

    def end(self, state: int) -> float:
        """Return log10 p(</s> | state)."""
        return self.model.score(state, 2)[0]

    def knows(self, word: str) -> bool:
        """Return whether ``word`` is one of the model's."""
        return self.model.word_id(word) > 0

    def words(self) -> tuple[str, ...] | None:
        """Return all words but <unk>."""
        return self.model.words[1:]

    def hand_out(self, state: int) -> Any:
        """Return a state as users see it: its number."""
        return state

    def take_in(self, state: Any) -> int:
        """Return the number of a state."""
        if not isinstance(state, int) or not 0 <= state < self.model.states:
            raise OptionsError(
                f"lm_start_state: {state!r} is no state of this model; give the one that its beams returned."
            )
        return state

    def refresh(self) -> bool:
        """Return False: nothing piles up."""
        return False


class KenlmSource:
    """A KenLM binary, queried through the kenlm package."""

    def __init__(self, path: Path) -> None:
        import kenlm

        config = kenlm.Config()
        config.show_progress = False
        config.arpa_complain = kenlm.ARPALoadComplain.NONE
        try:
            self._model = kenlm.Model(os.fspath(path), config)
        except (OSError, RuntimeError) as problem:
            reason = str(problem).split("because")[0].strip().splitlines()[0]
            raise FormatError(f"{path}: KenLM cannot read this language model ({reason}).") from None
        self._fresh = kenlm.State
        self.order = int(self._model.order)
        self.path = path
        self._states: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def _number(self, state: Any) -> int:
        number = self._numbers.setdefault(state, len(self._states))
        if number == len(self._states):
            self._states.append(state)
        return number

    def start(self, sentence: bool) -> int:
        """Return the state at the start of a sentence, or that of no history."""
        state = self._fresh()
        (self._model.BeginSentenceWrite if sentence else self._model.NullContextWrite)(state)
        return self._number(state)

    def score(self, state: int, word: str) -> tuple[float, int]:
        """Return log10 p(word | state) and the state that follows."""
        following = self._fresh()
        log10 = self._model.BaseScore(self._states[state], word, following)
        return log10, self._number(following)

    def end(self, state: int) -> float:
        """Return log10 p(</s> | state)."""
        return self._model.BaseScore(self._states[state], "</s>", self._fresh())

    def knows(self, word: str) -> bool:
        """Return whether ``word`` is one of the model's."""
        return word in self._model

    def words(self) -> tuple[str, ...] | None:
        """Return None: a KenLM binary does not list its words."""
        return None

    def hand_out(self, state: int) -> Any:
        """Return a state as users see it: a kenlm.State."""
        return self._states[state]

    def take_in(self, state: Any) -> int:
        """Return the number of a kenlm.State."""
        if not isinstance(state, self._fresh):
            raise OptionsError(f"lm_start_state: a kenlm.State is needed here, not {type(state).__name__}.")
        return self._number(state)

    def refresh(self) -> bool:
        """Forget the states if there are too many of them; return whether that was so."""
        full = len(self._states) > _MOST_STATES
        if full:
            self._states.clear()
            self._numbers.clear()
        return full


def open_source(path: str | os.PathLike[str]) -> MemorySource | KenlmSource:
    """Open the n-gram model in ``path``, whose first bytes tell what it is; raises FormatError where it is none."""
    place = Path(path)
    try:
        with open(place, "rb") as file:
            first = file.read(1024)
    except OSError as problem:
        raise FormatError(f"{path}: the language model cannot be read ({problem.strerror or problem}).") from None
    if first.startswith(_KENLM_MAGIC):
        return KenlmSource(place)
    if b"harken n-gram" in first:
        return MemorySource(Ngram.load(place), place)
    return MemorySource(Ngram.from_arpa(read_arpa(place)), place)
