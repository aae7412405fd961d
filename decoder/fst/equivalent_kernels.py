"""The joint walk over two deterministic acceptors, compiled: union-find over states with a difference of costs each.

After Hopcroft and Karp (Aho, Hopcroft and Ullman, The Design and Analysis of Computer Programs, 4.8); carrying the cost
difference along makes it decide weighted equivalence without pushing weights first.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from .transducer import FstArrays


@inner_kernel
def find(parent: NDArray[np.int32], above: NDArray[np.float64], state: int) -> int:
    """Return the representative of ``state``; ``above[state]`` becomes what ``state`` costs more than it."""
    root = state
    cost = 0.0
    while parent[root] != root:
        cost += above[root]
        root = parent[root]
    while parent[state] != root and state != root:
        following, rest = parent[state], cost - above[state]
        parent[state], above[state] = root, cost
        state, cost = following, rest
    return root


@kernel
def acceptors_differ(a: FstArrays, b: FstArrays, start_a: int, start_b: int, delta: float) -> bool:
    """Return whether some string costs more than ``delta`` more or less in ``b`` than in ``a``, or only one accepts it.

    Both are trimmed, their arcs sorted by label, no two of a state alike. States of ``b`` count on from those of ``a``.
    """
    offset = len(a.final_weights)
    total = offset + len(b.final_weights)
    parent = np.arange(total).astype(np.int32)
    size = np.ones(total, dtype=np.int32)
    above = np.zeros(total, dtype=np.float64)
    # What is still to compare: a state of a, one of b, and what every continuation costs more in the first.
    first, second = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32)
    more = np.empty(total, dtype=np.float64)
    first[0], second[0], more[0] = start_a, start_b, 0.0
    parent[start_b + offset], above[start_b + offset] = start_a, 0.0
    size[start_a] += 1
    count = 1
    while count > 0:
        count -= 1
        p, q, difference = first[count], second[count], more[count]
        ends_p, ends_q = a.final_weights[p], b.final_weights[q]
        if (ends_p < np.inf) != (ends_q < np.inf):
            return True
        if ends_p < np.inf and abs(ends_p - ends_q - difference) > delta:
            return True
        if a.arc_begin[p + 1] - a.arc_begin[p] != b.arc_begin[q + 1] - b.arc_begin[q]:
            return True
        shift = b.arc_begin[q] - a.arc_begin[p]
        for arc in range(a.arc_begin[p], a.arc_begin[p + 1]):
            if a.ilabels[arc] != b.ilabels[arc + shift]:
                return True
            left, right = a.nextstates[arc], b.nextstates[arc + shift]
            rest = difference + b.weights[arc + shift] - a.weights[arc]
            root_left, root_right = find(parent, above, left), find(parent, above, right + offset)
            apart = rest + above[right + offset] - above[left]  # that of a root is 0
            if root_left == root_right:
                if abs(apart) > delta:
                    return True
                continue
            if size[root_left] < size[root_right]:
                root_left, root_right, apart = root_right, root_left, -apart
            # Left costs `rest` more than right, so its root costs `apart` more than the other root.
            parent[root_right], above[root_right] = root_left, -apart
            size[root_left] += size[root_right]
            first[count], second[count], more[count] = left, right, rest
            count += 1
    return False
