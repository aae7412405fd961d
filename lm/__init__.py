"""Words: written and spoken text, n-gram models and their estimation, pronunciations, n-best rescoring.

    from harken.lm import PruneOptions, estimate_files, prune, write_arpa
    model = estimate_files(["talks.txt"], order=3)
    write_arpa(prune(model, PruneOptions(total=100_000)), "talks.arpa")

A folder a part, imports one way: pronunciation -> estimation -> ngram; text knows nobody. The names below are imported
when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .estimation.arpa_tables import backoff_tables
    from .estimation.backoff_tables import BackoffTables
    from .estimation.counting import CountingOptions
    from .estimation.estimate import estimate, estimate_files
    from .estimation.kneser_ney import SmoothingOptions
    from .estimation.mixture import fit_weights, mix, tune_weights
    from .estimation.prune import PruneOptions, prune
    from .ngram.arpa import Arpa
    from .ngram.arpa_reader import read_arpa
    from .ngram.arpa_writer import write_arpa
    from .ngram.kenlm_model import KenlmModel
    from .ngram.model_files import open_model, read_ngrams, write_model
    from .ngram.ngram import Ngram
    from .ngram.perplexity import perplexity
    from .pronunciation.added_words import pronounce_words
    from .pronunciation.g2p import G2p, G2pOptions
    from .pronunciation.lexicon import Lexicon, Pronunciation
    from .pronunciation.lexicon_files import LexiconForm, read_lexicon, write_lexicon
    from .pronunciation.ways import GuessOptions
    from .pronunciation.words import WantedWord, read_display_forms, read_words
    from .rescore import RescoreOptions
    from .rescore import rescore as rescore_nbest
    from .text import explain, normalize, normalize_lines, spoken_sentences, to_written

_HOME = {
    "Arpa": "ngram.arpa",
    "BackoffTables": "estimation.backoff_tables",
    "CountingOptions": "estimation.counting",
    "G2p": "pronunciation.g2p",
    "G2pOptions": "pronunciation.g2p",
    "GuessOptions": "pronunciation.ways",
    "KenlmModel": "ngram.kenlm_model",
    "Lexicon": "pronunciation.lexicon",
    "LexiconForm": "pronunciation.lexicon_files",
    "Ngram": "ngram.ngram",
    "Pronunciation": "pronunciation.lexicon",
    "PruneOptions": "estimation.prune",
    "RescoreOptions": "rescore",
    "SmoothingOptions": "estimation.kneser_ney",
    "WantedWord": "pronunciation.words",
    "backoff_tables": "estimation.arpa_tables",
    "estimate": "estimation.estimate",
    "estimate_files": "estimation.estimate",
    "explain": "text",
    "fit_weights": "estimation.mixture",
    "mix": "estimation.mixture",
    "normalize": "text",
    "normalize_lines": "text",
    "open_model": "ngram.model_files",
    "perplexity": "ngram.perplexity",
    "pronounce_words": "pronunciation.added_words",
    "prune": "estimation.prune",
    "read_arpa": "ngram.arpa_reader",
    "read_display_forms": "pronunciation.words",
    "read_lexicon": "pronunciation.lexicon_files",
    "read_ngrams": "ngram.model_files",
    "read_words": "pronunciation.words",
    "rescore_nbest": "rescore",
    "spoken_sentences": "text",
    "to_written": "text",
    "tune_weights": "estimation.mixture",
    "write_arpa": "ngram.arpa_writer",
    "write_lexicon": "pronunciation.lexicon_files",
    "write_model": "ngram.model_files",
}
_CALLED_THERE = {"rescore_nbest": "rescore"}  # "rescore" is the module
__all__ = [
    "Arpa",
    "BackoffTables",
    "CountingOptions",
    "G2p",
    "G2pOptions",
    "GuessOptions",
    "KenlmModel",
    "Lexicon",
    "LexiconForm",
    "Ngram",
    "Pronunciation",
    "PruneOptions",
    "RescoreOptions",
    "SmoothingOptions",
    "WantedWord",
    "backoff_tables",
    "estimate",
    "estimate_files",
    "explain",
    "fit_weights",
    "mix",
    "normalize",
    "normalize_lines",
    "open_model",
    "perplexity",
    "pronounce_words",
    "prune",
    "read_arpa",
    "read_display_forms",
    "read_lexicon",
    "read_ngrams",
    "read_words",
    "rescore_nbest",
    "spoken_sentences",
    "to_written",
    "tune_weights",
    "write_arpa",
    "write_lexicon",
    "write_model",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), _CALLED_THERE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
