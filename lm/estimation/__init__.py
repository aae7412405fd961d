"""From text to n-gram models. Reading order: estimate, counting, kneser_ney, backoff_tables, mixture, prune."""
