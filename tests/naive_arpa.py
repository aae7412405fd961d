"""A slow twin of the ARPA reader: lines, split and put into dictionaries."""


def read(text):
    """Return for each order a dictionary from tuples of words to (log10 probability, back-off weight or None)."""
    lines = [line.split() for line in text.split("\n") if line.split()]
    at = lines.index(["\\data\\"]) + 1
    counts = []
    while lines[at][0] == "ngram":
        counts.append(int("".join(lines[at]).split("=")[1]))
        at += 1
    orders = []
    for order, count in enumerate(counts, 1):
        assert lines[at] == [f"\\{order}-grams:"]
        rows = lines[at + 1 : at + 1 + count]
        at += 1 + count
        table = {}
        for row in rows:
            assert len(row) in (order + 1, order + 2)
            gram = tuple("<unk>" if word == "<UNK>" else word for word in row[1 : order + 1])
            assert gram not in table
            table[gram] = (float(row[0]), float(row[-1]) if len(row) > order + 1 else None)
        orders.append(table)
    assert lines[at] == ["\\end\\"]
    return orders


def tables(orders):
    """Return the words by number, and for each order the sorted rows (ids, log10 probability, back-off weight)."""
    words = ["<unk>", "<s>", "</s>"] + [word for (word,) in orders[0] if word not in ("<unk>", "<s>", "</s>")]
    number = {word: place for place, word in enumerate(words)}
    orders[0].setdefault(("<unk>",), (-100.0, None))
    return words, [
        sorted((tuple(number[word] for word in gram), prob, backoff or 0.0) for gram, (prob, backoff) in table.items())
        for table in orders
    ]
