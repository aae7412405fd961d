"""Minimization: the equivalent deterministic machine with the fewest states."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from .connect import connect
from .determinize_subsets import DELTA
from .push_labels import prefixes_pushed
from .push_weights import carries_weights, charged_at_start, potentials_to_final, reweighted_to_initial
from .string_fst import StringFst, spell_delayed
from .string_table import new_strings
from .transducer import NO_STATE, Fst, read_only

ROUNDS = 40  # arcs of foresight before partition refinement: enough for words, short of long chains


def minimize(fst: Fst, delta: float = DELTA) -> Fst:
    """Return the machine with the fewest states that is equivalent to ``fst``, a deterministic one.

    Weights, and in a transducer output labels, are pushed towards the start, so that states which go on alike are
    seen to be alike; then such states are merged. Useless states go. Weights that round to the same multiple of
    ``delta`` count as equal. The whole cost of the best path, or of all of them, stands on the arcs of the start
    state, or where a cycle leads through that, on the final weights. Where output labels were pushed, each arc writes
    one and the rest is owed, which may take states of its own. Sources: Mohri (2000), Valmari (2012).

    A machine that isn't deterministic keeps its language and loses states, though not all that it could; in the log
    semiring, where two paths are more than one, it is a FormatError.
    """
    fst = connect(_checked(fst, delta))
    if fst.start == NO_STATE:
        return fst
    total = 0.0
    if carries_weights(fst):
        potentials = potentials_to_final(fst)
        total = float(potentials[fst.start])
        fst = reweighted_to_initial(fst, potentials)
    if np.array_equal(fst.ilabels, fst.olabels):
        return _with_total(_quotient(fst, _blocks(fst, fst.olabels, delta))[1], total)
    machine = prefixes_pushed(fst)
    kept, smaller = _quotient(fst, _blocks(fst, machine.arc_strings, delta))
    finals = np.zeros(smaller.states, dtype=np.int32)
    strings = machine.arc_strings[kept]
    smaller = _with_total(smaller, total)
    return spell_delayed(StringFst(smaller, machine.strings, machine.start_string, strings, finals))


def minimize_encoded(fst: Fst, delta: float = DELTA) -> Fst:
    """Return ``fst`` with states merged that go on alike without anything being pushed, as Kaldi's recipes do.

    Input label, output label and weight, rounded to a multiple of ``delta``, are taken for one label, and the result
    is minimal among machines over such labels. Costs stay where they are, which keeps a search graph stochastic.
    Useless states go. Any machine will do, but see ``minimize`` for what it takes to be minimal.
    """
    fst = connect(_checked(fst, delta))
    if fst.start == NO_STATE:
        return fst
    return _quotient(fst, _blocks(fst, fst.olabels, delta))[1]


def _checked(fst: Fst, delta: float) -> Fst:
    if not 0.0 < delta < float("inf"):
        raise OptionsError(f"minimize: delta is {delta}; give a cost above 0.")
    return fst


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The block of each state, how many there are, the class of each arc, and whether a state has each class once."""

    block_of: NDArray[np.int32]
    number: int
    classes: NDArray[np.int32]
    deterministic: bool


def _blocks(fst: Fst, outputs: NDArray[np.int32], delta: float) -> _Blocks:
    """Return which states of ``fst`` go on alike, where ``outputs`` (arcs,) is what the arcs write."""
    from .minimize_kernels import arc_classes, digest_blocks, is_deterministic, is_stable, refine

    arrays = fst.arrays
    pairs, triples = new_strings(fst.arcs + 1), new_strings(fst.arcs + 1)
    rounded = read_only(rounded_bits(arrays.weights, delta))
    classes = arc_classes(arrays.ilabels, read_only(outputs), rounded, pairs, triples)
    count = int(triples.used[0]) - 1
    del pairs, triples
    deterministic = bool(is_deterministic(arrays.arc_begin, classes, count))
    if not deterministic and fst.semiring == "log":
        raise FormatError(
            "minimize: a state has two arcs with equal labels and weights; determinize the machine first."
        )
    kinds, kind_of = np.unique(rounded_bits(arrays.final_weights, delta), return_inverse=True)
    block_of = kind_of.reshape(-1).astype(np.int32)
    number = len(kinds)
    if deterministic:
        links = (arrays.arc_begin, arrays.nextstates, classes)
        number, settled = digest_blocks(*links, block_of, number, ROUNDS)
        if settled and is_stable(*links, count, block_of, number):
            return _Blocks(block_of, int(number), classes, True)
    sources = read_only(fst.sources())
    number = refine(sources, arrays.nextstates, classes.copy(), count, block_of, int(number), deterministic)
    return _Blocks(block_of, int(number), classes, deterministic)


def rounded_bits(weights: NDArray[np.float32], delta: float) -> NDArray[np.int32]:
    """Return int32 codes, equal where weights round to the same multiple of ``delta``."""
    with np.errstate(over="ignore"):
        steps = np.floor(weights / np.float32(delta) + np.float32(0.5)) + np.float32(0.0)  # no minus zero
    return steps.astype(np.float32).view(np.int32)


def _first_of_equals(
    sources: NDArray[np.int32], classes: NDArray[np.int32], nextstates: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return the places of the arcs without those that repeat an earlier one."""
    order = np.lexsort((nextstates, classes, sources))
    fresh = np.zeros(len(order), dtype=bool)
    for column in (sources, classes, nextstates):
        fresh[1:] |= column[order[1:]] != column[order[:-1]]
    fresh[:1] = True
    return np.sort(order[fresh])


def _quotient(fst: Fst, found: _Blocks) -> tuple[NDArray[Any], Fst]:
    """Return the machine of one state a block, the first of it speaking for the rest, and the arcs that it keeps.

    The states keep the order of those that speak for them. Arcs that come to be equal become one.
    """
    blocks, block_of = found.number, found.block_of
    speaker = np.empty(blocks, dtype=np.int64)
    speaker[block_of[::-1]] = np.arange(fst.states - 1, -1, -1)
    order = np.sort(speaker)
    number = np.empty(fst.states, dtype=np.int32)
    number[order] = np.arange(blocks, dtype=np.int32)
    number = number[speaker[block_of]]
    lengths = np.diff(fst.arc_begin)[order]
    ends = np.cumsum(lengths)
    kept = np.repeat(fst.arc_begin[order] - (ends - lengths), lengths) + np.arange(int(ends[-1]))
    sources = np.repeat(np.arange(blocks, dtype=np.int32), lengths)
    nextstates = number[fst.nextstates[kept]]
    if not found.deterministic:
        single = _first_of_equals(sources, found.classes[kept], nextstates)
        kept, sources, nextstates = kept[single], sources[single], nextstates[single]
    begin = np.zeros(blocks + 1, dtype=np.int64)
    np.cumsum(np.bincount(sources, minlength=blocks), out=begin[1:])
    smaller = replace(
        fst,
        start=int(number[fst.start]),
        arc_begin=begin,
        ilabels=fst.ilabels[kept],
        olabels=fst.olabels[kept],
        weights=fst.weights[kept],
        nextstates=nextstates,
        final_weights=fst.final_weights[order],
    )
    return kept, smaller


def _with_total(fst: Fst, total: float) -> Fst:
    """Return ``fst`` with ``total`` on every path: at the start where no arc leads back there, else at the end."""
    if total == 0.0:
        return fst
    if np.any(fst.nextstates == fst.start):
        return replace(fst, final_weights=fst.final_weights + np.float32(total))
    return charged_at_start(fst, total)
