import numpy as np
import pytest
from harken.engine.segmentation import SegmentationOptions, Segmenter
from harken.errors import OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_segmentation import segments

OPTIONS = SegmentationOptions(pause=5, soft_length=20, max_length=40, padding=3, blank=0.5)


def scores_of(silent):
    """Return scores (frames, 3), not normalised, whose last column, of no weight, numbers the frames."""
    scores = np.zeros((len(silent), 3), np.float32)
    scores[:, 0] = np.where(silent, np.log(0.9), np.log(0.1)) + 2.0
    scores[:, 1] = np.where(silent, np.log(0.1), np.log(0.9)) + 2.0
    scores[:, 2] = -1000.0 - np.arange(len(silent))
    return scores


def numbers(scores):
    return (-1000 - scores.reshape(-1, 3)[:, 2]).astype(int).tolist()


def cut(silent, cuts, options=OPTIONS):
    """Return the segments' (first, end) that a stream cut at ``cuts`` finds, and check what it hands out."""
    segmenter, found, rows = Segmenter(options, 1.0), [], []
    scores = scores_of(silent)
    stretches = []
    for begin, end in zip([0, *cuts], [*cuts, len(silent)], strict=True):
        stretches += segmenter.accept(scores[begin:end])
    for stretch in [*stretches, *segmenter.finish()]:
        assert stretch.opens == (not rows)
        rows += numbers(stretch.scores)
        if len(stretch.scores):
            assert stretch.first_frame == numbers(stretch.scores)[0]
        if stretch.closes:
            assert rows == list(range(rows[0], rows[-1] + 1))
            found.append((rows[0], rows[-1] + 1))
            rows = []
    assert rows == []
    return found


runs = st.lists(st.tuples(st.booleans(), st.integers(1, 25)), max_size=12)


@settings(deadline=None, max_examples=200)
@given(runs, st.lists(st.integers(0, 300), max_size=8))
def test_stream_equals_the_naive_twin_for_any_chunks(parts, cuts):
    silent = np.array([quiet for quiet, length in parts for _ in range(length)], bool)
    cuts = sorted(min(cut, len(silent)) for cut in cuts)
    assert cut(silent, cuts) == segments(silent.tolist(), 5, 20, 40, 3)


def test_a_pause_ends_a_segment_and_a_short_one_does_not():
    silent = [True] * 10 + [False] * 4 + [True] * 4 + [False] * 4 + [True] * 9 + [False] * 2
    assert cut(np.array(silent), []) == [(7, 27), (28, 33)]


def test_endless_speech_is_cut_at_the_maximum():
    assert cut(np.zeros(100, bool), []) == [(0, 40), (40, 80), (80, 100)]


def test_silence_has_no_segments():
    assert cut(np.ones(100, bool), [50]) == []


@pytest.mark.parametrize(
    "values", [{"pause": 0}, {"soft_length": 50.0}, {"padding": -1}, {"blank": 1.0}, {"max_length": float("inf")}]
)
def test_options_that_make_no_sense_are_refused(values):
    with pytest.raises(OptionsError):
        SegmentationOptions(**values)
