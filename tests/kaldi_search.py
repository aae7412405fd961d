"""Graphs for kaldi-decoder: where real ones are, and how one becomes its kind of transducer."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph


def real_graphs() -> list[Path]:
    given = os.environ.get("HARKEN_GRAPH")
    models = Path(__file__).parent.parent / "engine" / "models"
    return ([Path(given)] if given else []) + sorted(models.glob("*/graph*.safetensors"))


def as_kaldi(graph: Graph) -> Any:
    kaldifst = pytest.importorskip("kaldifst")
    fst = graph.fst
    copy = kaldifst.StdVectorFst()
    for _ in range(fst.states):
        copy.add_state()
    copy.start = fst.start
    columns = (fst.sources(), fst.ilabels, fst.olabels, fst.weights, fst.nextstates)
    for source, ilabel, olabel, weight, target in zip(*(column.tolist() for column in columns), strict=True):
        copy.add_arc(source, kaldifst.StdArc(ilabel, olabel, weight, target))
    for state in np.flatnonzero(np.isfinite(fst.final_weights)).tolist():
        copy.set_final(state, float(fst.final_weights[state]))
    return kaldifst.StdConstFst(copy)
