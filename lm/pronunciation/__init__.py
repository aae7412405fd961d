"""How words are said: lexicons and their files, a model that guesses what no lexicon lists, and words that users add.

Reading order: lexicon, lexicon_files; graphones, align, g2p, evaluate; words, ways, added_words.
"""
