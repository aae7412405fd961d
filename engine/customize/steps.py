"""A custom language model in one step: a text, and perhaps words, make of a model one for a domain.

report = customize_lm(CustomizeOptions(text=["minutes.txt"], out="my-model", words=["Knightley", "Yandova"]))
Recognizer("my-model").transcribe("meeting.flac")

The domain's n-gram models are mixed with those of the base model (models.py), words that its lexicon lacks
are pronounced (words.py), and a whole new bundle is written, whose search composes the lexicon with the
language model on the fly.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ...errors import FormatError
from ...lm.pronunciation.added_words import AddedWord, AddedWords, pronounce_words
from ...lm.pronunciation.words import WantedWord
from ...lm.text.normalizer import normalize
from ..display_file import DISPLAY_FILE, read_display
from ..model import Bundle
from ..vocabulary import MOST_ADDED, Vocabulary
from .bundle import describe, new_folder, refuse_existing, take_over
from .options import CustomizeOptions, CustomizeReport
from .text import DomainText, read_domain_text
from .words import words_of_text

__all__ = ["CustomizeOptions", "CustomizeReport", "customize_lm"]

if TYPE_CHECKING:
    from ...lm.estimation.backoff_tables import BackoffTables
    from ...lm.ngram.ngram import Ngram
    from ...lm.ngram.perplexity import Perplexity
    from ...lm.pronunciation.lexicon import Lexicon
    from ..evaluate import Evaluation
    from .models import HeldOut


def customize_lm(
    options: CustomizeOptions,
    progress: Callable[[str], None] | None = None,
    evaluate: "Callable[[Any, Any], Evaluation] | None" = None,
) -> CustomizeReport:
    """Write the customised bundle; return what was done and how much it helps.

    ``progress`` is told about each step as it begins; ``evaluate`` is called with a recogniser and the clips of the
    test manifest in place of harken.engine.evaluate.evaluate. Raises OptionsError where ``out`` is there already or a
    word cannot be pronounced, FormatError for a text without words, ModelError for a base that lacks what it takes
    (lexicon.txt, first_pass.safetensors); nothing is written then.
    """
    return _Customizing(options, progress or (lambda step: None), evaluate).run()


class _Customizing:
    """One run; the steps in order."""

    def __init__(
        self, options: CustomizeOptions, progress: Callable[[str], None], evaluate: "Callable[[Any, Any], Any] | None"
    ) -> None:
        self.options, self.progress, self.evaluate = options, progress, evaluate
        self.seconds: dict[str, float] = {}
        self.out = Path(options.out)
        refuse_existing(self.out)
        self.base = options.base if isinstance(options.base, Bundle) else Bundle.load(options.base)
        for name in ("lexicon.txt", "first_pass.safetensors"):
            self.base.path(name)
        self.phones = self.base.units[1:]
        self.vocabulary = Vocabulary(self.base)

    def run(self) -> CustomizeReport:
        """Do all steps."""
        from ..manifest import read_manifest

        options = self.options
        clips = read_manifest(options.test) if options.test is not None else []
        if clips and not any(normalize(clip.text) for clip in clips):
            raise FormatError(f"{options.test}: none of its texts holds a word once normalised; give what is said.")
        with self.step("reading the lexicon"):
            lexicon, g2p = self.vocabulary.lexicon, self.vocabulary.g2p
        with self.step("reading the text"):
            listed = pronounce_words(map(_wanted, options.words), lexicon, g2p, phones=self.phones)
            older = read_display(self.base.path(DISPLAY_FILE)) if self.base.has(DISPLAY_FILE) else ()
            shown = self.vocabulary.written_forms(listed)
            older = _shown_as(older, shown)
            known = AddedWords((*older, *listed.words))
            text = read_domain_text(options.text, known, options.normalize)
            test_text = None
            if options.test_text:
                test_text = read_domain_text(options.test_text, known, options.normalize)
        with self.step("pronouncing its words"):
            lexicon = listed.extend(lexicon)
            found, left_out = words_of_text(text, lexicon, g2p, self.phones, options.least_count)
            lexicon = found.extend(lexicon)
            if not any(word in lexicon for word in text.counts):
                names = ", ".join(os.fspath(path) for path in options.text)
                how = "in the model's language" if options.normalize else "in words as it spells them, or normalize it"
                raise FormatError(f"{names}: none of its words can be recognised; give a text {how}.")
        with new_folder(self.out) as folder:
            fits = self.write(folder, lexicon, listed, found, text, older)
        report: dict[str, Any] = {}
        if test_text is not None:
            with self.step("measuring perplexities"):
                report |= self.perplexities(test_text)
        if clips:
            report |= self.word_errors(clips)
        return CustomizeReport(
            self.out, text.words, len(text.sentences), text.dropped, listed, found, left_out, *fits,
            **report, seconds=self.seconds, shown=tuple(shown.values()), least_count=options.least_count,
        )  # fmt: skip

    def write(
        self, folder: Path, lexicon: "Lexicon", listed: AddedWords, found: AddedWords, text: DomainText, older: Any
    ) -> "tuple[HeldOut, HeldOut]":
        """Write all files of the new bundle; return how the weights were fitted."""
        from ...decoder.graph.lexicon_graph import compile_lexicon_tree
        from ...lm.estimation.arpa_tables import backoff_tables

        options = self.options
        take_over(self.base, folder)
        lexicon.write(folder / "lexicon.txt")
        vocabulary = sorted(word for word in text.counts if word in lexicon)
        known = (listed.normalize(word) for word in listed.known)
        names = list(dict.fromkeys([*(added.word for added in listed.words), *known]))
        names = [word for word in names if word in lexicon]  # not those that are several words
        with self.step("reading the base's first-pass model"):
            assert self.vocabulary.first_pass is not None
            base = backoff_tables(self.vocabulary.first_pass.to_arpa())
        first_fit, first = self.mixed("first-pass", base, text, vocabulary, names, options.first_pass_ngrams)
        with self.step("writing the first-pass model"):
            first.save(folder / "first_pass.safetensors", quantised=8)
        if options.static:
            with self.step("compiling the static graph"):
                self.compile_static(folder, lexicon, first)
        else:
            with self.step("compiling the lexicon's graph"):
                tree = compile_lexicon_tree(lexicon, self.base.units, first.ids)
                tree.save(folder / "graph.safetensors")
        with self.step("reading the base's rescoring model"):
            base = self.rescoring_base() or base
        fit, rescoring = self.mixed("rescoring", base, text, vocabulary, names, options.rescoring_ngrams)
        with self.step("writing the rescoring model"):
            rescoring.save(folder / "rescore.safetensors", quantised=8)
            about = {
                "name": options.name or f"{self.base.name.removesuffix('-custom')}-custom",
                "version": options.version or self.base.version,
            }
            step = (
                f"customised from {self.base.name} {self.base.version} with {text.words} words of text from "
                f"{', '.join(Path(path).name for path in options.text)}; {len(listed.words)} words were listed, "
                f"{len(found.words)} taken from the text"
            )
            describe(self.base, folder, about, options.static, (*older, *listed.words, *found.words), step)
        return first_fit, fit

    def mixed(
        self, name: str, base: "BackoffTables", text: DomainText, vocabulary: list[str], listed: list[str], size: int
    ) -> "tuple[HeldOut, Ngram]":
        """Return the fitted weight and the model mixed with it."""
        from ...lm.ngram.ngram import Ngram
        from .models import domain_mixture, fit_domain_weight, pruned

        order = len(base.tables)
        with self.step(f"fitting the weight of the {name} model"):
            fit = fit_domain_weight(base, text.sentences, vocabulary, order, self.options.weight)
        with self.step(f"mixing the {name} model"):
            share = min(MOST_ADDED, len(listed) * self.options.word_probability)
            whole = domain_mixture(base, text.sentences, vocabulary, listed, (fit.weight, share), order)
        with self.step(f"pruning the {name} model"):
            model = Ngram.from_arpa(pruned(whole, size).to_arpa())
        return fit, model

    def rescoring_base(self) -> "BackoffTables | None":
        """Return the base's rescoring model, None where it has none."""
        from ...lm.estimation.arpa_tables import backoff_tables
        from ...lm.ngram.model_files import read_ngrams

        for name in ("rescore.safetensors", "rescore.bin"):
            if self.base.has(name):
                return backoff_tables(read_ngrams(self.base.path(name)))
        return None

    def compile_static(self, folder: Path, lexicon: "Lexicon", first: "Ngram") -> None:
        """Compile lexicon and first-pass model into one graph."""
        from ...decoder.graph.phone_graph import compile_phone_graph

        compile_phone_graph(lexicon, first.to_arpa(), self.base.units).save(folder / "graph.safetensors")

    def perplexities(self, text: DomainText) -> "dict[str, Perplexity]":
        """Return the perplexities of both rescoring models on the test text."""
        from ...lm.ngram.perplexity import perplexity

        found = {}
        for when, vocabulary in (("before", self.vocabulary), ("after", Vocabulary(Bundle.load(self.out)))):
            model = vocabulary.rescoring or vocabulary.first_pass
            assert model is not None
            found[when] = perplexity(model, text.sentences)
        return found

    def word_errors(self, clips: Any) -> "dict[str, Evaluation]":
        """Transcribe the test recordings with both models."""
        from ..evaluate import evaluate
        from ..recognizer import Recognizer

        run = self.evaluate or evaluate
        found = {}
        for when, bundle in (("before", self.base), ("after", Bundle.load(self.out))):
            with self.step(f"transcribing the test recordings, {when}"):
                found[f"errors_{when}"] = run(Recognizer(bundle), clips)
        return found

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say what begins, and note how long it took."""
        self.progress(name)
        begin = perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - begin


def _wanted(word: WantedWord | str) -> WantedWord:
    return WantedWord(word) if isinstance(word, str) else word


def _shown_as(words: tuple[AddedWord, ...], forms: dict[str, str]) -> tuple[AddedWord, ...]:
    """Return the words of a display file with ``forms``, by token, shown in place of what it said, or besides."""
    kept = [replace(word, display=forms.get(word.word, word.display)) for word in words]
    had = {word.word for word in words}
    return (*kept, *(AddedWord(token, form, ()) for token, form in forms.items() if token not in had))
