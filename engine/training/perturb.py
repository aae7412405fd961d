"""Perturbations that make more speech out of what there is: speed, volume, noise, reverberation, SpecAugment.

Every draw comes from a generator seeded by (seed, copy, clip), so that a copy can be made again, in any order, on any
machine. Speed: Ko et al., "Audio augmentation for speech recognition", Interspeech 2015. Reverberation by synthetic
impulse responses: exponentially decaying noise behind a direct path (Ko et al., ICASSP 2017, simplified). SpecAugment:
Park et al., Interspeech 2019.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PerturbOptions:
    """How strongly recordings are changed; probabilities in [0, 1], ratios in decibels, times in seconds."""

    speeds: tuple[float, ...] = (0.9, 1.0, 1.1)
    noise_probability: float = 0.4
    noise_snr_db: tuple[float, float] = (6.0, 26.0)
    reverb_probability: float = 0.25
    reverb_t60: tuple[float, float] = (0.1, 0.5)
    reverb_direct_db: tuple[float, float] = (2.0, 16.0)
    volume_db: tuple[float, float] = (-15.0, 6.0)


def change_speed(samples: Samples, speed: float) -> Samples:
    """Play ``samples`` ``speed`` times as fast, pitch included (resampling), as Kaldi's speed perturbation does."""
    import soxr

    if speed == 1.0:
        return samples
    changed: Samples = soxr.resample(samples, 1000, round(1000 / speed), quality="MQ").astype(np.float32)
    return changed


def coloured_noise(count: int, slope: float, random: np.random.Generator) -> Samples:
    """Return ``count`` samples of Gaussian noise whose power falls as frequency ** -slope (1 is pink)."""
    from scipy import fft

    length = fft.next_fast_len(count, real=True)
    spectrum = fft.rfft(random.standard_normal(length, dtype=np.float32))
    frequency = np.arange(spectrum.size, dtype=np.float32)
    frequency[0] = 1.0
    noise: Samples = fft.irfft(spectrum * frequency ** np.float32(-slope / 2), n=length)[:count].astype(np.float32)
    return noise


def add_noise(samples: Samples, noise: Samples, snr_db: float) -> Samples:
    """Add ``noise`` (repeated or cut to length) at a signal-to-noise ratio of ``snr_db``."""
    noise = np.resize(noise, samples.size)
    signal_power = float(np.mean(np.square(samples))) + 1e-10
    noise_power = float(np.mean(np.square(noise))) + 1e-10
    gain = np.float32(np.sqrt(signal_power / noise_power * 10 ** (-snr_db / 10)))
    return samples + gain * noise


def reverberate(samples: Samples, t60: float, direct_db: float, rate: int, random: np.random.Generator) -> Samples:
    """Convolve with a synthetic room: a direct path and noise that decays by 60 dB in ``t60`` seconds.

    ``direct_db`` is the ratio of the direct path's energy to the tail's. The length stays the same.
    """
    from scipy.signal import fftconvolve

    count = max(2, int(t60 * rate))
    time = np.arange(count, dtype=np.float32) / rate
    tail = random.standard_normal(count, dtype=np.float32) * np.exp(np.float32(-6.9078 / t60) * time)
    tail[: rate // 500] = 0.0  # the first reflection comes at least 2 ms after the direct sound
    tail *= np.float32(10 ** (-direct_db / 20) / (np.sqrt(np.sum(np.square(tail))) + 1e-10))
    tail[0] = 1.0
    wet: Samples = fftconvolve(samples, tail)[: samples.size].astype(np.float32)
    return wet


def perturb(samples: Samples, others: list[Samples], rate: int, options: PerturbOptions, seed: list[int]) -> Samples:
    """Return a randomly changed copy of ``samples`` (float32, mono); ``others`` are clips to mix into babble."""
    random = np.random.default_rng(seed)
    samples = change_speed(samples, float(random.choice(options.speeds)))
    if random.random() < options.reverb_probability:
        t60, direct = random.uniform(*options.reverb_t60), random.uniform(*options.reverb_direct_db)
        samples = reverberate(samples, t60, direct, rate, random)
    if random.random() < options.noise_probability:
        snr = random.uniform(*options.noise_snr_db)
        if others and random.random() < 0.4:
            babble = np.zeros(max(other.size for other in others), np.float32)
            for other in others:
                babble += np.resize(other, babble.size) / (np.sqrt(np.mean(np.square(other))) + np.float32(1e-5))
            samples = add_noise(samples, babble, snr + 4.0)
        else:
            samples = add_noise(samples, coloured_noise(samples.size, random.uniform(0.0, 2.0), random), snr)
    gain = np.float32(10 ** (random.uniform(*options.volume_db) / 20))
    peak = float(np.max(np.abs(samples))) + 1e-10
    return samples * np.float32(min(gain, 1.0 / peak))


def spec_augment(
    features: NDArray[np.float32],
    fill: NDArray[np.float32],
    random: np.random.Generator,
    *,
    frequency_masks: int = 2,
    frequency_width: int = 18,
    time_width: int = 30,
    time_share: float = 0.05,
) -> None:
    """Mask bands and stretches of ``features`` (frames, bins) in place with ``fill`` (bins,), the training mean.

    On average ``time_share`` of the frames is masked, in stretches of up to ``time_width`` frames, so that long clips
    lose the same share as short ones.
    """
    frames, bins = features.shape
    for _ in range(frequency_masks):
        width = int(random.integers(0, min(frequency_width, bins // 2) + 1))
        begin = int(random.integers(0, bins - width + 1))
        features[:, begin : begin + width] = fill[begin : begin + width]
    for _ in range(max(1, round(frames * time_share * 2 / time_width))):
        width = int(random.integers(0, min(time_width, frames // 4) + 1))
        begin = int(random.integers(0, frames - width + 1))
        features[begin : begin + width] = fill
