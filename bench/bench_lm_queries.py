"""The n-gram model in memory beside KenLM: ``pytest bench/bench_lm_queries.py -s``.

Queries a second from Python and inside compiled code, sizes and loading times of files, reading of ARPA. The model is a
3-gram of the first million words or so of the shared books, or the one that $HARKEN_BENCH_ARPA names; KenLM's binaries
are made where its build_binary is found ($KENLM_BIN or PATH). All on one thread; times are the thread's own.
"""

import bz2
import gzip
import os
import shutil
import statistics
import subprocess
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from harken.engine.training.language_text import spoken_sentences
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.arpa_writer import write_arpa
from harken.lm.ngram.chain_kernels import lookup_chains
from harken.lm.ngram.kenlm_model import KenlmModel
from harken.lm.ngram.lookup_kernels import lookup_all
from harken.lm.ngram.ngram import Ngram

ROUNDS = 5
PARAGRAPHS = 25_000
HELD_OUT = 15_000
BUNDLED = Path(__file__).resolve().parents[1] / "engine/models/en"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An ARPA file and sentences that no model here was estimated from, in an order that jumps about."""
    pytest.importorskip("kenlm")
    root = Path(os.environ.get("HARKEN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    source = root / "text/books.txt.bz2"
    if not source.exists():
        pytest.skip(f"no shared data at {source}: HARKEN_SHARED names their folder")
    with bz2.open(source, "rt", encoding="utf8") as paragraphs:
        sentences = list(spoken_sentences(islice(paragraphs, PARAGRAPHS)))
    held_out = [sentences[place] for place in np.random.default_rng(1).permutation(len(sentences))[:HELD_OUT]]
    if given := os.environ.get("HARKEN_BENCH_ARPA"):
        return Path(given), held_out
    left_out = set(held_out)
    path = tmp_path_factory.mktemp("lm") / "lm.arpa"
    write_arpa(estimate((sentence for sentence in sentences if sentence not in left_out), 3).to_arpa(), path)
    return path, held_out


def build_binary():
    """The path of KenLM's build_binary, None where it is not there."""
    return shutil.which("build_binary", path=os.environ.get("KENLM_BIN")) or shutil.which("build_binary")


