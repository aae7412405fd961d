"""From manifests to a model bundle: the stages in order, each skipped where its output is there already.

``work`` holds everything in between: lexicon, features, checkpoint, log, language models. An interrupted run goes on
where it stopped; delete a stage's output to make it again.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...features.fbank import FbankOptions
from ...lm.g2p import G2p
from ...lm.lexicon import Lexicon
from .acoustic_trainer import AcousticTrainer, TrainerOptions, Utterances
from .corpus import Clip, phone_targets, read_clips, word_counts
from .feature_store import store_features
from .network import NetworkOptions
from .perturb import PerturbOptions
from .pronunciations import cmudict_pairs, training_lexicon

log = logging.getLogger("harken.training")

BLANK = "<blank>"
PHONES = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()
UNITS = (BLANK, *PHONES)


@dataclass(frozen=True)
class PipelineOptions:
    """What to train on and where; lists of manifests and of text files, the folders ``work`` and ``bundle``."""

    train_manifests: Sequence[str]
    valid_manifests: Sequence[str]
    texts: Sequence[str]
    work: Path
    bundle: Path
    copies: int = 4
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    features: FbankOptions = field(default_factory=lambda: FbankOptions(num_mel_bins=80, snip_edges=False))
    perturb: PerturbOptions = field(default_factory=PerturbOptions)
    network: NetworkOptions = field(default_factory=NetworkOptions)
    trainer: TrainerOptions = field(default_factory=TrainerOptions)
