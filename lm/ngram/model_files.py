"""Language models in files of any kind that is read here, told apart by their first bytes: ARPA, ours, KenLM's.

arpa = read_ngrams("model.bin")          # every n-gram, to be mixed, pruned, written
model = open_model("model.bin")          # to score sentences with
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import FormatError, OptionsError
from .arpa import Arpa, NgramTable
from .arpa_reader import read_arpa
from .arpa_writer import rows_of, write_arpa
from .kenlm_file import KENLM_MAGIC
from .kenlm_model import KenlmModel
from .kenlm_trie import read_kenlm_trie
from .ngram import Ngram

if TYPE_CHECKING:
    from .arpa_writer import NgramRows

ARPA, MAPPED, KENLM = "ARPA", "mapped", "KenLM"
MAPPED_ENDING = ".safetensors"


def kind_of(path: str | os.PathLike[str]) -> str:
    """Return the kind of the model in ``path``: ARPA (plain or gzip-compressed), MAPPED (``Ngram.save``) or KENLM.

    What is neither of the last two is taken for ARPA. Raises FormatError for a file that cannot be read.
    """
    try:
        with open(path, "rb") as file:
            begin = file.read(len(KENLM_MAGIC))
    except OSError as problem:
        raise FormatError(f"{path}: cannot be read ({problem.strerror or problem}).") from None
    if begin == KENLM_MAGIC:
        return KENLM
    # A safetensors file begins with the length of its header, which is a JSON object.
    return MAPPED if begin[8:9] == b"{" and begin[4:8] == bytes(4) else ARPA


def read_ngrams(path: str | os.PathLike[str]) -> Arpa:
    """Return the n-grams of the model in ``path``; raises FormatError, also for KenLM's probing models."""
    kind = kind_of(path)
    if kind == KENLM:
        return read_kenlm_trie(path)
    if kind == ARPA:
        return read_arpa(path)
    try:
        return Ngram.load(path).to_arpa()
    except FormatError as problem:
        raise problem if os.fspath(path) in str(problem) else FormatError(f"{path}: {problem}") from None


def open_model(path: str | os.PathLike[str]) -> Ngram | KenlmModel:
    """Return the model in ``path``, ready to score; KenLM's files through the kenlm package. Raises FormatError."""
    kind = kind_of(path)
    if kind == KENLM:
        return KenlmModel(path)
    return Ngram.load(path) if kind == MAPPED else Ngram.from_arpa(read_arpa(path))


def check_target(path: str | os.PathLike[str], quantised: int | None = None) -> None:
    """Refuse, with an OptionsError, a path that ``write_model`` could not write to; before long work."""
    target = Path(path)
    if not target.parent.is_dir():
        raise OptionsError(f"{path}: there is no folder {str(target.parent)!r}; make it first.")
    if target.is_dir():
        raise OptionsError(f"{path}: is a folder; give the name of a file.")
    if not os.access(target.parent, os.W_OK):
        raise OptionsError(f"{path}: the folder {str(target.parent)!r} may not be written to.")
    if not target.name.endswith((".arpa", ".arpa.gz", MAPPED_ENDING)):
        raise OptionsError(f"{path}: the name of a model ends in .arpa, .arpa.gz or {MAPPED_ENDING}.")
    if quantised is not None and target.suffix != MAPPED_ENDING:
        raise OptionsError(f"{path}: only {MAPPED_ENDING} files hold quantised models.")


def write_model(model: "NgramRows | Ngram", path: str | os.PathLike[str], quantised: int | None = None) -> None:
    """Write ``model`` (Arpa, BackoffTables or Ngram) as ``path`` says; aside, then renamed.

    The name ends in .arpa, .arpa.gz or .safetensors. ``quantised``: the bits of a number in a .safetensors file, None
    for float32, or what an Ngram has. Raises OptionsError, FormatError.
    """
    check_target(path, quantised)
    if Path(path).suffix != MAPPED_ENDING:
        write_arpa(model, path)
    elif isinstance(model, Ngram):
        model.save(path, quantised)
    else:
        given = rows_of(model, "write_model")
        tables = (NgramTable(*given.rows(n, 0, count)) for n, count in enumerate(given.counts, 1))
        Ngram.from_arpa(Arpa(given.words, tuple(tables)), quantised).save(path)
