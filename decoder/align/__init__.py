"""Forced alignment: when the words and phones of a known text were said."""
