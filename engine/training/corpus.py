"""Training speech: manifests, normalised words, and the phone targets of every clip."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...lm.pronunciation.lexicon import Lexicon
from ...lm.text.normalizer import normalize
from ..manifest import read_manifest


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of a manifest: absolute path, duration in seconds, speaker, its words in spoken form."""

    path: str
    duration: float
    speaker: str
    words: tuple[str, ...]


def read_clips(manifests: Iterable[str | Path]) -> list[Clip]:
    """Read manifests (see harken.engine.manifest), every line of which has a duration.

    Clips whose text has no words are left out. Raises FormatError naming file and line.
    """
    needed = ("audio_filepath", "duration", "text")
    found = [clip for manifest in manifests for clip in read_manifest(manifest, needed=needed)]
    clips = [
        Clip(
            os.path.realpath(clip.path),
            clip.duration or 0.0,
            clip.speaker or "unk",
            tuple(normalize(clip.text).split()),
        )
        for clip in found
    ]
    return [clip for clip in clips if clip.words]


def word_counts(clips: Iterable[Clip]) -> Counter[str]:
    """Count the words of all clips."""
    return Counter(word for clip in clips for word in clip.words)


def phone_targets(clips: Sequence[Clip], lexicon: Lexicon, units: Sequence[str]) -> list[list[int] | None]:
    """Spell every clip in unit numbers, each word by the first pronunciation that the lexicon lists.

    Returns None for a clip with a word that the lexicon lacks.
    """
    number = {unit: index for index, unit in enumerate(units)}
    spelled: dict[str, list[int]] = {}
    for entry in lexicon.entries:
        spelled.setdefault(entry.word, [number[phone] for phone in entry.phones])
    return [
        [unit for word in clip.words for unit in spelled[word]] if all(word in spelled for word in clip.words) else None
        for clip in clips
    ]
