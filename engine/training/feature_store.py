"""Features of all clips on disk: one file of float16 frames for each perturbed copy of the corpus.

Copy 0 is the speech as it is, the others are drawn by ``perturb``. A copy is written aside and renamed when whole, so
an interrupted run goes on with the copies that are finished.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...features.fbank import Fbank, FbankOptions
from ..audio import AudioOptions, read_audio
from .corpus import Clip
from .perturb import PerturbOptions, perturb

RATE = 16000
_BLOCK = 64
_BABBLE = 4


@dataclass(frozen=True)
class FeatureStore:
    """Mapped features of one copy: ``frames`` float16 (all frames, bins), clip i in begin[i]:begin[i + 1]."""

    frames: NDArray[np.float16]
    begin: NDArray[np.int64]

    def clip(self, index: int) -> NDArray[np.float32]:
        """Return the features of clip ``index``, float32 (frames, bins)."""
        return self.frames[self.begin[index] : self.begin[index + 1]].astype(np.float32)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of frames of every clip."""
        return np.diff(self.begin)


def read_samples(path: str) -> NDArray[np.float32]:
    """Read a recording as float32 mono at 16 kHz."""
    samples: NDArray[np.float32] = read_audio(path, AudioOptions(rate=RATE))[0]
    return samples


def _extract_block(
    clips: Sequence[Clip], babble: Sequence[Clip], first: int, copy: int, options: FbankOptions, how: PerturbOptions
) -> list[NDArray[np.float16]]:
    fbank = Fbank(options)
    others = [read_samples(clip.path) for clip in babble]
    block = []
    for index, clip in enumerate(clips, first):
        samples = read_samples(clip.path)
        if copy:
            start = index % max(1, len(others) - _BABBLE + 1)
            samples = perturb(samples, others[start : start + _BABBLE], RATE, how, [copy, index])
        block.append(fbank.extract(samples).astype(np.float16))
    return block


def store_features(
    clips: Sequence[Clip], directory: Path, copy: int, options: FbankOptions, how: PerturbOptions, workers: int
) -> FeatureStore:
    """Extract (or, where it is there already, only map) the features of one copy of the corpus."""
    frames_path, begin_path = directory / f"features.{copy}.f16", directory / f"features.{copy}.begin.npy"
    if not (frames_path.exists() and begin_path.exists()):
        from rich.progress import track

        directory.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(copy)
        aside = frames_path.with_suffix(".partial")
        lengths = []
        with ProcessPoolExecutor(workers) as pool, open(aside, "wb") as out:
            jobs = []
            for first in range(0, len(clips), _BLOCK):
                babble = [clips[i] for i in random.integers(0, len(clips), 8)] if copy else []
                jobs.append(
                    pool.submit(_extract_block, clips[first : first + _BLOCK], babble, first, copy, options, how)
                )
            for job in track(jobs, description=f"features, copy {copy}"):
                for features in job.result():
                    lengths.append(len(features))
                    out.write(features.tobytes())
        with open(begin_path, "wb") as out:
            np.save(out, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
        os.replace(aside, frames_path)
    begin = np.load(begin_path)
    frames = np.memmap(frames_path, np.float16, "r").reshape(-1, options.num_mel_bins)
    return FeatureStore(frames, begin)
