"""Feature extraction beside kaldi-native-fbank, one thread, a minute of audio: ``pytest bench/bench_features.py -s``.

The peer is given the samples as an array, told that they ended and asked for every frame. Reported are its whole time
and its own computing (without ``get_frame`` and the passing of the array), ours, both ratios, and the floor: nothing
but the real Fourier transforms of the same frames.
"""

import statistics
import time

import numpy as np
import pytest
from harken.blas import one_thread
from harken.features import Fbank, FbankOptions, Mfcc, MfccOptions

SECONDS = 60
ROUNDS = 15
BAR = 0.30


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    envelope = np.repeat(rng.uniform(0.01, 0.3, SECONDS * 10), 1600)
    return (envelope * rng.standard_normal(SECONDS * 16000)).clip(-1, 1).astype(np.float32)


def medians(functions):
    """Return each function's median time in ms; they take turns, so that what disturbs one disturbs all.

    It is the thread's processor time: equal to the clock's on an idle machine, and still right on a busy one.
    """
    taken = [[] for _ in functions]
    for _ in range(ROUNDS):
        for times, function in zip(taken, functions, strict=True):
            start = time.thread_time()
            function()
            times.append(1000 * (time.thread_time() - start))
    return [statistics.median(times) for times in taken]


def report(name, ours, peer, peer_computing, floor):
    print(
        f"\n{name}, {SECONDS} s of audio, one thread, medians of {ROUNDS} rounds\n"
        f"  ours                    {ours:7.2f} ms   {1000 * SECONDS / ours:8.0f} times real time\n"
        f"  kaldi-native-fbank      {peer:7.2f} ms   ours / peer {ours / peer:.3f} (at most {BAR})\n"
        f"    its computing alone   {peer_computing:7.2f} ms   ours / peer {ours / peer_computing:.3f}\n"
        f"  Fourier transforms only {floor:7.2f} ms   ours / floor {ours / floor:.2f}"
    )


def peer_options(native, kind, num_mel_bins):
    options = getattr(native, kind)()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = num_mel_bins
    return options


def compare(benchmark, name, extractor, online, options, samples):
    from scipy.fft import rfft

    scaled = samples * np.float32(32768)
    frames = np.random.default_rng(0).standard_normal((SECONDS * 100, 512)).astype(np.float32)

    def peer():
        found = online(options)
        found.accept_waveform(16000, scaled)
        found.input_finished()
        return [found.get_frame(i) for i in range(found.num_frames_ready)]

    def handing_over():
        # With a shift of a minute it computes one frame: what is left is the array's way in.
        online(one_frame).accept_waveform(16000, scaled)

    def fetching():
        for i in range(done.num_frames_ready):
            done.get_frame(i)

    one_frame = type(options)()
    one_frame.frame_opts.dither = 0
    one_frame.frame_opts.frame_shift_ms = 1000.0 * SECONDS
    done = online(options)
    done.accept_waveform(16000, scaled)
    done.input_finished()

    def floor():
        # In blocks as ours, so that the frames come from the cache.
        for start in range(0, len(frames), 192):
            rfft(frames[start : start + 192])

    with one_thread():
        ours_ms, peer_ms, handing_ms, fetching_ms, floor_ms = medians(
            [lambda: extractor.extract(samples), peer, handing_over, fetching, floor]
        )
    report(name, ours_ms, peer_ms, peer_ms - handing_ms - fetching_ms, floor_ms)
    benchmark.extra_info.update(peer_ms=peer_ms, floor_ms=floor_ms, ratio=ours_ms / peer_ms)
    found = extractor.extract(samples)
    assert found.shape == (SECONDS * 100, extractor.dim)
    np.testing.assert_allclose(found, np.stack(peer()), atol=0.05)
    benchmark.pedantic(lambda: extractor.extract(samples), rounds=ROUNDS, warmup_rounds=1)
    assert ours_ms <= BAR * peer_ms


def test_fbank_80(benchmark, samples):
    native = pytest.importorskip("kaldi_native_fbank")
    extractor = Fbank(FbankOptions(num_mel_bins=80, snip_edges=False))
    compare(benchmark, "fbank-80", extractor, native.OnlineFbank, peer_options(native, "FbankOptions", 80), samples)


def test_mfcc_40(benchmark, samples):
    native = pytest.importorskip("kaldi_native_fbank")
    extractor = Mfcc(MfccOptions(num_mel_bins=40, num_ceps=40, use_energy=False, snip_edges=False))
    options = peer_options(native, "MfccOptions", 40)
    options.num_ceps = 40
    options.use_energy = False
    compare(benchmark, "MFCC-40", extractor, native.OnlineMfcc, options, samples)


def test_streamed_fbank_80(benchmark, samples):
    extractor = Fbank(FbankOptions(num_mel_bins=80, snip_edges=False))
    chunks = np.split(samples, SECONDS * 1000 // 240)

    def stream():
        held = extractor.stream()
        return [held.accept(chunk) for chunk in chunks] + [held.finish()]

    with one_thread():
        whole_ms, stream_ms = medians([lambda: extractor.extract(samples), stream])
    print(f"\nfbank-80 in pieces of 0.24 s: {stream_ms:.2f} ms, {stream_ms / whole_ms:.2f} times the whole recording's")
    benchmark.pedantic(stream, rounds=ROUNDS, warmup_rounds=1)
