"""Features beside those that Kaldi, HTK and kaldi-native-fbank compute for the same recordings."""

import struct

import numpy as np
import pytest
import soundfile
from harken.features import (
    CmvnStats,
    DeltaOptions,
    Deltas,
    Fbank,
    FbankOptions,
    Mfcc,
    MfccOptions,
    SlidingCmvn,
    SlidingCmvnOptions,
    Splice,
    SpliceOptions,
    read_conf,
)
from harken.features.mel import MelOptions, mel_matrix

from .shared_data import shared

pytestmark = pytest.mark.parity

KALDI = "parity/kaldi-feats-ivectors/feats/src"
HTK = "parity/kaldi-htk-feats"
SIXTY_DECIBELS = 6 * np.log(10)


def numbers(path):
    """Return the one matrix of a Kaldi text archive; a file that holds a path stands for the file there."""
    text = path.read_text()
    if "[" not in text:
        return numbers((path.parent / text.strip()).resolve())
    return np.array([line.split() for line in text.split("[")[1].split("]")[0].strip().splitlines()], np.float64)


@pytest.mark.parametrize("case", [f"16000_{number:03d}" for number in range(1, 55)])
@pytest.mark.parametrize(
    ("name", "options", "extractor", "tolerance"),
    # Kaldi's own distance from double precision is 4e-4; the lifter multiplies it by up to 12.
    [("fbank", FbankOptions, Fbank, 1e-3), ("mfcc", MfccOptions, Mfcc, 4e-3)],
)
def test_equals_kaldi(name, options, extractor, tolerance, case):
    folder = shared(f"{KALDI}/fbank_mfcc/{case}")
    samples, rate = soundfile.read((folder / (folder / "audio.wav").read_text().strip()).resolve(), dtype="float32")
    found = extractor(read_conf(folder / f"{name}.conf", options)).extract(samples)
    expected = numbers(folder / f"{name}.ark.txt")
    assert rate == 16000
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance


@pytest.mark.parametrize("case", range(1, 9))
def test_sliding_cmvn_equals_kaldi(case):
    folder = shared(f"{KALDI}/cmvn/16000_001_{case:03d}")
    options = read_conf(folder / "cmvn.conf", SlidingCmvnOptions)
    expected = numbers(folder / "cmvn.ark.txt")
    found = SlidingCmvn(options).apply(numbers(folder / "mfcc.ark.txt"))
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5  # half a unit of the last digit that the archive prints


