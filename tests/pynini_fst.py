"""Machines to and from pynini, OpenFst's module for Python, through the binary form."""

import io

import pytest
from harken.decoder.fst.openfst import read_fst, write_fst
from harken.decoder.fst.transducer import Fst


def to_pynini(fst: Fst):
    """The machine as pynini's."""
    pywrapfst = pytest.importorskip("pywrapfst")
    file = io.BytesIO()
    write_fst(fst, file)
    return pywrapfst.Fst.read_from_string(file.getvalue())


def from_pynini(fst) -> Fst:
    """One of pynini's machines as ours."""
    return read_fst(io.BytesIO(fst.write_to_string()))
