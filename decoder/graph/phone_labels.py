"""The labels of phones in L and what is composed with it: plain ones, word-initial ones, disambiguation symbols.

A word's first phone can have a label of its own, so that a search sees where words begin wherever their output labels
come to stand: the k-th such label of a path belongs to its k-th word. The sound is the same, and so is everything that
looks at sounds (contexts, topologies, scores): it goes by ``phone``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..fst.symbols import SymbolTable

INITIAL_MARK = "^"


@dataclass(frozen=True, slots=True, eq=False)
class PhoneLabels:
    """Labels 1 to n are the phones, n + 1 to 2n the same ones word-initial (where marked), then come #0, #1, ...

    By label, int32 or bool: ``phone`` (1 to n; 0 for epsilon and the symbols), ``starts_word`` (every phone's label
    that a word can begin with), ``is_disambiguation``. ``symbols`` names them: ``AA``, ``^AA``, ``#0``.
    """

    phones: tuple[str, ...]
    marks_starts: bool
    disambiguation_symbols: int
    phone: NDArray[np.int32]
    starts_word: NDArray[np.bool_]
    is_disambiguation: NDArray[np.bool_]
    symbols: SymbolTable

    @classmethod
    def of_phones(
        cls, phones: tuple[str, ...], disambiguation_symbols: int = 1, marks_starts: bool = True
    ) -> "PhoneLabels":
        """Number ``phones`` and as many symbols from #0 on.

        Raises OptionsError where a phone's name is empty, holds white space, stands twice, or is one of the others'.
        """
        initial = tuple(INITIAL_MARK + phone for phone in phones) if marks_starts else ()
        names = ("<eps>", *phones, *initial, *(f"#{number}" for number in range(disambiguation_symbols)))
        seen: set[str] = set()
        for name in names:
            if name in seen or name.split() != [name]:
                raise OptionsError(f"phones: {name!r} is empty, holds white space, or stands twice; rename it.")
            seen.add(name)
        count = len(phones)
        numbers = np.arange(1, count + 1, dtype=np.int32)
        symbols = np.zeros(disambiguation_symbols, dtype=np.int32)
        phone = np.concatenate([[0], numbers, numbers[: len(initial)], symbols]).astype(np.int32)
        starts = np.zeros(len(names), dtype=np.bool_)
        starts[count + 1 : count + 1 + len(initial)] = True
        return cls(
            phones=tuple(phones),
            marks_starts=marks_starts,
            disambiguation_symbols=disambiguation_symbols,
            phone=phone,
            starts_word=starts,
            is_disambiguation=np.arange(len(names)) > count + len(initial),
            symbols=SymbolTable.of_words(names),
        )

    @property
    def first_disambiguation(self) -> int:
        """The label of #0."""
        return len(self.phone) - self.disambiguation_symbols

    def initial(self, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the labels that ``labels`` (plain ones) have at the beginning of a word."""
        return (labels + np.int32(len(self.phones) if self.marks_starts else 0)).astype(np.int32)