def htk_features(path):
    """Return an HTK parameter file's matrix."""
    data = path.read_bytes()
    frames, _period, size, _kind = struct.unpack(">iihh", data[:12])
    return np.frombuffer(data[12:], ">f4").reshape(frames, size // 4)


AS_HTK = {
    "window_type": "hamming",
    "remove_dc_offset": False,
    "preemphasis_coefficient": 0.0,
    "low_freq": 0.0,
    "htk_compat": True,
    "htk_mode": True,
}
WARPED = {"vtln_low": 100.0, "vtln_high": 7500.0}


# Kaldi's own tolerance is 1.0, without the first and last ten frames.
@pytest.mark.parametrize(
    ("number", "options", "tolerance"),
    [
        (1, {"use_energy": False}, 3e-4),
        (2, {}, 3e-4),
        (3, {"low_freq": 20.0}, 3e-4),
        (4, {"preemphasis_coefficient": 0.97}, 3e-4),
        (5, {"preemphasis_coefficient": 0.97, "vtln_warp": 1.1, **WARPED}, 3e-4),
        (
            6,  # the bin that HTK drops lies at the lowest frequency itself, where Kaldi hears nothing anyway
            {
                "preemphasis_coefficient": 0.97,
                "use_energy": False,
                "num_mel_bins": 24,
                "low_freq": 125.0,
                "high_freq": 7800.0,
                "htk_mode": False,
            },
            3e-4,
        ),
    ],
)
def test_mfcc_with_deltas_equals_htk(number, options, tolerance):
    samples, _ = soundfile.read(shared(f"{HTK}/test.wav"), dtype="float32")
    found = Deltas().apply(Mfcc(MfccOptions(**{**AS_HTK, **options})).extract(samples))
    expected = htk_features(shared(f"{HTK}/test.wav.fea_htk.{number}"))
    assert found.shape == expected.shape
    assert np.abs(found - expected)[10:-10].max() <= tolerance


@pytest.mark.parametrize(
    ("number", "options", "tolerance"),
    [
        (1, {}, 1e-4),
        (2, {"low_freq": 25.0}, 1e-4),
        # HTK's and Kaldi's warping agree between the cut-offs and differ outside them when the voice is stretched.
        (3, {"low_freq": 25.0, "vtln_warp": 0.9, **WARPED}, 1.0),
        (4, {"low_freq": 25.0, "vtln_warp": 1.1, **WARPED}, 3e-3),
    ],
)
def test_fbank_equals_htk(number, options, tolerance):
    samples, _ = soundfile.read(shared(f"{HTK}/test.wav"), dtype="float32")
    found = Fbank(FbankOptions(**{**AS_HTK, **options})).extract(samples)
    expected = htk_features(shared(f"{HTK}/test.wav.fbank_htk.{number}"))
    assert found.shape == expected.shape
    distance = np.abs(found - expected)[10:-10]
    assert distance.max() <= tolerance
    assert distance[:, 2:21].max() <= 1e-4


def peer_options(native, kind, options):
    """Return kaldi-native-fbank's options that mean the same as ours."""
    theirs = getattr(native, kind)()
    theirs.frame_opts.samp_freq = options.sample_frequency
    theirs.frame_opts.frame_length_ms = options.frame_length
    theirs.frame_opts.frame_shift_ms = options.frame_shift
    theirs.frame_opts.dither = options.dither
    theirs.frame_opts.preemph_coeff = options.preemphasis_coefficient
    theirs.frame_opts.remove_dc_offset = options.remove_dc_offset
    theirs.frame_opts.window_type = options.window_type
    theirs.frame_opts.blackman_coeff = options.blackman_coeff
    theirs.frame_opts.round_to_power_of_two = options.round_to_power_of_two
    theirs.frame_opts.snip_edges = options.snip_edges
    theirs.mel_opts.num_bins = options.num_mel_bins
    theirs.mel_opts.low_freq = options.low_freq
    theirs.mel_opts.high_freq = options.high_freq
    theirs.mel_opts.htk_mode = options.htk_mode
    for name in ("use_energy", "energy_floor", "raw_energy", "htk_compat"):
        setattr(theirs, name, getattr(options, name))
    for name in ("use_log_fbank", "use_power", "num_ceps", "cepstral_lifter"):
        if hasattr(options, name):
            setattr(theirs, name, getattr(options, name))
    return theirs


def peer_features(online, options, samples):
    extractor = online(options)
    extractor.accept_waveform(16000, samples * np.float32(32768))
    extractor.input_finished()
    return np.stack([extractor.get_frame(i) for i in range(extractor.num_frames_ready)])


def clips(count):
    found = sorted(shared("speech/valid").glob("*/*.opus"))
    return found[:: max(len(found) // count, 1)]


@pytest.mark.parametrize("snip_edges", [True, False])
def test_fbank_equals_kaldi_native_fbank_on_speech(snip_edges):
    native = pytest.importorskip("kaldi_native_fbank")
    options = FbankOptions(num_mel_bins=80, snip_edges=snip_edges)
    worst = worst_quiet = 0.0
    for path in clips(25):
        samples, _ = soundfile.read(path, dtype="float32")
        found = Fbank(options).extract(samples)
        expected = peer_features(native.OnlineFbank, peer_options(native, "FbankOptions", options), samples)
        assert found.shape == expected.shape
        loud = expected >= expected.max(axis=1, keepdims=True) - SIXTY_DECIBELS
        distance = np.abs(found - expected)
        worst = max(worst, distance[loud].max())
        worst_quiet = max(worst_quiet, distance.max())
    print(f"log energies within 60 dB of the frame's largest: at most {worst:.1e} apart; elsewhere {worst_quiet:.1e}")
    assert worst <= 1e-3
    assert worst_quiet <= 0.5


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_energy": True},
        {"use_energy": True, "raw_energy": False, "htk_compat": True},
        {"energy_floor": 1e9, "use_energy": True},
        {"window_type": "hamming", "preemphasis_coefficient": 0.0},
        {"window_type": "hanning", "remove_dc_offset": False},
        {"window_type": "sine", "snip_edges": False},
        {"window_type": "rectangular", "frame_length": 32.0},
        {"window_type": "blackman", "blackman_coeff": 0.4},
        {"low_freq": 125.0, "high_freq": -400.0, "num_mel_bins": 40},
        {"low_freq": 125.0, "htk_mode": True},
        {"frame_shift": 12.5, "round_to_power_of_two": False},
    ],
)
def test_options_mean_what_they_mean_to_kaldi_native_fbank(options):
    native = pytest.importorskip("kaldi_native_fbank")
    samples, _ = soundfile.read(shared(f"{HTK}/test.wav"), dtype="float32")
    for ours, kind, online, extractor in (
        (FbankOptions(**options), "FbankOptions", "OnlineFbank", Fbank),
        (FbankOptions(**options, use_log_fbank=False, use_power=False), "FbankOptions", "OnlineFbank", Fbank),
        (MfccOptions(**options, num_ceps=20), "MfccOptions", "OnlineMfcc", Mfcc),
        (MfccOptions(**{"use_energy": False, **options}, cepstral_lifter=0.0), "MfccOptions", "OnlineMfcc", Mfcc),
    ):
        expected = peer_features(getattr(native, online), peer_options(native, kind, ours), samples)
        np.testing.assert_allclose(extractor(ours).extract(samples), expected, rtol=1e-3, atol=5e-3)


@pytest.mark.parametrize("warp", [0.85, 0.97, 1.15])
def test_warped_filters_equal_kaldi_native_fbank(warp):
    native = pytest.importorskip("kaldi_native_fbank")
    options = FbankOptions(num_mel_bins=30, vtln_warp=warp)
    theirs = peer_options(native, "FbankOptions", options)
    bank = native.MelBanks(theirs.mel_opts, theirs.frame_opts, warp)
    matrix = mel_matrix(MelOptions(num_mel_bins=30, vtln_warp=warp), 16000.0, 512)
    np.testing.assert_allclose(np.asarray(bank.get_matrix()), matrix.T, atol=1e-4)


def test_deltas_splicing_and_global_cmvn_equal_kaldi_native_fbank():
    native = pytest.importorskip("kaldi_native_fbank", minversion="1.23")
    values = np.random.default_rng(0).normal(5, 3, (50, 13)).astype(np.float32)
    for order, window in ((2, 2), (1, 3), (3, 1)):
        found = Deltas(DeltaOptions(delta_order=order, delta_window=window)).apply(values)
        expected = native.compute_deltas(native.DeltaOptions(order=order, window=window), values)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    found = Splice(SpliceOptions(left_context=3, right_context=5)).apply(values)
    assert np.array_equal(found, native.splice_frames(values, native.SpliceOptions(left_context=3, right_context=5)))
    stats = CmvnStats.of(values)
    np.testing.assert_allclose(stats.matrix(), native.compute_cmvn_stats(values), rtol=1e-6)
    for norm_vars in (False, True):
        options = native.CmvnOptions()
        options.norm_vars = norm_vars
        expected = native.apply_cmvn(native.compute_cmvn_stats(values), options, values)
        np.testing.assert_allclose(stats.apply(values, norm_vars=norm_vars), expected, atol=1e-5)
