"""What fuzzing damages of language models, pronunciations and lists of words, and what is done with what is accepted.

As in fuzz_targets, each target is a function of a folder and a random generator.
"""

import bz2
import gzip
import json
from contextlib import suppress
from functools import cache

import numpy as np
from harken.decoder.lattice.rescore import LatticeRescoreOptions, rescore_lattice
from harken.engine.display_file import read_display
from harken.engine.manifest import read_manifest
from harken.engine.model import Bundle
from harken.engine.nbest import read_candidates
from harken.errors import HarkenError, ModelError
from harken.lm.estimation.arpa_tables import backoff_tables
from harken.lm.estimation.estimate import PruneOptions, estimate_files, mix, prune
from harken.lm.estimation.text_pieces import text_files
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.arpa_writer import write_arpa
from harken.lm.ngram.kenlm_file import describe_kenlm
from harken.lm.ngram.kenlm_trie import read_kenlm_trie
from harken.lm.ngram.model_files import read_ngrams
from harken.lm.ngram.ngram import Ngram
from harken.lm.ngram.perplexity import perplexity_of, score_words, text_perplexity
from harken.lm.pronunciation.added_words import AddedWords, pronounce_words
from harken.lm.pronunciation.g2p import G2p, G2pOptions
from harken.lm.pronunciation.lexicon_files import FORMS, LexiconForm, read_lexicon, write_lexicon
from harken.lm.pronunciation.words import read_display_forms, read_words
from harken.lm.rescore import RescoreOptions

from .fuzz import spoilt, spoilt_text
from .fuzz_targets import ARPA_TEXT, arpa, read, sound_lattice, spoil_arrays_of, use_ngram
from .naive_kenlm_trie import write_trie
from .test_decoder_graph import LEXICON
from .test_lm_kenlm_trie import WORDS as TRIE_WORDS
from .test_lm_kenlm_trie import some_grams
from .toy_bundle import SPELLED, make_toy_bundle

SENTENCES = "a reed\nreed a read reeds\n\nread reeds reeds a\nreeds\na a a reed read\n"
LEXICON_FILES = {
    "harken": "a\tA\nread\t0.5\tR E D\nread\tR I D\nreed\tR I D\n",
    "kaldi": "a A\nread R E D\nread R I D\nreed R I D\n",
    "kaldi-prob": "a 1.0 A\nread 0.5 R E D\nread 1 R I D\n",
    "kaldi-silprob": "a 1.0 0.2 1.1 0.9 A\nread 0.5 0.1 1 1 R E D\n",
    "cmudict": ";;; comment\nA  AH0\nREAD  R EH1 D\nREAD(2)  R IY1 D # verb\nREED  R IY1 D\n",
}
WORD_LIST = "Knightley\nbeef\tB E F\nbeef\tB E A F\nNew Fab\nDeaf-Cab\n3CPO\n"
DISPLAY_FORMS = "IEEE\ta fab\nNew Fab\tcab fab\n3CPO\tdeaf bed\n"
MANIFEST = (
    '{"audio_filepath": "a.wav", "duration": 3.2, "speaker": "anna", "text": "Good morning!"}\n'
    '{"audio_filepath": "b.wav", "text": "a reed"}\n'
)
CANDIDATES = {
    "channel": None, "first_frame": 0, "end_frame": 30, "frame_seconds": 0.03, "hypotheses": [
        {"words": ["a", "reed"], "times": [[1, 3], [4, 9]], "graph_cost": 3.5, "acoustic_cost": 12.5, "total_cost": 16},
        {"words": ["a"], "times": [[1, 3]], "graph_cost": 2.5, "acoustic_cost": 14.5, "total_cost": 17, "lm_cost": 1},
    ],
}  # fmt: skip


@cache
def speller():
    return G2p.train([(word, tuple(word.upper())) for word in SPELLED], G2pOptions(order=2, iterations=2))


def use_everything(model, random):
    """Score with a model in every way that there is, write it and read it again."""
    use_ngram(model, random)
    words = list(model.words[:20])
    sentences = [" ".join(random.choice(words, size=int(random.integers(0, 7)))) for _ in range(40)]
    plain = [line.replace("</s>", "a").replace("<s>", "a") for line in sentences]
    scores, ids, begin = model.token_scores(plain)
    assert np.isfinite(scores).all()
    assert len(ids) == begin[-1] == len(scores)
    assert np.isfinite([model.sentence_score(line.split()) for line in plain]).all()
    text = [_Text("\n".join(plain))]
    by_word = perplexity_of(score_words(model, text))
    at_once = text_perplexity(model, text)
    assert by_word.tokens == at_once.tokens


class _Text:
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        yield self.text.encode()

    def place(self, line):
        return f"line {line}"


