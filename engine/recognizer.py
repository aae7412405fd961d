"""The recogniser: a recording goes through features, acoustic model, search and rescoring and becomes a Result.

Each stage can be called alone (``features``, ``scores``, ``decode``, ``rescore``); ``transcribe`` runs them all on
blocks of the recording, so that memory does not grow with its length, and gives what the stages give one by one.
"""

import os
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..blas import one_thread
from ..errors import ModelError, OptionsError
from .audio import AudioOptions, AudioReader, AudioSource
from .channel import ChannelDecoder, ChannelPipeline, StageClock
from .confidence import to_segment
from .model import Bundle, Decoding
from .nbest import Candidates
from .result import Result, Segment, Timings

if TYPE_CHECKING:
    from ..decoder.align import Alignment, AlignOptions
    from ..decoder.graph.search_graph import Graph
    from ..decoder.search.beam_search import BeamSearch
    from ..decoder.search.phrases import Phrase, Phrases
    from ..features.fbank import Fbank
    from ..lm.ngram.ngram import Ngram
    from ..lm.pronunciation.g2p import G2p
    from ..lm.pronunciation.lexicon import Lexicon
    from ..lm.pronunciation.words import WantedWord
    from .acoustic.model import AcousticModel
    from .rescoring import Rescorer
    from .vocabulary import RescoringModel, Vocabulary

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RecognizerOptions:
    """What to change for a run; None leaves what the model's bundle says (see harken.engine.model.Decoding).

    channel: "mix", "each" or a number from 0. strict: refuse recordings that end before their header says.
    alternatives: readings that a segment of the result holds at most. rescore: re-rank what the search found with the
    bundle's larger language model. rescoring: what is re-ranked, the whole lattice or the n-best list. phrases: words
    in a row that the search should rather find (see harken.decoder.search.phrases for their weights). words: words that
    the model is to know besides its own, as they are written or with pronunciations or spoken forms (see
    harken.lm.pronunciation.words); the search then composes the language model on the fly. Words that the model knows
    already get no likelier (``Recognizer.known_words`` names them; phrases do that). word_probability: how likely
    each of them is to be the next word where nothing is known of the words before; less where together they would have
    more than a twentieth.
    """

    channel: int | Literal["mix", "each"] = "mix"
    strict: bool = False
    alternatives: int = 1
    rescore: bool = True
    rescoring: Literal["lattice", "nbest"] = "lattice"
    beam: float | None = None
    max_active: int | None = None
    min_active: int | None = None
    lattice_beam: float | None = None
    acoustic_scale: float | None = None
    nbest: int | None = None
    lm_weight: float | None = None
    graph_weight: float | None = None
    first_pass_weight: float | None = None
    rescoring_beam: float | None = None
    word_insertion_penalty: float | None = None
    pause_seconds: float | None = None
    phrases: "tuple[Phrase | str, ...]" = ()
    words: "tuple[WantedWord | str, ...]" = ()
    word_probability: float = 1e-3

    def __post_init__(self) -> None:
        if not 0.0 < self.word_probability < 1.0:
            raise OptionsError(f"word_probability is {self.word_probability}; give a number between 0 and 1.")
        if self.rescoring not in ("lattice", "nbest"):
            raise OptionsError(f"rescoring is {self.rescoring!r}; choose lattice or nbest.")
        for name in ("alternatives", "nbest"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionsError(f"{name} is {value}; give at least 1.")

    def decoding(self, bundled: Decoding) -> Decoding:
        """Return the bundle's decoding options with those that are given here put in their place."""
        given = {name: getattr(self, name) for name in Decoding.__dataclass_fields__}
        return replace(bundled, **{name: value for name, value in given.items() if value is not None})


class Recognizer:
    """Turns recordings into words with one model; the parts of the model are mapped when they are first used.

    bundle: a folder, a loaded Bundle, or None for the English model that comes with the package. Raises ModelError for
    a bundle that is missing or damaged.
    """

    def __init__(
        self, bundle: str | os.PathLike[str] | Bundle | None = None, options: RecognizerOptions | None = None
    ) -> None:
        self.bundle = bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)
        self.options = options or RecognizerOptions()
        self.decoding = self.options.decoding(self.bundle.decoding)
        self.rate = int(self.extractor.options.sample_frequency)
        self.frame_seconds = self.extractor.options.frame_shift * self.acoustic.subsampling / 1000

    @cached_property
    def extractor(self) -> "Fbank":
        """The feature extractor that the bundle describes."""
        from ..features.fbank import Fbank, FbankOptions

        described = self.bundle.features
        if described.get("kind") != "fbank":
            raise ModelError(
                f"{self.bundle.folder}: features of kind {described.get('kind')!r} are unknown; use fbank."
            )
        try:
            return Fbank(FbankOptions(**described.get("options", {})))
        except (TypeError, ValueError) as problem:
            raise ModelError(f"{self.bundle.folder}: feature options make no sense ({problem}).") from None

    @cached_property
    def acoustic(self) -> "AcousticModel":
        """The acoustic model: features to scores."""
        from .acoustic.model import AcousticModel

        return AcousticModel.load(self.bundle.network, self.bundle.path("acoustic.safetensors"))

    @cached_property
    def graph(self) -> "Graph":
        """The search graph, mapped; with words of the options, one made of the lexicon."""
        from ..decoder.graph.search_graph import Graph

        if self.vocabulary.added is not None:
            return self.vocabulary.graph
        graph = Graph.load(self.bundle.path("graph.safetensors"))
        if graph.columns > len(self.bundle.units):
            raise ModelError(f"{self.bundle.folder}: the graph reads {graph.columns} units, units.txt has fewer.")
        return graph

    @cached_property
    def search(self) -> "BeamSearch":
        """The beam search over the graph."""
        from ..decoder.search.beam_search import BeamSearch
        from ..decoder.search.history import History
        from ..decoder.search.options import SearchOptions

        names = ("beam", "max_active", "min_active", "lattice_beam", "acoustic_scale")
        options = SearchOptions(**{name: getattr(self.decoding, name) for name in names})
        model = self.first_pass if self.on_the_fly else None
        history = None if model is None and self.phrases is None else History.of(self.graph, model, self.phrases)
        return BeamSearch(self.graph, options, history)

    @property
    def on_the_fly(self) -> bool:
        """Whether the search composes its graph with a language model as it goes, or the graph holds one already."""
        return self.bundle.on_the_fly or self.vocabulary.added is not None

    @cached_property
    def vocabulary(self) -> "Vocabulary":
        """The words that can be found: the bundle's and those of the options."""
        from .vocabulary import Vocabulary

        return Vocabulary(self.bundle, self.options.words, self.options.word_probability)

    @property
    def known_words(self) -> tuple[str, ...]:
        """Words of the options that the model knows already: they get no likelier, list them as phrases for that."""
        return self.vocabulary.known

    @property
    def first_pass(self) -> "Ngram | None":
        """The n-gram model of the search, whether its graph holds it or not; None where the bundle lacks the file."""
        return self.vocabulary.first_pass

    @cached_property
    def phrases(self) -> "Phrases | None":
        """The phrases of the options, compiled; ``.unknown_words`` are those that the model does not know."""
        from ..decoder.search.phrases import PhraseList

        return PhraseList(self.options.phrases).compile(self.graph.words) if self.options.phrases else None

    @property
    def lexicon(self) -> "Lexicon":
        """The pronunciations of the model's words, those of the options included."""
        return self.vocabulary.lexicon

    @property
    def g2p(self) -> "G2p | None":
        """The model that guesses the pronunciations of other words, None where the bundle has none."""
        return self.vocabulary.g2p

    @property
    def language_model(self) -> "RescoringModel | None":
        """The language model that re-ranks n-best lists, or None where the bundle or the options do without."""
        return self.vocabulary.rescoring if self.options.rescore else None

    @cached_property
    def rescorer(self) -> "Rescorer | None":
        """What re-ranks segments, None where there is no model to do it with."""
        from .rescoring import Rescorer

        model, first_pass = self.language_model, None
        if model is None:
            return None
        if self.decoding.first_pass_weight is not None and not self.on_the_fly:
            first_pass = self.first_pass
            if first_pass is None:
                raise OptionsError(
                    f"{self.bundle.folder}: first_pass_weight needs the model's first_pass.safetensors, which it lacks."
                )
        return Rescorer(model, self.decoding, self.graph.words, first_pass, self.options.alternatives)

    @property
    def rescores_lattices(self) -> bool:
        """Whether segments come with their lattices, which are rescored whole."""
        return self.options.rescoring == "lattice" and self.rescorer is not None

    def with_words(self, words: "Iterable[WantedWord | str]", probability: float | None = None) -> "Recognizer":
        """Return a recogniser of the same model that knows ``words`` too; the parts that stay the same are shared.

        >>> Recognizer().with_words(["Yandova", "Duxteroy"])                     # doctest: +SKIP

        ``probability``: see RecognizerOptions.word_probability. Raises OptionsError where a word cannot be pronounced.
        """
        other = copy(self)
        for name in ("graph", "search", "phrases", "vocabulary", "rescorer"):
            other.__dict__.pop(name, None)
        share = self.options.word_probability if probability is None else probability
        other.options = replace(self.options, words=(*self.options.words, *words), word_probability=share)
        other.vocabulary = self.vocabulary.with_words(other.options.words, share)
        return other

    def transcribe(self, source: AudioSource | NDArray[Any], rate: float | None = None) -> Result:
        """Return what is said in a recording: a path, a file's bytes, a binary file, or samples with their rate.

        >>> from harken import Recognizer                                        # doctest: +SKIP
        >>> Recognizer().transcribe("talk.flac").text                            # doctest: +SKIP

        Samples are given as ``transcribe(samples, rate)`` or ``transcribe((samples, rate))``. Raises AudioError for
        what is no recording.
        """
        return self.transcribe_timed(source, rate)[0]

    def transcribe_timed(self, source: AudioSource | NDArray[Any], rate: float | None = None) -> tuple[Result, Timings]:
        """Return the result of ``transcribe``, and where the time went."""
        begin, clock = perf_counter(), StageClock()
        segments: list[Segment] = []
        with one_thread(), self.open_audio(source, rate) as reader:
            channels = [ChannelPipeline(self, channel, clock) for channel in reader.channels]
            blocks = reader.blocks()
            while True:
                with clock.stage("audio"):
                    block = next(blocks, None)
                if block is None:
                    break
                for channel, samples in zip(channels, block, strict=True):
                    segments += self.to_segments(channel.accept(samples))
            for channel in channels:
                segments += self.to_segments(channel.finish())
            segments.sort(key=lambda segment: (segment.start, -1 if segment.channel is None else segment.channel))
            result = Result(reader.duration, tuple(segments), tuple(reader.warnings))
        return result, Timings(reader.duration, perf_counter() - begin, clock.seconds)

    def open_audio(self, source: AudioSource | NDArray[Any], rate: float | None = None) -> AudioReader:
        """Open a recording for this model: blocks at its rate, of the channels that the options name."""
        if rate is not None or isinstance(source, np.ndarray):
            source = (source, rate if rate is not None else 0)
        return AudioReader(source, AudioOptions(self.rate, self.options.channel, self.options.strict))

    def features(self, samples: Floats) -> Floats:
        """Return the features (frames, dim) of mono samples (n,) at the model's rate."""
        return self.extractor.extract(samples)

    def scores(self, features: Floats) -> Floats:
        """Return the scores (out_frames, units) of features: natural logarithms of the units' probabilities."""
        return self.acoustic.scores(features)

    def decode(self, scores: Floats, channel: int | None = 0) -> list[Candidates]:
        """Return the n-best list of each segment of a recording's scores, and what rescoring it takes besides."""
        decoder = ChannelDecoder(self, channel)
        return [*decoder.accept(scores), *decoder.finish()]

    def rescore(self, candidates: Candidates) -> Candidates:
        """Return the segment's hypotheses re-ranked with the larger language model, if there is one.

        Where the segment has its lattice, they are the best of that, else those of its list.
        """
        if self.rescorer is None or not candidates.hypotheses:
            return candidates
        return self.rescorer.rescore(candidates)

    def to_segments(self, found: Iterable[Candidates]) -> list[Segment]:
        """Return what the results say about re-ranked segments; those without words are left out."""
        segments = (to_segment(candidates, self.options.alternatives) for candidates in found)
        return [self.vocabulary.shown(segment) for segment in segments if segment is not None]

    def align(
        self, source: AudioSource | NDArray[Any], text: str | Sequence[str], options: "AlignOptions | None" = None
    ) -> "Alignment":
        """Return when the words of ``text`` were said in a recording, of one channel or mixed (see engine.aligner).

        Samples are given as ``(samples, rate)``; times are frames of ``frame_seconds``.
        """
        from .aligner import align_samples

        if self.options.channel == "each":
            raise OptionsError("channel is 'each'; a text is aligned with one channel: give its number, or 'mix'.")
        with one_thread(), self.open_audio(source) as reader:
            blocks = [block[0] for block in reader.blocks()]
            samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
            return align_samples(self, samples, text, options)

    def warm_up(self) -> float:
        """Run every stage once on a second of noise; return the seconds that took, compiling and loading included."""
        begin = perf_counter()
        noise = np.random.default_rng(0).normal(0, 0.1, 2 * self.rate).astype(np.float32)
        self.transcribe(noise, self.rate)
        return perf_counter() - begin
