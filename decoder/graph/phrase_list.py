"""Grammars from lists: of phrases one of which is said, or of words and phrases said in any order.

The second is what Vosk's recognisers take: a JSON list such as ``["turn on", "turn off", "[unk]"]``, in which ``[unk]``
stands for any other speech.
"""

import json
from collections.abc import Iterable

from ...errors import FormatError, OptionsError
from .grammar_expression import Choice, Expression, Grammar, Repetition, Sequence, Word

UNKNOWN_SPEECH = "[unk]"


def phrase_grammar(phrases: Iterable[str], weights: Iterable[float] | None = None, name: str = "phrases") -> Grammar:
    """Return the grammar of one of ``phrases`` (words separated by white space), with their weights where given.

    Phrases that stand there twice share what they weigh together. Raises OptionsError where there is none, one has no
    words, or a weight is negative or not finite, or missing.
    """
    spoken = [tuple(phrase.split()) for phrase in phrases]
    weighed = [1.0] * len(spoken) if weights is None else [float(weight) for weight in weights]
    if not spoken or not all(spoken):
        raise OptionsError(f"{name}: a phrase has no words, or there are no phrases at all.")
    if len(weighed) != len(spoken) or not all(0.0 <= weight < 1e30 for weight in weighed) or not sum(weighed) > 0.0:
        raise OptionsError(f"{name}: give every phrase a weight from 0, not all of them 0.")
    together: dict[tuple[str, ...], float] = {}
    for words, weight in zip(spoken, weighed, strict=True):
        together[words] = together.get(words, 0.0) + weight
    return Grammar(Choice(tuple(map(_phrase, together)), tuple(together.values())), name=name)


def word_list_grammar(text: str | Iterable[str], name: str = "word list") -> Grammar:
    """Return the grammar of any number of the listed words and phrases, in any order.

    ``text`` is a JSON list of strings, as Vosk takes it, or the strings themselves. ``[unk]`` among them is a word that
    ``lexicon_fst.Filler`` says. Raises FormatError where the text is no such list, OptionsError where it is empty.
    """
    items: object = text if not isinstance(text, str) else _json(text, name)
    listed = list(items) if isinstance(items, Iterable) and not isinstance(items, str | dict) else [None]
    phrases = [item for item in listed if isinstance(item, str)]
    if len(phrases) != len(listed):
        raise FormatError(f'{name}: it must be a list of strings, such as ["yes", "no", "[unk]"].')
    once = phrase_grammar(dict.fromkeys(" ".join(phrase.split()) for phrase in phrases), name=name)
    return Grammar(Repetition(once.top, least=0), name=name)


def _json(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as problem:
        raise FormatError(f"{name}: it is no JSON list of strings ({problem}).") from None


def _phrase(words: tuple[str, ...]) -> Expression:
    return Word(words[0]) if len(words) == 1 else Sequence(tuple(map(Word, words)))
