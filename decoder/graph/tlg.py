"""TLG: a search graph for CTC models out of lexicon and grammar, by the operations of transducers.

Any lexicon and any grammar will do: n-gram models, phrases, a filler for other speech. (For an n-gram model alone,
``search_graph.compile_ctc_graph`` makes a smaller graph in less time.)
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...errors import OptionsError
from ...lm.ngram.arpa import Arpa
from ...lm.pronunciation.lexicon import Pronunciation
from ..fst.transducer import Fst
from .ctc_graph import CtcLabels, expand_ctc
from .ctc_topology import ctc_labels_of
from .grammar_fst import compile_ngrams
from .lexicon_fst import LexiconFst, LexiconOptions, compile_lexicon
from .lexicon_grammar import compose_lexicon_grammar, log_size, without_symbols, words_of
from .local_epsilons import remove_epsilons_locally
from .search_graph import Graph


def compile_tlg(
    lexicon: Iterable[Pronunciation],
    arpa: Arpa,
    units: Sequence[str],
    options: LexiconOptions | None = None,
    word_penalty: float = 0.0,
) -> Graph:
    """Compile the CTC topology, pronunciations and n-gram model into one search graph.

    ``units`` names the score columns: the blank first, then the phones (characters, pieces of words) of the lexicon.
    Words without a pronunciation, or that the model doesn't list, are left out. Raises FormatError where a
    pronunciation has an unknown phone or the model is incomplete, OptionsError where nothing is left.
    """
    entries = list(lexicon)
    return compose_tlg(*lexicon_and_ngrams(entries, arpa, _phones(units), options, word_penalty))


def lexicon_and_ngrams(
    entries: Sequence[Pronunciation],
    arpa: Arpa,
    phones: Sequence[str],
    options: LexiconOptions | None = None,
    word_penalty: float = 0.0,
) -> tuple[LexiconFst, Fst]:
    """Return L and G over the words that both ``entries`` (or ``options.filler``) and ``arpa`` list."""
    listed = {entry.word for entry in entries}
    if options is not None and options.filler is not None:
        listed.add(options.filler.word)
    words = [word for word in arpa.words if word in listed]
    if not words:
        raise OptionsError("lexicon: no word of the n-gram model has a pronunciation.")
    compiled = compile_lexicon(entries, phones, words, options)
    return compiled, compile_ngrams(arpa, compiled.words, word_penalty)


def compose_tlg(lexicon: LexiconFst, grammar: Fst, max_states: int | None = None) -> Graph:
    """Compose L, G and the CTC topology; column 0 of the scores is the blank, column p phone p of ``lexicon``.

    ``max_states`` limits determinisation. Raises OptionsError where the two have no sentence in common.
    """
    phones = lexicon.phones
    fst = without_symbols(compose_lexicon_grammar(lexicon, grammar, max_states), phones.first_disambiguation)
    fst = remove_epsilons_locally(fst, phones.starts_word)
    log_size("without disambiguation symbols", fst)
    fst = replace(fst, ilabels=ctc_labels_of(phones)[fst.ilabels])
    labels = CtcLabels.of_phones(len(phones.phones))
    fst = expand_ctc(fst.in_search_order(), labels)
    log_size("with CTC topology", fst)
    heard = labels.phone.copy()
    if lexicon.silence:  # where no word begins with it, it is no part of one
        heard[[labels.internal[lexicon.silence], labels.repeated[lexicon.silence]]] = 0
    graph = Graph(fst, words_of(lexicon), labels.phone.copy(), heard, labels.is_self_loop, labels.starts_word)
    graph.check()
    return graph


def _phones(units: Sequence[str]) -> Sequence[str]:
    if len(units) < 2 or len(set(units)) != len(units):
        raise OptionsError("units: name the blank first, then at least one phone, each once.")
    return units[1:]
