"""How words are said: the lexicon and its file, and a model that guesses what no lexicon lists."""
