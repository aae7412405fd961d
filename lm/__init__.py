"""Words: written and spoken text, n-gram models and their estimation, pronunciations, n-best rescoring.

A folder a part, imports one way: pronunciation -> estimation -> ngram; text knows nobody.
"""
