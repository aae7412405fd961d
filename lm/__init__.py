"""Words: text normaliser, lexicon, pronunciations, n-gram models, n-best rescoring."""
