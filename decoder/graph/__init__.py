"""How a search graph is made: lexicon, grammar, context, topology, and their composition.

To read in this order. What all graphs are: search_graph. By operations on transducers: phone_labels, disambiguation,
lexicon_fst (L), grammar_fst (G), lexicon_grammar (min(det(L o G))); for CTC models ctc_topology (T) and tlg; for
HMM-based ones topology, pdf_table, context_tables, context_fst (C), hmm_fst (H), self_loops and hclg; local_epsilons
tidies up. Grammars as text: grammar_expression, jsgf, phrase_list, grammar_network (G), grammar_graph. The bundled
model's compiler, which goes straight from n-grams and pronunciations to phones: ngram_nodes, ngram_states,
equal_histories, lexicon_tree, phone_graph, ctc_graph.
"""
