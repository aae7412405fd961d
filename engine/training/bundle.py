"""Putting a bundle together: the network's description and weights, units, lexicon, graph and rescoring model."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...lm.pronunciation.lexicon import Lexicon
from ...tensorfile import save_arrays
from ..model import Decoding, write_description
from .network import TdnnF, describe, export_weights


def write_bundle(
    folder: Path,
    model: TdnnF,
    log_prior: NDArray[np.float32],
    units: Sequence[str],
    lexicon: Lexicon,
    graph: Path,
    rescoring_model: Path | None,
    feature_options: Mapping[str, Any],
    about: Mapping[str, Any],
    decoding: Decoding | None = None,
    g2p: Path | None = None,
    first_pass: Path | None = None,
) -> None:
    """Write a whole bundle to ``folder``; model.json comes last, so a half-written bundle does not load.

    ``log_prior`` (units,): the logarithms of the units' mean posteriors. ``feature_options`` are those of Fbank that
    differ from its defaults; ``about`` holds name, language, version and licences. Weights are float16, biases and
    batch norms float32. ``first_pass``: the n-gram model of the graph as ``Ngram.save`` writes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").unlink(missing_ok=True)
    save_arrays(folder / "acoustic.safetensors", export_weights(model, log_prior, np.float16))
    (folder / "units.txt").write_text("\n".join(units) + "\n", encoding="utf8")
    lexicon.write(folder / "lexicon.txt")
    for name, source in (
        ("graph.safetensors", graph),
        ("rescore.bin", rescoring_model),
        ("g2p.safetensors", g2p),
        ("first_pass.safetensors", first_pass),
    ):
        if source is not None:
            shutil.copyfile(source, folder / name)
    write_description(
        folder,
        {
            **about,
            "features": {"kind": "fbank", "options": dict(feature_options)},
            "network": describe(model.options),
            "decoding": asdict(decoding or Decoding()),
        },
    )
