"""The same bits for any division of the rows over calls: for every layer shape of the planned network, and the whole.

OpenBLAS chooses its kernels when it is loaded, so other kernels are tried in processes of their own, which run
``compare`` in this file.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from harken.blas import one_thread
from harken.engine.acoustic import AcousticModel
from harken.engine.acoustic.description import Tap
from harken.engine.acoustic.layers import Affine, LogSoftmax, Relu

# (widths of the taps, outputs): the planned network's first layer, bottlenecks, affines, output, and some tiny ones
SHAPES = [((80,) * 7, 768), ((768, 768), 160), ((160, 160), 768), ((768,), 40), ((5,), 3), ((7, 7), 9), ((33,), 2)]
KERNELS = ["Haswell", "SkylakeX", "Sandybridge"]


def layer_of(widths, outputs, floor=None):
    rng = np.random.default_rng(outputs)
    return Affine(
        "affine", tuple(Tap(f"source{i}", 0) for i in range(len(widths))), 1, outputs,
        weight=rng.standard_normal((sum(widths), outputs), dtype=np.float32), tap_widths=widths,
        bias=rng.standard_normal(outputs, dtype=np.float32), floor=floor,
    )  # fmt: skip


def rows_of(layer, sources, first, count):
    """Rows ``first`` to ``first + count`` of the layer, computed in one call, as a stream computes them."""
    before, after = layer.spare_rows(first, count)
    rows = before + count + after
    inputs = []
    for source in sources:
        spare = np.full((rows, source.shape[1]), 0.5, np.float32)
        spare[before : before + count] = source[first : first + count]
        inputs.append(spare)
    out = np.empty((rows, layer.width), np.float32)
    layer.compute(inputs, out, np.empty(layer.scratch(rows), np.float32))
    return out[before : before + count]


def compare(widths, outputs):
    """Raise AssertionError where a row's bits depend on the call that computes it."""
    layer = layer_of(widths, outputs)
    rng = np.random.default_rng(1)
    sources = [rng.standard_normal((500, width), dtype=np.float32) for width in widths]
    with one_thread():
        compare_calls(layer, sources)


def compare_calls(layer, sources):
    whole = rows_of(layer, sources, 0, 500)
    np.testing.assert_allclose(whole, np.concatenate(sources, 1) @ layer.weight + layer.bias, rtol=1e-3, atol=1e-3)
    for first, count in [(0, 1), (0, 8), (1, 1), (5, 8), (8, 8), (11, 2), (17, 90), (100, 240), (123, 1), (451, 49)]:
        part = rows_of(layer, sources, first, count)
        assert part.tobytes() == whole[first : first + count].tobytes(), (layer.tap_widths, layer.width, first, count)


@pytest.mark.parametrize(("widths", "outputs"), SHAPES)
def test_an_affine_map_gives_each_row_the_same_bits_in_any_call(widths, outputs):
    compare(widths, outputs)


@pytest.mark.parametrize("core", KERNELS)
def test_other_kernels_of_openblas_do_so_too(core):
    environment = {**os.environ, "OPENBLAS_CORETYPE": core, "PYTHONWARNINGS": "error"}
    run = subprocess.run(
        [sys.executable, Path(__file__).resolve()], env=environment, capture_output=True, text=True, cwd=Path.home()
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "the same bits\n"


@pytest.mark.parametrize("width", [1, 7, 40, 41])
def test_element_wise_layers_give_each_row_the_same_bits_in_any_call(width):
    rows = np.random.default_rng(width).standard_normal((100, width), dtype=np.float32) * 8
    for layer in (LogSoftmax("l", (), 1, width), Relu("r", (), 1, width)):
        whole = np.empty_like(rows)
        layer.compute([rows], whole, np.empty(rows.size, np.float32))
        for first, count in [(0, 1), (3, 1), (5, 3), (7, 16), (31, 33), (50, 50)]:
            part = rows[first : first + count].copy()
            layer.compute([part], part, np.empty(part.size, np.float32))
            assert part.tobytes() == whole[first : first + count].tobytes()


def compare_network(description, weights, features):
    """Raise AssertionError where the scores of a recording depend on its pieces."""
    model = AcousticModel.load(description, weights)
    whole = model.scores(features)
    for sizes in ([24], [1, 100, 7, 750], [640], [719, 5]):
        stream, begin, scores, index = model.stream(), 0, [], 0
        while begin < len(features):
            size = sizes[index % len(sizes)]
            scores.append(stream.accept(features[begin : begin + size]))
            begin, index = begin + size, index + 1
        scores.append(stream.finish())
        assert np.concatenate(scores).tobytes() == whole.tobytes(), sizes


def test_the_planned_network_gives_the_same_bits_for_any_blocks():
    from .acoustic_networks import speech_like, tdnnf

    rng = np.random.default_rng(7)
    compare_network(*tdnnf(rng, layers=4, right_layers=3), speech_like(rng, 1500))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from acoustic_networks import speech_like, tdnnf

    for widths, outputs in SHAPES:
        compare(widths, outputs)
    rng = np.random.default_rng(7)
    compare_network(*tdnnf(rng, layers=2, right_layers=1), speech_like(rng, 1000))
    print("the same bits")
