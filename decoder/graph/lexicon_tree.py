"""Lexicon and n-gram model in one transducer from phones to words: a pronunciation tree behind every history.

The words listed after a history form the prefix tree of their pronunciations. A word's label stands on the first arc
from which no other word of that tree can be reached, and every arc costs what its cheapest continuation adds
(look-ahead in the tropical sense), so that a search knows words and costs as early as they can be known. The last phone
of a word leads to the history of its context: homophones and words that begin other words are arcs beside each other,
no disambiguation is needed, and every arc but the back-off arcs reads a phone. Equal subtrees are one state.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ...lm.pronunciation.lexicon import Lexicon
from ..fst.transducer import Fst
from .ngram_states import NEVER, NgramStates


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """Pronunciations as flat arrays, sorted by their labels; ``words`` are output labels, ``costs`` are in quanta.

    Pronunciation ``k`` reads ``labels[begin[k]:begin[k + 1]]``. The rows of ``words``, ``pronunciations`` and ``costs``
    pair words with pronunciations, sorted by both.
    """

    begin: NDArray[np.int64]
    labels: NDArray[np.int32]
    words: NDArray[np.int32]
    pronunciations: NDArray[np.int32]
    costs: NDArray[np.int32]

    @classmethod
    def from_lexicon(
        cls, lexicon: Lexicon, words: Mapping[str, int], label_of_phone: Mapping[str, int], quantum: float
    ) -> "Sounds":
        """Collect the pronunciations of ``words`` (word to output label); a repeated one counts once, at its best.

        Raises FormatError where a pronunciation has an unknown phone.
        """
        best: dict[tuple[int, tuple[int, ...]], float] = {}
        for entry in lexicon.entries:
            if entry.word not in words:
                continue
            unknown = [phone for phone in entry.phones if phone not in label_of_phone]
            if unknown:
                raise FormatError(f"lexicon: {entry.word!r} has the unknown phone {unknown[0]}; use the model's units.")
            key = words[entry.word], tuple(label_of_phone[phone] for phone in entry.phones)
            best[key] = max(best.get(key, 0.0), entry.probability)
        distinct = sorted({labels for _, labels in best})
        rank = {labels: index for index, labels in enumerate(distinct)}
        rows = sorted((word, rank[labels], probability) for (word, labels), probability in best.items())
        begin = np.zeros(len(distinct) + 1, dtype=np.int64)
        np.cumsum([len(labels) for labels in distinct], out=begin[1:])
        return cls(
            begin=begin,
            labels=np.array([label for labels in distinct for label in labels], dtype=np.int32),
            words=np.array([word for word, _, _ in rows], dtype=np.int32),
            pronunciations=np.array([pronunciation for _, pronunciation, _ in rows], dtype=np.int32),
            costs=np.rint([-np.log(probability) / quantum for _, _, probability in rows]).astype(np.int32),
        )


def grow_trees(
    histories: NgramStates,
    sounds: Sounds,
    olabel_of_word: NDArray[np.int32],
    initial: NDArray[np.int32],
    quantum: float,
) -> Fst:
    """Return the transducer of all histories' trees; its first states are the histories, in their order.

    ``olabel_of_word`` maps the n-gram model's word ids to the output labels of ``sounds``; ``initial`` (by label) maps
    the labels of ``sounds`` to those that start a word. Costs come out as float32 nats, exact multiples of ``quantum``.
    """
    from .lexicon_tree_kernels import Arcs, Forest, Shared, grow

    # One entry for each listed n-gram and pronunciation of its word, sorted by history and pronunciation.
    olabels = olabel_of_word[histories.words]
    first = np.searchsorted(sounds.words, olabels, side="left")
    count = np.searchsorted(sounds.words, olabels, side="right") - first
    if len(count) and count.min() == 0:
        raise OptionsError("lexicon: a word of the histories has no pronunciation; list only words that have one.")
    listed = np.repeat(np.arange(len(olabels)), count)
    row = first[listed] + np.arange(len(listed)) - np.repeat(np.cumsum(count) - count, count)
    history = np.repeat(np.arange(histories.states), np.diff(histories.begin))[listed]
    pronunciation = sounds.pronunciations[row]
    order = np.argsort(history * (len(sounds.begin) - 1) + pronunciation, kind="stable")
    listed, row, pronunciation = listed[order], row[order], pronunciation[order]
    tree_begin = np.zeros(histories.states + 1, dtype=np.int64)
    np.cumsum(np.bincount(history, minlength=histories.states), out=tree_begin[1:])

    def room_for(arcs: int) -> Arcs:
        return Arcs(*(np.zeros(arcs, dtype=np.int32) for _ in Arcs._fields))

    lengths = np.diff(sounds.begin)
    longest = int(lengths.max(initial=1))
    most_nodes = int((lengths[pronunciation] - 1).sum())  # a tree has fewer inner nodes than its entries have phones
    if histories.states + most_nodes >= 2**31:
        raise OptionsError(f"n-gram model: {len(olabels)} n-grams are too many for one graph; prune it.")
    shared = Shared(
        first=histories.states,
        arcs=room_for(most_nodes + len(listed)),
        begin=np.zeros(most_nodes + 1, dtype=np.int64),
        table=np.full(1 << (2 * most_nodes + 1).bit_length(), -1, dtype=np.int32),
        roots=room_for(len(listed)),
        counts=np.zeros(3, dtype=np.int64),
    )
    grow(
        Forest(
            begin=tree_begin,
            pronunciations=pronunciation,
            words=olabels[listed].astype(np.int32),
            costs=histories.costs[listed] + sounds.costs[row],
            targets=histories.targets[listed],
            sound_begin=sounds.begin,
            sounds=sounds.labels,
        ),
        room_for(int(np.diff(tree_begin).max(initial=0)) + longest + 1),
        np.zeros(longest + 1, dtype=np.int64),
        shared,
    )
    node_count, arc_count, root_arcs = (int(number) for number in shared.counts)
    backing = np.flatnonzero((histories.backoff_targets >= 0) & (histories.backoff_costs < NEVER)).astype(np.int32)
    zeros = np.zeros_like(backing)
    finals = np.full(histories.states + node_count, np.inf)
    ending = histories.final_costs < NEVER
    finals[: histories.states][ending] = histories.final_costs[ending] * quantum
    parts = (
        Arcs(*(column[:arc_count] for column in shared.arcs)),
        Arcs(*(column[:root_arcs] for column in shared.roots))._replace(
            ilabels=initial[shared.roots.ilabels[:root_arcs]]
        ),
        Arcs(backing, zeros, zeros, histories.backoff_costs[backing], histories.backoff_targets[backing]),
    )
    sources, ilabels, labels, costs, targets = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    trees = Fst.from_arcs(histories.start, sources, ilabels, labels, costs * quantum, targets, finals)
    return trees.in_search_order()
