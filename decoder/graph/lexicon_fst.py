"""L: the transducer from phones to words, a loop over all pronunciations, with optional silence between words.

The shape is that of Kaldi's make_lexicon_fst.py: a word's label and the cost of its pronunciation stand on its first
arc, a disambiguation symbol (see ``disambiguation``) on its last; with silence, every word ends in the loop state
directly or by way of a silence, as does the beginning. The loop state carries #0 from input to output, so that the
back-off arcs of a grammar pass through.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ...lm.pronunciation.lexicon import Pronunciation
from ..fst.symbols import SymbolTable
from ..fst.transducer import EPSILON, Fst
from .arc_columns import ArcColumns
from .disambiguation import disambiguate
from .phone_labels import PhoneLabels

BACKOFF = "#0"


@dataclass(frozen=True, slots=True)
class Filler:
    """A word that stands for any speech: one phone or more out of ``phones`` (all, where none are named).

    ``cost`` (nats) is paid for the word, ``phone_cost`` for each of its phones.
    """

    word: str = "[unk]"
    phones: tuple[str, ...] = ()
    cost: float = 0.0
    phone_cost: float = 0.0

    def __post_init__(self) -> None:
        for name in ("cost", "phone_cost"):
            if not math.isfinite(getattr(self, name)):
                raise OptionsError(f"filler: {name} is {getattr(self, name)}; give a finite number of nats.")


@dataclass(frozen=True, slots=True)
class LexiconOptions:
    """How L is made.

    silence: the phone that may stand before and after every word (None: nothing does), with ``silence_probability``;
    it is followed by a disambiguation symbol of its own. pronunciation_costs: whether a pronunciation costs -ln of its
    probability. mark_starts: whether a word's first phone has a label of its own. filler: a word for any other speech.
    """

    silence: str | None = None
    silence_probability: float = 0.5
    pronunciation_costs: bool = True
    mark_starts: bool = True
    filler: Filler | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.silence_probability < 1.0:
            raise OptionsError(f"lexicon: silence_probability is {self.silence_probability}; choose one in (0, 1).")


@dataclass(frozen=True, slots=True, eq=False)
class LexiconFst:
    """L and its labels: ``fst`` reads ``phones`` and writes ``words``.

    ``words`` numbers the words from 1 on; its last entry is #0. ``silence`` is the number of the silence phone, 0
    where there is none.
    """

    fst: Fst
    phones: PhoneLabels
    words: SymbolTable
    silence: int

    @property
    def backoff_label(self) -> int:
        """The label of #0 among the words."""
        return len(self.words) - 1


def compile_lexicon(
    entries: Iterable[Pronunciation],
    phones: Sequence[str],
    words: Sequence[str] | None = None,
    options: LexiconOptions | None = None,
) -> LexiconFst:
    """Compile pronunciations into L.

    ``phones`` are numbered from 1 on, and so are ``words``; entries of other words are left out. Where no words are
    given, they are those of the entries, in their order. Raises FormatError where a pronunciation has an unknown phone,
    OptionsError where no entry is left, a word stands twice, or an option names what is not there.
    """
    options = options or LexiconOptions()
    given = list(entries)
    filler = options.filler
    if words is None:
        words = list(dict.fromkeys(entry.word for entry in given))
        words += [filler.word] if filler and filler.word not in words else []
    symbols = _word_symbols(words)
    number = {name: label for label, name in symbols}
    given = [entry for entry in given if entry.word in number]
    if filler and any(entry.word == filler.word for entry in given):
        raise OptionsError(f"lexicon: the filler {filler.word!r} has pronunciations already; name another word.")
    if not given and not filler:
        raise OptionsError("lexicon: none of the words has a pronunciation.")
    ambiguities = np.array(disambiguate(entry.phones for entry in given), dtype=np.int64)
    if filler is not None:
        ambiguities = np.maximum(ambiguities, 1)  # every pronunciation can be the beginning of what the filler says
    last = int(ambiguities.max(initial=0))
    silence_symbol = last = last + 1 if options.silence is not None else last
    filler_symbol = last = last + 1 if filler is not None else last
    labels = PhoneLabels.of_phones(tuple(phones), last + 1, options.mark_starts)
    phone_number = {phone: index for index, phone in enumerate(phones, start=1)}
    arcs = ArcColumns()
    hub = _Hub.add(arcs, options, labels, phone_number, silence_symbol)
    states = _add_entries(arcs, hub, given, ambiguities, options, labels, phone_number, number)
    if filler is not None:
        if filler.word not in number:
            raise OptionsError(f"lexicon: the filler {filler.word!r} is none of the words; add it to them.")
        looped = [_phone(phone_number, phone, filler.word) for phone in filler.phones or _sounding(phones, options)]
        _add_filler(arcs, hub, filler, np.array(looped), labels, (number[filler.word], filler_symbol), states)
        states += 1
    arcs.add([hub.loop], labels.first_disambiguation, number[BACKOFF], 0.0, hub.loop)
    finals = np.full(states, np.inf)
    finals[hub.loop] = 0.0
    fst = arcs.build(0, finals, isymbols=labels.symbols, osymbols=symbols)
    return LexiconFst(fst, labels, symbols, phone_number.get(options.silence or "", 0))


