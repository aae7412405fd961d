"""A slow writer of KenLM's trie files, bit by bit, to test the reader with files of any shape."""

import struct

HEADER = b"mmap lm http://kheafield.com/code format version 5\n".ljust(56, b"\0")


def required_bits(most):
    return len(f"{most:b}") if most else 0


class Bits:
    def __init__(self):
        self.bits = []

    def add(self, value, count):
        assert 0 <= value < 1 << count
        self.bits += [value >> place & 1 for place in range(count)]

    def bytes(self, size):
        padded = self.bits + [0] * (8 * size - len(self.bits))
        return bytes(sum(padded[8 * at + place] << place for place in range(8)) for at in range(size))


def nearest(bins, value):
    return min(range(len(bins)), key=lambda code: abs(bins[code] - value))


def floats(value):
    return struct.unpack("<I", struct.pack("<f", value))[0]


def write_trie(words, grams, bins=None, chop=None):
    """Return the file's bytes.

    ``words`` begin with <unk>; ``grams`` holds, for every order, a dictionary from tuples of word numbers to
    (log10 probability, log10 back-off), every suffix of an n-gram among them. ``bins``: for every order above 1 a pair
    of lists of values, each a power of 2 long. ``chop``: the most bits to cut off pointers.
    """
    order = len(grams)
    counts = [len(table) for table in grams]
    kind = 2 + (1 if bins else 0) + (2 if chop is not None else 0)
    out = bytearray(HEADER)
    out += struct.pack("<fffIIIQ", 0.0, 1.0, -0.5, 1, 2**32 - 1, 0, 1)
    out += struct.pack("<BxxxfIBxxxI", order, 1.5, kind, 1, 1)
    out += struct.pack(f"<{order}Q", *counts)
    out += bytes(-len(out) % 8)
    out += struct.pack("<Q", len(words) - 1) + bytes(8 * len(words))
    if bins:
        prob_bits, backoff_bits = (required_bits(len(bins[0][kind]) - 1) for kind in (0, 1))
        out += struct.pack("<BBBxxxxx", 2, prob_bits, backoff_bits)
        for n in range(2, order + 1):
            for values in bins[n - 2][: 1 if n == order else 2]:
                out += struct.pack(f"<{len(values)}f", *values)
    # The nodes of every order stand by their words from the last to the first.
    rows = [sorted(table, key=lambda gram: gram[::-1]) for table in grams]
    first_child = []
    for n in range(1, order):
        suffixes = [gram[1:] for gram in rows[n]]
        pointers = [sum(suffix[::-1] < gram[::-1] for suffix in suffixes) for gram in rows[n - 1]]
        first_child.append([*pointers, len(suffixes)])
    for row, gram in enumerate(rows[0]):
        out += struct.pack("<ffQ", *grams[0][gram], first_child[0][row])
    out += struct.pack("<ffQ", 0, 0, len(rows[1])) + bytes(16)
    word_bits = required_bits(len(words))
    for n in range(2, order + 1):
        count, highest = counts[n - 1], n == order
        pointer_bits = 0 if highest else required_bits(counts[n])
        if chop is not None and not highest:
            cost = {
                cut: (counts[n] >> (pointer_bits - cut)) * 64 - (count + 1) * cut
                for cut in range(min(pointer_bits, chop) + 1)
            }
            cut = min(cost, key=lambda cut: (cost[cut], cut))
            pointer_bits -= cut
            steps = [0] * ((counts[n] >> pointer_bits) + 1)
            for high in range(1, len(steps)):
                steps[high] = next(at for at, to in enumerate(first_child[n - 1]) if to >> pointer_bits >= high)
            out += _array(len(out), chop, steps)
        value_bits = 31 if highest else 63
        if bins:
            value_bits = sum(required_bits(len(values) - 1) for values in bins[n - 2][: 1 if highest else 2])
        width = word_bits + value_bits + pointer_bits
        packed = Bits()
        for row in range(count + (not highest)):
            if row < count:
                gram = rows[n - 1][row]
                prob, backoff = grams[n - 1][gram]
                packed.add(gram[0], word_bits)
                if bins:
                    if not highest:
                        packed.add(nearest(bins[n - 2][1], backoff), required_bits(len(bins[n - 2][1]) - 1))
                    packed.add(nearest(bins[n - 2][0], prob), required_bits(len(bins[n - 2][0]) - 1))
                else:
                    packed.add(floats(prob) & 0x7FFFFFFF, 31)
                    if not highest:
                        packed.add(floats(backoff), 32)
            else:
                packed.add(0, width - pointer_bits)
            if not highest:
                packed.add(first_child[n - 1][row] & ((1 << pointer_bits) - 1), pointer_bits)
        out += packed.bytes(((1 + count) * width + 7) // 8 + 8)
    return bytes(out) + b"".join(word.encode() + b"\0" for word in words)


def _array(at, chop, steps):
    """The table of cut-off pointer bits, as it stands from byte ``at`` on: aligned to eight bytes inside its room."""
    room = bytearray(8 * (1 + len(steps)) + 7)
    room[0:2] = bytes([0, chop])
    begin = -at % 8 + 8
    room[begin : begin + 8 * len(steps)] = struct.pack(f"<{len(steps)}Q", *steps)
    return room
