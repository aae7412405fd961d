"""Names of labels: the table that turns what a transducer reads or writes into words, phones or units."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from ...errors import FormatError


class SymbolTable:
    """Labels and their names, one to one: ``table.name(3)``, ``table.label("the")``; label 0 is ``<eps>`` by custom."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = dict(names)
        if len(self._labels) != len(self._names):
            raise FormatError("symbols: a name stands for two labels; give every label a name of its own.")

    @classmethod
    def of_words(cls, words: Iterable[str]) -> "SymbolTable":
        """Return the table that numbers ``words`` from 0 on."""
        return cls(dict(enumerate(words)))

    @cached_property
    def _labels(self) -> dict[str, int]:
        return {name: label for label, name in self._names.items()}

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Go through the pairs (label, name) in their order."""
        return iter(self._names.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SymbolTable) and self._names == other._names

    __hash__ = None  # type: ignore[assignment]

    def name(self, label: int) -> str:
        """Return the name of ``label``; raises FormatError where it has none."""
        if label not in self._names:
            raise FormatError(f"symbols: label {label} has no name.")
        return self._names[label]

    def label(self, name: str) -> int:
        """Return the label of ``name``; raises FormatError where none has it."""
        if name not in self._labels:
            raise FormatError(f"symbols: {name!r} is not listed.")
        return self._labels[name]