@dataclass(frozen=True, slots=True)
class _Hub:
    """The states where words begin and end: words leave ``loop`` and enter ``exits``, each at its cost."""

    loop: int
    exits: tuple[tuple[int, float], ...]
    states: int

    @classmethod
    def add(
        cls,
        arcs: ArcColumns,
        options: LexiconOptions,
        labels: PhoneLabels,
        phone_number: dict[str, int],
        silence_symbol: int,
    ) -> "_Hub":
        if options.silence is None:
            return cls(loop=0, exits=((0, 0.0),), states=1)
        start, loop, silence, after = range(4)
        with_cost, without_cost = (-math.log(share) for share in _shares(options.silence_probability))
        arcs.add([start, start], EPSILON, EPSILON, [without_cost, with_cost], [loop, silence])
        heard = _phone(phone_number, options.silence, "silence")
        arcs.add([silence], heard, EPSILON, 0.0, [after])
        arcs.add([after], labels.first_disambiguation + silence_symbol, EPSILON, 0.0, [loop])
        return cls(loop=loop, exits=((loop, without_cost), (silence, with_cost)), states=4)


def _shares(probability: float) -> tuple[float, float]:
    return probability, 1.0 - probability


def _add_entries(
    arcs: ArcColumns,
    hub: _Hub,
    entries: list[Pronunciation],
    ambiguities: NDArray[np.int64],
    options: LexiconOptions,
    labels: PhoneLabels,
    phone_number: dict[str, int],
    number: dict[str, int],
) -> int:
    """Add a path for every entry; return the number of states then."""
    if not entries:
        return hub.states
    lengths = np.array([len(entry.phones) for entry in entries])
    sounds = np.array([_phone(phone_number, phone, entry.word) for entry in entries for phone in entry.phones])
    symbols = labels.first_disambiguation + ambiguities
    steps = lengths + (ambiguities > 0)
    begin = np.cumsum(steps) - steps
    entry = np.repeat(np.arange(len(entries)), steps)
    place = np.arange(int(steps.sum())) - begin[entry]
    first, final = place == 0, place == steps[entry] - 1
    ilabels = np.zeros(len(entry), dtype=np.int32)
    spoken = place < lengths[entry]
    ilabels[spoken], ilabels[~spoken] = sounds, symbols[ambiguities > 0]
    ilabels[first] = labels.initial(ilabels[first])
    words = np.array([number[entry.word] for entry in entries], dtype=np.int32)
    costs = np.array([-math.log(entry.probability) for entry in entries])
    inner = hub.states + begin[entry] - entry + place  # the state that a step leads to, where it is not the last one
    sources = np.where(first, hub.loop, inner - 1)
    olabels = np.where(first, words[entry], EPSILON)
    weights = np.where(first, costs[entry] if options.pronunciation_costs else 0.0, 0.0)
    arcs.add(sources[~final], ilabels[~final], olabels[~final], weights[~final], inner[~final])
    for target, cost in hub.exits:
        arcs.add(sources[final], ilabels[final], olabels[final], weights[final] + cost, target)
    return hub.states + int((steps - 1).sum())


def _add_filler(
    arcs: ArcColumns,
    hub: _Hub,
    filler: Filler,
    sounds: NDArray[np.int64],
    labels: PhoneLabels,
    word_and_symbol: tuple[int, int],
    state: int,
) -> None:
    word, symbol = word_and_symbol
    plain = sounds.astype(np.int32)
    many = np.zeros(len(plain), dtype=np.int64)
    arcs.add(many + hub.loop, labels.initial(plain), word, filler.cost + filler.phone_cost, state)
    arcs.add(many + state, plain, EPSILON, filler.phone_cost, state)
    for target, cost in hub.exits:
        arcs.add([state], labels.first_disambiguation + symbol, EPSILON, cost, target)


def _word_symbols(words: Sequence[str]) -> SymbolTable:
    repeated = [word for word in words if word in ("", "<eps>", BACKOFF)]
    if repeated or len(set(words)) != len(words):
        what = repr(repeated[0]) if repeated else "one word"
        raise OptionsError(f"lexicon: {what} cannot be among the words, or stands twice; list every word once.")
    return SymbolTable.of_words(["<eps>", *words, BACKOFF])


def _phone(numbers: dict[str, int], phone: str, user: str) -> int:
    if phone not in numbers:
        raise FormatError(f"lexicon: {user!r} has the unknown phone {phone}; use the model's phones.")
    return numbers[phone]


def _sounding(phones: Sequence[str], options: LexiconOptions) -> list[str]:
    return [phone for phone in phones if phone != options.silence]
