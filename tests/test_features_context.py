import numpy as np
import pytest
from harken.errors import OptionsError, ScoresError
from harken.features import DeltaOptions, Deltas, Splice, SpliceOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from . import naive_features as naive


def features(frames, dim, seed=0):
    return np.random.default_rng(seed).normal(3, 2, (frames, dim)).astype(np.float32)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3))
def test_deltas_equal_the_naive_twin(frames, dim, order, window):
    values = features(frames, dim)
    found = Deltas(DeltaOptions(delta_order=order, delta_window=window)).apply(values)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive.deltas(values.tolist(), order, window), atol=1e-5)


def test_the_delta_of_a_slope_is_its_slope():
    slope = np.arange(20, dtype=np.float32)[:, None] * np.float32([1, -2])
    found = Deltas().apply(slope)[5:-5]
    np.testing.assert_allclose(found[:, 2:], np.tile([1, -2, 0, 0], (10, 1)), atol=1e-5)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 4), st.integers(0, 4))
def test_splicing_equals_the_naive_twin(frames, dim, left, right):
    values = features(frames, dim)
    found = Splice(SpliceOptions(left_context=left, right_context=right)).apply(values)
    assert found.dtype == np.float32
    assert found.tolist() == naive.splice(values.tolist(), left, right)


@pytest.mark.parametrize("transform", [Deltas(), Splice(), Splice(SpliceOptions(left_context=0, right_context=7))])
@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 9), max_size=8))
def test_streams_equal_whole_recordings_to_the_bit(transform, sizes):
    values = features(sum(sizes), 3)
    whole, stream = transform.apply(values), transform.stream()
    parts = [stream.accept(part) for part in np.split(values, np.cumsum(sizes)[:-1])] if sizes else []
    parts.append(stream.finish())
    found = np.concatenate(parts) if sizes else whole[:0]
    assert found.shape == whole.shape
    assert found.tobytes() == whole.tobytes()


def test_no_frames_give_no_rows_of_the_right_width():
    assert Deltas().apply(np.zeros((0, 13), np.float32)).shape == (0, 39)
    assert Splice().apply(np.zeros((0, 13), np.float32)).shape == (0, 117)


def test_what_fits_not_is_refused():
    with pytest.raises(OptionsError, match="delta_window"):
        Deltas(DeltaOptions(delta_window=0))
    with pytest.raises(OptionsError, match="delta_order"):
        Deltas(DeltaOptions(delta_order=-1))
    with pytest.raises(OptionsError, match="left_context"):
        Splice(SpliceOptions(left_context=-1))
    with pytest.raises(ScoresError, match="shape"):
        Splice().apply(np.zeros(5, np.float32))
    with pytest.raises(ScoresError, match="int64"):
        Splice().apply(np.zeros((5, 2), np.int64))
    with pytest.raises(ScoresError, match="NaN"):
        Deltas().apply(np.full((5, 2), np.nan, np.float32))
    stream = Deltas().stream()
    stream.accept(features(3, 2))
    with pytest.raises(ScoresError, match="3 columns where 2"):
        stream.accept(features(3, 3))
    stream.finish()
    with pytest.raises(ScoresError, match="finished"):
        stream.accept(features(3, 2))
    with pytest.raises(ScoresError, match="finished"):
        stream.finish()
