"""The acoustic model beside onnxruntime, one thread, 30 s of features: ``pytest bench/bench_acoustic.py -s``.

The peer runs the same network, exported to ONNX as dilated convolutions, which it fuses with batch norms and ReLUs; it
is given features that are padded already. The floor is plain sgemm (``numpy.matmul``) on the same layer shapes: one
product for each layer, of all its rows at once, without splicing, bias, ReLU, skip connections and softmax.

OpenBLAS picks its kernels by the processor, or by OPENBLAS_CORETYPE where that is set; onnxruntime always uses the
processor's best. So the comparison runs in a process of its own without that variable, and once more with it. Times are
the thread's own processor time, medians of rounds in which all take turns. The network is the bundled one, or a random
one of the planned size where there is no bundle.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

FRAMES = 3000
BLOCK = 24
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "25"))
BAR = 1.1
ROOT = Path(__file__).parent.parent


def network():
    """Description and weights: of the bundled model, or random ones."""
    for path in sorted((ROOT / "engine" / "models").glob("*/model.json")):
        from harken.tensorfile import map_arrays

        return json.loads(path.read_text())["network"], map_arrays(path.parent / "acoustic.safetensors")[0]
    sys.path.insert(0, str(ROOT / "tests"))
    from acoustic_networks import tdnnf

    return tdnnf(np.random.default_rng(0))


def features_of(width):
    return (13 + 3 * np.random.default_rng(1).standard_normal((FRAMES, width))).astype(np.float32)


def products(model):
    """The matrix products of the network's affine maps, each over all its rows at once: (rows, inputs, outputs)."""
    from harken.engine.acoustic.layers import Affine

    end = (FRAMES - 1) // model.subsampling * model.subsampling + model.right_context
    places = model.plan.places
    return [
        ((end - places[layer.name].reach) // layer.period - places[layer.name].first_row + 1, *layer.weight.shape)
        for layer in model.plan.layers
        if isinstance(layer, Affine)
    ]


def measure():
    """Return the medians in ms of ours, onnxruntime, sgemm and one live block, and the arithmetic in GFLOP."""
    import onnxruntime
    from harken.blas import one_thread
    from harken.engine.acoustic import AcousticModel
    from harken.engine.acoustic.onnx_export import export_onnx, padded
    from threadpoolctl import threadpool_info

    description, weights = network()
    model = AcousticModel.load(description, weights)
    features = features_of(model.feature_width)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(export_onnx(description, weights), options, ["CPUExecutionProvider"])
    fed = {session.get_inputs()[0].name: padded(description, features)}
    difference = np.abs(session.run(None, fed)[0] - model.scores(features)).max()
    if difference > 1e-3:
        raise AssertionError(f"onnxruntime's scores differ by {difference}")
    shapes = products(model)
    random = np.random.default_rng(0)
    operands = [
        (random.random((rows, inner), np.float32), random.random((inner, outer), np.float32),
         np.empty((rows, outer), np.float32))
        for rows, inner, outer in shapes
    ]  # fmt: skip

    def sgemm():
        for left, right, out in operands:
            np.matmul(left, right, out=out)

    stream = model.stream()
    stream.accept(features[:300])
    pieces = np.split(features[300 : 300 + 10 * BLOCK], 10)

    def blocks():
        for piece in pieces:
            stream.accept(piece)

    functions = {
        "ours": lambda: model.scores(features), "peer": lambda: session.run(None, fed), "sgemm": sgemm, "block": blocks
    }  # fmt: skip
    taken = {name: [] for name in functions}
    with one_thread():
        for _ in range(ROUNDS):
            for name, function in functions.items():
                start = time.thread_time()
                function()
                taken[name].append(1000 * (time.thread_time() - start))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    medians["block"] /= len(pieces)
    kernels = next(library["architecture"] for library in threadpool_info() if library["internal_api"] == "openblas")
    gflop = sum(2 * rows * inner * outer for rows, inner, outer in shapes) / 1e9
    return {**medians, "gflop": gflop, "kernels": kernels, "difference": float(difference)}


def report(times):
    ours, peer, sgemm, block = (times[name] for name in ("ours", "peer", "sgemm", "block"))
    rate, plain_rate = (1000 * times["gflop"] / times[name] for name in ("ours", "sgemm"))
    print(
        f"\n{FRAMES} frames in one call, one thread, medians of {ROUNDS} rounds, OpenBLAS kernels {times['kernels']}\n"
        f"  ours          {ours:7.2f} ms   {rate:4.0f} GFLOP/s   {10 * FRAMES / ours:.0f} times real time\n"
        f"  onnxruntime   {peer:7.2f} ms   ours / peer {ours / peer:.3f} (own kernels: at most {BAR})\n"
        f"  plain sgemm   {sgemm:7.2f} ms   {plain_rate:4.0f} GFLOP/s   ours / sgemm {rate / plain_rate:.3f}\n"
        f"  a live block  {block:7.2f} ms   {BLOCK} frames, {10 * BLOCK / block:.0f} times real time\n"
        f"  largest difference from onnxruntime's scores {times['difference']:.1e}"
    )


def in_own_process(environment):
    command = [sys.executable, Path(__file__).resolve()]
    run = subprocess.run(command, env=environment, cwd=Path.home(), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    times = json.loads(run.stdout)
    report(times)
    return times


def test_the_processors_own_kernels(benchmark):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    times = benchmark.pedantic(in_own_process, (environment,), rounds=1)
    benchmark.extra_info.update(times)
    assert times["ours"] <= BAR * times["peer"]


@pytest.mark.skipif("OPENBLAS_CORETYPE" not in os.environ, reason="OPENBLAS_CORETYPE is not set")
def test_the_kernels_that_the_environment_names(benchmark):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    times = benchmark.pedantic(in_own_process, (dict(os.environ),), rounds=1)
    benchmark.extra_info.update(times)
    assert times["sgemm"] >= 0.7 * times["ours"]


def test_a_whole_file(benchmark):
    from harken.engine.acoustic import AcousticModel

    model = AcousticModel.load(*network())
    benchmark(model.scores, features_of(model.feature_width))


def test_a_live_block(benchmark):
    from harken.engine.acoustic import AcousticModel

    model = AcousticModel.load(*network())
    stream = model.stream()
    stream.accept(features_of(model.feature_width)[:300])
    benchmark(stream.accept, features_of(model.feature_width)[:BLOCK])


if __name__ == "__main__":
    print(json.dumps(measure()))
