"""The mel filterbank: triangles that overlap by half on the mel scale, with vocal tract length warping (Kaldi's mel-computations.cc)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionsError

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class MelOptions:
    """The filterbank's options, Kaldi's names; frequencies in Hz, a ``high_freq`` or ``vtln_high`` below 1 counts down from Nyquist."""

    num_mel_bins: int = 23
    low_freq: float = 20.0
    high_freq: float = 0.0
    vtln_low: float = 100.0
    vtln_high: float = -500.0
    vtln_warp: float = 1.0
    htk_mode: bool = False


def mel_scale(frequency: Doubles | float) -> Doubles:
    """Return mels of Hz: 1127 ln(1 + f / 700)."""
    return np.asarray(1127.0 * np.log1p(np.asarray(frequency, np.float64) / 700.0))


def hertz(mel: Doubles) -> Doubles:
    """Return Hz of mels."""
    return np.asarray(700.0 * np.expm1(mel / 1127.0))


def warped(frequency: Doubles, warp: float, edges: tuple[float, float, float, float]) -> Doubles:
    """Return ``frequency`` warped for a vocal tract: by 1 / warp between the cut-offs, linearly back to the edges outside.

    ``edges`` are low_freq, vtln_low, vtln_high and high_freq in Hz.
    """
    low, cut_low, cut_high, high = edges
    left, right = cut_low * max(1.0, warp), cut_high * min(1.0, warp)
    bent = np.interp(frequency, [low, left, right, high], [low, left / warp, right / warp, high])
    return np.where((frequency < low) | (frequency > high), frequency, bent)


def mel_matrix(options: MelOptions, sample_frequency: float, fft_size: int) -> Floats:
    """Return the filters as float32 (fft_size // 2 + 1, num_mel_bins); raise OptionsError where they make no sense."""
    nyquist = 0.5 * sample_frequency
    low, high = options.low_freq, options.high_freq
    high = high if high > 0 else nyquist + high
    if options.num_mel_bins < 3:
        raise OptionsError(f"num_mel_bins is {options.num_mel_bins}; give at least 3.")
    if not 0 <= low < high <= nyquist:
        raise OptionsError(
            f"low_freq {options.low_freq} and high_freq {options.high_freq} leave the band from {low} to {high} Hz; "
            f"it must be rising and lie between 0 and {nyquist} Hz."
        )
    points = mel_scale(low) + np.arange(options.num_mel_bins + 2) * (
        (mel_scale(high) - mel_scale(low)) / (options.num_mel_bins + 1)
    )
    if options.vtln_warp != 1.0:
        cut_low, cut_high = options.vtln_low, options.vtln_high
        cut_high = cut_high if cut_high >= 0 else nyquist + cut_high
        warp = options.vtln_warp
        if not (warp > 0 and low < cut_low * max(1.0, warp) < cut_high * min(1.0, warp) < high and low < cut_low):
            raise OptionsError(
                f"vtln_warp {warp} with vtln_low {options.vtln_low} and vtln_high {options.vtln_high} does not fit "
                f"the band from {low} to {high} Hz; the cut-offs must lie inside it, in rising order."
            )
        points = mel_scale(warped(hertz(points), warp, (low, cut_low, cut_high, high)))
    left, centre, right = points[:-2], points[1:-1], points[2:]
    # Nyquist's own bin belongs to no filter, as in Kaldi.
    mel = mel_scale(np.arange(fft_size // 2) * (sample_frequency / fft_size))[:, None]
    rising, falling = (mel - left) / (centre - left), (right - mel) / (right - centre)
    matrix = np.zeros((fft_size // 2 + 1, options.num_mel_bins), np.float32)
    matrix[:-1] = np.maximum(0.0, np.minimum(rising, falling))
    if options.htk_mode and low > 0:
        matrix[np.argmax(matrix[:, 0] > 0), 0] = 0.0
    empty = np.flatnonzero(~matrix.any(axis=0))
    if len(empty):
        raise OptionsError(
            f"num_mel_bins is {options.num_mel_bins}: filter {empty[0]} is so narrow that it holds no frequency of a "
            f"{fft_size}-point transform; use fewer filters or longer frames."
        )
    return matrix
