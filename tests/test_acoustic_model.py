"""The forward pass against its naive twin, and its streams against themselves."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from harken.engine.acoustic import AcousticModel
from harken.engine.acoustic.description import parse_network
from harken.engine.acoustic.fold import fold
from harken.engine.acoustic.kinds import build_layers
from harken.engine.acoustic.layers import Affine, LogSoftmax, Normalization, Relu, Sum
from harken.engine.acoustic.plan import make_plan
from harken.engine.acoustic.tensors import Tensors
from harken.errors import ScoresError
from harken.tensorfile import save_arrays
from hypothesis import given, settings
from hypothesis import strategies as st

from . import naive_acoustic
from .acoustic_networks import FIELDS, small_tdnnf, speech_like


@pytest.fixture(scope="module")
def small():
    description, weights = small_tdnnf(np.random.default_rng(3))
    return description, weights, AcousticModel.load(description, weights)


def in_pieces(model, features, cuts):
    stream = model.stream()
    scores = [stream.accept(piece) for piece in np.split(features, cuts)]
    return np.concatenate([*scores, stream.finish()])


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 50])
def test_scores_equal_the_naive_twin(small, frames):
    description, weights, model = small
    features = speech_like(np.random.default_rng(frames), frames, 5)
    scores = model.scores(features)
    assert scores.shape == (-(-frames // 3), 7)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, naive_acoustic.scores(description, weights, features), atol=1e-5)
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, atol=1e-5)


@st.composite
def networks(draw):
    """A random graph of all kinds of node, with periods 1 and 2 or 3, odd offsets, and nodes that nobody reads."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    step = draw(st.sampled_from([1, 2, 3]))
    nodes, weights, known = [], {}, {"features": (1, 3)}
    for index in range(draw(st.integers(1, 9))):
        last = index == 8 or draw(st.booleans())
        period = draw(st.sampled_from(sorted({1, step}))) if not last else step
        kind = draw(st.sampled_from(["affine", "affine", "batchnorm", "relu", "add", "log_softmax"]))
        sources = [name for name, (p, _) in known.items() if period % p == 0]
        recent = sources[-1] if draw(st.booleans()) else draw(st.sampled_from(sources))
        width = known[recent][1]
        if kind in ("affine", "add"):
            alike = sources if kind == "affine" else [name for name in sources if known[name][1] == width]
            chosen = [recent, *draw(st.lists(st.sampled_from(alike), max_size=2))]
        else:
            chosen = [recent]
        taps = [[name, known[name][0] * draw(st.integers(-2, 2))] for name in chosen]
        name, options = f"n{index}", {}
        if kind == "affine":
            inputs, width = sum(known[source][1] for source in chosen), draw(st.integers(2, 6))
            weights[f"{name}.weight"] = rng.standard_normal((width, inputs)).astype(np.float32) / 2
            if draw(st.booleans()):
                weights[f"{name}.bias"] = rng.standard_normal(width).astype(np.float32)
        elif kind == "batchnorm":
            options["epsilon"] = 1e-3
            for field in ("mean", "variance", "scale", "offset"):
                weights[f"{name}.{field}"] = rng.uniform(0.3, 2, width).astype(np.float32)
        elif kind == "add":
            options["scales"] = [draw(st.sampled_from([1.0, 0.5, -0.5])) for _ in taps]
        nodes.append({"name": name, "kind": kind, "inputs": taps, "period": period, **options})
        known[name] = (period, width)
    output = nodes[-1]
    return {
        "inputs": {"features": 3}, "output": output["name"], "subsampling": output["period"], "left_context": 99,
        "right_context": 99, **FIELDS, "nodes": nodes,
    }, weights  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(networks(), st.integers(1, 25), st.data())
def test_any_network_equals_the_naive_twin_in_any_pieces(network, frames, data):
    description, weights = network
    features = np.random.default_rng(frames).standard_normal((frames, 3)).astype(np.float32)
    model = AcousticModel.load(description, weights)
    scores = model.scores(features)
    expected = naive_acoustic.scores(description, weights, features)
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)
    cuts = sorted(data.draw(st.lists(st.integers(0, frames), max_size=5)))
    assert in_pieces(model, features, cuts).tobytes() == scores.tobytes()


@pytest.mark.parametrize("block_rows", [1, 2, 5, 12, 31])
def test_the_largest_block_changes_no_bits(small, block_rows):
    description, _, model = small
    features = speech_like(np.random.default_rng(8), 200, 5)
    expected = model.scores(features)
    other = AcousticModel.load(description, small[1])
    other.plan = make_plan(model.plan.layers, description["inputs"], "output", block_rows)
    assert other.scores(features).tobytes() == expected.tobytes()


