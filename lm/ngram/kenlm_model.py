"""KenLM models (ARPA text or its binary formats), through the kenlm package, behind our own verbs."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .bare_strings import refuse_bare_sentence, refuse_one_sentence


class KenlmModel:
    """An n-gram model that the kenlm package reads: ``path`` names an ARPA file or one that build_binary made."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import kenlm

        if not Path(path).is_file():
            raise FormatError(f"{path}: no such language model file.")
        config = kenlm.Config()
        config.show_progress = False
        config.arpa_complain = kenlm.ARPALoadComplain.NONE
        try:
            self._model = kenlm.Model(os.fspath(path), config)
        except (OSError, RuntimeError) as problem:
            raise FormatError(f"{path}: KenLM cannot read this language model: {_reason(str(problem))}.") from None
        self.order = int(self._model.order)

    @property
    def kenlm(self) -> Any:
        """The kenlm package's own model, for those that walk its states (``kenlm.State``, ``BaseScore``)."""
        return self._model

    def __contains__(self, word: str) -> bool:
        """Return whether the model knows ``word``."""
        return word in self._model

    @property
    def unknown_log10(self) -> float:
        """log10 p of an unknown word where nothing is known of the words before it."""
        return float(self._model.score("<unk>", bos=False, eos=False))

    def word_scores(self, words: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return log10 p of each word of a sentence and of ``</s>`` after it, and which of them the model knows.

        Raises OptionsError for a sentence that is not split into words.
        """
        refuse_bare_sentence(words)
        rows = list(self._model.full_scores(" ".join(words)))
        return np.array([row[0] for row in rows]), np.array([not row[2] for row in rows])

    def sentence_score(self, words: Sequence[str]) -> float:
        """Return log10 p of a whole sentence, its end included; raises OptionsError for one not split into words."""
        refuse_bare_sentence(words)
        return float(self._model.score(" ".join(words)))

    def sentence_scores(self, sentences: Iterable[str | Sequence[str]]) -> NDArray[np.float64]:
        """Return log10 p of each sentence (words between spaces, or a list of them), its end included."""
        refuse_one_sentence(sentences)
        lines = (sentence if isinstance(sentence, str) else " ".join(sentence) for sentence in sentences)
        return np.array([self._model.score(line) for line in lines], np.float64)


def _reason(message: str) -> str:
    """Return what KenLM complains of in one clause, without the places in its own source."""
    if "looks like a binary file" in message:
        return "the file ends early, or is compressed"
    if "EndOfFileException" in message or "Parallel" in message or "LoadBinary" in message:
        return "the file ends early, or is no binary of this kind of machine"
    if "first non-empty line was" in message:
        return "it is neither an ARPA file nor a KenLM binary"
    reason = re.sub(r"^Cannot read model '.*?' \((.*)\)$", r"\1", message, flags=re.DOTALL)
    reason = re.sub(r"\S+:\d+ in .*? threw \w+(\.| because `.*?'\.)\s*", "", reason, flags=re.DOTALL)
    byte = re.search(r"Byte: (\d+)$", reason)
    reason = " ".join(reason.split()).removesuffix(byte[0] if byte else "").split(". ")[0].strip(" .")
    return (reason or "it gives no reason") + (f", byte {byte[1]}" if byte and f"byte {byte[1]}" not in reason else "")
