"""Samples to frames: Kaldi's filterbank and MFCC features, deltas, normalisation and splicing, whole or streamed.

Every step is built from a frozen options dataclass that carries Kaldi's names and runs on a whole recording
(`extract`, `apply`) or in a stream (`stream()`, then `accept` and `finish`) with the same bits.
"""

from .cmvn import CmvnStats
from .conf import read_conf
from .context import ContextStream
from .deltas import DeltaOptions, Deltas
from .fbank import Fbank, FbankOptions
from .mfcc import Mfcc, MfccOptions
from .online import FeatureStream
from .sliding_cmvn import SlidingCmvn, SlidingCmvnOptions, SlidingCmvnStream
from .splice import Splice, SpliceOptions

__all__ = [
    "CmvnStats",
    "ContextStream",
    "DeltaOptions",
    "Deltas",
    "Fbank",
    "FbankOptions",
    "FeatureStream",
    "Mfcc",
    "MfccOptions",
    "SlidingCmvn",
    "SlidingCmvnOptions",
    "SlidingCmvnStream",
    "Splice",
    "SpliceOptions",
    "read_conf",
]
