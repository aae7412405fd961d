"""Lexicon-free search over CTC scores: prefixes of characters or word pieces."""
