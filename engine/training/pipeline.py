"""From manifests to a model bundle: the stages in order, each skipped where its output is there already.

``work`` holds everything in between: pronunciation model, lexicons, features, checkpoint, log, language models, graph.
An interrupted run goes on where it stopped; delete a stage's output to make it again.
"""

import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ...decoder.graph.phone_graph import compile_phone_graph
from ...errors import OptionsError
from ...features.fbank import FbankOptions
from ...lm.ngram.arpa import SPECIAL_WORDS
from ...lm.ngram.arpa_reader import read_arpa
from ...lm.ngram.ngram import Ngram
from ...lm.pronunciation.g2p import G2p
from ...lm.pronunciation.lexicon import Lexicon
from .acoustic_trainer import AcousticTrainer, TrainerOptions, Utterances, load_model, log_priors
from .bundle import write_bundle
from .corpus import phone_targets, read_clips, word_counts
from .feature_store import store_features
from .language_models import (
    LanguageModelOptions,
    LanguageModels,
    LanguageModelSources,
    build_language_models,
)
from .network import NetworkOptions
from .perturb import PerturbOptions
from .pronunciations import cmudict_pairs, training_lexicon
from .tune import TuningOptions, tune_decoding

log = logging.getLogger("harken.training")

BLANK = "<blank>"
PHONES = tuple(  # ARPAbet without stress, as CMUdict has it
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()  # noqa: SIM905
)
UNITS = (BLANK, *PHONES)


@dataclass(frozen=True)
class PipelineOptions:
    """What to train on, where, and every stage's own options.

    ``texts`` are groups of text files whose weights in the language models are fitted to the validation transcripts.
    ``copies``: how often the speech is perturbed anew, the unchanged copy 0 included; ``schedule``: the copies that the
    epochs train on in turn, all of them where it is empty. ``about``: name, language, version
    and licences for model.json. ``tuning_clips``: how many validation clips the decoding options are tuned on.
    """

    train_manifests: Sequence[str]
    valid_manifests: Sequence[str]
    texts: Mapping[str, Sequence[str]]
    work: Path
    bundle: Path
    about: Mapping[str, object]
    copies: int = 4
    schedule: tuple[int, ...] = ()
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    tuning_clips: int = 200
    features: FbankOptions = field(default_factory=lambda: FbankOptions(num_mel_bins=80, snip_edges=False))
    perturb: PerturbOptions = field(default_factory=PerturbOptions)
    network: NetworkOptions = field(default_factory=NetworkOptions)
    trainer: TrainerOptions = field(default_factory=TrainerOptions)
    language_models: LanguageModelOptions = field(default_factory=LanguageModelOptions)
    tuning: TuningOptions = field(default_factory=TuningOptions)


