"""How samples are cut into overlapping frames, by Kaldi's rules (its feature-window.cc tells them)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import OptionsError
from .checks import Floats

WINDOWS = ("povey", "hamming", "hanning", "sine", "rectangular", "blackman")


@dataclass(frozen=True, kw_only=True)
class FrameOptions:
    """How samples become frames; names and defaults are those of Kaldi's command line, but dither is off.

    Lengths are in milliseconds, frequencies in Hz; ``dither`` is the standard deviation of the added noise in units of
    a 16-bit sample, and ``dither_seed`` (not Kaldi's) picks the noise.
    """

    sample_frequency: float = 16000.0
    frame_length: float = 25.0
    frame_shift: float = 10.0
    dither: float = 0.0
    dither_seed: int = 0
    preemphasis_coefficient: float = 0.97
    remove_dc_offset: bool = True
    window_type: str = "povey"
    blackman_coeff: float = 0.42
    round_to_power_of_two: bool = True
    snip_edges: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.sample_frequency < 1e9:
            raise OptionsError(f"sample_frequency is {self.sample_frequency}; give a positive number of Hz.")
        if not 1 <= self.sample_frequency * 0.001 * self.frame_shift < 1e9:
            raise OptionsError(f"frame_shift is {self.frame_shift} ms; it must hold at least one sample.")
        if not 2 <= self.sample_frequency * 0.001 * self.frame_length < 1e7:
            raise OptionsError(f"frame_length is {self.frame_length} ms; it must hold two to ten million samples.")
        if not 0 <= self.dither < 32768:
            raise OptionsError(f"dither is {self.dither}; give zero or a number of 16-bit steps, usually 1.")
        if not 0 <= self.dither_seed < 2**64:
            raise OptionsError(f"dither_seed is {self.dither_seed}; give a whole number from 0 to 2**64 - 1.")
        if not 0 <= self.preemphasis_coefficient <= 1:
            raise OptionsError(f"preemphasis_coefficient is {self.preemphasis_coefficient}; give a number from 0 to 1.")
        if self.window_type not in WINDOWS:
            raise OptionsError(f"window_type is {self.window_type!r}; choose one of {', '.join(WINDOWS)}.")
        if not -10 < self.blackman_coeff < 10:
            raise OptionsError(f"blackman_coeff is {self.blackman_coeff}; give a small number, usually 0.42.")
        if self.fft_size % 2:
            raise OptionsError(
                f"frame_length is {self.frame_length} ms, an odd {self.fft_size} samples; "
                "give an even number of samples or set round_to_power_of_two."
            )

    @cached_property
    def shift(self) -> int:
        """Samples between the starts of two frames."""
        return int(self.sample_frequency * 0.001 * self.frame_shift)

    @cached_property
    def length(self) -> int:
        """Samples in a frame."""
        return int(self.sample_frequency * 0.001 * self.frame_length)

    @cached_property
    def fft_size(self) -> int:
        """Samples in a frame with the zeros that are added for the Fourier transform."""
        return 1 << (self.length - 1).bit_length() if self.round_to_power_of_two else self.length

    @cached_property
    def first_sample(self) -> int:
        """Position of frame 0's first sample; negative without ``snip_edges``, where frames are centred."""
        return 0 if self.snip_edges else self.shift // 2 - self.length // 2

    def count(self, samples: int, ended: bool = True) -> int:
        """Return the number of frames in ``samples`` samples; before the end, of those that no later sample changes."""
        if self.snip_edges or not ended:
            return max(0, 1 + (samples - self.length - self.first_sample) // self.shift)
        return (samples + self.shift // 2) // self.shift


def window(options: FrameOptions) -> Floats:
    """Return the window function, float32 (length,)."""
    n = options.length
    turn = 2 * np.pi * np.arange(n) / (n - 1)
    if options.window_type == "povey":
        shape = (0.5 - 0.5 * np.cos(turn)) ** 0.85
    elif options.window_type == "hamming":
        shape = 0.54 - 0.46 * np.cos(turn)
    elif options.window_type == "hanning":
        shape = 0.5 - 0.5 * np.cos(turn)
    elif options.window_type == "sine":
        shape = np.sin(0.5 * turn)
    elif options.window_type == "blackman":
        b = options.blackman_coeff
        shape = b - 0.5 * np.cos(turn) + (0.5 - b) * np.cos(2 * turn)
    else:
        shape = np.ones(n)
    return shape.astype(np.float32)


def mirrored(samples: Floats, start: int, first: int, last: int) -> Floats:
    """Return the samples from ``first`` to ``last``, mirrored about both ends of the recording as often as it takes.

    ``samples`` are the recording's from position ``start`` on; what lies before is gone and must not be asked for.
    """
    total = start + len(samples)
    begin = max(first, start)
    inside = samples[begin - start : max(begin, min(last, total)) - start]

    def outside(one: int, other: int) -> Floats:
        position = np.arange(one, other) % (2 * total)
        found: Floats = samples[np.where(position < total, position, 2 * total - 1 - position) - start]
        return found

    before = outside(first, min(last, 0)) if first < 0 else samples[:0]
    after = outside(max(first, total), last) if last > total else samples[:0]
    return np.concatenate((before, inside, after)) if len(before) or len(after) else inside