def medians(functions, rounds=ROUNDS):
    """Return each function's median processor time in seconds (one thread each); they take turns."""
    taken = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.thread_time()
            function()
            taken[name].append(time.thread_time() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def test_queries(benchmark, model, tmp_path):
    path, held_out = model
    ours = Ngram.from_arpa(read_arpa(path))
    ours.save(tmp_path / "coarse.safetensors", quantised=8)
    coarse = Ngram.load(tmp_path / "coarse.safetensors")
    peers = {"kenlm, probing": KenlmModel(path).kenlm}
    if builder := build_binary():
        subprocess.run([builder, "trie", path, tmp_path / "trie.bin"], check=True, capture_output=True)
        peers["kenlm, trie"] = KenlmModel(tmp_path / "trie.bin").kenlm
    split = [sentence.split() for sentence in held_out]
    _, stream, begin = ours.token_scores(held_out)
    scores, none = np.empty(len(stream)), np.zeros(len(stream))

    def one_by_one(model):
        lookup_all(model.arrays, model.start_state, stream, scores)

    def side_by_side(model):
        none[:] = 0
        lookup_chains(model.arrays, np.full(len(split), model.start_state), stream, begin, none)

    functions = {}
    for name, peer in peers.items():
        functions[f"{name}: score(sentence)"] = lambda peer=peer: [peer.score(sentence) for sentence in held_out]
        functions[f"{name}: full_scores(sentence)"] = lambda peer=peer: [
            list(peer.full_scores(sentence)) for sentence in held_out
        ]
    for name, own in (("float32", ours), ("8 bits", coarse)):
        functions[f"ours, {name}: sentence_score(words)"] = lambda own=own: [own.sentence_score(one) for one in split]
        functions[f"ours, {name}: sentence_scores(strings)"] = lambda own=own: own.sentence_scores(held_out)
        functions[f"ours, {name}: sentence_scores(lists)"] = lambda own=own: own.sentence_scores(split)
        functions[f"ours, {name}: compiled, one after the other"] = lambda own=own: one_by_one(own)
        functions[f"ours, {name}: compiled, side by side"] = lambda own=own: side_by_side(own)
    taken = medians(functions)
    benchmark.pedantic(lambda: side_by_side(ours), rounds=3)
    first = next(iter(taken.values()))
    print(f"\nn-grams {'/'.join(map(str, read_arpa(path).counts))}, {len(stream)} queries, medians of {ROUNDS} rounds")
    for name, seconds in taken.items():
        print(f"  {name:48s}{len(stream) / seconds / 1e6:7.2f} M queries/s   {first / seconds:5.2f} x kenlm's score")
    np.testing.assert_array_equal(none, ours.token_scores(held_out)[0])


def test_files(benchmark, model, tmp_path):
    path, held_out = model
    ours = Ngram.from_arpa(read_arpa(path))
    files, loaders = {"ARPA": path}, {}
    for bits in (None, 16, 8, 6):
        name = f"ours, {bits} bits" if bits else "ours, float32"
        files[name] = tmp_path / f"{bits}.safetensors"
        ours.save(files[name], quantised=bits)
        loaders[name] = lambda file=files[name]: Ngram.load(file)
    if builder := build_binary():
        for options in (
            ["probing"],
            ["trie"],
            ["-q", "8", "-b", "8", "trie"],
            ["-a", "255", "-q", "6", "-b", "5", "trie"],
        ):
            name = f"kenlm, {' '.join(options)}"
            files[name] = tmp_path / f"{name}.bin"
            command = [builder, *options, path, files[name]]
            subprocess.run(command, check=True, capture_output=True)
            loaders[name] = lambda file=files[name]: KenlmModel(file)
    for bundled in ("rescore.bin", "rescore.safetensors", "first_pass.safetensors"):
        if (BUNDLED / bundled).exists():
            files[f"bundled {bundled}"] = BUNDLED / bundled
            load = KenlmModel if bundled.endswith("bin") else Ngram.load
            loaders[f"bundled {bundled}"] = lambda load=load, file=BUNDLED / bundled: load(file)
    taken = {}
    for _ in range(ROUNDS):
        for name, load in loaders.items():
            start = time.perf_counter()
            load()
            taken.setdefault(name, []).append(time.perf_counter() - start)
    benchmark.pedantic(loaders["ours, 8 bits"], rounds=3)
    exact = ours.token_scores(held_out)[0]
    print(
        f"\nn-grams {'/'.join(map(str, read_arpa(path).counts))}; the change of perplexity on {len(held_out)} sentences"
    )
    for name, file in files.items():
        size = f"  {name:48s}{file.stat().st_size / 1e6:8.2f} MB"
        load = f"   loaded in {statistics.median(taken[name]) * 1e3:6.2f} ms" if name in taken else ""
        change = ""
        if name.startswith("ours") or (name.startswith("kenlm") and "-q" in name):
            found = loaders[name]()
            total = found.sentence_scores(held_out).sum()
            change = f"   perplexity x {10 ** ((exact.sum() - total) / len(exact)):.5f}"
        print(size + load + change)
    assert all(statistics.median(times) < 0.05 for name, times in taken.items() if name.startswith(("ours", "bundled")))


def test_reading(benchmark, model, tmp_path):
    path, _ = model
    packed = tmp_path / "lm.arpa.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), 6))
    arpa = read_arpa(path)
    functions = {
        "kenlm.Model(ARPA)": lambda: KenlmModel(path),
        "read_arpa": lambda: read_arpa(path),
        "read_arpa, gzip": lambda: read_arpa(packed),
        "Ngram.from_arpa": lambda: Ngram.from_arpa(arpa),
        "Ngram.from_arpa, 8 bits": lambda: Ngram.from_arpa(arpa, quantised=8),
        "Ngram.to_arpa": Ngram.from_arpa(arpa).to_arpa,
        "gzip alone": lambda: gzip.decompress(packed.read_bytes()),
    }
    taken = medians(functions, rounds=3)
    benchmark.pedantic(functions["read_arpa"], rounds=1)
    print(f"\n{sum(arpa.counts) / 1e6:.2f} M n-grams, {path.stat().st_size / 1e6:.1f} MB, medians of 3 rounds")
    for name, seconds in taken.items():
        print(f"  {name:28s}{seconds:7.3f} s   {sum(arpa.counts) / seconds / 1e6:6.2f} M n-grams/s")
