import numpy as np
from harken.features import FbankOptions
from harken.features.dither import frame_noise
from harken.features.framing import WINDOWS, FrameOptions, mirrored, window
from hypothesis import given, settings
from hypothesis import strategies as st

from . import naive_features as naive


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(2, 40), st.booleans(), st.integers(0, 300))
def test_frames_are_counted_as_by_the_naive_twin(shift, length, snip_edges, samples):
    options = FrameOptions(
        sample_frequency=1000.0, frame_shift=float(shift), frame_length=float(length), snip_edges=snip_edges
    )
    assert options.count(samples) == naive.frame_count(samples, options)
    sure = options.count(samples, ended=False)
    assert 0 <= sure <= options.count(samples)
    # One more frame would need a sample that is not there yet.
    assert options.first_sample + sure * shift + length > samples
    assert sure == 0 or options.first_sample + (sure - 1) * shift + length <= samples


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(-100, 100), st.integers(0, 100))
def test_mirroring_equals_the_naive_twin(total, first, width):
    samples = np.arange(total, dtype=np.float32)
    found = mirrored(samples, 0, first, first + width)
    assert found.tolist() == [samples[naive.mirror(i, total)] for i in range(first, first + width)]


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(0, 29), st.integers(0, 60))
def test_mirroring_needs_only_the_end_of_a_recording(total, start, last):
    start = min(start, total - 1)
    last = min(max(last, start), 2 * total - start)
    samples = np.arange(total, dtype=np.float32)
    assert mirrored(samples[start:], start, start, last).tolist() == mirrored(samples, 0, start, last).tolist()


def test_windows_equal_the_naive_twins():
    for window_type in WINDOWS:
        options = FbankOptions(window_type=window_type)
        np.testing.assert_allclose(window(options), naive.window(options), atol=1e-7)


def test_dither_is_keyed_by_frame_and_sample():
    noise = frame_noise(7, 0, 50, 401)
    assert noise.shape == (50, 401)
    assert noise.dtype == np.float32
    for first, count in ((0, 1), (3, 2), (48, 2), (10, 40)):
        assert frame_noise(7, first, count, 401).tobytes() == np.ascontiguousarray(noise[first:][:count]).tobytes()
    assert not np.any(noise[0] == noise[1])
    assert not np.any(frame_noise(8, 0, 50, 401)[0] == noise[0])


def test_dither_is_standard_normal_and_white():
    noise = frame_noise(0, 1000, 500, 400).astype(np.float64)
    assert np.isfinite(noise).all()
    count = noise.size
    assert abs(noise.mean()) < 5 / np.sqrt(count)
    assert abs(noise.var() - 1) < 5 * np.sqrt(2 / count)
    assert abs((noise**4).mean() - 3) < 5 * np.sqrt(96 / count)
    assert abs((np.abs(noise) > 3).mean() - 0.0027) < 5 * np.sqrt(0.0027 / count)
    for lag in (1, 2, 200):
        assert abs((noise[:, lag:] * noise[:, :-lag]).mean()) < 5 / np.sqrt(count - 500 * lag)
    assert abs((noise[1:] * noise[:-1]).mean()) < 5 / np.sqrt(count - 400)
