"""HCLG: a search graph for HMM-based models (chain models, 3-state HMMs) out of H, C, L and G.

min(det(L o G)), expanded to windows of phones, composed with the HMMs, determinised; then the disambiguation symbols
go, the rest is minimised, and the self-loops are added, in the order of Kaldi's mkgraph.sh.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ...errors import OptionsError
from ...lm.ngram.arpa import Arpa
from ...lm.pronunciation.lexicon import Pronunciation
from ..fst.transducer import Fst
from .context_fst import compose_context
from .hmm_fst import compile_hmms
from .lexicon_fst import LexiconFst, LexiconOptions
from .lexicon_grammar import compose_lexicon_grammar, log_size, without_symbols, words_of
from .local_epsilons import remove_epsilons_locally
from .pdf_table import PdfTable
from .search_graph import Graph
from .self_loops import add_self_loops
from .tlg import lexicon_and_ngrams
from .topology import Topology


@dataclass(frozen=True, slots=True)
class HmmOptions:
    """How much the costs of HMM transitions count: self-loops and leaving, and the choice between ways on.

    Kaldi's recipes take 1 and 1 for chain models, a ``self_loop_scale`` of 0.1 for others.
    """

    transition_scale: float = 1.0
    self_loop_scale: float = 1.0

    def __post_init__(self) -> None:
        for name in ("transition_scale", "self_loop_scale"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise OptionsError(f"HMMs: {name} is {value}; give a finite number from 0.")


def compile_hclg(
    lexicon: Iterable[Pronunciation],
    arpa: Arpa,
    topology: Topology,
    table: PdfTable,
    options: LexiconOptions | None = None,
    hmm_options: HmmOptions | None = None,
    word_penalty: float = 0.0,
) -> Graph:
    """Compile HMMs, contexts, pronunciations and n-gram model into one search graph.

    The phones, their contexts and the score columns are those of ``table``. Words without a pronunciation, or that the
    model doesn't list, are left out. Raises FormatError where a pronunciation has an unknown phone or the model is
    incomplete, OptionsError where nothing is left or the table lacks a window.
    """
    parts = lexicon_and_ngrams(list(lexicon), arpa, table.phones, options, word_penalty)
    return compose_hclg(*parts, topology, table, hmm_options)


def compose_hclg(
    lexicon: LexiconFst,
    grammar: Fst,
    topology: Topology,
    table: PdfTable,
    options: HmmOptions | None = None,
    max_states: int | None = None,
) -> Graph:
    """Compose G, L, the contexts of ``table`` and HMMs.

    The graph's ``label_phone`` numbers the phones of ``table`` from 1 on, but is 0 for the silence between words.
    ``max_states`` limits each determinisation. Raises OptionsError where the phones of lexicon and table differ, the
    table lacks a window, or lexicon and grammar have no sentence in common.
    """
    from ..fst.arcsort import arcsort
    from ..fst.compose import compose
    from ..fst.determinize_star import determinize_star
    from ..fst.minimize import minimize_encoded

    options = options or HmmOptions()
    if lexicon.phones.phones != table.phones:
        raise OptionsError("HCLG: lexicon and table of pdfs have other phones; compile the lexicon with the table's.")
    fst = compose_lexicon_grammar(lexicon, grammar, max_states)
    context = compose_context(fst, lexicon.phones, table.context_width, table.central_position)
    hmms = compile_hmms(context, topology, table, lexicon.silence, options.transition_scale)
    log_size("HMMs", hmms.fst)
    fst = compose(arcsort(hmms.fst, "olabel"), arcsort(hmms.relabel(context), "ilabel"))
    log_size("with HMMs", fst)
    fst = determinize_star(fst, max_states=max_states)
    log_size("determinised", fst)
    fst = without_symbols(fst, hmms.first_disambiguation)
    fst = minimize_encoded(remove_epsilons_locally(fst, hmms.labels.starts_word))
    log_size("minimised, without disambiguation symbols", fst)
    fst = add_self_loops(fst, hmms.labels, options.self_loop_scale).in_search_order()
    log_size("with self-loops", fst)
    labels = hmms.labels
    graph = Graph(fst, words_of(lexicon), labels.score_column, labels.phone, labels.same_phone, labels.starts_word)
    graph.check()
    return graph
