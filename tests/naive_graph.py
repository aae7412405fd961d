"""Slow twins of the search graph: every label path, every pronunciation, every n-gram path, told in plain loops."""

import itertools
import math


def collapse(labels):
    """Return the phones that a CTC label path stands for: repeats merged, then blanks (0) dropped."""
    merged = [label for label, _ in itertools.groupby(labels)]
    return tuple(label for label in merged if label)


def acoustic_costs(scores):
    """Return the least cost of every phone sequence over all label paths through ``scores`` (frames, units)."""
    best = {}
    for labels in itertools.product(range(scores.shape[1]), repeat=scores.shape[0]):
        cost = -sum(float(scores[frame, label]) for frame, label in enumerate(labels))
        phones = collapse(labels)
        best[phones] = min(best.get(phones, math.inf), cost)
    return best


def ngram_table(arpa):
    """Return {n-gram as word ids: (cost, back-off cost)} in nats."""
    table = {}
    for order in arpa.tables:
        for ids, prob, backoff in zip(order.ids, order.log10_prob, order.log10_backoff, strict=True):
            cost = math.inf if prob <= -90 else -float(prob) * math.log(10)
            table[tuple(int(word) for word in ids)] = (cost, -float(backoff) * math.log(10))
    return table


def sentence_cost(arpa, words):
    """Return the least cost of ``words`` (ids) as a whole sentence, its end included, as a static graph gives it.

    Backing off is free to choose even where the longer n-gram is listed; a word said after backing off remembers no
    more than the context that was left.
    """
    table, order = ngram_table(arpa), len(arpa.tables)
    contexts = {(1,): 0.0}
    for word in (*words, 2):
        fresh = {}
        for context, cost in contexts.items():
            for dropped in range(len(context) + 1):
                left = context[dropped:]
                if (*left, word) in table:
                    after = (*left, word)[-(order - 1) :] if order > 1 else ()
                    fresh[after] = min(fresh.get(after, math.inf), cost + table[(*left, word)][0])
                cost += table[left][1] if left in table else 0.0
        contexts = fresh
    return min(contexts.values())


def best_costs(lexicon, arpa, units, scores, longest):
    """Return {words: least total cost} for every sequence of at most ``longest`` words that the scores allow."""
    acoustic = acoustic_costs(scores)
    vocabulary = [word for word in arpa.words[3:] if word in lexicon]
    found = {}
    for count in range(longest + 1):
        for words in itertools.product(vocabulary, repeat=count):
            graph_cost = sentence_cost(arpa, [arpa.words.index(word) for word in words])
            for said in itertools.product(*(lexicon[word] for word in words)):
                phones = tuple(units.index(phone) for entry in said for phone in entry.phones)
                cost = acoustic.get(phones, math.inf) + graph_cost - sum(math.log(entry.probability) for entry in said)
                if cost < found.get(words, math.inf):
                    found[words] = cost
    return found


def closure(graph, tokens):
    """Follow epsilon arcs from ``tokens``, {(state, words, word starts): cost}, until no cost falls."""
    fst = graph.fst
    todo = list(tokens)
    while todo:
        key = todo.pop()
        state, words, starts = key
        for arc in range(fst.epsilon_begin[state], fst.arc_begin[state + 1]):
            spoken = (int(fst.olabels[arc]),) if fst.olabels[arc] else ()
            target = (int(fst.nextstates[arc]), words + spoken, starts)
            cost = tokens[key] + float(fst.weights[arc])
            if cost < tokens.get(target, math.inf):
                tokens[target] = cost
                todo.append(target)
    return tokens


def search(graph, scores, in_order=True):
    """Return {words: least total cost} over all paths of ``graph``, by keeping every token; check the label order.

    Asserts that a path has as many words as labels that start one; with ``in_order`` also that its k-th output label
    comes between its k-th and its (k+1)-th label that starts a word.
    """
    fst = graph.fst
    tokens = closure(graph, {(fst.start, (), 0): 0.0})
    for row in scores:
        fresh = {}
        for (state, words, starts), cost in tokens.items():
            for arc in range(fst.arc_begin[state], fst.epsilon_begin[state]):
                label = int(fst.ilabels[arc])
                begun = starts + bool(graph.label_starts_word[label])
                said = words + ((int(fst.olabels[arc]),) if fst.olabels[arc] else ())
                assert not in_order or begun == starts or len(words) == starts
                assert not in_order or begun - 1 <= len(said) <= begun
                key = (int(fst.nextstates[arc]), said, begun)
                total = cost + float(fst.weights[arc]) - float(row[graph.score_column[label]])
                if total < fresh.get(key, math.inf):
                    fresh[key] = total
        tokens = closure(graph, fresh)
    found = {}
    for (state, words, starts), cost in tokens.items():
        total = cost + float(fst.final_weights[state])
        if math.isfinite(total):
            assert len(words) == starts
            names = tuple(graph.words[word] for word in words)
            found[names] = min(found.get(names, math.inf), total)
    return found
