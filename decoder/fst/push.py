"""Pushing weights and output labels along the paths of a machine, towards its start or its end."""

from ...errors import OptionsError
from .push_labels import prefixes_pushed, suffixes_pushed
from .push_weights import weights_pushed_to_final, weights_pushed_to_initial
from .string_fst import spell_delayed
from .transducer import NO_STATE, Fst


def push(
    fst: Fst,
    weights: bool = True,
    labels: bool = False,
    to: str = "initial",
    remove_total_weight: bool = False,
    remove_common_affix: bool = False,
) -> Fst:
    """Return a machine equivalent to ``fst`` in which weights, output labels or both come earlier, or later.

    Weights pushed ``to="initial"`` let the arcs and the final weight of each state sum to 0 in the semiring; what the
    whole costs stands on the arcs of the start state, or where a cycle leads through that, on an epsilon arc before
    it. Pushed ``to="final"``, the arcs into a state sum to 0 and the rest stands on the final weights.
    ``remove_total_weight`` drops that rest. Labels pushed to the start are written as soon as all paths agree on them,
    to the end as late as possible; an arc that would write several owes the others to the next ones, in states of
    their own. ``remove_common_affix`` drops what all paths begin (end) with.

    Raises OptionsError for another ``to``, and FormatError where a cycle gains cost, so that no distance exists.
    """
    if to not in ("initial", "final"):
        raise OptionsError(f"push: to is {to!r}; give 'initial' or 'final'.")
    if fst.start == NO_STATE:
        return fst
    if weights:
        pushing = weights_pushed_to_initial if to == "initial" else weights_pushed_to_final
        fst = pushing(fst, remove_total_weight)
    if labels:
        affixes = prefixes_pushed if to == "initial" else suffixes_pushed
        fst = spell_delayed(affixes(fst, remove_common_affix))
    return fst
