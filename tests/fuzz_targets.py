"""What fuzzing damages: sound files of every kind that kernels follow, and what is done with one that is accepted.

Each target is a function of a folder and a random generator: it writes a damaged file, reads it, and uses what comes
of it as far as kernels go. Any error of harken's own is fine, for reading alone it must be a FormatError that names the
file.
"""

import json
from contextlib import suppress
from functools import cache

import numpy as np
from harken.decoder.ctc.decoder import build_ctcdecoder
from harken.decoder.fst.arcsort import arcsort
from harken.decoder.fst.compose import compose
from harken.decoder.fst.connect import connect
from harken.decoder.fst.determinize import determinize as determinize_fst
from harken.decoder.fst.determinize_star import determinize_star
from harken.decoder.fst.encode import encode
from harken.decoder.fst.equivalent import random_equivalent
from harken.decoder.fst.info import info
from harken.decoder.fst.minimize import minimize, minimize_encoded
from harken.decoder.fst.openfst import read_fst, write_fst
from harken.decoder.fst.project import invert, project
from harken.decoder.fst.prune import prune as prune_fst
from harken.decoder.fst.push import push
from harken.decoder.fst.rational import closure, concat, union
from harken.decoder.fst.reverse import reverse
from harken.decoder.fst.rmepsilon import rmepsilon
from harken.decoder.fst.shortest_distance import shortest_distance
from harken.decoder.fst.shortest_path import shortest_path
from harken.decoder.fst.text import to_text
from harken.decoder.fst.transducer import Fst
from harken.decoder.graph.context_tables import left_biphone_table
from harken.decoder.graph.grammar_graph import compile_grammar_graph
from harken.decoder.graph.hclg import compile_hclg
from harken.decoder.graph.jsgf import read_jsgf
from harken.decoder.graph.lexicon_graph import compile_lexicon_graph
from harken.decoder.graph.pdf_table import PdfTable
from harken.decoder.graph.phrase_list import word_list_grammar
from harken.decoder.graph.search_graph import Graph, compile_ctc_graph, compile_phone_graph
from harken.decoder.graph.topology import chain_topology
from harken.decoder.lattice.depth import depth
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.expand import expand_on_lm
from harken.decoder.lattice.kaldi_text import lattice_text
from harken.decoder.lattice.kaldi_text_reader import read_kaldi_text
from harken.decoder.lattice.lattice import ARRAY_DTYPES
from harken.decoder.lattice.mbr import minimum_bayes_risk
from harken.decoder.lattice.nbest import nbest
from harken.decoder.lattice.npz import load_lattice, save_lattice
from harken.decoder.lattice.oracle import oracle
from harken.decoder.lattice.picture import lattice_dot
from harken.decoder.lattice.posteriors import arc_posteriors
from harken.decoder.lattice.prune import prune
from harken.decoder.score_files import read_scores
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.history import History
from harken.decoder.search.options import SearchOptions
from harken.decoder.search.phrases import Phrase, PhraseList
from harken.errors import FormatError, HarkenError
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.ngram import Ngram
from harken.lm.pronunciation.lexicon import Lexicon
from harken.tensorfile import map_arrays, save_arrays

from .fuzz import as_compiled, spoilt, spoilt_arrays, spoilt_text
from .test_decoder_graph import BIGRAMS, LEXICON, TRIGRAMS, UNIGRAMS, UNITS, WORDS, arpa_of

ARPA_TEXT = """\\data\\
ngram 1=7
ngram 2=4
ngram 3=3

\\1-grams:
-0.7\t<unk>\t-0.3
-99\t<s>\t-0.4
-0.7\t</s>
-0.7\ta\t-0.3
-0.7\tread\t-0.3
-0.7\treed\t-0.3
-0.7\treeds\t-0.3

\\2-grams:
-0.3\t<s> a\t-0.2
-0.4\ta reed\t0.1
-0.2\treed a
-0.1\treeds </s>

\\3-grams:
-0.1\t<s> a reed
-0.3\ta reed a
-0.6\ta reed </s>

\\end\\
"""
GRAMMAR = """#JSGF V1.0 UTF-8 en;
grammar doors; // comment
public <order> = [/2/ a | /0.5/ read] (reed | <things>) <tail>*;
<things> = reeds+ {tag} | "a" <NULL> | <VOID>;
<tail> = /0.1/ a read | /3/ reed; /* more */
"""


