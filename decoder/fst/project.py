"""Keeping one side of a transducer, and exchanging its sides."""

from dataclasses import replace

from ...errors import OptionsError
from .transducer import Fst

SIDES = ("input", "output")


def project(fst: Fst, side: str = "input") -> Fst:
    """Return the acceptor of what ``fst`` reads (``"input"``) or writes (``"output"``), with that side's names."""
    if side not in SIDES:
        raise OptionsError(f"project: side is {side!r}; give one of {', '.join(SIDES)}.")
    if side == "input":
        return replace(fst, olabels=fst.ilabels, osymbols=fst.isymbols)
    return replace(fst, ilabels=fst.olabels, isymbols=fst.osymbols)


def invert(fst: Fst) -> Fst:
    """Return ``fst`` with input and output exchanged, their names too."""
    return replace(fst, ilabels=fst.olabels, olabels=fst.ilabels, isymbols=fst.osymbols, osymbols=fst.isymbols)
