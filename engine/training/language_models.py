"""The bundle's two language models, from text: a small 3-gram for the search graph, a larger one for rescoring.

Texts become spoken sentences, sentences a vocabulary, every group of texts a Kneser-Ney model; the models are mixed
with the weights that fit the validation transcripts best, and the mixture is pruned to the two sizes. What is there
already, made from the same texts with the same options, is not made again.
"""

import hashlib
import json
import logging
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...errors import OptionsError
from ...lm.estimation.backoff_tables import BackoffTables
from ...lm.estimation.counting import END_ID, START_ID, UNKNOWN_ID, count_text, encode
from ...lm.estimation.estimate import PruneOptions, SmoothingOptions, commonest_words, mix, prune
from ...lm.estimation.kneser_ney import smooth
from ...lm.estimation.mixture import tune_weights
from ...lm.estimation.text_pieces import Sentences, Source, text_files
from ...lm.ngram.arpa_writer import write_arpa
from ...lm.ngram.kenlm_model import KenlmModel
from ...lm.ngram.perplexity import perplexity
from .kenlm_tools import TrieOptions, build_trie
from .language_text import write_sentences

log = logging.getLogger("harken.training")

TRANSCRIPTS: Final = "transcripts"
_SPELLING: Final = re.compile(r"'?[a-z]+(?:'[a-z]+)*'?")
_ROMAN: Final = re.compile(r"[ivxlcdm]{2,}")
_VOWELS: Final = frozenset("aeiouy")


@dataclass(frozen=True, slots=True)
class LanguageModelOptions:
    """How large the language models are.

    ``vocabulary_size`` commonest words, besides all words of the transcripts; ``first_pass_ngrams`` and
    ``rescoring_ngrams``: how many n-grams above order 1 each model keeps; ``cutoffs`` as in SmoothingOptions, for texts
    of more than ``cutoff_words`` words (smaller ones are not cut).
    """

    vocabulary_size: int = 60_000
    first_pass_order: int = 3
    first_pass_ngrams: int = 600_000
    rescoring_order: int = 4
    rescoring_ngrams: int = 3_000_000
    cutoffs: tuple[int, ...] = (0, 0, 1, 1)
    cutoff_words: int = 10_000_000
    trie: TrieOptions = field(default_factory=TrieOptions)


@dataclass(frozen=True, slots=True)
class LanguageModelSources:
    """What the models learn from: named groups of text files (.txt or .txt.bz2, a paragraph a line), the training
    transcripts (spoken form, a clip each), and the validation transcripts that fit the weights of the groups.
    """

    groups: Mapping[str, Sequence[Path]]
    transcripts: Sequence[str]
    validation: Sequence[str]


