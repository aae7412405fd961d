"""The training model: a factorised TDNN in PyTorch, built from the network description that the bundle will carry.

TDNN-F: Povey et al., "Semi-orthogonal low-rank matrix factorization for deep neural networks", Interspeech 2018. Each
layer is a bottleneck (kept near a semi-orthogonal matrix) and an affine map, both over two time offsets, then batch
norm, ReLU, and a scaled skip connection. All layers behind the first run at a third of the frame rate.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


@dataclass(frozen=True)
class NetworkOptions:
    """Sizes of the TDNN-F; offsets in rows of 30 ms: layer i looks ``left[i]`` back, and ``ahead[i]`` ahead or,
    where that is negative, back again."""

    num_features: int = 80
    num_units: int = 40
    input_context: int = 3
    subsampling: int = 3
    dim: int = 768
    bottleneck: int = 160
    left: tuple[int, ...] = (1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)
    ahead: tuple[int, ...] = (1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1)
    skip_scale: float = 0.66
    middle_output: int = 6

    @property
    def left_context(self) -> int:
        """Frames of 10 ms that an output row sees before its own frame."""
        rows = sum(self.left) + sum(max(0, -a) for a in self.ahead)
        return self.input_context + self.subsampling * rows

    @property
    def right_context(self) -> int:
        """Frames of 10 ms that an output row sees after its own frame."""
        return self.input_context + self.subsampling * sum(max(0, a) for a in self.ahead)


class TdnnfLayer(nn.Module):
    """One factorised layer over (batch, rows, dim); valid convolution: rows shrink by its context."""

    def __init__(self, options: NetworkOptions, left: int, ahead: int) -> None:
        super().__init__()
        self.left, self.ahead, self.skip_scale = left, ahead, options.skip_scale
        self.linear = nn.Linear(2 * options.dim, options.bottleneck, bias=False)
        self.affine = nn.Linear(2 * options.bottleneck, options.dim)
        self.batchnorm = nn.BatchNorm1d(options.dim)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, rows, dim) to (batch, rows - left - abs(ahead), dim)."""
        bottleneck = self.linear(torch.cat((x[:, : -self.left], x[:, self.left :]), dim=-1))
        step = abs(self.ahead)
        hidden = self.affine(torch.cat((bottleneck[:, :-step], bottleneck[:, step:]), dim=-1))
        hidden = torch.relu(_per_row(self.batchnorm, hidden))
        first = self.left + max(0, -self.ahead)
        return hidden + self.skip_scale * x[:, first : first + hidden.shape[1]]


