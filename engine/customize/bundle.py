"""Writing a customised bundle: a whole new folder, made aside and then renamed."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import ModelError, OptionsError
from ...lm.pronunciation.added_words import AddedWord
from ..display_file import DISPLAY_FILE, write_display
from ..model import DESCRIPTION, LEXICON_GRAPH, STATIC_GRAPH, Bundle, write_description

_OWN = "what customising added"
_TAKEN_OVER = ("acoustic.safetensors", "units.txt", "g2p.safetensors")


def refuse_existing(folder: Path) -> None:
    """Raise OptionsError where ``folder`` is there already or cannot be made."""
    if folder.exists() or folder.is_symlink():
        raise OptionsError(f"{folder}: is there already; give the new model another folder, or remove this one.")
    if not folder.absolute().parent.is_dir():
        raise OptionsError(f"{folder}: there is no folder {folder.absolute().parent} to put it into; make it first.")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that becomes ``folder`` at the end, and is removed where something goes wrong."""
    refuse_existing(folder)
    try:
        aside = Path(tempfile.mkdtemp(dir=folder.absolute().parent, prefix=f".{folder.name[:100]}."))
    except OSError as problem:
        raise OptionsError(f"{folder}: cannot be made ({problem.strerror}); name a folder elsewhere.") from None
    try:
        yield aside
        os.chmod(aside, 0o755)
        os.rename(aside, folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def take_over(base: Bundle, folder: Path) -> None:
    """Copy what customising leaves as it is: the acoustic model, its units, the pronunciation model."""
    for name in _TAKEN_OVER:
        if base.has(name):
            try:
                shutil.copyfile(base.path(name), folder / name)
            except OSError as problem:
                where = f"{base.path(name)}: cannot be copied into {folder.parent}"
                raise ModelError(f"{where} ({problem.strerror or problem}).") from None


def describe(
    base: Bundle, folder: Path, about: Mapping[str, str], static: bool, words: Iterable[AddedWord], step: str
) -> None:
    """Write display.txt and model.json; ``about`` replaces name and version, ``step`` is added to the provenance."""
    write_display(folder / DISPLAY_FILE, words)
    described: dict[str, Any] = json.loads((base.folder / DESCRIPTION).read_text(encoding="utf8"))
    for name in ("format", "files"):
        del described[name]
    described |= {**about, "graph": STATIC_GRAPH if static else LEXICON_GRAPH}
    described["licences"] = {**described["licences"], _OWN: "those of the text and the words; its maker knows them"}
    described["provenance"] = [*base.provenance, step]
    write_description(folder, described)
