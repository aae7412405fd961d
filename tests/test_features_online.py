import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from harken.errors import AudioError
from harken.features import Fbank, FbankOptions, Mfcc, MfccOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from .test_features_fbank import noise

EXTRACTORS = {
    "fbank": Fbank(FbankOptions(num_mel_bins=80, snip_edges=False)),
    "fbank, dither, energy": Fbank(FbankOptions(dither=1.0, use_energy=True, raw_energy=False)),
    "fbank, a frame for each sample": Fbank(
        FbankOptions(sample_frequency=1000.0, frame_shift=1.0, frame_length=20.0, num_mel_bins=4, use_energy=True)
    ),
    "fbank, far frames": Fbank(FbankOptions(frame_shift=40.0, snip_edges=False, round_to_power_of_two=False)),
    "mfcc": Mfcc(MfccOptions(num_mel_bins=40, num_ceps=40)),
    "mfcc, dither, centred": Mfcc(MfccOptions(dither=0.5, dither_seed=3, snip_edges=False, htk_compat=True)),
}


def streamed(extractor, samples, sizes):
    stream, parts, at = extractor.stream(), [], 0
    for size in sizes:
        parts.append(stream.accept(samples[at : at + size]))
        at += size
    parts += [stream.accept(samples[at:]), stream.finish()]
    assert stream.frames == sum(map(len, parts))
    return np.concatenate(parts)


@pytest.mark.parametrize("name", EXTRACTORS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_frames_equal_the_whole_recordings_to_the_bit(name, data):
    extractor = EXTRACTORS[name]
    samples = noise(data.draw(st.one_of(st.integers(0, 1000), st.integers(1000, 40000))), seed=5)
    sizes = data.draw(st.lists(st.one_of(st.integers(0, 500), st.integers(0, 12000)), max_size=12))
    whole, parts = extractor.extract(samples), streamed(extractor, samples, sizes)
    assert parts.shape == whole.shape
    assert parts.tobytes() == whole.tobytes()


def test_frames_come_as_soon_as_their_samples_are_there():
    stream = Fbank().stream()
    assert len(stream.accept(noise(399))) == 0
    assert len(stream.accept(noise(1))) == 1
    assert len(stream.accept(noise(160 * 5 + 1))) == 5
    assert len(stream.accept(noise(159))) == 1
    assert len(stream.finish()) == 0


def test_a_stream_keeps_no_more_than_it_needs():
    stream = EXTRACTORS["fbank"].stream()
    for _ in range(100):
        stream.accept(noise(1600))
    assert len(stream._samples) < 1000


def test_a_finished_stream_takes_no_more():
    stream = Fbank().stream()
    stream.finish()
    with pytest.raises(AudioError, match="finished"):
        stream.accept(noise(10))
    with pytest.raises(AudioError, match="finished"):
        stream.finish()


def test_bad_samples_leave_the_stream_as_it_was():
    samples, stream = noise(2000), Fbank().stream()
    first = stream.accept(samples[:1000])
    with pytest.raises(AudioError, match="NaN"):
        stream.accept(np.full(10, np.nan, np.float32))
    rest = [stream.accept(samples[1000:]), stream.finish()]
    assert np.concatenate([first, *rest]).tobytes() == Fbank().extract(samples).tobytes()


def test_threads_may_share_an_extractor():
    extractor = EXTRACTORS["mfcc"]
    recordings = [noise(20000 + 1000 * i, seed=i) for i in range(8)]
    expected = [extractor.extract(samples) for samples in recordings]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(extractor.extract, recordings * 3))
    for one, other in zip(found, expected * 3, strict=True):
        assert one.tobytes() == other.tobytes()


SCRIPT = """
import numpy as np
from harken.features import Fbank, FbankOptions, Mfcc, MfccOptions
samples = (0.3 * np.random.default_rng(0).standard_normal(30000)).clip(-1, 1).astype(np.float32)
for bins in (23, 80):
    for extractor in (Fbank(FbankOptions(num_mel_bins=bins)), Mfcc(MfccOptions(num_mel_bins=bins, num_ceps=bins))):
        whole = extractor.extract(samples)
        for size in (1000, 3840):
            stream = extractor.stream()
            parts = [stream.accept(samples[at : at + size]) for at in range(0, len(samples), size)]
            assert np.concatenate([*parts, stream.finish()]).tobytes() == whole.tobytes(), (bins, size)
"""


@pytest.mark.parametrize("core", ["", "Haswell", "Sandybridge", "Nehalem"])
def test_streams_equal_whole_recordings_on_every_kernel_of_the_library(core, tmp_path):
    if core and platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("OPENBLAS_CORETYPE's names are those of x86 processors here")
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    if core:
        environment["OPENBLAS_CORETYPE"] = core
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, cwd=tmp_path, env=environment, timeout=120)
