"""The acoustic model straight from its description: one row at a time, in float64, each row looked up by recursion."""

import numpy as np


def scores(description, weights, features):
    """Return the scores (rows, units) of a whole recording."""
    nodes = {node["name"]: node for node in description["nodes"]}
    weights = {name: np.asarray(array, np.float64) for name, array in weights.items()}
    rows = {}

    def value(name, time):
        if name in description["inputs"]:
            return features[min(max(time, 0), len(features) - 1)].astype(np.float64)
        if (name, time) not in rows:
            node = nodes[name]
            inputs = [value(source, time + offset) for source, offset in node["inputs"]]
            rows[name, time] = compute(node, inputs, weights)
        return rows[name, time]

    step = description["subsampling"]
    return np.array([value(description["output"], time) for time in range(0, len(features), step)])


def compute(node, inputs, weights):
    """Return one row of one node."""
    name = node["name"]
    match node["kind"]:
        case "affine":
            return weights[f"{name}.weight"] @ np.concatenate(inputs) + weights.get(f"{name}.bias", 0.0)
        case "batchnorm":
            normal = (inputs[0] - weights[f"{name}.mean"]) / np.sqrt(weights[f"{name}.variance"] + node["epsilon"])
            return normal * weights.get(f"{name}.scale", 1.0) + weights.get(f"{name}.offset", 0.0)
        case "subtract_prior":
            return inputs[0] - node["scale"] * weights[f"{name}.log_prior"]
        case "relu":
            return np.maximum(inputs[0], 0)
        case "add":
            return sum(scale * row for scale, row in zip(node["scales"], inputs, strict=True))
        case "log_softmax":
            return inputs[0] - np.log(np.sum(np.exp(inputs[0] - inputs[0].max()))) - inputs[0].max()
    raise AssertionError(node["kind"])
