"""Tables of pdfs by rule: one set of pdfs a phone, or one a phone and its left neighbour."""

from collections.abc import Collection, Sequence

from ...errors import OptionsError
from .pdf_table import PdfTable
from .topology import Topology


def monophone_table(phones: Sequence[str], topology: Topology) -> PdfTable:
    """Return the table without context: pdfs are numbered phone by phone, state by state.

    Where the topology is paired, a state has two pdfs, that of its first frame first.
    """
    return _table(phones, topology, [(0,)], 0, phones)


def left_biphone_table(phones: Sequence[str], topology: Topology, context_free: Collection[str] = ()) -> PdfTable:
    """Return the table of left-biphones: pdfs of their own for every phone after every other, and after none.

    The phones of ``context_free`` (silence, say) have the same pdfs wherever they stand. Pdfs are numbered phone by
    phone, then by left neighbour (none first), then by state.
    """
    lefts = [(left,) for left in range(len(phones) + 1)]
    return _table(phones, topology, lefts, 1, context_free)


def _table(
    phones: Sequence[str],
    topology: Topology,
    lefts: Sequence[tuple[int, ...]],
    central_position: int,
    context_free: Collection[str],
) -> PdfTable:
    unknown = (set(context_free) | set(topology.special)) - set(phones)
    if unknown:
        raise OptionsError(f"table of pdfs: {min(unknown)!r} is none of the phones.")
    windows, columns = [], []
    pdf = 0
    each = 2 if topology.paired else 1
    for phone, name in enumerate(phones, start=1):
        states = len(topology.states(name))
        for left in lefts:
            for state in range(states):
                windows.append((*left[:central_position], phone))
                columns.append((state, pdf + each * state, pdf + each * (state + 1) - 1))
            if name not in context_free:
                pdf += each * states
        if name in context_free:
            pdf += each * states
    return PdfTable.from_rows(phones, central_position, windows, columns)
