"""Back-off n-gram models: ARPA files, the model in memory and its look-up, KenLM models, perplexity."""
