"""Transducers printed as text, field by field."""

import math


def naive_text(fst, isymbols=None, osymbols=None, ssymbols=None, acceptor=False, always=False, missing=None):
    def name(label, table):
        if table is None:
            return str(label)
        return table.names[label] if missing is None else table.names.get(label, missing)

    def with_cost(fields, cost):
        if cost or always:
            fields = [*fields, "Infinity" if cost == math.inf else f"{cost:.9g}"]
        return "\t".join(fields) + "\n"

    if fst.start < 0:
        return ""
    acceptor = acceptor and fst.ilabels.tolist() == fst.olabels.tolist()
    lines = []
    for state in [fst.start] + [other for other in range(fst.states) if other != fst.start]:
        here = name(state, ssymbols)
        begin, end = fst.arc_begin[state : state + 2].tolist()
        for arc in range(begin, end):
            fields = [here, name(int(fst.nextstates[arc]), ssymbols), name(int(fst.ilabels[arc]), isymbols)]
            if not acceptor:
                fields.append(name(int(fst.olabels[arc]), osymbols))
            lines.append(with_cost(fields, float(fst.weights[arc])))
        final = float(fst.final_weights[state])
        if final < math.inf or begin == end:
            lines.append(with_cost([here], final))
    return "".join(lines)
