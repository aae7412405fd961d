"""Log mel filterbank energies, Kaldi's compute-fbank-feats."""

from dataclasses import dataclass

import numpy as np

from .checks import Floats
from .energy import EnergyOptions
from .extraction import EPSILON, Extractor
from .framing import FrameOptions
from .mel import MelOptions


@dataclass(frozen=True, kw_only=True)
class FbankOptions(EnergyOptions, MelOptions, FrameOptions):
    """All options of Kaldi's compute-fbank-feats, flat, under its names and with its defaults (but dither is off).

    ``use_energy`` adds a column. Without ``use_log_fbank`` energies stay linear; without ``use_power`` filters weigh
    magnitudes.
    """

    use_log_fbank: bool = True
    use_power: bool = True


class Fbank(Extractor):
    """Computes log mel filterbank energies.

    >>> Fbank(FbankOptions(num_mel_bins=80)).extract(np.zeros(16000, np.float32)).shape
    (98, 80)
    """

    def __init__(self, options: FbankOptions | None = None) -> None:
        self.options = options or FbankOptions()
        self.options.check_energy()
        self.dim = self.options.num_mel_bins + self.options.use_energy
        super().__init__(self.options, self.options, use_power=self.options.use_power, energy=self.options.energy_kind)

    def _features(self, mel: Floats, energy: Floats | None) -> Floats:
        if self.options.use_log_fbank:
            np.maximum(mel, EPSILON, out=mel)
            np.log(mel, out=mel)
        if energy is None:
            return mel
        column = self.options.floored(energy)[..., None]
        return np.concatenate((mel, column) if self.options.htk_compat else (column, mel), axis=-1)
