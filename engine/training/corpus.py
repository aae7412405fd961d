"""Training speech: manifests, normalised words, and the phone targets of every clip."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import FormatError
from ...lm.pronunciation.lexicon import Lexicon
from ...lm.text.normalizer import normalize


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of a manifest: absolute path, duration in seconds, speaker, its words in spoken form."""

    path: str
    duration: float
    speaker: str
    words: tuple[str, ...]


def read_clips(manifests: Iterable[str | Path]) -> list[Clip]:
    """Read JSON-lines manifests (audio_filepath relative to the manifest, duration, text, speaker optional).

    Clips whose text has no words are left out. Raises FormatError naming file and line.
    """
    clips = []
    for manifest in map(Path, manifests):
        try:
            lines = manifest.read_text(encoding="utf8").splitlines()
        except OSError as problem:
            raise FormatError(f"{manifest}: the manifest cannot be read ({problem.strerror}).") from None
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                path = str((manifest.parent / entry["audio_filepath"]).resolve())
                clip = Clip(
                    path=path,
                    duration=float(entry["duration"]),
                    speaker=str(entry.get("speaker", "unk")),
                    words=tuple(normalize(entry["text"]).split()),
                )
            except (ValueError, KeyError, TypeError) as problem:
                raise FormatError(
                    f"{manifest}, line {number}: needs audio_filepath, duration and text ({problem!r})."
                ) from None
            if clip.words:
                clips.append(clip)
    return clips


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
