"""The path that fbank and MFCC share: frames -> windowed frames -> power spectra -> mel energies, block after block.

A block's rows come in slices of 48 that begin at every 48th frame of the recording; rows before and behind the wanted
frames are computed and dropped. So a frame's bits depend on nothing but its samples and its number (see `harken.blas`).
A block's arrays fit the processor's second-level cache.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from ..blas import ROWS, one_thread, padded_rows
from .checks import Floats, checked_samples
from .dither import frame_noise
from .framing import FrameOptions, mirrored, window
from .mel import MelBank, MelOptions

if TYPE_CHECKING:
    from .online import FeatureStream

EPSILON = np.finfo(np.float32).eps
"""Energies are floored here before their logarithm, as in Kaldi."""
BLOCK = 4 * ROWS
SCALE = np.float32(32768)


class Extractor(ABC):
    """Base of `Fbank` and `Mfcc`: everything up to the mel energies.

    An extractor holds no state of a recording: one may serve many recordings, streams and threads at a time.
    """

    dim: int
    """Columns of the features."""

    def __init__(self, frames: FrameOptions, mel: MelOptions, *, use_power: bool, energy: str) -> None:
        """``energy`` says when a frame's energy is taken: "raw", "windowed" or "none"."""
        self.frame_options = frames
        self._mel = MelBank(mel, frames.sample_frequency, frames.fft_size)
        self._use_power = use_power
        self._energy = energy
        # A window for each row of a slice: one long multiplication is faster than many short ones.
        self._windows = np.zeros((ROWS, frames.fft_size), np.float32)
        self._windows[:, : frames.length] = window(frames)

    def extract(self, samples: NDArray[np.floating]) -> Floats:
        """Return a whole recording's features: samples (n,) in [-1, 1] -> float32 (frames, dim); raise AudioError."""
        samples = checked_samples(samples)
        return self.frames_of(samples, 0, 0, self.frame_options.count(len(samples)))

    def stream(self) -> "FeatureStream":
        """Return an object that takes a recording in pieces and gives the same frames as `extract`, to the bit."""
        from .online import FeatureStream

        return FeatureStream(self)

    def frames_of(self, samples: Floats, start: int, first_frame: int, last_frame: int) -> Floats:
        """Return the frames from ``first_frame`` to ``last_frame``; ``samples`` begin at ``start`` of the recording."""
        options = self.frame_options
        length, shift = options.length, options.shift
        out = np.empty((last_frame - first_frame, self.dim), np.float32)
        if not len(out):
            return out
        rows = min(BLOCK, padded_rows(last_frame - first_frame + first_frame % ROWS))
        signal = np.zeros((rows - 1) * shift + length, np.float32)
        step = shift * signal.itemsize
        frames = as_strided(signal, (rows // ROWS, ROWS, length), (ROWS * step, step, signal.itemsize), writeable=False)
        buffers = np.zeros((2, rows // ROWS, ROWS, options.fft_size), np.float32)
        with one_thread():
            for top in range(first_frame - first_frame % ROWS, last_frame, BLOCK):
                begin, end = max(top, first_frame), min(top + BLOCK, last_frame)
                sample = options.first_sample + begin * shift
                piece = mirrored(samples, start, sample, sample + (end - begin - 1) * shift + length)
                np.multiply(piece, SCALE, out=signal[(begin - top) * shift :][: len(piece)])
                slices = padded_rows(end - top) // ROWS
                energy = self._windowed(frames[:slices], top, buffers[0, :slices], buffers[1, :slices])
                mel = self._mel.energies(self._spectra(buffers[0, :slices]))
                features = self._features(mel, energy).reshape(-1, self.dim)
                out[begin - first_frame : end - first_frame] = features[begin - top : end - top]
        return out

    def _windowed(self, frames: Floats, first_frame: int, block: Floats, spare: Floats) -> Floats | None:
        """Write ``frames`` into ``block``: no DC, pre-emphasised, windowed; return log energies if wanted."""
        options = self.frame_options
        rows = block[..., : options.length]
        if options.dither:
            noise = frame_noise(options.dither_seed, first_frame, len(frames) * ROWS, options.length)
            frames = frames + noise.reshape(frames.shape) * np.float32(options.dither)
        if options.remove_dc_offset:
            mean = np.einsum("ijk->ij", frames) / np.float32(options.length)
            np.subtract(frames, mean[..., None], out=rows)
        else:
            rows[:] = frames
        energy = log_energy(rows) if self._energy == "raw" else None
        emphasis = np.float32(options.preemphasis_coefficient)
        if emphasis:
            # Over the whole block as one line: what flows from a row into the next is overwritten or meets a zero of
            # the window.
            first = rows[..., 0] - emphasis * rows[..., 0]
            np.multiply(block, emphasis, out=spare)
            line = block.reshape(-1)
            line[1:] -= spare.reshape(-1)[:-1]
            rows[..., 0] = first
        np.multiply(block, self._windows, out=block)
        return log_energy(rows) if self._energy == "windowed" else energy

    def _spectra(self, block: Floats) -> Floats:
        """Return the power spectra (slices, 48, fft_size // 2 + 1), or magnitudes, of windowed frames."""
        from scipy.fft import rfft

        parts = rfft(block, axis=-1).view(np.float32)
        np.multiply(parts, parts, out=parts)
        power: Floats = parts[..., 0::2] + parts[..., 1::2]
        return power if self._use_power else np.sqrt(power, out=power)

    @abstractmethod
    def _features(self, mel: Floats, energy: Floats | None) -> Floats:
        """Return the features (slices, 48, dim) of mel energies (slices, 48, num_mel_bins) and log energies."""


def log_energy(rows: Floats) -> Floats:
    """Return the natural logarithm of each row's sum of squares."""
    energy: Floats = np.log(np.maximum(np.einsum("ijk,ijk->ij", rows, rows), EPSILON))
    return energy
