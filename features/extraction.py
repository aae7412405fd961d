"""The path that fbank and MFCC share: blocks of frames -> windowed frames -> power spectra -> mel energies.

A block holds a multiple of 48 rows, zeros added, so that a frame's bits depend on nothing but its own samples (see
`harken.blas`); its buffers fit the processor's cache and are used again.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from ..blas import one_thread, padded_rows
from .framing import EPSILON, Floats, FrameOptions, checked_samples, reflected, window
from .mel import MelOptions, mel_matrix

BLOCK = 192


class Extractor(ABC):
    """Base of `Fbank` and `Mfcc`: everything up to the mel energies."""

    dim: int
    """Columns of the features."""

    def __init__(self, frames: FrameOptions, mel: MelOptions, *, use_power: bool, raw_energy: bool | None) -> None:
        self._frames = frames
        self._window = window(frames)
        self._mel = mel_matrix(mel, frames.sample_frequency, frames.fft_size)
        self._use_power = use_power
        self._raw_energy = raw_energy

    def extract(self, samples: NDArray[np.floating]) -> Floats:
        """Return the features of a whole recording: samples (n,) in [-1, 1] -> float32 (frames, dim)."""
        samples = checked_samples(samples)
        options = self._frames
        count = options.count(len(samples))
        out = np.empty((count, self.dim), np.float32)
        if count:
            first = options.first_sample
            signal = reflected(samples, first, first + (count - 1) * options.shift + options.length)
            self._fill(signal * np.float32(32768), 0, out)
        return out

    def _fill(self, signal: Floats, first_frame: int, out: Floats) -> None:
        """Compute ``len(out)`` frames of ``signal``, which is scaled to 16 bits and starts with frame ``first_frame``."""
        length, shift = self._frames.length, self._frames.shift
        frames = as_strided(signal, (len(out), length), (shift * signal.itemsize, signal.itemsize), writeable=False)
        buffer = np.zeros((padded_rows(min(BLOCK, len(out))), self._frames.fft_size), np.float32)
        with one_thread():
            for start in range(0, len(out), BLOCK):
                stop = min(start + BLOCK, len(out))
                block = buffer[: padded_rows(stop - start)]
                block[stop - start :] = 0
                energy = self._windowed(frames[start:stop], first_frame + start, block[:, :length])
                self._finish(self._mel_energies(block), energy, out[start:stop])

    def _windowed(self, frames: Floats, first_frame: int, out: Floats) -> Floats | None:
        """Write ``frames`` into the first rows of ``out`` without DC, emphasised and windowed; return log energies."""
        options = self._frames
        rows = out[: len(frames)]
        if options.remove_dc_offset:
            mean = np.einsum("ij->i", frames) / np.float32(options.length)
            np.subtract(frames, mean[:, None], out=rows)
        else:
            rows[:] = frames
        energy = log_energy(rows) if self._raw_energy is True else None
        emphasis = np.float32(options.preemphasis_coefficient)
        if emphasis:
            before = rows[:, :-1] * emphasis
            rows[:, 0] -= emphasis * rows[:, 0]
            rows[:, 1:] -= before
        rows *= self._window
        return log_energy(rows) if self._raw_energy is False else energy

    def _mel_energies(self, frames: Floats) -> Floats:
        """Return the energies (rows, num_mel_bins) of windowed frames (rows, fft_size)."""
        from scipy.fft import rfft

        parts = rfft(frames, axis=1).view(np.float32)
        np.multiply(parts, parts, out=parts)
        power = parts[:, 0::2] + parts[:, 1::2]
        if not self._use_power:
            np.sqrt(power, out=power)
        energies: Floats = power @ self._mel
        return energies

    @abstractmethod
    def _finish(self, mel: Floats, energy: Floats | None, out: Floats) -> None:
        """Write the features of a block; ``mel`` may have padding rows behind those of ``out``."""


def log_energy(rows: Floats) -> Floats:
    """Return the natural logarithm of each row's sum of squares."""
    return np.log(np.maximum(np.einsum("ij,ij->i", rows, rows), np.float32(EPSILON)))
