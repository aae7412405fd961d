"""How well and how fast a model transcribes the recordings of a manifest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..lm.text.normalizer import normalize
from .manifest import Clip
from .manifest import read_manifest as read_manifest
from .recognizer import Recognizer
from .result import Timings
from .word_errors import WordErrors, word_errors
from .workers import transcribe_all


@dataclass(frozen=True, slots=True)
class Scored:
    """A transcribed clip: both texts normalised, the edits between them, or the reason why it was refused."""

    clip: Clip
    reference: str
    hypothesis: str
    errors: WordErrors
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluated manifest; ``compile_seconds`` is what compiling and loading took before the clock was started."""

    scored: tuple[Scored, ...]
    timings: Timings
    compile_seconds: float
    warnings: tuple[str, ...] = ()
    errors: WordErrors = field(default_factory=WordErrors)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; rates are in percent, real-time factors in seconds for a second of audio."""
        audio = self.timings.audio_seconds
        return {
            "wer": round(self.errors.rate, 4),
            "substitutions": self.errors.substitutions,
            "deletions": self.errors.deletions,
            "insertions": self.errors.insertions,
            "words": self.errors.words,
            "utterances": len(self.scored),
            "refused": sum(scored.refused is not None for scored in self.scored),
            "audio_seconds": round(audio, 3),
            "rtf": round(self.timings.real_time_factor, 6),
            "stage_rtf": {
                name: round(seconds / audio, 6) if audio else 0.0 for name, seconds in self.timings.stages.items()
            },
            "compile_seconds": round(self.compile_seconds, 3),
            "clips": [
                {
                    "audio_filepath": scored.clip.name,
                    "reference": scored.reference,
                    "hypothesis": scored.hypothesis,
                    "substitutions": scored.errors.substitutions,
                    "deletions": scored.errors.deletions,
                    "insertions": scored.errors.insertions,
                    **({"refused": scored.refused} if scored.refused is not None else {}),
                }
                for scored in self.scored
            ],
        }


def score(clip: Clip, hypothesis: str, refused: str | None = None) -> Scored:
    """Return the clip with its word errors; both texts are normalised as for training."""
    reference, hypothesis = normalize(clip.text), normalize(hypothesis)
    return Scored(clip, reference, hypothesis, word_errors(reference.split(), hypothesis.split()), refused)


def evaluate(
    recognizer: Recognizer,
    clips: Sequence[Clip],
    workers: int = 1,
    progress: Callable[[Scored], None] | None = None,
) -> Evaluation:
    """Transcribe the clips and count word errors over all of them; a refused recording counts as silence.

    ``progress`` is called with each clip as it is done. The seconds of ``workers`` processes are added up, so a
    real-time factor is that of one core whatever their number.
    """
    compile_seconds = recognizer.warm_up()
    scored: list[Scored] = []
    warnings: list[str] = []
    timings, errors = Timings(), WordErrors()
    for clip, answer in zip(clips, transcribe_all(recognizer, [clip.path for clip in clips], workers), strict=True):
        if isinstance(answer, Exception):
            scored.append(score(clip, "", str(answer)))
            warnings.append(str(answer))
        else:
            result, spent = answer
            scored.append(score(clip, result.text))
            warnings += result.warnings
            timings += spent
        errors += scored[-1].errors
        if progress is not None:
            progress(scored[-1])
    return Evaluation(tuple(scored), timings, compile_seconds, tuple(warnings), errors)
