"""Tries of words against sets of their beginnings."""

import numpy as np
from harken.decoder.ctc.alphabet import codes_of
from harken.decoder.ctc.prefix_arrays import PREFIX_OF_WORD, WHOLE_WORD
from harken.decoder.ctc.word_trie import hot_trie, vocabulary_trie
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.lists(st.text("abcé語", min_size=1, max_size=6), max_size=12, unique=True).map(sorted)


def find(trie, text):
    """Return the node of ``text``, -1 where there is none, by looking at every child."""
    node = 0
    for code in codes_of(text).tolist():
        children = [child for child in range(trie.begin[node], trie.begin[node + 1]) if trie.code[child] == code]
        assert len(children) <= 1
        if not children:
            return -1
        node = children[0]
    return node


@given(WORDS, st.data())
def test_vocabulary(words, data):
    known = np.array(data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words))), np.bool_)
    trie = vocabulary_trie(words, np.arange(3, 3 + len(words), dtype=np.int32), known)
    prefixes = {word[:length] for word in words for length in range(len(word) + 1)} | {""}
    assert len(trie.flags) == len(prefixes)
    for prefix in prefixes:
        node = find(trie, prefix)
        assert trie.value[node] == (3 + words.index(prefix) if prefix in words else -1)
        chosen = [word for word, use in zip(words, known, strict=True) if use]
        assert bool(trie.flags[node] & PREFIX_OF_WORD) == any(word.startswith(prefix) for word in chosen)
        assert bool(trie.flags[node] & WHOLE_WORD) == (prefix in chosen)
        codes = trie.code[trie.begin[node] : trie.begin[node + 1]]
        assert (np.diff(codes) > 0).all()
    assert find(trie, "z") == -1


@given(WORDS.filter(bool))
def test_hot_words_know_the_shortest_word_below(words):
    trie = hot_trie(words)
    for prefix in {word[:length] for word in words for length in range(1, len(word) + 1)}:
        node = find(trie, prefix)
        assert trie.value[node] == min(len(word) for word in words if word.startswith(prefix))
        assert bool(trie.flags[node] & WHOLE_WORD) == (prefix in words)
