"""Descriptions and random weights of networks for the tests of the acoustic model."""

import numpy as np

FIELDS = {"edge": "repeat", "streaming": True}


def tdnnf(
    rng, *, dim=768, bottleneck=160, layers=12, right_layers=8, features=80, units=40, dtype=np.float32, skip=0.66
):
    """A factorised TDNN as the trainer writes it: (description, weights)."""
    nodes, weights = [], {}

    def node(name, kind, inputs, period=3, **options):
        nodes.append({"name": name, "kind": kind, "inputs": [list(tap) for tap in inputs], "period": period, **options})

    def affine(name, inputs, rows, columns, bias=True):
        node(f"{name}", "affine", inputs)
        weights[f"{name}.weight"] = rng.standard_normal((rows, columns)) * np.sqrt(0.7 / columns)
        if bias:
            weights[f"{name}.bias"] = rng.standard_normal(rows) * 0.1

    def batchnorm(name, source, width):
        node(name, "batchnorm", [(source, 0)], epsilon=1e-5)
        weights[f"{name}.mean"] = rng.standard_normal(width) * 0.2
        weights[f"{name}.variance"] = rng.uniform(0.5, 2.0, width)
        weights[f"{name}.scale"] = rng.uniform(0.7, 1.3, width)
        weights[f"{name}.offset"] = rng.standard_normal(width) * 0.2

    node("normalize", "batchnorm", [("features", 0)], period=1, epsilon=0.0)
    weights["normalize.mean"] = rng.uniform(10, 16, features)
    weights["normalize.variance"] = rng.uniform(9, 16, features)
    affine("input.affine", [("normalize", offset) for offset in range(-3, 4)], dim, 7 * features)
    batchnorm("input.batchnorm", "input.affine", dim)
    node("input.relu", "relu", [("input.batchnorm", 0)])
    last = "input.relu"
    left, right = 3, 3
    for index in range(1, layers + 1):
        name = f"tdnnf{index}"
        back = (-3, -6, -9)[min(2, 3 * (index - 1) // layers)]
        offsets = (0, 3) if index <= right_layers else (-3, 0)
        left, right = left - back - offsets[0], right + offsets[1]
        affine(f"{name}.linear", [(last, back), (last, 0)], bottleneck, 2 * dim, bias=False)
        affine(f"{name}.affine", [(f"{name}.linear", offset) for offset in offsets], dim, 2 * bottleneck)
        batchnorm(f"{name}.batchnorm", f"{name}.affine", dim)
        node(f"{name}.relu", "relu", [(f"{name}.batchnorm", 0)])
        node(f"{name}.output", "add", [(f"{name}.relu", 0), (last, 0)], scales=[1.0, skip])
        last = f"{name}.output"
    affine("output.affine", [(last, 0)], units, dim)
    node("output", "log_softmax", [("output.affine", 0)])
    description = {
        "inputs": {"features": features}, "output": "output", "subsampling": 3, "left_context": left,
        "right_context": right, **FIELDS, "nodes": nodes,
    }  # fmt: skip
    return description, {name: array.astype(dtype) for name, array in weights.items()}


def small_tdnnf(rng, **options):
    """The same network in a size that tests can afford."""
    return tdnnf(
        rng, **{"dim": 24, "bottleneck": 8, "layers": 4, "right_layers": 2, "features": 5, "units": 7, **options}
    )


def speech_like(rng, frames, width=80):
    """Features with the mean and spread of log mel energies, changing slowly: (frames, width) float32."""
    steps = rng.standard_normal((frames + 4, width))
    smooth = sum(steps[shift : shift + frames] for shift in range(4)) * 1.8
    return (13 + smooth).astype(np.float32)
