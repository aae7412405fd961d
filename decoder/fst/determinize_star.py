"""Removal of input epsilons and determinization in one step, as Kaldi's recipes for search graphs use it."""

from .determinize import MAX_BYTES
from .determinize_subsets import DELTA, Construction, construct
from .string_fst import spell_whole
from .transducer import Fst


def determinize_star(
    fst: Fst,
    use_log: bool = False,
    delta: float = DELTA,
    max_states: int | None = None,
    max_bytes: int = MAX_BYTES,
) -> Fst:
    """Return a machine equivalent to ``fst``, deterministic and without arcs that read epsilon, but for one thing.

    Where several output labels are certain at once, they are spelled over a chain of states: the first arc reads the
    input label, the others epsilon. Epsilon arcs of ``fst`` are followed within the subset construction, which makes
    this cheaper than ``rmepsilon`` and ``determinize`` one after the other, and always emits outputs as early as
    possible. ``use_log`` adds the probabilities of paths that become one, whatever the semiring of ``fst`` (log
    machines always do). Owed costs within ``delta`` count as equal. Facts: Kaldi's DeterminizeStar.

    Raises FormatError where ``fst`` is not functional or has a cycle of epsilons that gains cost, OptionsError above
    ``max_states`` or ``max_bytes``: a machine without the twins property has no finite equivalent.
    """
    log = use_log or fst.semiring == "log"
    way = Construction("determinize_star", log, True, True, delta, max_states, max_bytes)
    return spell_whole(construct(fst, way))
