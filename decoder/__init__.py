"""Scores to words: weighted automata, search graphs, beam search.

The names below are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ctc.decoder import BeamSearchDecoderCTC, build_ctcdecoder

_HOME = {
    "BeamSearchDecoderCTC": "ctc.decoder",
    "build_ctcdecoder": "ctc.decoder",
}
__all__ = [
    "BeamSearchDecoderCTC",
    "build_ctcdecoder",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'harken.decoder' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
