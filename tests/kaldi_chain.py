"""The way of Kaldi from lexicon and n-gram model to one transducer, by kaldifst: L o G, determinised, minimised."""

import math
from collections import Counter


def grammar(kaldifst, arpa, word_label, backoff_label):
    """Return G: a state a listed history, back-off arcs that read ``backoff_label``."""
    table = {}
    for order in arpa.tables:
        for ids, prob, backoff in zip(order.ids.tolist(), order.log10_prob, order.log10_backoff, strict=True):
            table[tuple(ids)] = (-float(prob) * math.log(10), -float(backoff) * math.log(10))
    histories = {(), (1,)} | {gram[:-1] for gram in table}
    number = {history: state for state, history in enumerate(sorted(histories, key=lambda h: (len(h), h)))}
    fst = kaldifst.StdVectorFst()
    for _ in number:
        fst.add_state()
    fst.start = number[(1,)]
    order = len(arpa.tables)

    def nearest(context):
        cost = 0.0
        while context not in number:
            cost += table.get(context, (0.0, 0.0))[1]
            context = context[1:]
        return number[context], cost

    for gram, (cost, _) in table.items():
        source = number[gram[:-1]]
        if gram[-1] == 2:
            fst.set_final(source, cost)
        elif word_label.get(gram[-1]):
            target, more = nearest(gram[-(order - 1) :] if order > 1 else ())
            label = word_label[gram[-1]]
            fst.add_arc(source, kaldifst.StdArc(label, label, cost + more, target))
    for history, source in number.items():
        if history:
            target, more = nearest(history[1:])
            cost = table.get(history, (0.0, 0.0))[1] + more
            fst.add_arc(source, kaldifst.StdArc(backoff_label, 0, cost, target))
    return fst


def lexicon_transducer(kaldifst, lexicon, olabels, phone_label, first_disambiguation, backoff_labels):
    """Return L: a loop over all pronunciations, those that equal or begin another told apart by a last symbol."""
    entries = [entry for entry in lexicon if entry.word in olabels]
    equal = Counter(entry.phones for entry in entries)
    begins = {entry.phones[:length] for entry in entries for length in range(1, len(entry.phones))}
    used = Counter()
    fst = kaldifst.StdVectorFst()
    loop = fst.add_state()
    fst.start = loop
    fst.set_final(loop, 0.0)
    for entry in entries:
        labels = [phone_label[phone] for phone in entry.phones]
        if equal[entry.phones] > 1 or entry.phones in begins:
            labels.append(first_disambiguation + used[entry.phones])
            used[entry.phones] += 1
        state = loop
        for position, label in enumerate(labels):
            target = loop if position == len(labels) - 1 else fst.add_state()
            first = position == 0
            cost = -math.log(entry.probability) if first else 0.0
            fst.add_arc(state, kaldifst.StdArc(label, olabels[entry.word] if first else 0, cost, target))
            state = target
    fst.add_arc(loop, kaldifst.StdArc(backoff_labels[0], backoff_labels[1], 0.0, loop))
    return fst


def chain(kaldifst, lexicon, arpa, units):
    """Return the minimised L o G, its disambiguation symbols turned into epsilon, as (states, arcs)."""
    olabels = {word: label for label, word in enumerate((word for word in arpa.words if word in lexicon), start=1)}
    word_label = {index: olabels[word] for index, word in enumerate(arpa.words) if word in olabels}
    phone_label = {unit: label for label, unit in enumerate(units) if label}
    backoff = (len(units), len(olabels) + 1)
    g = grammar(kaldifst, arpa, word_label, backoff[1])
    ell = lexicon_transducer(kaldifst, lexicon, olabels, phone_label, len(units) + 1, backoff)
    kaldifst.arcsort(ell, sort_type="olabel")
    kaldifst.arcsort(g, sort_type="ilabel")
    lg = kaldifst.StdVectorFst(kaldifst.compose(ell, g))
    kaldifst.determinize_star(lg, use_log=False)
    kaldifst.minimize_encoded(lg)
    states = lg.num_states
    return states, sum(lg.num_arcs(state) for state in range(states))
