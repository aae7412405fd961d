"""The acoustic model: a network that turns features into scores, for whole files and in streams."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from ...errors import ModelError
from .description import parse_network
from .fold import fold
from .kinds import build_layers
from .plan import make_plan
from .stream import INPUT, AcousticStream, Workspace
from .tensors import Float32, Tensors


class AcousticModel:
    """A network read from its description and weights, folded, and planned; it never changes after that.

    It may be used from several threads at once. While it computes, the process's BLAS runs on one thread.
    """

    def __init__(self, description: Mapping[str, Any], tensors: Tensors) -> None:
        network = parse_network(description)
        if set(network.inputs) != {INPUT}:
            raise ModelError(
                f"network: this version gives a network the input {INPUT!r} alone, not {', '.join(network.inputs)}."
            )
        layers = fold(build_layers(network, tensors), network.output)
        self.plan = make_plan(layers, network.inputs, network.output)
        self.output = network.output
        self.feature_width = network.inputs[INPUT]
        self.units = self.plan.places[network.output].width
        self.subsampling = network.subsampling
        self.streaming = network.streaming
        self.left_context = -self.plan.places[INPUT].first_row
        self.right_context = self.plan.places[network.output].reach
        self._workspaces: list[Workspace] = []

    @classmethod
    def load(
        cls, description: Mapping[str, Any], weights: Mapping[str, NDArray[Any]] | str | os.PathLike[str]
    ) -> "AcousticModel":
        """Return the model of ``description`` (see ``description.py``) with ``weights``: arrays by name, or a path.

        Raises ModelError where the description or a tensor is missing, of a wrong shape, or unknown.
        """
        return cls(description, Tensors(weights))

    def scores(self, features: NDArray[Any]) -> Float32:
        """Return the scores (ceil(frames / subsampling), units) of a whole recording's features (frames, width).

        Memory beyond the result is that of one block, whatever the length. Raises ScoresError for bad features.
        """
        return self.stream().finish(features)

    def stream(self) -> AcousticStream:
        """Return a new stream, which scores one recording piece by piece, with the same bits."""
        return AcousticStream(self)

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """Lend memory for one block after another; calls at the same time get different memory."""
        workspace = self._workspaces.pop() if self._workspaces else Workspace(self.plan)
        yield workspace
        self._workspaces.append(workspace)  # not after an error: its rows may hold anything then
