"""Samples to frames: Kaldi's filterbank and MFCC features, deltas, normalisation and splicing, whole or streamed."""

from .fbank import Fbank, FbankOptions
from .mfcc import Mfcc, MfccOptions
from .online import FeatureStream

__all__ = ["Fbank", "FbankOptions", "FeatureStream", "Mfcc", "MfccOptions"]
