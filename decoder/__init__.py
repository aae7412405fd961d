"""Scores to words: weighted automata, search graphs, beam search.

The names below are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ctc.decoder import BeamSearchDecoderCTC, build_ctcdecoder
    from .graph.grammar_graph import compile_grammar_graph
    from .graph.hclg import compile_hclg
    from .graph.jsgf import parse_jsgf
    from .graph.phrase_list import phrase_grammar, word_list_grammar
    from .graph.search_graph import Graph
    from .graph.tlg import compile_tlg

_HOME = {
    "BeamSearchDecoderCTC": "ctc.decoder",
    "Graph": "graph.search_graph",
    "build_ctcdecoder": "ctc.decoder",
    "compile_grammar_graph": "graph.grammar_graph",
    "compile_hclg": "graph.hclg",
    "compile_tlg": "graph.tlg",
    "parse_jsgf": "graph.jsgf",
    "phrase_grammar": "graph.phrase_list",
    "word_list_grammar": "graph.phrase_list",
}
__all__ = [
    "BeamSearchDecoderCTC",
    "Graph",
    "build_ctcdecoder",
    "compile_grammar_graph",
    "compile_hclg",
    "compile_tlg",
    "parse_jsgf",
    "phrase_grammar",
    "word_list_grammar",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'harken.decoder' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
