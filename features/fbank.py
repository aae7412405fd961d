"""Log mel filterbank energies, Kaldi's compute-fbank-feats."""

import math
from dataclasses import dataclass

import numpy as np

from .extraction import Extractor
from .framing import EPSILON, Floats, FrameOptions
from .mel import MelOptions


@dataclass(frozen=True, kw_only=True)
class FbankOptions(MelOptions, FrameOptions):
    """All of compute-fbank-feats' options under its names, with its defaults but dither, which is off.

    ``use_energy`` adds a column with the frame's log energy: the first, or the last with ``htk_compat``; it is taken
    before pre-emphasis and window with ``raw_energy``, and floored at log(``energy_floor``) where that is above 0.
    """

    use_energy: bool = False
    energy_floor: float = 0.0
    raw_energy: bool = True
    htk_compat: bool = False
    use_log_fbank: bool = True
    use_power: bool = True


class Fbank(Extractor):
    """Computes log mel filterbank energies.

    >>> Fbank(FbankOptions(num_mel_bins=80)).extract(np.zeros(16000, np.float32)).shape
    (98, 80)
    """

    def __init__(self, options: FbankOptions | None = None) -> None:
        self.options = options or FbankOptions()
        raw_energy = self.options.raw_energy if self.options.use_energy else None
        super().__init__(self.options, self.options, use_power=self.options.use_power, raw_energy=raw_energy)
        self.dim = self.options.num_mel_bins + self.options.use_energy

    def _finish(self, mel: Floats, energy: Floats | None, out: Floats) -> None:
        if self.options.use_log_fbank:
            np.maximum(mel, np.float32(EPSILON), out=mel)
            np.log(mel, out=mel)
        if energy is None:
            out[:] = mel[: len(out)]
            return
        if self.options.energy_floor > 0:
            energy = np.maximum(energy, np.float32(math.log(self.options.energy_floor)))
        last = self.options.htk_compat
        out[:, slice(None, -1) if last else slice(1, None)] = mel[: len(out)]
        out[:, -1 if last else 0] = energy