def read(function, path):
    """Return what ``function`` makes of ``path``; None where it refuses it as it should."""
    try:
        return function(path)
    except FormatError as error:
        assert str(path) in str(error), f"{error} does not name {path}"
        assert "\n" not in str(error), str(error)
        return None


@cache
def arpa():
    return arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS)


@cache
def without_model():
    return compile_lexicon_graph(LEXICON, UNITS)


@cache
def graph():
    return compile_ctc_graph(LEXICON, arpa(), UNITS)


def random_scores(random, rows, columns):
    return np.log(random.dirichlet(np.full(columns, 0.5), size=rows) + 1e-30).astype(np.float32)


@cache
def sound_lattice(seed):
    search = BeamSearch(graph(), SearchOptions(lattice_beam=8.0)).start()
    search.advance(random_scores(np.random.default_rng(seed), 12, 3))
    raw = search.finish().lattice()
    return determinize(raw) if seed % 2 else raw


def use_graph(found, random):
    """Search it, streaming, for a lattice."""
    if found.columns > 10_000:
        return
    options = SearchOptions(lattice_beam=float(random.choice([0.0, 6.0])), keep_frames=int(random.choice([4, 100])))
    search = BeamSearch(found, options).start()
    for rows in (0, 1, 9):
        search.advance(random_scores(random, rows, found.columns))
        search.partial()
    use_lattice(search.finish().lattice())
    search.finish().nbest(5)


def use_lattice(lattice):
    """Determinize, prune, list, weigh and draw it; every operation of its own, for one may refuse it."""
    model = Ngram.from_arpa(arpa())
    for operation in (
        determinize,
        lambda given: nbest(given, 20),
        minimum_bayes_risk,
        arc_posteriors,
        lambda given: prune(given, 3.0),
        lambda given: oracle(given, ["a", "reed"]),
        lambda given: expand_on_lm(given, model),
        depth,
        lattice_dot,
        lambda given: lattice_text(given, "key"),
    ):
        with suppress(HarkenError):
            operation(lattice)


def use_ngram(model, random):
    """Look up every word, on from every state that this leads to."""
    states = {0, model.start_state}
    for _ in range(3):
        for state in list(states)[:50]:
            for word in range(min(len(model.words), 50)):
                score, after = model.score(state, word)
                assert not np.isnan(score)
                states.add(after)
    model.sentence_score([str(word) for word in random.choice(np.array(model.words), size=5)])


def use_history(model, random):
    """Search on the fly with it, and with phrases."""
    words = without_model().words
    phrases = (
        PhraseList([Phrase("a reed", 2.0), Phrase("reeds", -1.0)]).compile(words) if random.random() < 0.5 else None
    )
    history = History.of(without_model(), model, phrases, look_ahead=bool(random.integers(0, 2)))
    search = BeamSearch(without_model(), SearchOptions(lattice_beam=6.0), history).start()
    search.advance(random_scores(random, 9, 3))
    use_lattice(search.finish().lattice())


def use_letters(model_path, random):
    """Search without a lexicon, the file the model of words."""
    decoder = build_ctcdecoder(["", " ", "a", "d", "e", "r"], str(model_path), ["a", "read", "reed"])
    decoder.decode_beams(random_scores(random, 12, 6), beam_width=20, hotwords=["reed"])


def spoil_arrays_of(path, random):
    """Spoil the arrays or the metadata of a safetensors file, or its bytes."""
    if random.random() < 0.3:
        path.write_bytes(spoilt(path.read_bytes(), random))
        return
    arrays, metadata = map_arrays(path)
    arrays = {name: np.array(array) for name, array in arrays.items()}
    if random.random() < 0.15:
        metadata = {name: spoilt_text(text, random) for name, text in metadata.items()}
    else:
        arrays = spoilt_arrays(arrays, random)
    path.unlink()
    save_arrays(path, arrays, {name: text.encode("utf8", "replace").decode() for name, text in metadata.items()})


