"""Lattices: what a search found within its beam, and what can be made of it, an operation a file.

    from harken.decoder.lattice.determinize import determinize
    from harken.decoder.lattice.mbr import minimum_bayes_risk

    raw = search_result.lattice()               # a Lattice (lattice.py): states and arcs, labels, costs apart
    words = determinize(raw)                    # each word sequence once, on its best path, with its alignment
    minimum_bayes_risk(words).confidences

* lattice.py the container, assemble.py makes one from arcs in any order;
* npz.py, kaldi_text.py, kaldi_text_reader.py files;
* prune.py, nbest.py (and the best path: path.py), determinize.py;
* posteriors.py, mbr.py (sausages, confidences), oracle.py, depth.py;
* times.py and arc_times.py when words and phones are said;
* expand.py puts a language model's costs on every path (``expand_on_lm``) or takes the first pass's out (``split_lm``);
  expand_models.py are the models as automata, expand_pairs.py the product;
* rescore.py weighs whole lattices anew with better language models, rescore_parts.py keeps their costs apart,
  rescore_sweep.py finds the best words under many weights at once;
* picture.py draws, layout.py says where.
"""
