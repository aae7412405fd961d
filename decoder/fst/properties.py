"""The properties that OpenFst keeps in a file's header: 16 facts of two bits each (yes, no; neither: unknown)."""

import numpy as np

from .connect import accessible, coaccessible
from .topsort import strongly_connected
from .transducer import NO_STATE, Fst

PROPERTIES = (
    "acceptor",
    "input deterministic",
    "output deterministic",
    "input/output epsilons",
    "input epsilons",
    "output epsilons",
    "input label sorted",
    "output label sorted",
    "weighted",
    "cyclic",
    "cyclic at initial state",
    "top sorted",
    "accessible",
    "coaccessible",
    "string",
    "weighted cycles",
)
"""What ``fstinfo`` calls the properties, in the order of their bits, from bit 16 on."""

EXPANDED, MUTABLE = 1, 2


def local_properties(fst: Fst) -> dict[str, bool]:
    """Return the properties that show without following any path, by the name that ``fstinfo`` gives them."""
    ilabels, olabels = np.ascontiguousarray(fst.ilabels), np.ascontiguousarray(fst.olabels)
    sources = fst.sources()
    same_state = sources[1:] == sources[:-1]
    trivial = (fst.weights == 0) | np.isinf(fst.weights)
    final = fst.final_weights < np.inf
    found = {
        "acceptor": np.array_equal(ilabels, olabels),
        "input/output epsilons": bool(np.any((ilabels == 0) & (olabels == 0))),
        "input epsilons": bool(np.any(ilabels == 0)),
        "output epsilons": bool(np.any(olabels == 0)),
        "weighted": bool(np.any(~trivial) or np.any(fst.final_weights[final] != 0)),
        "top sorted": bool(np.all(fst.nextstates > sources)),
        "string": bool(
            fst.start in (0, NO_STATE)
            and np.all(fst.nextstates == sources + 1)
            and np.all(np.diff(fst.arc_begin)[~final] == 1)
            and not np.any(final[:-1])
        ),
    }
    for side, labels in (("input", ilabels), ("output", olabels)):
        found[f"{side} label sorted"] = not np.any((labels[1:] < labels[:-1]) & same_state)
        if not found[f"{side} label sorted"]:
            keys = np.sort(sources.astype(np.int64) << 31 | labels)
            found[f"{side} deterministic"] = not np.any(keys[1:] == keys[:-1])
        else:
            found[f"{side} deterministic"] = not np.any((labels[1:] == labels[:-1]) & same_state)
    if found["top sorted"]:
        found |= {"cyclic": False, "cyclic at initial state": False, "weighted cycles": False}
    return found


def all_properties(fst: Fst) -> dict[str, bool]:
    """Return every property, by the name that ``fstinfo`` gives it, in the order of their bits."""
    found = local_properties(fst)
    arrays = fst.arrays
    if "cyclic" not in found:
        sources = fst.sources()
        component, _ = strongly_connected(fst)
        inside = component[sources] == component[arrays.nextstates]
        at_start = inside & (component[sources] == component[max(fst.start, 0)])
        weighted = (arrays.weights != 0) & np.isfinite(arrays.weights)
        found |= {
            "cyclic": bool(inside.any()),
            "cyclic at initial state": bool(fst.start != NO_STATE and at_start.any()),
            "weighted cycles": bool(np.any(inside & weighted)),
        }
    reached = accessible(arrays, fst.start) if fst.start != NO_STATE else np.zeros(fst.states, dtype=bool)
    found |= {"accessible": bool(reached.all()), "coaccessible": bool(coaccessible(arrays).all())}
    return {name: found[name] for name in PROPERTIES}


def property_bits(found: dict[str, bool]) -> int:
    """Return the properties ``found`` as OpenFst's bits; those that are not named stay unknown."""
    bits = 0
    for place, name in enumerate(PROPERTIES):
        if name in found:
            bits |= (1 if found[name] else 2) << (16 + 2 * place)
    return bits
