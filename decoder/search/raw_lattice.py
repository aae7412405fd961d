"""The state-level lattice of a search: its kept tokens as states, its kept links as arcs."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..graph.search_graph import Graph
from ..lattice.lattice import KINDS, LabelTable, Lattice
from .link_costs import link_costs
from .token_arrays import Frames, GraphArrays, Links, Tokens

if TYPE_CHECKING:
    from .history_kernels import HistoryArrays


class Kept(NamedTuple):
    """What a search keeps: its tokens and links, and where those of each frame begin."""

    tokens: Tokens
    links: Links
    frames: Frames


class Ends(NamedTuple):
    """Tokens that end paths, and what ending there costs; a token whose graph cost is infinite ends none."""

    tokens: NDArray[np.int64]
    graph: NDArray[np.float64]
    lm: NDArray[np.float64]
    phrase: NDArray[np.float64]


def raw_lattice(
    graph: Graph,
    packed: GraphArrays,
    kept: Kept,
    model: "HistoryArrays | None",
    last: int,
    ends: Ends,
    first_frame: int,
    scale: float,
    beam: float,
) -> Lattice:
    """Return the kept frames 0 to ``last`` as a lattice, one input label or none an arc.

    ``model`` is what tokens remember, if anything. ``first_frame`` is the frame of recording at which frame 0 stands;
    ``scale`` the acoustic scale; ``beam`` the lattice's. Within a frame, states stand in the order of the longest
    epsilon paths that leave them.
    """
    tokens, links, frames = kept
    states, arcs = int(frames.token_begin[last + 1]), int(frames.link_begin[last + 1])
    frame = np.repeat(np.arange(last + 1), np.diff(frames.token_begin[: last + 2]))
    order = np.lexsort((255 - packed.level[tokens.state[:states]], frame))
    rank = np.empty(states, np.int32)
    rank[order] = np.arange(states)
    sources = rank[links.source[:arcs]]
    by_source = np.argsort(sources, kind="stable")
    arc = links.arc[by_source]
    ilabels, olabels = graph.fst.ilabels[arc], graph.fst.olabels[arc]
    lm_costs, phrase_costs = link_costs(tokens, links, by_source, olabels, model)
    finals = {kind: np.zeros(states) for kind in KINDS}
    finals["graph"][:] = np.inf
    for kind in ("graph", "lm", "phrase"):
        finals[kind][rank[ends.tokens]] = getattr(ends, kind)
    impossible = ~np.isfinite(finals["graph"] + finals["lm"])
    for kind in KINDS:
        finals[kind][impossible] = np.inf if kind == "graph" else 0.0
    return Lattice(
        arc_begin=begins_of(np.bincount(sources, minlength=states)),
        nextstates=rank[links.target[by_source]],
        words=olabels.astype(np.int32),
        label_begin=begins_of(ilabels != 0),
        labels=ilabels[ilabels != 0].astype(np.int32),
        graph_costs=graph.fst.weights[arc].astype(np.float64),
        acoustic_costs=links.acoustic[by_source].astype(np.float64),
        phrase_costs=phrase_costs,
        lm_costs=lm_costs,
        final_graph_costs=finals["graph"],
        final_acoustic_costs=finals["acoustic"],
        final_phrase_costs=finals["phrase"],
        final_lm_costs=finals["lm"],
        frames=(frame[order] + first_frame).astype(np.int32),
        acoustic_scale=scale,
        words_table=graph.words,
        label_table=LabelTable.of_graph(graph),
        beam=beam,
    )


def begins_of(counts: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each of consecutive groups begins, and where the last one ends, from how many are in each."""
    begins = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=begins[1:])
    return begins