class TdnnF(nn.Module):
    """Log posteriors of CTC units from features that carry the edges' context already."""

    mean: Tensor
    variance: Tensor

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        self.options = options
        self.register_buffer("mean", torch.zeros(options.num_features))
        self.register_buffer("variance", torch.ones(options.num_features))
        width = 2 * options.input_context + 1
        self.input = nn.Linear(width * options.num_features, options.dim)
        self.batchnorm = nn.BatchNorm1d(options.dim)
        self.layers = nn.ModuleList(
            TdnnfLayer(options, left, ahead) for left, ahead in zip(options.left, options.ahead, strict=True)
        )
        self.middle = nn.Linear(options.dim, options.num_units)
        self.output = nn.Linear(options.dim, options.num_units)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map (batch, left_context + frames + right_context, bins) to log posteriors (batch, ceil(frames / 3), units).

        The second value is the middle layer's log posteriors (its rows cut to the same times) while training.
        """
        x = (features - self.mean) * torch.rsqrt(self.variance)
        width = 2 * self.options.input_context + 1
        x = x.unfold(1, width, self.options.subsampling).transpose(2, 3).flatten(2)
        x = torch.relu(_per_row(self.batchnorm, self.input(x)))
        middle = None
        for number, layer in enumerate(self.layers, 1):
            x = layer(x)
            if self.training and number == self.options.middle_output:
                middle, behind = x, number
        if middle is not None:
            first = sum(self.options.left[behind:]) + sum(max(0, -a) for a in self.options.ahead[behind:])
            middle = self.middle(middle[:, first : first + x.shape[1]]).float().log_softmax(-1)
        return self.output(x).float().log_softmax(-1), middle

    def freeze_batchnorm(self) -> None:
        """Let the batch norms use their running statistics, and keep them, until the next ``train()``."""
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.eval()

    def bottlenecks(self) -> Iterator[nn.Parameter]:
        """The matrices that are kept semi-orthogonal."""
        for layer in self.layers:
            yield layer.linear.weight  # type: ignore[union-attr,misc]


def _per_row(batchnorm: nn.Module, x: Tensor) -> Tensor:
    result: Tensor = batchnorm(x.flatten(0, 1)).view_as(x)
    return result


@torch.no_grad()
def constrain_orthonormal(weight: Tensor) -> None:
    """Take one step that brings ``weight`` (rows <= columns) nearer to a multiple of a semi-orthogonal matrix.

    The floating-scale update of the TDNN-F paper, section 2.3: P = M M^T, scale^2 = tr(P P^T) / tr(P),
    M <- M - 1 / (2 scale^2) (P - scale^2 I) M.
    """
    product = weight @ weight.T
    square = (product * product).sum() / product.trace()
    identity = torch.eye(product.shape[0], dtype=product.dtype, device=product.device)
    weight -= (0.5 / square) * (product - square * identity) @ weight


def pad_edges(features: NDArray[np.float32], options: NetworkOptions, rows: int) -> NDArray[np.float32]:
    """Repeat the first and the last frame so that the network gives ``rows`` output rows for ``features``."""
    last = (rows - 1) * options.subsampling + options.right_context
    wanted = np.clip(np.arange(-options.left_context, last + 1), 0, len(features) - 1)
    return features[wanted]


def describe(options: NetworkOptions, prior_scale: float = 0.6) -> dict[str, Any]:
    """Return the network description of a bundle: nodes in topological order.

    The last one subtracts ``prior_scale`` times the units' log priors, as hybrid and EESEN-like recognisers do: CTC
    networks are surer of the blank than a search can bear, the less they are trained the more so.
    """
    step = options.subsampling
    nodes: list[dict[str, Any]] = []

    def add(name: str, kind: str, inputs: list[tuple[str, int]], period: int = step, **more: Any) -> str:
        nodes.append({"name": name, "kind": kind, "inputs": [list(i) for i in inputs], "period": period, **more})
        return name

    def normalised(name: str, source: str) -> str:
        add(f"{name}.batchnorm", "batchnorm", [(source, 0)], epsilon=1e-5)
        return add(f"{name}.relu", "relu", [(f"{name}.batchnorm", 0)])

    add("normalize", "batchnorm", [("features", 0)], period=1, epsilon=0.0)
    offsets = range(-options.input_context, options.input_context + 1)
    x = normalised("input", add("input.affine", "affine", [("normalize", offset) for offset in offsets]))
    for number, (left, ahead) in enumerate(zip(options.left, options.ahead, strict=True), 1):
        name = f"tdnnf{number}"
        add(f"{name}.linear", "affine", [(x, -left * step), (x, 0)])
        second = sorted((0, ahead * step))
        hidden = normalised(name, add(f"{name}.affine", "affine", [(f"{name}.linear", offset) for offset in second]))
        x = add(f"{name}.output", "add", [(hidden, 0), (x, 0)], scales=[1.0, options.skip_scale])
    add("output.affine", "affine", [(x, 0)])
    add("output", "log_softmax", [("output.affine", 0)])
    add("likelihood", "subtract_prior", [("output", 0)], scale=prior_scale)
    return {
        "inputs": {"features": options.num_features},
        "output": "likelihood",
        "subsampling": step,
        "left_context": options.left_context,
        "right_context": options.right_context,
        "edge": "repeat",
        "streaming": True,
        "nodes": nodes,
    }


def export_weights(
    model: TdnnF, log_prior: NDArray[np.float32], dtype: type[np.floating[Any]] = np.float16
) -> dict[str, NDArray[Any]]:
    """Return the tensors of the bundle, named after the description's nodes; ``log_prior`` (units,) as it goes in."""
    tensors: dict[str, NDArray[Any]] = {
        "likelihood.log_prior": log_prior.astype(np.float32),
        "normalize.mean": _array(model.mean, np.float32),
        "normalize.variance": _array(model.variance, np.float32),
    }

    def affine(name: str, layer: nn.Linear) -> None:
        tensors[f"{name}.weight"] = _array(layer.weight, dtype)
        if layer.bias is not None:
            tensors[f"{name}.bias"] = _array(layer.bias, np.float32)

    def batchnorm(name: str, layer: nn.BatchNorm1d) -> None:
        for key, value in (
            ("mean", layer.running_mean),
            ("variance", layer.running_var),
            ("scale", layer.weight),
            ("offset", layer.bias),
        ):
            assert value is not None
            tensors[f"{name}.batchnorm.{key}"] = _array(value, np.float32)

    affine("input.affine", model.input)
    batchnorm("input", model.batchnorm)
    for number, layer in enumerate(model.layers, 1):
        assert isinstance(layer, TdnnfLayer)
        affine(f"tdnnf{number}.linear", layer.linear)
        affine(f"tdnnf{number}.affine", layer.affine)
        batchnorm(f"tdnnf{number}", layer.batchnorm)
    affine("output.affine", model.output)
    return tensors


def _array(tensor: Tensor, dtype: type[np.floating[Any]]) -> NDArray[Any]:
    return tensor.detach().cpu().float().numpy().astype(dtype)


def options_to_json(options: NetworkOptions) -> dict[str, Any]:
    """Return the options as plain values for a checkpoint."""
    return asdict(options)
