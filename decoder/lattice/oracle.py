"""The path of a lattice that comes closest to what was really said: how good a rescoring could get."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import OptionsError, SearchError
from .lattice import Lattice
from .path import LatticePath, path_of

MOST_CELLS = 10**8
"""States times words that are compared at once, at most: 16 bytes each."""


@dataclass(frozen=True, slots=True, eq=False)
class Oracle:
    """The path with the fewest errors (of these, the one with the least cost), and its errors by kind."""

    path: LatticePath
    substitutions: int
    insertions: int
    deletions: int
    reference_words: int

    @property
    def errors(self) -> int:
        """All errors together."""
        return self.substitutions + self.insertions + self.deletions

    @property
    def wer(self) -> float:
        """Errors for each word of the reference (of an empty one: how many errors there are)."""
        return self.errors / max(self.reference_words, 1)


def oracle(lattice: Lattice, reference: Sequence[str]) -> Oracle:
    """Return the path of ``lattice`` with the least edit distance to the words ``reference``; exact.

    Words that the lattice's table lacks match nothing. Raises SearchError where the lattice has no path,
    OptionsError where states times words are more than ``MOST_CELLS``.
    """
    from .oracle_kernels import edit_distances

    if lattice.states == 0:
        raise SearchError("oracle: the lattice has no path.")
    ids = {lattice.words_table[word]: word for word in np.unique(lattice.words[lattice.words != 0]).tolist()}
    wanted = np.array([ids.get(word, -1) for word in reference], np.int32)
    if lattice.states * (len(wanted) + 1) > MOST_CELLS:
        raise OptionsError(
            f"oracle: {lattice.states} states beside {len(wanted)} words are too many at once; "
            "determinize the lattice, or cut it at pauses."
        )
    arrays = lattice.arrays
    errors, costs, came = edit_distances(arrays, wanted)
    whole = np.where(np.isfinite(arrays.final_totals), costs[:, -1] + arrays.final_totals, np.inf)
    if not whole.min() < np.inf:
        raise SearchError("oracle: no path of the lattice leads to an end; trim it.")
    state = int(np.lexsort((whole, np.where(whole < np.inf, errors[:, -1], np.iinfo(np.int32).max)))[0])
    sources = lattice.sources()
    place, arcs, kinds = len(wanted), [], {"substitutions": 0, "insertions": 0, "deletions": 0}
    while state or place:
        step = int(came[state, place])
        if step < 0:
            kinds["deletions"] += 1
            place -= 1
            continue
        arc, ahead = step // 2, step % 2
        if ahead:
            kinds["substitutions"] += int(wanted[place - 1] != lattice.words[arc])
        elif lattice.words[arc]:
            kinds["insertions"] += 1
        arcs.append(arc)
        state, place = int(sources[arc]), place - ahead
    return Oracle(path_of(lattice, np.array(arcs[::-1], np.int64)), **kinds, reference_words=len(wanted))
