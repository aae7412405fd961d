"""Words added to a lexicon: the token that stands for each, how it is said, how it is shown, where texts mean it.

wanted = (*read_words("words.txt"), *read_display_forms("forms.txt"))
added = pronounce_words(wanted, lexicon, g2p)
lexicon = added.extend(lexicon)                 # with the new words, and new ways to say old ones
sentence = added.apply("the i triple e met")    # "the IEEE met": a spoken text with the tokens, for the language model
sentence = added.read("The IEEE met at 5.")     # "the IEEE met at five": the same from written text
shown = [added.display.get(word, word) for word in recognised]

Lexicon and language model know a word by its token, which holds no white space:

* A line of a word list stands for the word as it is spoken, so its token is the normalised word: "Knightley" is
  ``knightley``, and texts need no more than the normaliser to hold it. What is normalised to several words is one token
  with ``_`` between them: "Haagen-Dazs" is ``haagen_dazs``.
* A line of a display-form file stands for the form that is shown, so its token is that form with ``_`` for spaces:
  ``IEEE``, ``3CPO``, ``New_York``. Its capitals keep ``US`` apart from the word "us".

Shown is the written form ("Knightley", "New York"), unless the lexicon had the token before: those words stay as they
were and only gain pronunciations. A word list's lines that the lexicon knows all the words of are left out (``known``).

In a text, the token replaces what it is normalised to and its spoken forms, longest first, but never a single word that
the lexicon lists: "Knight<TAB>night" must not rewrite every night, nor "US<TAB>u s" every "us". Written text is
searched for display forms, capitals minded, before it is normalised.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from ...errors import ModelError, OptionsError
from ..text import normalize as normalize_english
from .g2p import G2p
from .lexicon import Lexicon, Pronunciation
from .ways import GuessOptions, Ways, WaysFinder, put_ways
from .words import WantedWord

__all__ = ["AddedWord", "AddedWords", "GuessOptions", "pronounce_words"]

_RESERVED = frozenset(("<s>", "</s>", "<unk>", "<eps>", "#0", "!SIL"))
_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class AddedWord:
    """One word made ready: ``word`` the token, ``display`` what is shown, and its new pronunciations.

    Pronunciations come best first, probabilities relative to the best one, which has 1. ``texts``: word sequences that
    stand for it in spoken text, the token itself aside. ``listed``: the lexicon had the token before.
    """

    word: str
    display: str
    pronunciations: tuple[Pronunciation, ...]
    texts: tuple[tuple[str, ...], ...] = ()
    listed: bool = False


@dataclass(frozen=True)
class AddedWords:
    """All words of a list, ready for use; ``known`` are those that the lexicon said already, as they were written."""

    words: tuple[AddedWord, ...]
    known: tuple[str, ...] = ()
    normalize: Callable[[str], str] = normalize_english

    @cached_property
    def display(self) -> dict[str, str]:
        """What is shown for the tokens that do not show as they are."""
        return {added.word: added.display for added in self.words if added.display != added.word and not added.listed}

    def extend(self, lexicon: Lexicon) -> Lexicon:
        """Return ``lexicon`` with the new pronunciations; those of words that it listed come after its own."""
        fresh = (entry for added in self.words for entry in added.pronunciations)
        new = tuple(entry for entry in fresh if all(entry.phones != old.phones for old in lexicon.get(entry.word)))
        return Lexicon(lexicon.entries + new)

    def apply(self, sentence: str) -> str:
        """Return a spoken sentence (normalised words) with the tokens in place of what stands for them."""
        words = sentence.split()
        if self._sequences.keys().isdisjoint(words):
            return " ".join(words)
        out: list[str] = []
        place = 0
        while place < len(words):
            for said, token in self._sequences.get(words[place], ()):
                if tuple(words[place : place + len(said)]) == said:
                    out.append(token)
                    place += len(said)
                    break
            else:
                out.append(words[place])
                place += 1
        return " ".join(out)

    def read(self, text: str) -> str:
        """Return written text as normalised words, tokens in place of display forms and of what stands for them.

        Display forms are found as they are written, where no letter or figure touches them; a genitive's 's is dropped.
        """
        forms, pattern, firsts = self._written
        if pattern is None or firsts.isdisjoint(_first_parts(text)):
            return self.apply(self.normalize(text))
        parts = []
        end = 0
        for match in pattern.finditer(text):
            parts += [self.apply(self.normalize(text[end : match.start()])), forms[" ".join(match[1].split())]]
            end = match.end()
        parts.append(self.apply(self.normalize(text[end:])))
        return " ".join(part for part in parts if part)

    @cached_property
    def _sequences(self) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        """By their first words: the sequences that stand for tokens, longest first; who came first keeps a sequence."""
        every: dict[tuple[str, ...], str] = {}
        for added in self.words:
            for said in added.texts:
                every.setdefault(said, added.word)
        found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for said in sorted(every, key=lambda said: (-len(said), said)):
            found.setdefault(said[0], []).append((said, every[said]))
        return found

    @cached_property
    def _written(self) -> tuple[dict[str, str], re.Pattern[str] | None, frozenset[str]]:
        forms = {added.display: added.word for added in self.words if self.normalize(added.display) != added.word}
        if not forms:
            return forms, None, frozenset()
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        choice = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in longest_first)
        pattern = re.compile(rf"(?<!\w)({choice})(?:['\u2019]s)?(?!\w)")
        return forms, pattern, frozenset(part for form in forms for part in _first_parts(form)[:1] or [""])


def _first_parts(text: str) -> list[str]:
    """Return the runs of letters and figures in a text, "" first where it may hold a form without any."""
    return ["", *re.findall(r"\w+", text)] if not re.search(r"\w", text) else re.findall(r"\w+", text)


def pronounce_words(
    wanted: Iterable[WantedWord],
    lexicon: Lexicon,
    g2p: G2p | None,
    options: GuessOptions | None = None,
    *,
    phones: Iterable[str] | None = None,
    normalize: Callable[[str], str] = normalize_english,
) -> AddedWords:
    """Find tokens, display forms and pronunciations for the words of a list (see harken.lm.pronunciation.added_words).

    Given phones are taken as they are; ``phones`` says which there are (those of ``lexicon`` and ``g2p`` without it).
    The words of a spoken form, and those that a word is normalised to, are looked up in ``lexicon`` or guessed by
    ``g2p`` and strung together, the likeliest combinations only; capitals of which no word could be made (CNTK) are
    spelled, others (NASA) are both read and spelled. ``normalize`` is that of the language model's text; for other
    languages than English give theirs. Raises OptionsError, naming the first words that cannot be pronounced and why.
    """
    maker = _Adder(lexicon, g2p, options or GuessOptions(), normalize, phones)
    wanted = tuple(wanted)
    forms = {_join(word.written) for word in wanted if word.spoken}
    groups: dict[str, list[WantedWord]] = {}
    problems: list[str] = []
    for word in wanted:
        token = _join(word.written)
        if token not in forms:
            token = _join(normalize(word.written)) or token
        groups.setdefault(token, []).append(word)
    made: list[AddedWord] = []
    known: list[str] = []
    for token, words in groups.items():
        try:
            added = maker.add(token, words)
        except (ModelError, OptionsError) as problem:
            problems.append(f"{words[0].source}: {problem}")
            continue
        if added is None:
            known.append(words[0].written)
        else:
            made.append(added)
    if problems:
        more = len(problems) - _SHOWN_PROBLEMS
        raise OptionsError("\n".join(problems[:_SHOWN_PROBLEMS]) + (f"\n... and {more} more." if more > 0 else ""))
    return AddedWords(tuple(made), tuple(known), normalize)


def _join(text: str) -> str:
    return "_".join(text.split())


class _Adder:
    """Makes one word after the other ready."""

    def __init__(
        self,
        lexicon: Lexicon,
        g2p: G2p | None,
        options: GuessOptions,
        normalize: Callable[[str], str],
        phones: Iterable[str] | None,
    ) -> None:
        self.ways = WaysFinder(lexicon, g2p, options, normalize)
        self.lexicon = lexicon
        every = {*lexicon.phones, *(g2p.phones if g2p else ())} if phones is None else set(phones)
        self.phones = frozenset(every)

    def add(self, token: str, words: list[WantedWord]) -> AddedWord | None:
        """Return what is made of all lines that name ``token``; None where the lexicon says it already."""
        if token in _RESERVED or token.startswith("#"):
            raise OptionsError(f"{token!r} has a meaning of its own in lexicons and models; choose another form.")
        listed = token in self.lexicon
        ways: Ways = {}
        texts = []
        for word in words:
            if word.spoken:
                said = tuple(self.ways.normalize(word.spoken).split())
                if not said:
                    raise OptionsError(f"the spoken form {word.spoken!r} holds no words; write it as it is said.")
                put_ways(ways, self.ways.spoken(said))
                texts.append(said)
            elif word.phones:
                self._check(word)
                put_ways(ways, {word.phones: 1.0})
        written = tuple(self.ways.normalize(words[0].written).split())
        if not ways:
            if written and all(part in self.lexicon for part in written):
                return None
            ways = self.ways.written(words[0].written)
        texts.append(written)
        return AddedWord(
            token,
            words[0].written,
            tuple(Pronunciation(token, phones, value) for phones, value in self.ways.best(ways).items()),
            tuple(said for said in dict.fromkeys(texts) if said != (token,) and self._means_it(said)),
            listed,
        )

    def _means_it(self, said: tuple[str, ...]) -> bool:
        """Return whether a text with these words means the token: not where they are one word of the lexicon."""
        return len(said) > 1 or (len(said) == 1 and said[0] not in self.lexicon)

    def _check(self, word: WantedWord) -> None:
        strange = [phone for phone in word.phones if phone not in self.phones]
        if strange:
            raise OptionsError(
                f"{word.written!r} is said with {', '.join(map(repr, strange))}, which the model has no sound for; use "
                f"{' '.join(sorted(self.phones))} (a spoken form in words belongs into a file of display forms)."
            )