def use_tables(found, folder, random):
    """Prune, mix and write n-grams that were accepted."""
    path = folder / "again.arpa"
    write_arpa(found, path)
    assert read_arpa(path).counts == found.counts
    with suppress(HarkenError):
        model = backoff_tables(found)
        for operation in (
            lambda: prune(model, PruneOptions(total=int(random.integers(0, 6)))),
            lambda: prune(model, PruneOptions(threshold=float(random.choice([0.0, 1e-3, 1e300])))),
            lambda: mix([model, backoff_tables(arpa())], [0.3, 0.7]),
        ):
            with suppress(HarkenError):
                made = operation().to_arpa()
                assert all(np.isfinite(table.log10_prob).all() for table in made.tables)
                Ngram.from_arpa(made)


def fuzz_quantised_ngram(folder, random):
    path = folder / "a.ngram"
    Ngram.from_arpa(arpa()).save(path, quantised=int(random.integers(1, 9)) if random.random() < 0.8 else None)
    spoil_arrays_of(path, random)
    if (found := read(Ngram.load, path)) is not None:
        with suppress(HarkenError):  # words that no text can hold, for one
            use_everything(found, random)
        with suppress(HarkenError):
            use_tables(found.to_arpa(), folder, random)


def fuzz_arpa_bytes(folder, random):
    path = folder / "a.arpa.gz"
    data = spoilt(ARPA_TEXT.encode(), random) if random.random() < 0.7 else ARPA_TEXT.encode()
    data = gzip.compress(data) if random.random() < 0.5 else data
    path.write_bytes(spoilt(data, random) if random.random() < 0.5 else data)
    if (found := read(read_ngrams, path)) is not None:
        use_everything(Ngram.from_arpa(found, int(random.choice([1, 4, 16]))), random)
        use_tables(found, folder, random)


def fuzz_kenlm_trie(folder, random):
    path = folder / "a.bin"
    order = int(random.integers(2, 5))
    bins = None
    if random.random() < 0.5:
        sizes = (1 << int(random.integers(1, 6)), 1 << int(random.integers(1, 6)))
        bins = [tuple((-random.exponential(size=size)).astype(np.float32).tolist() for size in sizes)] * (order - 1)
    chop = [None, 0, 3][int(random.integers(0, 3))]
    path.write_bytes(spoilt(write_trie(TRIE_WORDS, some_grams(random, order), bins=bins, chop=chop), random))
    read(describe_kenlm, path)
    if (found := read(read_kenlm_trie, path)) is not None:
        with suppress(HarkenError):
            use_everything(Ngram.from_arpa(found), random)
        with suppress(HarkenError):
            use_tables(found, folder, random)


def fuzz_g2p(folder, random):
    path = folder / "a.g2p"
    speller().save(path)
    spoil_arrays_of(path, random)
    if (found := read(G2p.load, path)) is not None:
        for word in ("fab", "dead", "ccc", "a", "beefed" * 5):
            with suppress(HarkenError):
                for phones, share in found.pronounce(word, n=3):
                    assert phones
                    assert 0 <= share <= 1 + 1e-9


def fuzz_lexicon_files(folder, random):
    form = str(random.choice(FORMS))
    packed = random.random() < 0.2
    path = folder / ("a.txt.gz" if packed else "a.txt")
    data = spoilt_text(LEXICON_FILES[form], random).encode("utf8", "surrogateescape")
    data = spoilt(data, random) if random.random() < 0.2 else data
    data = gzip.compress(data) if packed else data
    path.write_bytes(spoilt(data, random) if packed and random.random() < 0.5 else data)
    chosen = LexiconForm(form if random.random() < 0.6 else None, bool(random.integers(0, 2)), bool(random.integers(2)))
    if (found := read(lambda path: read_lexicon(path, chosen), path)) is not None:
        target = folder / "again.txt"
        write_lexicon(found, target)
        assert {(one.word, one.phones, one.probability) for one in read_lexicon(target, LexiconForm("harken"))} == {
            (one.word, one.phones, one.probability) for one in found
        }
        with suppress(HarkenError):
            G2p.train(((entry.word, entry.phones) for entry in found), G2pOptions(order=2, iterations=1))


def fuzz_word_files(folder, random):
    path = folder / "words.txt"
    reader, text = ((read_words, WORD_LIST), (read_display_forms, DISPLAY_FORMS))[int(random.integers(0, 2))]
    data = spoilt_text(text, random).encode("utf8", "surrogateescape")
    path.write_bytes(spoilt(data, random) if random.random() < 0.3 else data)
    if (found := read(reader, path)) is not None:
        with suppress(HarkenError):
            added = pronounce_words(found, LEXICON, speller())
            added.extend(LEXICON)
            for text in (WORD_LIST, DISPLAY_FORMS, "The IEEE met in new fab, 3CPO!"):
                assert isinstance(added.apply(added.read(text)), str)


