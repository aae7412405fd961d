"""A decoder as a folder, in the form that pyctcdecode writes and reads.

``alphabet.json``; with a language model, ``language_model/`` with ``attrs.json`` (the weights), ``unigrams.txt`` and a
copy of the model's file, whose name ends in .arpa, .bin or .binary.
"""

import json
import os
import shutil
from pathlib import Path

from ...errors import FormatError
from ...tensorfile import write_aside
from .alphabet import Alphabet
from .language_model import LanguageModel
from .ngram_source import open_source

_WEIGHTS = ("alpha", "beta", "unk_score_offset", "score_boundary")


def save(folder: str | os.PathLike[str], alphabet: Alphabet, model: LanguageModel | None) -> None:
    """Write a decoder into ``folder``, which is made where it is missing; what it held of another is replaced."""
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    write_aside(root / "alphabet.json", alphabet.dumps().encode("utf8"))
    place = root / "language_model"
    if model is None:
        if place.is_dir():
            shutil.rmtree(place)
        return
    weights = {name: getattr(model, name) for name in _WEIGHTS}
    if model.unit != "word":
        weights["unit"] = model.unit
    aside = root / ".language_model.new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    (aside / "attrs.json").write_text(json.dumps(weights), encoding="utf8")
    (aside / "unigrams.txt").write_text("".join(f"{word}\n" for word in sorted(model.unigrams)), encoding="utf8")
    name = model.source.path.name
    shutil.copyfile(model.source.path, aside / (name if name.endswith((".arpa", ".bin", ".binary")) else f"{name}.bin"))
    if place.is_dir():
        shutil.rmtree(place)
    aside.rename(place)


def load(folder: str | os.PathLike[str], unigram_encoding: str | None = None) -> tuple[Alphabet, LanguageModel | None]:
    """Read what ``save`` or pyctcdecode wrote; raises FormatError, naming the file, where that is no whole decoder."""
    root = Path(folder)
    try:
        alphabet = Alphabet.loads((root / "alphabet.json").read_text(encoding="utf8"))
    except OSError as problem:
        raise FormatError(f"{root}: no alphabet.json to read; is this a decoder's folder? ({problem})") from None
    except (FormatError, UnicodeDecodeError) as problem:
        raise FormatError(f"{root / 'alphabet.json'}: {problem}") from None
    place = root / "language_model"
    if not place.is_dir():
        return alphabet, None
    try:
        weights = json.loads((place / "attrs.json").read_text(encoding="utf8"))
        unigrams = (place / "unigrams.txt").read_text(encoding=unigram_encoding or "utf8").splitlines()
    except (OSError, ValueError) as problem:
        raise FormatError(f"{place}: attrs.json or unigrams.txt cannot be read ({problem}).") from None
    if not isinstance(weights, dict) or set(weights) - {"unit"} != set(_WEIGHTS):
        raise FormatError(f"{place / 'attrs.json'}: {', '.join(_WEIGHTS)} should stand there, and nothing else.")
    files = [path for path in place.iterdir() if path.suffix in (".arpa", ".bin", ".binary") and path.name[0] != "."]
    if len(files) != 1:
        raise FormatError(f"{place}: {len(files)} language models (.arpa, .bin, .binary); leave exactly one.")
    return alphabet, LanguageModel(open_source(files[0]), unigrams, **weights)
