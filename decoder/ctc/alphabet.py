"""The labels of a CTC model: which is the blank, which ends a word, what text each writes.

The conventions are pyctcdecode's (0.5), so that the same list of labels means the same: a label set is made of pieces
(BPE) where one begins with the mark of SentencePiece, "▁", or of BERT, "##"; otherwise of characters, of which " " (or
"|", where " " is absent) stands between words. The blank is "" or "<pad>", "[PAD]", ..., or "_" among characters; where
none is there, one column more is expected, the last. "<unk>" writes "⁇".
"""

import json
import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...errors import FormatError, OptionsError
from .prefix_arrays import BOUNDARY, PLAIN, STARTS, Labels

WORD_MARK = "▁"
UNKNOWN = "⁇"
UNKNOWN_PIECE = "▁⁇▁"
_SPECIAL = re.compile(r"^[<\[].+[>\]]$")
_PAD = re.compile(r"^[<\[]pad[>\]]$", re.IGNORECASE)
_UNKNOWN = re.compile(r"^[<\[]unk[>\]]$", re.IGNORECASE)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alphabet:
    """``labels[column]`` in one notation ("" the blank, " " or a leading "▁" between words), and whether BPE pieces."""

    labels: tuple[str, ...]
    is_bpe: bool

    @classmethod
    def build(cls, labels: Sequence[str]) -> "Alphabet":
        """Bring ``labels`` into one notation; raises OptionsError for an empty list, a repeated label, a mixed kind."""
        given = list(labels)
        if not given or not all(isinstance(label, str) for label in given):
            raise OptionsError("labels: give a list of strings, one for every column of the scores.")
        repeated = next((label for label in given if given.count(label) > 1), None) if _repeats(given) else None
        if repeated is not None:
            raise OptionsError(f"labels: {repeated!r} stands there twice; give every column a label of its own.")
        is_bpe = any(label.startswith(("##", WORD_MARK)) for label in given)
        if is_bpe and any(" " in label for label in given):
            raise OptionsError("labels: pieces ('▁' or '##') and a label with a space are there; use only one style.")
        return cls(tuple(_pieces(given) if is_bpe else _characters(given)), is_bpe)

    def dumps(self) -> str:
        """Return the alphabet as the JSON text that pyctcdecode writes."""
        return json.dumps({"labels": list(self.labels), "is_bpe": self.is_bpe})

    @classmethod
    def loads(cls, text: str) -> "Alphabet":
        """Read what ``dumps`` wrote; raises FormatError for anything else."""
        try:
            found = json.loads(text)
            labels, is_bpe = found["labels"], found["is_bpe"]
            if not (isinstance(is_bpe, bool) and labels and all(isinstance(label, str) for label in labels)):
                raise TypeError("labels or is_bpe of a wrong type")
        except (ValueError, KeyError, TypeError) as problem:
            raise FormatError(f"not an alphabet with 'labels' and 'is_bpe' ({problem}).") from None
        return cls(tuple(labels), is_bpe)

    @cached_property
    def symbol_of_column(self) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """The symbol (first column with the same label) of every column; -1 for a blank."""
        first: dict[str, int] = {"": -1}
        return np.array([first.setdefault(label, column) for column, label in enumerate(self.labels)], np.int32)

    @cached_property
    def has_twins(self) -> bool:
        """Whether two columns that are no blanks have the same label."""
        kept = [label for label in self.labels if label]
        return len(set(kept)) < len(kept)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What each label adds to a word, without the marks of word boundaries."""
        return tuple(self._text(label) for label in self.labels)

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """The texts, each twice: as it goes on with a word, and with the space before it that completes one."""
        return tuple(piece for text in self.texts for piece in (text, f" {text}"))

    def _text(self, label: str) -> str:
        if not self.is_bpe:
            return "" if label == " " else label
        if label[:1] != WORD_MARK:
            return label
        return label[1:].removesuffix(WORD_MARK)

    @property
    def spelled_once(self) -> bool:
        """Whether a text can be made of labels in one way only (but for repeated spaces)."""
        return not self.is_bpe and max(map(len, self.texts)) <= 1

    def arrays(self, by_label: bool = False) -> Labels:
        """Return the labels as the kernels read them; ``by_label`` tells texts apart by their labels."""
        kinds = [PLAIN] * len(self.labels)
        closes = np.zeros(len(self.labels), np.uint8)
        for column, label in enumerate(self.labels):
            marked = self.is_bpe and label.startswith(WORD_MARK)
            if label and not self.texts[column]:
                kinds[column] = BOUNDARY
            elif marked:
                kinds[column] = STARTS
                closes[column] = label.endswith(WORD_MARK)
        begin = np.zeros(len(self.labels) + 1, np.int32)
        np.cumsum([len(text) for text in self.texts], out=begin[1:])
        text = codes_of("".join(self.texts))
        spelling = np.arange(len(self.labels) + 1, dtype=np.int32), np.arange(2, len(self.labels) + 2, dtype=np.int32)
        return Labels(np.array(kinds, np.int8), closes, begin, text, *(spelling if by_label else (begin, text)))

    def warn_if_foreign(self, words: Collection[str]) -> None:
        """Log a warning where the characters of ``words`` are mostly not among the labels."""
        characters = set("".join(words))
        if characters and len(characters - set("".join(self.labels))) / len(characters) > 0.2:
            logger.warning("Unigrams and labels do not seem to agree: over a fifth of their characters is no label.")


def codes_of(text: str) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return the code points of ``text`` plus 2, int32: 0 and 1 are the marks that the kernels put between words."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.int32) + np.int32(2)


def _repeats(labels: list[str]) -> bool:
    return len(labels) != len(set(labels))


def _characters(labels: list[str]) -> list[str]:
    """Bring a set of characters into one notation."""
    if "|" in labels and " " not in labels:
        labels[labels.index("|")] = " "
    labels = ["" if _PAD.match(label) else label for label in labels]
    if "_" in labels and "" not in labels:
        labels[labels.index("_")] = ""
    if "" not in labels:
        labels.append("")
    labels = [UNKNOWN if _UNKNOWN.match(label) else label for label in labels]
    if any(len(label) > 1 for label in labels):
        logger.info("Some labels are longer than a character, though none carries the mark of a BPE piece.")
    if " " not in labels:
        logger.warning("No label stands between words (' ' or '|'): all text will be one word.")
    return labels


def _pieces(labels: list[str]) -> list[str]:
    """Bring a set of BPE pieces into SentencePiece's notation."""
    if any(label.startswith("##") for label in labels):
        labels = [_from_bert(label) for label in labels]
    labels = ["" if _PAD.match(label) else label for label in labels]
    if "" not in labels:
        labels.append("")
    labels = [UNKNOWN_PIECE if _UNKNOWN.match(label) else label for label in labels]
    if UNKNOWN_PIECE not in labels:
        logger.info("No label stands for an unknown piece.")
    return labels


def _from_bert(label: str) -> str:
    if label.startswith("##"):
        return label[2:]
    if _SPECIAL.match(label) or label in ("", WORD_MARK, UNKNOWN_PIECE):
        return label
    return WORD_MARK + label
