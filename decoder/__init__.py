"""Scores to words: weighted automata, search graphs, beam search."""
