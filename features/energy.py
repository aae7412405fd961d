"""The options about a frame's energy that fbank and MFCC share."""

import math
from dataclasses import dataclass

import numpy as np

from ..errors import OptionsError
from .checks import Floats


@dataclass(frozen=True, kw_only=True)
class EnergyOptions:
    """What becomes of a frame's log energy.

    It is taken before pre-emphasis and window with ``raw_energy``, after them without, and is floored at
    log(``energy_floor``) where that is above 0. With ``htk_compat`` it is the last column, else the first.
    """

    use_energy: bool = False
    energy_floor: float = 0.0
    raw_energy: bool = True
    htk_compat: bool = False

    @property
    def energy_kind(self) -> str:
        """When the energy is taken: "raw", "windowed" or "none"."""
        return ("raw" if self.raw_energy else "windowed") if self.use_energy else "none"

    def floored(self, energy: Floats) -> Floats:
        """Return log energies that are not below the floor."""
        return np.maximum(energy, np.float32(math.log(self.energy_floor))) if self.energy_floor > 0 else energy

    def check_energy(self) -> None:
        """Raise OptionsError where the floor is no energy."""
        if not 0 <= self.energy_floor < math.inf:
            raise OptionsError(f"energy_floor is {self.energy_floor}; give zero or a positive energy.")