@dataclass(frozen=True, slots=True)
class LanguageModels:
    """What was made: ``words.txt``, ``first.arpa``, ``rescore.arpa``, ``rescore.bin`` and what ``report.json`` says."""

    vocabulary: Path
    first_pass: Path
    rescoring_arpa: Path
    rescoring: Path
    report: dict[str, Any]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The four files."""
        return self.vocabulary, self.first_pass, self.rescoring_arpa, self.rescoring


def pronounceable(word: str, known: Collection[str] = ()) -> bool:
    """Return whether ``word`` is worth a place in the vocabulary: a ``known`` one, or one that looks like a word.

    Left out are letters without a vowel (mrs), three of a kind (hmmm) and Roman numerals (xviii); the letters
    themselves stay.
    """
    if word in known:
        return True
    letters = word.replace("'", "")
    return (
        _SPELLING.fullmatch(word) is not None
        and (len(word) == 1 or not _VOWELS.isdisjoint(letters))
        and not _ROMAN.fullmatch(word)
        and not any(letter * 3 in letters for letter in set(letters))
    )


def build_language_models(
    sources: LanguageModelSources,
    folder: Path,
    options: LanguageModelOptions | None = None,
    known_words: Collection[str] = (),
) -> LanguageModels:
    """Make both models in ``folder``, or take those that are there; ``known_words`` are those of a dictionary.

    KenLM's build_binary makes the rescoring trie; it is looked for on PATH and in $KENLM_BIN, else compiled.
    """
    options = options or LanguageModelOptions()
    if not sources.groups and not sources.transcripts:
        raise OptionsError("The language models need text: give at least one text file or transcript.")
    folder.mkdir(parents=True, exist_ok=True)
    files = spoken_files(sources.groups, folder / "sentences")
    digest = _digest(
        [asdict(options), sorted(known_words), list(sources.transcripts), list(sources.validation)],
        (path for group in files.values() for path in group),
    )
    made = LanguageModels(
        folder / "words.txt", folder / "first.arpa", folder / "rescore.arpa", folder / "rescore.bin", report={}
    )
    noted = folder / "report.json"
    if noted.exists() and all(path.exists() for path in made.paths):
        report = json.loads(noted.read_text())
        if report.get("made from") == digest:
            log.info("language models: taken from %s", folder)
            return replace(made, report=report)
    words = choose_vocabulary(files, sources.transcripts, options.vocabulary_size, known_words)
    _write_aside(made.vocabulary, "".join(f"{word}\n" for word in words))
    report = {"made from": digest, "vocabulary": len(words)}
    for name, order, size, path in (
        ("first pass", options.first_pass_order, options.first_pass_ngrams, made.first_pass),
        ("rescoring", options.rescoring_order, options.rescoring_ngrams, made.rescoring_arpa),
    ):
        whole, weights = mixed_model(files, sources, words, order, options)
        pruned = prune(whole, PruneOptions(total=size, without_unknown=True))
        write_arpa(pruned, path)
        report[name] = {
            "n-grams": list(pruned.counts),
            "weights": weights,
            "perplexity": text_perplexity(pruned, sources.validation),
            "perplexity before pruning": text_perplexity(whole, sources.validation),
        }
        log.info("language models: %s: %s", name, report[name])
        del whole, pruned
    build_trie(made.rescoring_arpa, made.rescoring, options.trie, folder / "tools")
    report["rescoring"]["MB"] = made.rescoring.stat().st_size / 1e6
    if sources.validation:
        measured = perplexity(KenlmModel(made.rescoring), sources.validation)
        report["rescoring"]["perplexity quantised"] = measured.perplexity_without_unknown
        report["unknown words"] = measured.unknown_rate
    _write_aside(noted, json.dumps(report, indent=1) + "\n")
    return replace(made, report=report)


def spoken_files(groups: Mapping[str, Sequence[Path]], folder: Path) -> dict[str, list[Path]]:
    """Write the spoken sentences of every text file into ``folder``; return the files by group."""
    folder.mkdir(parents=True, exist_ok=True)
    made: dict[str, list[Path]] = {}
    for group, paths in groups.items():
        for path in paths:
            name = hashlib.sha256(f"{path.resolve()} {path.stat().st_size}".encode()).hexdigest()[:8]
            target = folder / f"{path.name.split('.')[0]}-{name}.txt"
            if not target.exists():
                log.info("language models: %s: %d words", path.name, write_sentences(path, target))
            made.setdefault(group, []).append(target)
    return made


def choose_vocabulary(
    files: Mapping[str, Sequence[Path]], transcripts: Iterable[str], size: int, known: Collection[str]
) -> tuple[str, ...]:
    """Return the ``size`` commonest pronounceable words of the texts and every word of the transcripts, sorted."""
    spoken = {word for sentence in transcripts for word in sentence.split()}
    texts: list[Source] = [*text_files([path for group in files.values() for path in group]), Sentences(transcripts)]
    counted = count_text(texts, 1)
    seen = zip(counted.words, counted.tables[0].occurrences.tolist(), strict=True)
    counts = Counter({word: count for word, count in seen if pronounceable(word, known)})
    return commonest_words(counts, size, filter(_SPELLING.fullmatch, spoken))


def mixed_model(
    files: Mapping[str, Sequence[Path]],
    sources: LanguageModelSources,
    words: Sequence[str],
    order: int,
    options: LanguageModelOptions,
) -> tuple[BackoffTables, dict[str, float]]:
    """Return the mixture of the models of all groups, not pruned by entropy, and the groups' weights.

    ``files`` are the spoken sentences of each group of texts; the transcripts are a group of their own.
    """
    texts: dict[str, Iterable[Source]] = {group: text_files(paths) for group, paths in files.items()}
    if sources.transcripts:
        texts[TRANSCRIPTS] = [Sentences(filter(str.strip, sources.transcripts))]
    models = []
    for group, text in texts.items():
        counts = count_text(text, order, words)
        large = int(counts.tables[0].occurrences.sum()) > options.cutoff_words
        models.append(smooth(counts, SmoothingOptions(cutoffs=options.cutoffs if large else (0,))))
        log.info("language models: %s, order %d: %s n-grams", group, order, models[-1].counts)
    if len(models) == 1:
        return models[0], dict.fromkeys(texts, 1.0)
    weights = tuple(1 / len(models) for _ in models)
    if text_perplexity(models[0], sources.validation) is not None:
        weights = tune_weights(models, sources.validation)
    return mix(models, weights), dict(zip(texts, weights, strict=True))


def text_perplexity(model: BackoffTables, sentences: Sequence[str]) -> float | None:
    """Return the perplexity of ``model`` on ``sentences``, unknown words left out; None where there are none."""
    tokens, _ = encode(sentences, model.words[END_ID + 1 :])
    known = tokens[tokens != START_ID] != UNKNOWN_ID
    if not known.any():
        return None
    return float(np.exp(-np.log(model.word_probabilities(tokens)[known]).mean()))


def _digest(values: Any, files: Iterable[Path]) -> str:
    sizes = [(path.name, path.stat().st_size) for path in files]
    return hashlib.sha256(json.dumps([values, sizes], default=str).encode()).hexdigest()


def _write_aside(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.part")
    aside.write_text(text, encoding="utf8", newline="\n")
    os.replace(aside, path)
