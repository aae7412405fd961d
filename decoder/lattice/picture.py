"""Pictures of a lattice: as Graphviz's dot text, and as an SVG of its own, which needs no other program."""

from xml.sax.saxutils import escape

import numpy as np

from .lattice import Lattice
from .layout import lay_out
from .posteriors import PosteriorScales, arc_posteriors

LANE, MARGIN, LETTER, RADIUS = 34.0, 40.0, 7.2, 3.5
"""Pixels: between lanes, around the picture, the width of a letter, a state."""


def lattice_dot(lattice: Lattice, scales: PosteriorScales | None = None) -> str:
    """Return ``lattice`` as text for Graphviz: words and posteriors on the arcs, their width the posterior.

    States are named by their number and frame; those in which a path may end have two circles.
    """
    lines = ["digraph lattice {", "  rankdir=LR;", '  node [shape=circle, fontsize=10, label=""];']
    finals = np.isfinite(lattice.final_graph_costs)
    for state in range(lattice.states):
        shape = "doublecircle" if finals[state] else "circle"
        lines.append(f'  {state} [shape={shape}, label="{state}\\n{lattice.frames[state]}"];')
    posteriors = arc_posteriors(lattice, scales).arcs.tolist() if lattice.states else []
    columns = (lattice.sources().tolist(), lattice.nextstates.tolist(), lattice.words.tolist(), posteriors)
    for source, target, word, posterior in zip(*columns, strict=True):
        name = lattice.words_table[word] if word else "-"
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(
            f'  {source} -> {target} [label="{quoted} {posterior:.2f}", penwidth={0.3 + 4.0 * posterior:.2f}, '
            f"weight={1 + int(20 * posterior)}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def lattice_svg(lattice: Lattice, frame_seconds: float | None = None, scales: PosteriorScales | None = None) -> str:
    """Return a picture of ``lattice``: time to the right, the likeliest words in the middle, a lane for each other one.

    The width of an arc is its posterior. ``frame_seconds`` is the length of a frame, for a scale in seconds instead of
    frames. A lattice to be looked at is determinized and pruned: raises OptionsError where it has too many arcs.
    """
    names = [lattice.words_table[word] if word else "" for word in lattice.words.tolist()]
    if lattice.states == 0:
        return _document(2 * MARGIN, 2 * MARGIN, [])
    stretch = _stretch(lattice, names)
    widths = np.array([LETTER * len(name) + 14.0 for name in names]) / stretch
    layout = lay_out(lattice, widths, scales)
    left = float(layout.state_x[0])
    top = float(layout.lanes.min(initial=0))
    x = MARGIN + (layout.state_x - left) * stretch
    y = MARGIN + (layout.state_y - top) * LANE
    lane_y = MARGIN + (layout.lanes - top) * LANE
    height = 2 * MARGIN + (float(layout.lanes.max(initial=0)) - top) * LANE + 20.0
    width = 2 * MARGIN + float(layout.state_x.max() - left) * stretch
    lines = _axis(left, float(layout.state_x.max()), stretch, height, frame_seconds)
    sources, targets = lattice.sources().tolist(), lattice.nextstates.tolist()
    curves, texts = [], []
    for arc in np.argsort(layout.posteriors, kind="stable").tolist():  # the likely ones lie on top
        source, target = sources[arc], targets[arc]
        curve, text = _arc(
            (float(x[source]), float(y[source])),
            (float(x[target]), float(y[target])),
            float(lane_y[arc]),
            names[arc],
            float(layout.posteriors[arc]),
        )
        curves.append(curve)
        texts.append(text)
    finals = np.isfinite(lattice.final_graph_costs)
    dots = [
        f'<circle class="{"end" if finals[state] else "state"}" cx="{x[state]:.1f}" cy="{y[state]:.1f}" r="{RADIUS}"/>'
        for state in range(lattice.states)
    ]
    return _document(width, height, [*lines, *curves, *dots, *texts])


def _stretch(lattice: Lattice, names: list[str]) -> float:
    """Return the pixels that a frame takes: enough to write the longest path twice, at least 3."""
    letters = np.zeros(lattice.states)
    for source, target, name in zip(lattice.sources().tolist(), lattice.nextstates.tolist(), names, strict=True):
        letters[target] = max(letters[target], letters[source] + len(name) + 3)
    frames = max(1, int(lattice.frames.max() - lattice.frames[0]))
    return max(3.0, 2.0 * float(letters.max()) * LETTER / frames)


def _arc(
    begin: tuple[float, float], end: tuple[float, float], lane: float, name: str, posterior: float
) -> tuple[str, str]:
    """Return the curve from state to state by way of the arc's lane, and its label there."""
    middle, quarter = (begin[0] + end[0]) / 2, (end[0] - begin[0]) / 4
    points = (
        f"M {begin[0]:.1f} {begin[1]:.1f} "
        f"C {begin[0] + quarter:.1f} {begin[1]:.1f} {middle - quarter:.1f} {lane:.1f} {middle:.1f} {lane:.1f} "
        f"S {end[0] - quarter:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    )
    shade = 0.25 + 0.75 * posterior
    title = f"<title>{escape(name) or '(no word)'}: {posterior:.3f}</title>"
    curve = f'<path d="{points}" stroke-width="{0.6 + 5.0 * posterior:.2f}" stroke-opacity="{shade:.2f}">{title}</path>'
    if not name:
        return curve, ""
    text = (
        f'<text x="{middle:.1f}" y="{lane - 5:.1f}" fill-opacity="{0.45 + 0.55 * posterior:.2f}">{escape(name)}</text>'
    )
    return curve, text


def _axis(first: float, last: float, stretch: float, height: float, frame_seconds: float | None) -> list[str]:
    """Return marks of time: about one in 150 pixels, at least one, in round numbers of seconds or frames."""
    unit = frame_seconds or 1.0
    raw = min(150.0 / stretch, max(last - first, 1.0) / 3.0) * unit
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    lines = []
    for mark in np.arange(np.ceil(first * unit / step), np.floor(last * unit / step) + 1) * step:
        x = MARGIN + (mark / unit - first) * stretch
        label = f"{mark:.4g} s" if frame_seconds else f"{mark:.6g}"
        lines.append(f'<line x1="{x:.1f}" y1="12" x2="{x:.1f}" y2="{height - 24:.1f}"/>')
        lines.append(f'<text class="time" x="{x:.1f}" y="{height - 8:.1f}">{label}</text>')
    return lines


def _document(width: float, height: float, parts: list[str]) -> str:
    style = (
        "path{fill:none;stroke:#27618f} .state{fill:#fff;stroke:#333} .end{fill:#333;stroke:#333} "
        "line{stroke:#ddd} text{font:12px sans-serif;text-anchor:middle;fill:#111;paint-order:stroke;stroke:#fff;"
        "stroke-width:3px} .time{fill:#777;font-size:10px}"
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">'
    )
    background = f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>'
    body = "\n".join(part for part in parts if part)
    return f"{head}\n<style>{style}</style>\n{background}\n{body}\n</svg>\n"
