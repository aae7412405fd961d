"""CTC prefix beam search without a lexicon, with an n-gram model and hot words, in pyctcdecode's call shape."""
