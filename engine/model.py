"""Model bundles: one folder with everything that a recogniser needs, described and listed by its model.json.

    model.json              what it is, and the size and SHA-256 of every other file
    acoustic.safetensors    the network's weights
    units.txt               the columns of the scores, a unit a line, the blank first
    lexicon.txt             the words and their pronunciations
    graph.safetensors       the search graph; "graph" in model.json says whether it holds the first pass's language
                            model ("static") or the lexicon alone ("lexicon")
    first_pass.safetensors  the first pass's n-gram model: composed with a lexicon's graph on the fly, taken for words
                            added at run time, and what a customised model starts from; else a bundle may do without
    rescore.bin             the KenLM model that re-ranks what the search found; or
    rescore.safetensors     an n-gram model of ours that does; a bundle may do without both
    g2p.safetensors         guesses the pronunciations of other words; a bundle may do without
    display.txt             how words are shown that are not shown as they are spelt; a bundle may do without

Loading reads model.json and units.txt and looks at the sizes of the rest, which are mapped when they are used: that
catches a missing or half-copied file in no time. ``verify()`` reads every byte and compares the hashes.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..tensorfile import write_aside

FORMAT = "harken-bundle-1"
DESCRIPTION = "model.json"
BUNDLED = Path(__file__).parent / "models" / "en"
BLANK = "<blank>"
STATIC_GRAPH, LEXICON_GRAPH = "static", "lexicon"
"""What ``graph`` in model.json says: the graph holds its language model, or is composed with it on the fly."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a bundle's scores are best searched; each of these can be changed for a run.

    beam, max_active, min_active, lattice_beam, acoustic_scale: see harken.decoder.options. nbest: distinct word
    sequences that are re-ranked. lm_weight, graph_weight, first_pass_weight, word_insertion_penalty: see
    harken.lm.rescore. rescoring_beam: how much worse than the best a path of a lattice may be to be rescored.
    pause_seconds: the silence at which a recording is cut into segments.
    """

    beam: float = 12.0
    max_active: int = 5000
    min_active: int = 200
    lattice_beam: float = 8.0
    acoustic_scale: float = 1.0
    nbest: int = 50
    lm_weight: float = 1.0
    graph_weight: float = 0.0
    first_pass_weight: float | None = None
    rescoring_beam: float = 6.0
    word_insertion_penalty: float = 0.0
    pause_seconds: float = 0.8


@dataclass(frozen=True, slots=True)
class Bundle:
    """A loaded model.json: ``folder``, what it says, and the paths of the files it lists.

    ``features`` is {"kind": "fbank", "options": {...}}, ``network`` the acoustic model's description, ``units`` the
    names of the score columns, ``sizes`` and ``hashes`` the bytes and SHA-256 of each file. ``on_the_fly``: the graph
    holds no language model, so that searches compose it with first_pass.safetensors. ``provenance``: what the bundle
    was made from, a sentence a step.
    """

    folder: Path
    name: str
    language: str
    version: str
    licences: Mapping[str, str]
    features: Mapping[str, Any]
    network: Mapping[str, Any]
    units: tuple[str, ...]
    decoding: Decoding
    sizes: Mapping[str, int]
    hashes: Mapping[str, str]
    on_the_fly: bool = False
    provenance: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: str | os.PathLike[str] | None = None) -> "Bundle":
        """Load the bundle in ``folder``, or the English one that comes with the package.

        Raises ModelError where a file is missing, has another size than listed, or model.json makes no sense.
        """
        place = BUNDLED if folder is None else Path(folder)
        described = _read_description(place)
        files = _mapping(described, "files", place)
        sizes = {name: _field(entry, "bytes", int, place) for name, entry in files.items()}
        for name, size in sizes.items():
            path = place / name
            if not path.is_file():
                raise ModelError(f"{path}: is missing from the model; copy the whole folder again.")
            if path.stat().st_size != size:
                found = path.stat().st_size
                raise ModelError(f"{path}: has {found} bytes instead of {size}; copy the whole folder again.")
        for name in ("acoustic.safetensors", "units.txt", "graph.safetensors"):
            if name not in sizes:
                raise ModelError(f"{place / DESCRIPTION}: files does not list {name}; export the model again.")
        graph = described.get("graph", STATIC_GRAPH)
        if graph not in (STATIC_GRAPH, LEXICON_GRAPH):
            raise ModelError(f"{place / DESCRIPTION}: graph is {graph!r}, neither static nor lexicon; update harken.")
        if graph == LEXICON_GRAPH and "first_pass.safetensors" not in sizes:
            raise ModelError(f"{place / DESCRIPTION}: a lexicon's graph needs first_pass.safetensors; export it again.")
        provenance = described.get("provenance", [])
        if not isinstance(provenance, list) or not all(isinstance(step, str) for step in provenance):
            raise ModelError(f"{place / DESCRIPTION}: provenance is no list of sentences; export the model again.")
        return cls(
            folder=place,
            name=_field(described, "name", str, place),
            language=_field(described, "language", str, place),
            version=_field(described, "version", str, place),
            licences=_mapping(described, "licences", place),
            features=_mapping(described, "features", place),
            network=_mapping(described, "network", place),
            units=_read_units(place / "units.txt"),
            decoding=_decoding(_mapping(described, "decoding", place), place),
            sizes=sizes,
            hashes={name: _field(entry, "sha256", str, place) for name, entry in files.items()},
            on_the_fly=graph == LEXICON_GRAPH,
            provenance=tuple(provenance),
        )

    def path(self, name: str) -> Path:
        """Return the path of a listed file; raises ModelError where the bundle has no such file."""
        if name not in self.sizes:
            raise ModelError(f"{self.folder}: the model has no {name}; choose a bundle that does.")
        return self.folder / name

    def has(self, name: str) -> bool:
        """Return whether the bundle lists a file of this name."""
        return name in self.sizes

    def verify(self) -> None:
        """Read every file and compare its SHA-256; raises ModelError naming the first that differs."""
        for name, expected in self.hashes.items():
            if file_hash(self.folder / name) != expected:
                raise ModelError(
                    f"{self.folder / name}: is damaged (its SHA-256 differs); copy the whole folder again."
                )


def write_description(folder: str | os.PathLike[str], description: Mapping[str, Any]) -> None:
    """Write model.json for the files that lie in ``folder``: ``description`` and, added here, format and files.

    ``description`` needs name, language, version, licences (file or data -> licence), features, network and decoding
    (see Bundle and Decoding), and may have graph and provenance. README files and names that start with a dot are not
    listed.
    """
    place = Path(folder)
    names = sorted(
        path.name
        for path in place.iterdir()
        if path.is_file() and path.name != DESCRIPTION and not path.name.startswith((".", "README"))
    )
    files = {name: {"bytes": (place / name).stat().st_size, "sha256": file_hash(place / name)} for name in names}
    text = json.dumps({"format": FORMAT, **description, "files": files}, indent=1) + "\n"
    write_aside(place / DESCRIPTION, text.encode())
    Bundle.load(place)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal; raises ModelError where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as problem:
        raise ModelError(f"{path}: cannot be read ({problem.strerror}); copy the whole folder again.") from None
    return digest.hexdigest()


def _read_description(place: Path) -> Mapping[str, Any]:
    path = place / DESCRIPTION
    try:
        described = json.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise ModelError(f"{place}: is no model (there is no {DESCRIPTION} in it); name a bundle's folder.") from None
    except (OSError, ValueError) as problem:
        raise ModelError(f"{path}: cannot be read ({problem}); copy the whole folder again.") from None
    if not isinstance(described, dict) or described.get("format") != FORMAT:
        found = described.get("format") if isinstance(described, dict) else None
        raise ModelError(f"{path}: format is {found!r}, this version of harken reads {FORMAT!r}.")
    return described


def _read_units(path: Path) -> tuple[str, ...]:
    try:
        units = tuple(path.read_text(encoding="utf8").split())
    except (OSError, ValueError) as problem:
        raise ModelError(f"{path}: cannot be read ({problem}); copy the whole folder again.") from None
    if len(set(units)) != len(units) or units[:1] != (BLANK,):
        raise ModelError(f"{path}: the units have to be distinct and start with {BLANK}; export the model again.")
    return units


def _field(described: Any, name: str, kind: type, place: Path) -> Any:
    value = described.get(name) if isinstance(described, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ModelError(f"{place / DESCRIPTION}: {name} is missing or is no {kind.__name__}; export the model again.")
    return value


def _mapping(described: Any, name: str, place: Path) -> dict[str, Any]:
    value: dict[str, Any] = _field(described, name, dict, place)
    if name == "files" and any(not re.fullmatch(r"[\w][\w.-]*", file) for file in value):
        raise ModelError(f"{place / DESCRIPTION}: files may only list names in its own folder; export the model again.")
    return value


def _decoding(described: Mapping[str, Any], place: Path) -> Decoding:
    known = {field.name: field.default for field in fields(Decoding)}
    for name, value in described.items():
        if name not in known:
            raise ModelError(f"{place / DESCRIPTION}: decoding names an unknown option {name}; update harken.")
        if value is None and known[name] is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ModelError(f"{place / DESCRIPTION}: decoding.{name} is {value!r}, not a number; export it again.")
        if value != value or (isinstance(known[name], int) and not isinstance(value, int)):
            what = "whole number" if isinstance(known[name], int) else "number"
            raise ModelError(f"{place / DESCRIPTION}: decoding.{name} is {value!r}, no {what}; export it again.")
    return Decoding(**described)
