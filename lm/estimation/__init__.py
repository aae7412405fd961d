"""From text to n-gram models.

Reading order: estimate; text_pieces, tokens, word_numbers; ngram_rows, count_tables, counting, block_counts, spill,
merging; discounts, kneser_ney, backoff_tables; linked_arrays, linked_model, expected_frequencies, arpa_tables; mixture,
histories, prune.
"""