def fuzz_graph(folder, random):
    path = folder / "a.graph"
    graph().save(path)
    spoil_arrays_of(path, random)
    if (found := read(Graph.load, path)) is not None:
        use_graph(found, random)


def fuzz_phone_graph(folder, random):
    path = folder / "a.graph"
    compile_phone_graph(LEXICON, arpa(), UNITS).save(path)
    spoil_arrays_of(path, random)
    if (found := read(Graph.load, path)) is not None:
        use_graph(found, random)


def fuzz_lattice(folder, random):
    path = folder / "a.npz"
    lattice = sound_lattice(int(random.integers(0, 4)))
    save_lattice(lattice, path)
    if random.random() < 0.2:
        path.write_bytes(spoilt(path.read_bytes(), random))
    else:
        with np.load(path) as loaded:
            arrays = dict(loaded)
        if random.random() < 0.2:
            notes = spoilt_text(arrays["notes"].tobytes().decode(), random)
            arrays["notes"] = np.frombuffer(notes.encode("utf8", "replace"), np.uint8)
        else:
            arrays = spoilt_arrays(arrays, random)
        np.savez(path, **arrays)
    if (found := read(load_lattice, path)) is not None:
        assert {name: getattr(found, name).dtype for name in ARRAY_DTYPES} == {
            name: np.dtype(dtype) for name, dtype in ARRAY_DTYPES.items()
        }
        use_lattice(found)


def fuzz_kaldi_lattice(folder, random):
    path = folder / "a.txt"
    lattice = sound_lattice(int(random.integers(0, 4)))
    text = spoilt_text(lattice_text(lattice, "key", compact=bool(random.integers(0, 2))), random)
    path.write_bytes(text.encode("utf8", "surrogateescape"))
    found = read(lambda path: list(read_kaldi_text(path, lattice.words_table, lattice.label_table, 0.5)), path)
    for _, loaded in found or ():
        use_lattice(loaded)


def fuzz_pdf_table(folder, random):
    path = folder / "a.txt"
    left_biphone_table(UNITS[1:], chain_topology()).save(path)
    path.write_bytes(spoilt_text(path.read_text(), random).encode("utf8", "surrogateescape"))
    if (found := read(PdfTable.load, path)) is not None:
        use_graph(compile_hclg(list(LEXICON), arpa(), chain_topology(), found), random)


def fuzz_jsgf(folder, random):
    path = folder / "a.jsgf"
    path.write_bytes(spoilt_text(GRAMMAR, random).encode("utf8", "surrogateescape"))
    if (found := read(read_jsgf, path)) is not None:
        use_graph(compile_grammar_graph(found, LEXICON, UNITS), random)


def fuzz_word_list(folder, random):
    text = spoilt_text(json.dumps(["a", "read reeds", "reed", "[unk]"]), random)
    found = read(lambda path: word_list_grammar(text, str(path)), folder / "a.json")
    if found is not None:
        use_graph(compile_grammar_graph(found, LEXICON, UNITS), random)


def fuzz_ngram(folder, random):
    path = folder / "a.ngram"
    Ngram.from_arpa(arpa()).save(path)
    spoil_arrays_of(path, random)
    if (found := read(Ngram.load, path)) is not None:
        use_ngram(found, random)
        use_history(found, random)


def fuzz_arpa(folder, random):
    path = folder / "a.arpa"
    path.write_bytes(spoilt_text(ARPA_TEXT, random).encode("utf8", "surrogateescape"))
    if (found := read(read_arpa, path)) is not None:
        use_ngram(Ngram.from_arpa(found), random)
        use_history(found if random.random() < 0.5 else Ngram.from_arpa(found), random)
        use_letters(path, random)
        use_graph(compile_ctc_graph(LEXICON, found, UNITS), random)


def fuzz_lexicon(folder, random):
    path = folder / "lexicon.txt"
    text = "".join(f"{entry.word}\t{entry.probability:g}\t{' '.join(entry.phones)}\n" for entry in LEXICON)
    path.write_bytes(spoilt_text(text, random).encode("utf8", "surrogateescape"))
    if (found := read(Lexicon.read, path)) is not None:
        use_graph(compile_ctc_graph(found, arpa(), UNITS), random)