def fuzz_display_file(folder, random):
    path = folder / "display.txt"
    data = spoilt_text("knightley\tKnightley\nNew_Fab\tNew Fab\tnew fab\tcab fab\n", random)
    data = data.encode("utf8", "surrogateescape")
    path.write_bytes(spoilt(data, random) if random.random() < 0.3 else data)
    if (found := read(read_display, path)) is not None:
        added = AddedWords(found)
        assert isinstance(added.apply(added.read("Knightley was in New Fab.")), str)


def fuzz_manifest(folder, random):
    path = folder / "manifest.jsonl"
    data = spoilt_text(MANIFEST, random).encode("utf8", "surrogateescape")
    path.write_bytes(spoilt(data, random) if random.random() < 0.5 else data)
    for clip in read(read_manifest, path) or ():
        assert isinstance(clip.text, str)
        assert isinstance(clip.path, str)


def fuzz_candidates(folder, random):
    path = folder / "a.nbest"
    data = json.dumps(_odd(CANDIDATES, random) if random.random() < 0.7 else CANDIDATES)
    path.write_bytes(spoilt(data.encode(), random) if random.random() < 0.5 else data.encode())
    for segment in read(read_candidates, path) or ():
        for hypothesis in segment.hypotheses:
            assert np.isfinite(hypothesis.total_cost + hypothesis.lm_cost)


def fuzz_description(folder, random):
    bundle = folder / "bundle"
    if not (bundle / "sound.json").exists():
        make_toy_bundle(bundle, on_the_fly=True, g2p=True)
        (bundle / "sound.json").write_bytes((bundle / "model.json").read_bytes())
    sound = (bundle / "sound.json").read_text()
    text = json.dumps(_odd(json.loads(sound), random)) if random.random() < 0.7 else spoilt_text(sound, random)
    (bundle / "model.json").write_bytes(text.encode("utf8", "surrogateescape"))
    try:
        Bundle.load(bundle)
    except ModelError as error:
        assert str(bundle) in str(error)
        assert "\n" not in str(error)


def fuzz_rescored_lattice(folder, random):
    path = folder / "a.ngram"
    Ngram.from_arpa(arpa()).save(path, quantised=8 if random.random() < 0.5 else None)
    spoil_arrays_of(path, random)
    model = read(Ngram.load, path)
    if model is None:
        return
    number = float(random.choice([0.0, 0.5, 1e30, 1e-30]))
    weights = RescoreOptions(lm_weight=number, word_insertion_penalty=-number, graph_weight=1.0, first_pass_weight=0.0)
    lattice = sound_lattice(int(random.integers(0, 4)))
    for first in (None, Ngram.from_arpa(arpa()), model):
        with suppress(HarkenError):
            rescore_lattice(lattice, model, LatticeRescoreOptions(weights, result_beam=9.0), first)


def fuzz_text(folder, random):
    path = folder / "a.txt"
    data = spoilt_text(SENTENCES, random).encode("utf8", "surrogateescape")
    data = spoilt(data, random) if random.random() < 0.5 else data
    unknown = b"<unk>" in data
    packed = random.choice(["", "gz", "bz2"])
    data = gzip.compress(data) if packed == "gz" else bz2.compress(data) if packed == "bz2" else data
    path.write_bytes(spoilt(data, random) if packed and random.random() < 0.5 else data)
    order = int(random.integers(1, 7))
    made = read(lambda path: estimate_files([path], order), path)
    measured = read(lambda path: text_perplexity(Ngram.from_arpa(arpa()), text_files([path]), str(path)), path)
    assert (made is None) == (measured is None)
    if made is not None:
        model = Ngram.from_arpa(made.to_arpa())
        assert text_perplexity(model, text_files([path])).unknown_words == 0 or unknown


def _odd(value, random):
    """Return JSON of which one part is of another type, gone or out of bounds."""
    odd = (None, True, -1, 0, 1e308, 2**70, "", "x", "../x", [], {}, [None], {"x": {}}, "\u0663", "\ud800"[:0])
    if isinstance(value, (dict, list)) and value and random.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = keys[int(random.integers(0, len(keys)))]
        changed = value.copy()
        if random.random() < 0.1:
            del changed[key]
        else:
            changed[key] = _odd(value[key], random)
        return changed
    return odd[int(random.integers(0, len(odd)))]


TARGETS = {name.removeprefix("fuzz_"): function for name, function in globals().items() if name.startswith("fuzz_")}
