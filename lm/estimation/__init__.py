"""From text to n-gram models.

Reading order: estimate; text_pieces, tokens, counting, ngram_rows, count_tables; discounts, kneser_ney,
backoff_tables; linked_model, mixture, expected_frequencies, histories, prune.
"""
