"""Mel-frequency cepstral coefficients, Kaldi's compute-mfcc-feats."""

import math
from dataclasses import dataclass

import numpy as np

from ..errors import OptionsError
from .checks import Floats
from .energy import EnergyOptions
from .extraction import EPSILON, Extractor
from .framing import FrameOptions
from .mel import Doubles, MelOptions


@dataclass(frozen=True, kw_only=True)
class MfccOptions(EnergyOptions, MelOptions, FrameOptions):
    """All options of Kaldi's compute-mfcc-feats, flat, under its names and with its defaults (but dither is off).

    ``use_energy`` puts the log energy in place of coefficient 0. With ``htk_compat`` coefficient 0 or the energy is the
    last column, and coefficient 0 is scaled by the root of 2.
    """

    use_energy: bool = True
    num_ceps: int = 13
    cepstral_lifter: float = 22.0


def cosine_matrix(num_mel_bins: int, num_ceps: int) -> Doubles:
    """Return the orthonormal cosine transform (type II) of log energies into cepstra, (num_mel_bins, num_ceps)."""
    order = np.arange(num_ceps)
    place = np.arange(num_mel_bins)[:, None] + 0.5
    matrix: Doubles = math.sqrt(2.0 / num_mel_bins) * np.cos(math.pi / num_mel_bins * place * order)
    matrix[:, 0] = math.sqrt(1.0 / num_mel_bins)
    return matrix


def lifter(coefficient: float, num_ceps: int) -> Doubles:
    """Return the weights 1 + Q / 2 sin(pi i / Q) of the cepstra; all 1 where the coefficient Q is 0."""
    if coefficient == 0:
        return np.ones(num_ceps)
    weights: Doubles = 1.0 + 0.5 * coefficient * np.sin(math.pi / coefficient * np.arange(num_ceps))
    return weights


class Mfcc(Extractor):
    """Computes mel-frequency cepstral coefficients.

    >>> Mfcc(MfccOptions(num_mel_bins=40, num_ceps=40)).extract(np.zeros(16000, np.float32)).shape
    (98, 40)
    """

    def __init__(self, options: MfccOptions | None = None) -> None:
        self.options = options or MfccOptions()
        self.options.check_energy()
        bins, ceps, weight = self.options.num_mel_bins, self.options.num_ceps, self.options.cepstral_lifter
        super().__init__(self.options, self.options, use_power=True, energy=self.options.energy_kind)
        if not (isinstance(ceps, int) and 1 <= ceps <= bins):
            raise OptionsError(f"num_ceps is {ceps}; give a whole number from 1 to num_mel_bins, which is {bins}.")
        if not 0 <= weight < math.inf:
            raise OptionsError(f"cepstral_lifter is {weight}; give zero, for none, or a positive number.")
        self.dim = ceps
        self._transform = (cosine_matrix(bins, ceps) * lifter(weight, ceps)).astype(np.float32)

    def _features(self, mel: Floats, energy: Floats | None) -> Floats:
        np.maximum(mel, EPSILON, out=mel)
        np.log(mel, out=mel)
        cepstra: Floats = np.matmul(mel, self._transform)
        if energy is not None:
            cepstra[..., 0] = self.options.floored(energy)
        if self.options.htk_compat:
            first = cepstra[..., :1] * np.float32(1.0 if self.options.use_energy else math.sqrt(2.0))
            cepstra = np.concatenate((cepstra[..., 1:], first), axis=-1)
        return cepstra
