import numpy as np
import pytest
from harken.errors import OptionsError, ScoresError
from harken.features import CmvnStats, SlidingCmvn, SlidingCmvnOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from . import naive_features as naive
from .test_features_context import features

sliding_options = st.builds(
    lambda window, least, center, norm_vars: SlidingCmvnOptions(
        cmn_window=window, min_cmn_window=min(least, window), center=center, norm_vars=norm_vars
    ),
    st.integers(1, 12),
    st.integers(1, 12),
    st.booleans(),
    st.booleans(),
)


@settings(deadline=None)
@given(sliding_options, st.integers(1, 30))
def test_the_sliding_window_equals_the_naive_twin(options, frames):
    values = features(frames, 2)
    found = SlidingCmvn(options).apply(values)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive.sliding_cmvn(values.tolist(), options), rtol=1e-4, atol=1e-4)


@settings(deadline=None)
@given(sliding_options, st.lists(st.integers(0, 9), max_size=8))
def test_a_stream_equals_the_whole_recording_to_the_bit(options, sizes):
    values = features(sum(sizes), 3)
    whole, stream = SlidingCmvn(options).apply(values), SlidingCmvn(options).stream()
    parts = [stream.accept(part) for part in np.split(values, np.cumsum(sizes)[:-1])] if sizes else []
    parts.append(stream.finish())
    found = np.concatenate(parts) if sizes else whole[:0]
    assert found.shape == whole.shape
    assert found.tobytes() == whole.tobytes()


def test_a_stream_keeps_no_more_than_a_window():
    stream = SlidingCmvn(SlidingCmvnOptions(cmn_window=50, min_cmn_window=10)).stream()
    for seed in range(40):
        stream.accept(features(20, 3, seed))
    assert len(stream._frames) <= 50
    assert len(stream._sums) <= 51


def test_constant_columns_become_zero_however_long_and_large():
    values = np.full((3000, 2), 12345.678, np.float32)
    assert not SlidingCmvn(SlidingCmvnOptions(norm_vars=True)).apply(values).any()


def test_global_statistics_give_means_of_zero_and_variances_of_one():
    values = features(200, 4)
    found = CmvnStats.of(values).apply(values, norm_vars=True)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.var(axis=0), 1, rtol=1e-4)
    only_means = CmvnStats.of(values).apply(values)
    np.testing.assert_allclose(only_means, values - values.mean(axis=0), atol=1e-5)


def test_statistics_of_parts_add_up_and_pass_through_kaldis_matrix():
    values = features(100, 3)
    pooled = CmvnStats.of(values[:30]) + CmvnStats.of(values[30:])
    np.testing.assert_allclose(pooled.matrix(), CmvnStats.of(values).matrix(), rtol=1e-12)
    again = CmvnStats.from_matrix(pooled.matrix())
    assert again.count == 100
    assert np.array_equal(again.apply(values), pooled.apply(values))


def test_reverse_gives_back_what_was_taken():
    values = features(50, 3)
    stats = CmvnStats.of(values)
    for norm_vars in (False, True):
        there = stats.apply(values, norm_vars=norm_vars)
        np.testing.assert_allclose(stats.apply(there, norm_vars=norm_vars, reverse=True), values, atol=1e-4)


def test_what_fits_not_is_refused():
    with pytest.raises(OptionsError, match="cmn_window"):
        SlidingCmvnOptions(cmn_window=0)
    with pytest.raises(OptionsError, match="min_cmn_window"):
        SlidingCmvnOptions(cmn_window=50)
    with pytest.raises(ScoresError, match="no frame"):
        CmvnStats.of(features(0, 3)).apply(features(2, 3))
    with pytest.raises(ScoresError, match="3 columns where 2"):
        CmvnStats.of(features(5, 2)).apply(features(2, 3))
    with pytest.raises(ScoresError, match="cannot be added"):
        CmvnStats.of(features(5, 2)) + CmvnStats.of(features(5, 3))
    with pytest.raises(ScoresError, match="dim"):
        CmvnStats.from_matrix(np.zeros((3, 4)))
    stream = SlidingCmvn().stream()
    stream.accept(features(3, 2))
    with pytest.raises(ScoresError, match="columns"):
        stream.accept(features(3, 3))
    stream.finish()
    with pytest.raises(ScoresError, match="finished"):
        stream.finish()
