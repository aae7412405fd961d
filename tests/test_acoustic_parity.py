"""The forward pass against PyTorch and onnxruntime, on random networks of the planned size and on the bundled one."""

import json
from pathlib import Path

import harken
import numpy as np
import pytest
from harken.engine.acoustic import AcousticModel
from harken.engine.acoustic.onnx_export import export_onnx, padded

from .acoustic_networks import small_tdnnf, speech_like, tdnnf
from .shared_data import shared

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def planned():
    rng = np.random.default_rng(11)
    description, weights = tdnnf(rng)
    return description, weights, speech_like(rng, 400)


def torch_scores(torch, description, weights, features):
    """The network from its description with PyTorch's own operations: values (1, width, rows) and their first time."""
    functional = torch.nn.functional
    tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
    padding = ((description["left_context"], description["right_context"] + 2), (0, 0))
    begin = -description["left_context"]
    values = {"features": (torch.from_numpy(np.pad(features, padding, mode="edge")), begin)}
    periods = {"features": 1}
    for node in description["nodes"]:
        name, period = node["name"], node["period"]
        start = max(values[source][1] - offset for source, offset in node["inputs"])
        start = -(-start // period) * period
        taken = []
        for source, offset in node["inputs"]:
            rows, first = values[source]
            taken.append(rows[(start + offset - first) // periods[source] :: period // periods[source]])
        shortest = min(map(len, taken))
        taken = [rows[:shortest] for rows in taken]
        match node["kind"]:
            case "affine":
                result = functional.linear(torch.cat(taken, 1), tensors[f"{name}.weight"], tensors.get(f"{name}.bias"))
            case "batchnorm":
                result = functional.batch_norm(
                    taken[0], tensors[f"{name}.mean"], tensors[f"{name}.variance"], tensors.get(f"{name}.scale"),
                    tensors.get(f"{name}.offset"), eps=node["epsilon"],
                )  # fmt: skip
            case "relu":
                result = functional.relu(taken[0])
            case "add":
                result = sum(scale * rows for scale, rows in zip(node["scales"], taken, strict=True))
            case "log_softmax":
                result = functional.log_softmax(taken[0], 1)
            case "subtract_prior":
                result = taken[0] - node["scale"] * tensors[f"{name}.log_prior"]
            case kind:
                raise AssertionError(kind)
        values[name], periods[name] = (result, start), period
    rows, start = values[description["output"]]
    step = description["subsampling"]
    return rows[-start // step :][: -(-len(features) // step)].numpy()


def pytorch():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch


def test_scores_equal_those_of_pytorch(planned):
    torch = pytorch()
    description, weights, features = planned
    expected = torch_scores(torch, description, weights, features)
    scores = AcousticModel.load(description, weights).scores(features)
    assert scores.shape == expected.shape == (134, 40)
    assert np.abs(scores - expected).max() <= 1e-4


def test_scores_equal_those_of_the_training_model():
    torch = pytorch()
    from harken.engine.training.network import NetworkOptions, TdnnF, describe, export_weights, pad_edges

    torch.manual_seed(0)
    options = NetworkOptions()
    network = TdnnF(options)
    network.mean.fill_(13.0)
    network.variance.fill_(12.0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.7, 1.3)
            module.bias.data.normal_(0, 0.2)
    network.eval()
    features = speech_like(np.random.default_rng(2), 301)
    with torch.no_grad():
        expected = network(torch.from_numpy(pad_edges(features, options, 101))[None])[0][0].numpy()
    model = AcousticModel.load(
        describe(options), export_weights(network, np.zeros(options.num_units, np.float32), np.float32)
    )
    assert (model.left_context, model.right_context) == (options.left_context, options.right_context)
    assert np.abs(model.scores(features) - expected).max() <= 1e-4


def test_the_bundled_model_equals_pytorch_on_real_speech():
    torch = pytorch()
    soundfile = pytest.importorskip("soundfile")
    from harken.features import Fbank, FbankOptions
    from harken.tensorfile import map_arrays

    bundle = Path(harken.__file__).parent / "engine" / "models" / "en"
    if not (bundle / "model.json").exists():
        pytest.skip("no bundled model")
    description = json.loads((bundle / "model.json").read_text())["network"]
    weights = {name: a.astype(np.float32) for name, a in map_arrays(bundle / "acoustic.safetensors")[0].items()}
    clip = shared("speech/valid/librispeech/1898-145702-0000.opus")
    samples, _ = soundfile.read(clip, dtype="float32")
    features = Fbank(FbankOptions(num_mel_bins=80)).extract(samples)
    scores = AcousticModel.load(description, weights).scores(features)
    assert np.abs(scores - torch_scores(torch, description, weights, features)).max() <= 1e-4


def onnx_scores(description, weights, features):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    session = onnxruntime.InferenceSession(export_onnx(description, weights), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: padded(description, features)})[0]


def test_the_exported_network_gives_the_same_scores(planned):
    description, weights, features = planned
    scores = AcousticModel.load(description, weights).scores(features)
    assert np.abs(onnx_scores(description, weights, features) - scores).max() <= 1e-4


@pytest.mark.parametrize("frames", [1, 2, 50])
def test_an_export_with_uneven_taps_gives_the_same_scores(frames):
    description, weights = small_tdnnf(np.random.default_rng(4), layers=2)
    for node in description["nodes"]:
        if node["name"] == "tdnnf1.linear":
            node["inputs"] = node["inputs"][::-1]
    features = speech_like(np.random.default_rng(frames), frames, 5)
    scores = AcousticModel.load(description, weights).scores(features)
    assert np.abs(onnx_scores(description, weights, features) - scores).max() <= 1e-5
