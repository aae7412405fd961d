"""Graphs for kaldi-decoder: where real ones are, and how one becomes its kind of transducer."""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from harken.decoder.fst.openfst import write_fst
from harken.decoder.graph.search_graph import Graph


def real_graphs() -> list[Path]:
    given = os.environ.get("HARKEN_GRAPH")
    models = Path(__file__).parent.parent / "engine" / "models"
    return ([Path(given)] if given else []) + sorted(models.glob("*/graph*.safetensors"))


def as_kaldi(graph: Graph) -> Any:
    """Return the graph's transducer as kaldifst's, by way of a file in OpenFst's form."""
    kaldifst = pytest.importorskip("kaldifst")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.fst"
        write_fst(graph.fst, path, kind="const")
        return kaldifst.StdConstFst.read(str(path))
