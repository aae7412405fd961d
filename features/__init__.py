"""Samples to frames: Kaldi's filterbank and MFCC features, deltas, mean normalisation and splicing, whole or streamed."""

from .fbank import Fbank, FbankOptions

__all__ = ["Fbank", "FbankOptions"]