def fuzz_scores(folder, random):
    kind = str(random.choice(["npy", "npz", "ark", "text"]))
    scores = random_scores(random, 6, 3)
    path = folder / f"a.{'ark' if kind == 'text' else kind}"
    if kind == "npy":
        np.save(path, scores)
    elif kind == "npz":
        np.savez_compressed(path, scores=scores)
    elif kind == "ark":
        sizes = b"".join(b"\4" + int(size).to_bytes(4, "little") for size in scores.shape)
        path.write_bytes(b"key \0BFM " + sizes + scores.tobytes())
    else:
        rows = "\n".join(" ".join(f"{score:g}" for score in row) for row in scores)
        path.write_text(f"key  [\n{rows} ]\n")
    text = kind == "text" and random.random() < 0.7
    path.write_bytes(
        spoilt_text(path.read_text(), random).encode("utf8", "surrogateescape")
        if text
        else spoilt(path.read_bytes(), random)
    )
    for _, matrix in read(lambda path: list(read_scores(path)), path) or ():
        BeamSearch(graph()).start().advance(matrix)


OPERATIONS = {
    "arcsort": arcsort,
    "closure": closure,
    "compose": lambda fst: compose(fst, invert(fst), max_states=MOST_STATES),
    "concat": lambda fst: concat(fst, fst),
    "connect": connect,
    "determinize": lambda fst: determinize_fst(fst, max_states=MOST_STATES),
    "determinize_star": lambda fst: determinize_star(fst, max_states=MOST_STATES),
    "encode": lambda fst: encode(fst, weights=True)[0],
    "info": info,
    "minimize": minimize,
    "minimize_encoded": minimize_encoded,
    "project": lambda fst: project(fst, "output"),
    "prune": lambda fst: prune_fst(fst, 3.0),
    "push": lambda fst: push(fst, labels=fst.semiring == "tropical"),
    "random paths": lambda fst: random_equivalent(fst, fst, paths=5, max_length=50),
    "reverse": reverse,
    "rmepsilon": rmepsilon,
    "shortest_distance": shortest_distance,
    "shortest_path": lambda fst: shortest_path(fst, 4, unique=True),
    "text": to_text,
    "union": lambda fst: union(fst, fst),
}
MOST_STATES = 3000


def fuzz_operations(folder, random):
    """A machine with labels and costs from everywhere, through OpenFst's file and every operation."""
    states, arcs = int(random.integers(1, 7)), int(random.integers(0, 14))
    labels = np.array([0, 0, 1, 2, 3, 2**31 - 1])
    costs = np.array([0.0, 0.5, 1.0, -1.0, 3e38, -3e38, np.inf, 1e-40])
    ordinary = random.random() < 0.5
    pick = (lambda values, size: random.choice(values[: len(values) // 2], size)) if ordinary else random.choice
    made = Fst.from_arcs(
        int(random.integers(0, states)),
        random.integers(0, states, arcs),
        pick(labels, arcs),
        pick(labels, arcs),
        pick(costs, arcs),
        random.integers(0, states, arcs),
        random.choice(np.array([np.inf, np.inf, 0.0, 1.0, -3e38 if not ordinary else 2.0]), states),
        str(random.choice(["tropical", "log"])),
    )
    path = folder / "a.fst"
    write_fst(made, path, str(random.choice(["vector", "const"])))
    if random.random() < 0.3:
        path.write_bytes(spoilt(path.read_bytes(), random))
    if (fst := read(read_fst, path)) is None:
        return
    for operation in OPERATIONS.values():
        with suppress(HarkenError):
            result = operation(fst)
            if isinstance(result, Fst):
                result.check()


TARGETS = {name.removeprefix("fuzz_"): function for name, function in globals().items() if name.startswith("fuzz_")}


def run(target, seed, folder, targets=TARGETS):
    """Run one case; whatever harken refuses on purpose is well refused."""
    random = np.random.default_rng([seed, sorted(targets).index(target)])
    with suppress(HarkenError), as_compiled():
        targets[target](folder, random)
