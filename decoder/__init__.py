"""Scores to words: weighted transducers, search graphs, beam search, lattices, alignment; usable without the rest.

The names below are imported when they are first used; the parts have more: ``fst`` (the operations), ``graph``,
``search``, ``lattice``, ``ctc``, and ``align``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ctc.decoder import BeamSearchDecoderCTC, build_ctcdecoder
    from .fst.openfst import read_fst, write_fst
    from .fst.symbols import SymbolTable
    from .fst.transducer import Fst
    from .graph.grammar_graph import compile_grammar_graph
    from .graph.hclg import compile_hclg
    from .graph.jsgf import parse_jsgf
    from .graph.lexicon_graph import compile_lexicon_graph
    from .graph.phrase_list import phrase_grammar, word_list_grammar
    from .graph.search_graph import Graph, compile_ctc_graph
    from .graph.tlg import compile_tlg
    from .lattice.determinize import determinize as determinize_lattice
    from .lattice.lattice import Lattice
    from .lattice.mbr import minimum_bayes_risk
    from .lattice.npz import load_lattice, save_lattice
    from .lattice.rescore import rescore_lattice
    from .score_files import read_scores
    from .search.beam_search import BeamSearch
    from .search.history import History
    from .search.options import SearchOptions
    from .search.phrases import Phrase, PhraseList

_HOME = {
    "BeamSearch": "search.beam_search",
    "BeamSearchDecoderCTC": "ctc.decoder",
    "Fst": "fst.transducer",
    "Graph": "graph.search_graph",
    "History": "search.history",
    "Lattice": "lattice.lattice",
    "Phrase": "search.phrases",
    "PhraseList": "search.phrases",
    "SearchOptions": "search.options",
    "SymbolTable": "fst.symbols",
    "build_ctcdecoder": "ctc.decoder",
    "compile_ctc_graph": "graph.search_graph",
    "compile_grammar_graph": "graph.grammar_graph",
    "compile_hclg": "graph.hclg",
    "compile_lexicon_graph": "graph.lexicon_graph",
    "compile_tlg": "graph.tlg",
    "determinize_lattice": "lattice.determinize",
    "load_lattice": "lattice.npz",
    "minimum_bayes_risk": "lattice.mbr",
    "parse_jsgf": "graph.jsgf",
    "phrase_grammar": "graph.phrase_list",
    "read_fst": "fst.openfst",
    "read_scores": "score_files",
    "rescore_lattice": "lattice.rescore",
    "save_lattice": "lattice.npz",
    "word_list_grammar": "graph.phrase_list",
    "write_fst": "fst.openfst",
}
_CALLED_THERE = {"determinize_lattice": "determinize"}
__all__ = [
    "BeamSearch",
    "BeamSearchDecoderCTC",
    "Fst",
    "Graph",
    "History",
    "Lattice",
    "Phrase",
    "PhraseList",
    "SearchOptions",
    "SymbolTable",
    "build_ctcdecoder",
    "compile_ctc_graph",
    "compile_grammar_graph",
    "compile_hclg",
    "compile_lexicon_graph",
    "compile_tlg",
    "determinize_lattice",
    "load_lattice",
    "minimum_bayes_risk",
    "parse_jsgf",
    "phrase_grammar",
    "read_fst",
    "read_scores",
    "rescore_lattice",
    "save_lattice",
    "word_list_grammar",
    "write_fst",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'harken.decoder' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), _CALLED_THERE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
