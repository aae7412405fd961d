"""Samples to frames: filterbanks, MFCC, CMVN, deltas, splicing; offline and in a stream."""
