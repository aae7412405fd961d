"""harken: speech to text in Python, every stage open to inspection.

    >>> import harken
    >>> recognizer = harken.Recognizer()                    # doctest: +SKIP
    >>> recognizer.transcribe("talk.flac").text             # doctest: +SKIP

Importing this package loads nothing heavy: the names below are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .engine.recognizer import Recognizer, RecognizerOptions
    from .engine.result import Alternative, Result, Segment, Word
    from .errors import AudioError, HarkenError

_HOME = {
    "Recognizer": "engine.recognizer",
    "RecognizerOptions": "engine.recognizer",
    "Result": "engine.result",
    "Segment": "engine.result",
    "Alternative": "engine.result",
    "Word": "engine.result",
    "HarkenError": "errors",
    "AudioError": "errors",
}
__all__ = [
    "Alternative",
    "AudioError",
    "HarkenError",
    "Recognizer",
    "RecognizerOptions",
    "Result",
    "Segment",
    "Word",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'harken' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
