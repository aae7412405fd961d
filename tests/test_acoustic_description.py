import copy

import numpy as np
import pytest
from harken.engine.acoustic import AcousticModel
from harken.engine.acoustic.description import context, parse_network
from harken.errors import ModelError

from .acoustic_networks import small_tdnnf

DESCRIPTION, WEIGHTS = small_tdnnf(np.random.default_rng(0))


def changed(path, value):
    """The description with one field set: path "nodes.3.kind", or the field taken out where value is None."""
    description = copy.deepcopy(DESCRIPTION)
    *parents, last = path.split(".")
    place = description
    for key in parents:
        place = place[int(key) if isinstance(place, list) else key]
    if value is None:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return description


def test_contexts_are_those_of_the_offsets():
    assert context(parse_network(DESCRIPTION)) == (DESCRIPTION["left_context"], DESCRIPTION["right_context"])


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("nodes", None, "field 'nodes' is missing"),
        ("nodes", "many", "must be of type Sequence"),
        ("inputs", {"features": 0}, "needs a positive width"),
        ("inputs", {"features": 5, "ivector": 4}, "'features' alone"),
        ("edge", "zeros", "edge rule 'zeros' is unknown"),
        ("output", "nothing", "'nothing' is not one of the nodes"),
        ("output", "normalize", "must be equal"),
        ("subsampling", 2, "must be equal"),
        ("subsampling", True, "must be of type int"),
        ("left_context", 3, "the nodes look"),
        ("right_context", 3, "the nodes look"),
        ("streaming", None, "field 'streaming' is missing"),
        ("nodes.0", "normalize", "node 0 must be an object"),
        ("nodes.0.name", None, "node 0: field 'name' is missing"),
        ("nodes.1.kind", "lstm", "unknown kind 'lstm'"),
        ("nodes.1.inputs", [["output", 0]], "does not stand before it"),
        ("nodes.1.inputs", [["normalize"]], "must be a pair"),
        ("nodes.1.inputs", [], "at least one input"),
        ("nodes.1.period", 0, "a period of 1 or more"),
        ("nodes.2.name", "normalize", "two nodes named 'normalize'"),
        ("nodes.4.inputs", [["input.relu", -2], ["input.relu", 0]], "has no row"),
        ("nodes.4.period", 2, "has no row"),
        ("nodes.3.slope", 0.1, "unknown field 'slope'"),
        ("nodes.3.inputs", [["input.batchnorm", 0], ["input.batchnorm", 0]], "exactly 1 input"),
        ("nodes.8.scales", [1.0], "a number in scales for each of its 2 inputs"),
        ("nodes.8.inputs", [["tdnnf1.relu", 0], ["tdnnf1.linear", 0]], "inputs of one width"),
    ],
)
def test_a_wrong_description_is_refused_by_name(path, value, message):
    with pytest.raises(ModelError, match=message):
        AcousticModel.load(changed(path, value), WEIGHTS)


@pytest.mark.parametrize(
    ("tensor", "value", "message"),
    [
        ("input.affine.weight", None, "tensor 'input.affine.weight' is missing"),
        ("input.affine.weight", np.zeros((24, 34), np.float32), r"shape \(24, 34\), the description wants \(any, 35\)"),
        ("input.affine.bias", np.zeros(23, np.float32), r"wants \(24\)"),
        ("input.batchnorm.mean", np.full(24, np.nan, np.float32), "holds NaN or infinite"),
        ("input.batchnorm.mean", np.zeros(24, np.int32), "is int32"),
        ("input.batchnorm.variance", np.full(24, -1, np.float32), "not positive everywhere"),
        ("stranger.weight", np.zeros(3, np.float32), "no node of the description uses tensor 'stranger.weight'"),
    ],
)  # fmt: skip
def test_a_wrong_tensor_is_refused_by_name(tensor, value, message):
    weights = {name: array for name, array in WEIGHTS.items() if name != tensor}
    with pytest.raises(ModelError, match=message):
        AcousticModel.load(DESCRIPTION, weights if value is None else {**weights, tensor: value})


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"acoustic\.safetensors: cannot be mapped"):
        AcousticModel.load(DESCRIPTION, tmp_path / "acoustic.safetensors")
