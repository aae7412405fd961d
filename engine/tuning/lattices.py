"""The word lattices of a development set: decoded once, and kept in a folder for the next time.

    FOLDER/9f2c61d0a4b87e35/model.json            what the lattices depend on
    FOLDER/9f2c61d0a4b87e35/4be1...0c7.json       a recording: its name and how many segments it has
    FOLDER/9f2c61d0a4b87e35/4be1...0c7.0.npz      the lattice of each, as ``harken lattice`` reads it

The inner folder is named by a hash of all that decides over the lattices: acoustic model, graph and the options of
the search. A recording is named by the hash of its bytes. So what fits is found again, and what does not is left alone.
Language models that rescore are no part of it: any can be tuned on the same lattices.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...blas import one_thread
from ...errors import AudioError, FormatError, OptionsError
from ...tensorfile import write_aside
from ..channel import ChannelDecoder

if TYPE_CHECKING:
    from ...decoder.lattice.lattice import Lattice
    from ..recognizer import Recognizer

FORMAT = "harken-tuning-lattices-1"
_SEARCH = ("beam", "max_active", "min_active", "lattice_beam", "acoustic_scale", "pause_seconds", "rescoring_beam")


class ClipLattices:
    """Gives the determinized lattices of recordings as ``recognizer``, which rescores lattices, makes them."""

    def __init__(self, recognizer: "Recognizer", folder: str | os.PathLike[str] | None = None) -> None:
        if not recognizer.rescores_lattices:
            raise OptionsError(f"{recognizer.bundle.folder}: the model has no language model to rescore with.")
        self.recognizer = recognizer
        self.decoded = self.reused = 0
        self._folder = None if folder is None else self._open(Path(folder))

    def of(self, path: str) -> "list[Lattice]":
        """Return the lattice of each segment of a recording; raises AudioError where it is none."""
        if self._folder is None:
            self.decoded += 1
            return self._decode(path)
        try:
            name = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:32]
        except OSError as problem:
            raise AudioError(f"{path}: cannot be read ({problem.strerror}).") from None
        found = self._stored(name)
        if found is not None:
            self.reused += 1
            return found
        self.decoded += 1
        made = self._decode(path)
        self._store(name, path, made)
        return made

    def of_scores(self, scores: NDArray[np.float32]) -> "list[Lattice]":
        """Return the lattice of each segment of a recording's scores."""
        rescorer = self.recognizer.rescorer
        assert rescorer is not None
        decoder = ChannelDecoder(self.recognizer, None, list_all=False)
        segments = [*decoder.accept(scores), *decoder.finish()]
        return [rescorer.word_lattice(one.lattice) for one in segments if one.lattice is not None]

    def _decode(self, path: str) -> "list[Lattice]":
        recognizer = self.recognizer
        with one_thread(), recognizer.open_audio(path) as reader:
            blocks = [block[0] for block in reader.blocks()]
            samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
            return self.of_scores(recognizer.scores(recognizer.features(samples)))

    def _open(self, folder: Path) -> Path:
        described = self._description()
        text = json.dumps(described, indent=1, sort_keys=True) + "\n"
        place = folder / hashlib.sha256(text.encode()).hexdigest()[:16]
        place.mkdir(parents=True, exist_ok=True)
        write_aside(place / "model.json", text.encode())
        return place

    def _description(self) -> dict[str, Any]:
        recognizer = self.recognizer
        bundle, decoding = recognizer.bundle, asdict(recognizer.decoding)
        names = ["acoustic.safetensors", "graph.safetensors", "units.txt"]
        names += ["first_pass.safetensors"] if recognizer.on_the_fly else []
        return {
            "format": FORMAT,
            "files": {name: bundle.hashes[name] for name in names},
            "features": dict(bundle.features),
            "network": hashlib.sha256(json.dumps(dict(bundle.network), sort_keys=True).encode()).hexdigest(),
            "search": {name: decoding[name] for name in _SEARCH},
            "channel": recognizer.options.channel,
            "phrases": [repr(phrase) for phrase in recognizer.options.phrases],
            "words": [repr(word) for word in recognizer.options.words],
        }

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.recognizer.graph.words)}

    def _stored(self, name: str) -> "list[Lattice] | None":
        """Return what is stored of a recording; None where nothing is, or where it is damaged."""
        from ...decoder.lattice.npz import load_lattice

        assert self._folder is not None
        try:
            described = json.loads((self._folder / f"{name}.json").read_text(encoding="utf8"))
            files = [self._folder / f"{name}.{segment}.npz" for segment in range(int(described["segments"]))]
            return [self._widened(load_lattice(file)) for file in files]
        except (OSError, ValueError, KeyError, TypeError, FormatError):
            return None

    def _store(self, name: str, path: str, lattices: "Sequence[Lattice]") -> None:
        from ...decoder.lattice.npz import save_lattice

        assert self._folder is not None
        for segment, lattice in enumerate(lattices):
            save_lattice(_narrowed(lattice), self._folder / f"{name}.{segment}.npz")
        text = json.dumps({"recording": os.path.abspath(path), "segments": len(lattices)}, ensure_ascii=False)
        write_aside(self._folder / f"{name}.json", (text + "\n").encode())

    def _widened(self, lattice: "Lattice") -> "Lattice":
        """Return the lattice with its words numbered as in the graph; raises KeyError for a word that is not there."""
        numbers = np.array([self._numbers[word] for word in lattice.words_table], np.int32)
        return replace(lattice, words=numbers[lattice.words], words_table=self.recognizer.graph.words)


def _narrowed(lattice: "Lattice") -> "Lattice":
    """Return the lattice with a list of its own words alone."""
    used, words = np.unique(np.append(lattice.words, 0), return_inverse=True)
    table = tuple(lattice.words_table[word] for word in used.tolist())
    return replace(lattice, words=words[:-1].astype(np.int32), words_table=table)
