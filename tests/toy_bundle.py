"""A tiny bundle that really recognises something: words spelled in tones, a tone a phone.

The network is one affine layer: a phone's score rises with the energy of its tone's mel bin, silence is the blank. So
transcripts of ``speak`` are known, and everything around the model can be tested without a trained one.
"""

import numpy as np
from harken.decoder.graph.lexicon_graph import compile_lexicon_graph
from harken.decoder.graph.search_graph import compile_ctc_graph
from harken.engine.model import write_description
from harken.features.fbank import Fbank, FbankOptions
from harken.lm.ngram.arpa import Arpa, NgramTable
from harken.lm.ngram.arpa_writer import write_arpa
from harken.lm.ngram.ngram import Ngram
from harken.lm.pronunciation.g2p import G2p, G2pOptions
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from harken.tensorfile import save_arrays

RATE = 16000
UNITS = ("<blank>", "A", "B", "C", "D", "E", "F")
TONES = (400.0, 700.0, 1100.0, 1700.0, 2600.0, 4000.0)  # Hz
WORDS = {"abe": "ABE", "bad": "BAD", "cafe": "CAFE", "deaf": "DEAF", "fee": "FE", "ebb": "EB", "ace": "AC"}
SPELLED = ("abcdef", "fedcba", "ace", "bdf", "fab", "dace", "ebfd", "cab", "dead", "beef")
SMALL = {"window_type": "hanning", "num_mel_bins": 40, "snip_edges": False}


def make_toy_bundle(folder, on_the_fly=False, g2p=False):
    """Write the bundle into ``folder`` and return it.

    ``on_the_fly``: its graph holds no language model; ``g2p``: it says unknown words as they are spelt.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lexicon = Lexicon(tuple(Pronunciation(word, tuple(phones)) for word, phones in WORDS.items()))
    arpa = _arpa()
    (folder / "units.txt").write_text("\n".join(UNITS) + "\n")
    lexicon.write(folder / "lexicon.txt")
    graph = compile_lexicon_graph(lexicon, UNITS) if on_the_fly else compile_ctc_graph(lexicon, arpa, UNITS)
    graph.save(folder / "graph.safetensors")
    Ngram.from_arpa(arpa).save(folder / "first_pass.safetensors")
    if g2p:
        pairs = [(word, tuple(word.upper())) for word in SPELLED]
        G2p.train(pairs, G2pOptions(order=2, iterations=2)).save(folder / "g2p.safetensors")
    write_arpa(arpa, folder / "rescore.bin")  # KenLM reads ARPA text, too
    save_arrays(folder / "acoustic.safetensors", _weights())
    write_description(
        folder,
        {
            "name": "toy",
            "language": "en",
            "version": "1",
            "licences": {"all of it": "Apache-2.0"},
            "features": {"kind": "fbank", "options": SMALL},
            "network": NETWORK,
            "decoding": {"beam": 12.0, "nbest": 10, "lm_weight": 0.5},
            **({"graph": "lexicon"} if on_the_fly else {}),
        },
    )
    return folder


def speak(text, rate=RATE, pause=1.2, seed=0):
    """Return samples (n,) float32 that say ``text``; a comma makes a pause of ``pause`` seconds.

    Words that the bundle lacks are said as they are spelt.
    """
    parts = [np.zeros(int(0.3 * rate))]
    for token in text.replace(",", " ,").split():
        if token == ",":
            parts.append(np.zeros(int(pause * rate)))
            continue
        for phone in WORDS.get(token, token.upper()):
            time = np.arange(int(0.09 * rate)) / rate
            tone = 0.3 * np.sin(2 * np.pi * TONES["ABCDEF".index(phone)] * time)
            parts += [tone * np.hanning(len(tone)) ** 0.25, np.zeros(int(0.06 * rate))]
    samples = np.concatenate([*parts, np.zeros(int(0.3 * rate))])
    noise = np.random.default_rng(seed).normal(0, 1e-4, len(samples))
    return (samples + noise).astype(np.float32)


NETWORK = {
    "inputs": {"features": 40},
    "output": "output",
    "subsampling": 3,
    "left_context": 1,
    "right_context": 1,
    "edge": "repeat",
    "streaming": True,
    "nodes": [
        {"name": "affine", "kind": "affine", "inputs": [["features", -1], ["features", 1]], "period": 3},
        {"name": "output", "kind": "log_softmax", "inputs": [["affine", 0]], "period": 3},
    ],
}


def _weights():
    extractor = Fbank(FbankOptions(**SMALL))
    weight, bias = np.zeros((len(UNITS), 80), np.float32), np.zeros(len(UNITS), np.float32)
    for unit, tone in enumerate(TONES, start=1):
        energies = extractor.extract(0.3 * np.sin(2 * np.pi * tone * np.arange(4000) / RATE))[10]
        loudest = int(np.argmax(energies))
        weight[unit, [loudest, 40 + loudest]] = 0.5
        bias[unit] = 4.0 - float(energies[loudest])
    return {"affine.weight": weight, "affine.bias": bias}


def flat_arpa(words):
    """Return a unigram model of ``words``, all of one probability."""
    every = ("<unk>", "<s>", "</s>", *words)
    log10_prob = np.full(len(every), -1.0, np.float32)
    ids = np.arange(len(every), dtype=np.int32)[:, None]
    return Arpa(every, (NgramTable(ids, log10_prob, np.zeros(len(every), np.float32)),))


def _arpa():
    words = ("<unk>", "<s>", "</s>", *WORDS)
    count = len(words)
    unigrams = np.full(count, np.log10(1 / (count - 1)), np.float32)
    unigrams[1] = -99.0
    bigrams = np.array([[3, 4], [5, 6]], np.int32)
    tables = (
        NgramTable(np.arange(count, dtype=np.int32)[:, None], unigrams, np.full(count, -0.25, np.float32)),
        NgramTable(bigrams, np.full(2, -0.25, np.float32), np.zeros(2, np.float32)),
    )
    return Arpa(words, tables)
