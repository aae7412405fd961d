"""Edit distance by its definition."""

from functools import cache


def distance(first, second):
    """Return the fewest substitutions, deletions and insertions that turn ``first`` into ``second``."""

    @cache
    def between(i, j):
        if i == 0 or j == 0:
            return i + j
        kept = between(i - 1, j - 1) + (first[i - 1] != second[j - 1])
        return min(kept, between(i - 1, j) + 1, between(i, j - 1) + 1)

    return between(len(first), len(second))