def test_scores_come_as_soon_as_the_right_context_is_there(small):
    model = small[2]
    stream = model.stream()
    features = speech_like(np.random.default_rng(1), 40, 5)
    for frame in range(40):
        rows = stream.accept(features[frame : frame + 1])
        ready = frame - model.right_context
        assert len(rows) == (ready >= 0 and ready % 3 == 0)
    assert len(stream.finish()) == 14 - sum(1 for time in range(0, 40, 3) if time + model.right_context < 40)


def test_threads_that_share_a_model_get_the_same_bits(small):
    model = small[2]
    files = [speech_like(np.random.default_rng(seed), 300, 5) for seed in range(6)]
    expected = [model.scores(features).tobytes() for features in files]
    with ThreadPoolExecutor(4) as pool:
        assert [scores.tobytes() for scores in pool.map(model.scores, files * 3)] == expected * 3


def test_a_process_with_more_blas_threads_gets_the_same_bits_and_keeps_its_threads(small):
    from threadpoolctl import threadpool_info, threadpool_limits

    features = speech_like(np.random.default_rng(1), 100, 5)
    expected = small[2].scores(features)
    with threadpool_limits(2, user_api="blas"):
        assert small[2].scores(features).tobytes() == expected.tobytes()
        assert {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"} == {2}


def test_folding_leaves_one_affine_map_and_one_sum_a_half_layer(small):
    description, weights, _ = small
    layers = fold(build_layers(parse_network(description), Tensors(weights)), "output")
    assert [type(layer) for layer in layers] == [Normalization, Affine, *[Affine, Affine, Sum] * 4, Affine, LogSoftmax]
    assert all(layer.scales == (1, 1) for layer in layers if isinstance(layer, Sum))


def test_what_cannot_be_folded_is_computed(small):
    description, weights, _ = small
    layers = build_layers(parse_network(description), Tensors(weights))
    assert {type(layer) for layer in layers} == {Affine, Normalization, Relu, Sum, LogSoftmax}
    features = speech_like(np.random.default_rng(5), 80, 5)
    folded = AcousticModel.load(description, weights)
    plain = AcousticModel.load(description, weights)
    plain.plan = make_plan(layers, description["inputs"], "output")
    np.testing.assert_allclose(plain.scores(features), folded.scores(features), atol=1e-5)


def test_slots_are_shared(small):
    assert len(small[2].plan.slot_sizes) <= 4


def test_a_file_of_float16_is_computed_in_float32(small, tmp_path):
    description, weights, _ = small
    halves = {name: array.astype(np.float16) for name, array in weights.items()}
    save_arrays(tmp_path / "acoustic.safetensors", halves)
    model = AcousticModel.load(description, tmp_path / "acoustic.safetensors")
    features = speech_like(np.random.default_rng(2), 30, 5)
    np.testing.assert_allclose(model.scores(features), naive_acoustic.scores(description, halves, features), atol=1e-5)


def test_no_features_give_no_scores(small):
    model = small[2]
    nothing = np.zeros((0, 5), np.float32)
    assert model.scores(nothing).shape == (0, 7)
    stream = model.stream()
    assert stream.accept(nothing).shape == stream.finish().shape == (0, 7)


def test_a_model_that_does_not_stream_gives_everything_at_the_end(small):
    description, weights, streaming = small
    model = AcousticModel.load({**description, "streaming": False}, weights)
    features = speech_like(np.random.default_rng(2), 100, 5)
    stream = model.stream()
    assert len(stream.accept(features[:70])) == 0
    stream.accept(features[70:])
    assert stream.finish().tobytes() == streaming.scores(features).tobytes()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros(5, np.float32), r"takes features of shape \(frames, 5\)"),
        (np.zeros((3, 4), np.float32), r"takes features of shape \(frames, 5\), not float32 \(3, 4\)"),
        (np.zeros((3, 5), complex), "not complex128"),
        (np.array([[0] * 5, [0, np.nan, 0, 0, 0]]), "feature frame 1 holds NaN"),
        (np.full((3, 5), 1e300), "feature frame 0 holds NaN or infinite"),
        (np.full((3, 5), 3e38, np.float32) * [[1], [-1], [1]], "too large for the acoustic model"),
    ],
)
def test_bad_features_are_refused(small, features, message):
    model = small[2]
    with pytest.raises(ScoresError, match=message):
        model.scores(features)
    good = speech_like(np.random.default_rng(2), 30, 5)
    assert np.isfinite(model.scores(good)).all()


def test_a_finished_stream_takes_nothing(small):
    stream = small[2].stream()
    stream.finish()
    with pytest.raises(ScoresError, match="is finished"):
        stream.accept(np.zeros((1, 5), np.float32))
