"""How a search graph is made: lexicon, grammar, context, topology, and their composition."""
