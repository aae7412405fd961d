"""Weighted finite-state transducers: the container, its files, the operations on it.

transducer is the container (flat arrays), symbols names its labels; openfst and text are its files. An operation is a
file of the name that OpenFst gives it, its loops beside it in ``*_kernels.py``:

    from harken.decoder.fst.compose import compose
    from harken.decoder.fst.openfst import read_fst, write_fst

    write_fst(compose(read_fst("a.fst"), read_fst("b.fst")), "c.fst")

rational holds union, concat and closure; project also invert. determinize, determinize_star, minimize and push share
string_table and string_fst (strings of output labels) and determinize_subsets; room is what they ask for memory.
"""
