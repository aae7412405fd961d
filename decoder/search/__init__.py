"""The beam search over a graph, frame by frame.

    search = BeamSearch(graph, SearchOptions(beam=14.0)).start()
    search.advance(scores)
    search.finish().best.words

To read in this order: options, beam_search (what is made once for a graph), search (what is made for a recording),
result and hypothesis. Its arrays: token_arrays, storage, packed_graph. Its kernels: search_kernels (a frame), cutoff,
level, prefetch and prune kernels. What it leaves: raw_lattice, lattice_segments. What tokens can remember: history,
with phrases (phrase_file), and a language model composed on the fly (word_automaton, word_marks, look_ahead);
history_kernels tells what that does to a step, link_costs what it cost.
"""
