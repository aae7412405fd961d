"""The mel filterbank: triangles on the mel scale that reach their neighbours' centres (Kaldi's mel-computations.cc)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionsError
from .checks import Floats

Doubles = NDArray[np.float64]

GROUP = 16
"""Filters multiplied in one go; a group leaves out the frequencies that none of its filters hears."""


@dataclass(frozen=True, kw_only=True)
class MelOptions:
    """The filterbank's options under Kaldi's names, frequencies in Hz.

    A ``high_freq`` of 0 or below and a negative ``vtln_high`` count from the Nyquist frequency. ``vtln_warp`` other
    than 1 warps the frequencies for a speaker's vocal tract between the two cut-offs. ``htk_mode`` drops the lowest
    frequency of the first filter, as HTK does.
    """

    num_mel_bins: int = 23
    low_freq: float = 20.0
    high_freq: float = 0.0
    vtln_low: float = 100.0
    vtln_high: float = -500.0
    vtln_warp: float = 1.0
    htk_mode: bool = False


def mel_scale(frequency: Doubles) -> Doubles:
    """Return mels of Hz: 1127 ln(1 + f / 700)."""
    return np.asarray(1127.0 * np.log1p(frequency / 700.0))


def hertz(mel: Doubles) -> Doubles:
    """Return Hz of mels."""
    return np.asarray(700.0 * np.expm1(mel / 1127.0))


def warped(frequency: Doubles, warp: float, low: float, cut_low: float, cut_high: float, high: float) -> Doubles:
    """Return ``frequency`` divided by ``warp`` between the cut-offs, and outside on lines to the band's edges."""
    left, right = cut_low * max(1.0, warp), cut_high * min(1.0, warp)
    bent = np.interp(frequency, [low, left, right, high], [low, left / warp, right / warp, high])
    return np.where((frequency < low) | (frequency > high), frequency, bent)


def filter_edges(options: MelOptions, sample_frequency: float) -> Doubles:
    """Return the filters' left edges, centres and right edges in mels, (num_mel_bins + 2,); raise OptionsError."""
    nyquist = 0.5 * sample_frequency
    low, high = options.low_freq, options.high_freq
    high = high if high > 0 else nyquist + high
    if not (isinstance(options.num_mel_bins, int) and options.num_mel_bins >= 3):
        raise OptionsError(f"num_mel_bins is {options.num_mel_bins}; give a whole number, at least 3.")
    if not 0 <= low < high <= nyquist:
        raise OptionsError(
            f"low_freq {options.low_freq} and high_freq {options.high_freq} leave the band from {low} to {high} Hz; "
            f"it must be rising and lie between 0 and {nyquist} Hz."
        )
    bottom, top = mel_scale(np.array([low, high]))
    edges = bottom + (top - bottom) / (options.num_mel_bins + 1) * np.arange(options.num_mel_bins + 2)
    warp = options.vtln_warp
    if warp == 1.0:
        return np.asarray(edges)
    cut_low = options.vtln_low
    cut_high = options.vtln_high if options.vtln_high >= 0 else nyquist + options.vtln_high
    if not (warp > 0 and low < cut_low and cut_low * max(1.0, warp) < cut_high * min(1.0, warp) and cut_high < high):
        raise OptionsError(
            f"vtln_warp {warp} with vtln_low {options.vtln_low} and vtln_high {options.vtln_high} does not fit "
            f"the band from {low} to {high} Hz; the cut-offs must lie inside it, in rising order."
        )
    return mel_scale(warped(hertz(edges), warp, low, cut_low, cut_high, high))


def mel_matrix(options: MelOptions, sample_frequency: float, fft_size: int) -> Floats:
    """Return the filters' weights, float32 (fft_size // 2 + 1, num_mel_bins); raise OptionsError if impossible."""
    edges = filter_edges(options, sample_frequency)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    mel = mel_scale(np.arange(fft_size // 2, dtype=np.float64) * (sample_frequency / fft_size))[:, None]
    matrix = np.zeros((fft_size // 2 + 1, options.num_mel_bins), np.float32)
    # The last row stays zero: as in Kaldi, no filter hears the Nyquist frequency itself.
    matrix[:-1] = np.maximum(0.0, np.minimum((mel - left) / (centre - left), (right - mel) / (right - centre)))
    deaf = np.flatnonzero(~matrix.any(axis=0))
    if len(deaf):
        raise OptionsError(
            f"num_mel_bins is {options.num_mel_bins}: filter {deaf[0]} is so narrow that it holds no frequency of a "
            f"{fft_size}-point transform; use fewer filters or longer frames."
        )
    if options.htk_mode and edges[0] > 0:
        matrix[np.argmax(matrix[:, 0] > 0), 0] = 0.0
    return matrix


class MelBank:
    """The filters, ready to be applied to blocks of power spectra."""

    def __init__(self, options: MelOptions, sample_frequency: float, fft_size: int) -> None:
        self.matrix = mel_matrix(options, sample_frequency, fft_size)
        self._groups: list[tuple[slice, slice, Floats]] = []
        for start in range(0, options.num_mel_bins, GROUP):
            columns = slice(start, min(start + GROUP, options.num_mel_bins))
            heard = np.flatnonzero(self.matrix[:, columns].any(axis=1))
            rows = slice(int(heard[0]), int(heard[-1]) + 1)
            self._groups.append((rows, columns, np.ascontiguousarray(self.matrix[rows, columns])))

    def energies(self, power: Floats) -> Floats:
        """Return the filters' energies (slices, 48, num_mel_bins) of spectra (slices, 48, fft_size // 2 + 1)."""
        out = np.empty((*power.shape[:-1], self.matrix.shape[1]), np.float32)
        for rows, columns, weights in self._groups:
            np.matmul(power[..., rows], weights, out=out[..., columns])
        return out