class Pipeline:
    """The stages; each method makes its output or maps what is there."""

    def __init__(self, options: PipelineOptions) -> None:
        self.options, self.work = options, options.work
        self.work.mkdir(parents=True, exist_ok=True)
        self.training = read_clips(options.train_manifests)
        self.validation = read_clips(options.valid_manifests)
        if not self.training or not self.validation:
            raise OptionsError("Training needs speech to train on and speech to validate on; give manifests of both.")

    def run(self) -> Path:
        """Run all stages; return the bundle's folder."""
        self.train_network()
        self.write_untuned_bundle()
        self.tune()
        return self.options.bundle

    def pronunciation_model(self) -> Path:
        """Stage 1: the grapheme-to-phoneme model, from CMUdict."""
        path = self.work / "g2p.safetensors"
        if not path.exists():
            log.info("training the pronunciation model")
            G2p.train(list(cmudict_pairs())).save(path)
        return path

    def train_network(self) -> Path:
        """Stages 2 and 3: features of every copy, and the acoustic model."""
        words = word_counts([*self.training, *self.validation])
        lexicon = self._lexicon("training", words)
        o = self.options
        if any(not 0 <= copy < o.copies for copy in o.schedule):
            raise OptionsError(f"schedule is {list(o.schedule)}; name copies from 0 to {o.copies - 1}.")
        stores = [
            store_features(self.training, self.work / "train", copy, o.features, o.perturb, o.workers)
            for copy in range(o.copies)
        ]
        copies = [stores[copy] for copy in o.schedule or range(o.copies)]
        held_out = store_features(self.validation, self.work / "valid", 0, o.features, o.perturb, o.workers)
        trainer = AcousticTrainer(o.network, o.trainer, self.work)
        trainer.fit(
            Utterances(phone_targets(self.training, lexicon, UNITS), copies),
            Utterances(phone_targets(self.validation, lexicon, UNITS), [held_out]),
        )
        return trainer.checkpoint_path

    def language_models(self) -> LanguageModels:
        """Stage 4: the first-pass and the rescoring model."""
        return build_language_models(
            LanguageModelSources(
                {name: [Path(text) for text in group] for name, group in self.options.texts.items()},
                [" ".join(clip.words) for clip in self.training],
                [" ".join(clip.words) for clip in self.validation],
            ),
            self.work / "lm",
            self.options.language_models,
            {word for word, _ in cmudict_pairs()},
        )

    def graph(self, models: LanguageModels) -> tuple[Path, Lexicon]:
        """Stage 5: the lexicon of the first pass's vocabulary, and the search graph."""
        arpa = read_arpa(models.first_pass)
        lexicon = self._lexicon("graph", [word for word in arpa.words if word not in SPECIAL_WORDS])
        path = self.work / "graph.safetensors"
        if not path.exists() or path.stat().st_mtime < models.first_pass.stat().st_mtime:
            log.info("compiling the search graph")
            compile_phone_graph(lexicon, arpa, UNITS).save(path)
        return path, lexicon

    def write_untuned_bundle(self) -> None:
        """Stage 6: the bundle, with default decoding options."""
        models = self.language_models()
        graph, lexicon = self.graph(models)
        first_pass = self.work / "first_pass.safetensors"
        Ngram.from_arpa(read_arpa(models.first_pass)).save(first_pass, quantised=8)
        log.info("writing %s", self.options.bundle)
        default, o = FbankOptions(), self.options
        model = load_model(self.work / "checkpoint.pt")
        speech = store_features(self.training, self.work / "train", 0, o.features, o.perturb, o.workers)
        write_bundle(
            o.bundle,
            model,
            log_priors(model, speech),
            UNITS,
            lexicon,
            graph,
            models.rescoring,
            {key: value for key, value in asdict(o.features).items() if value != getattr(default, key)},
            o.about,
            g2p=self.pronunciation_model(),
            first_pass=first_pass,
        )

    def tune(self) -> None:
        """Stage 7: the decoding options, tuned on validation clips spread evenly over the manifests."""
        from ..model import Bundle, write_description

        step = max(1, len(self.validation) // self.options.tuning_clips)
        tuned = tune_decoding(self.options.bundle, self.validation[::step], self.options.tuning)
        description = json.loads((self.options.bundle / "model.json").read_text(encoding="utf8"))
        description["decoding"] = asdict(replace(Bundle.load(self.options.bundle).decoding, **asdict(tuned.decoding)))
        description["network"]["nodes"][-1]["scale"] = tuned.prior_scale
        del description["files"], description["format"]
        write_description(self.options.bundle, description)
        log.info("validation: first pass %.2f %%, rescored %.2f %% of words wrong", tuned.first_pass, tuned.rescored)

    def _lexicon(self, name: str, words: Iterable[str]) -> Lexicon:
        path = self.work / f"lexicon.{name}.txt"
        wanted = set(words)
        if path.exists():
            lexicon = Lexicon.read(path)
            if wanted == set(lexicon.words):
                return lexicon
        lexicon = training_lexicon(wanted, G2p.load(self.pronunciation_model()))
        lexicon.write(path)
        return lexicon
