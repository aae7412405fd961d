"""A picture of a tuning surface: a tile for each pair of a language model weight and a word insertion penalty."""

from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from .surface import AXES, Surface

TILE, LEFT, TOP, RIGHT, BOTTOM = 46.0, 78.0, 64.0, 150.0, 56.0
"""Pixels: a tile, and what is around them all."""
LOW, MIDDLE, HIGH = (0x1B, 0x5E, 0x8C), (0xF2, 0xE9, 0xC9), (0xB2, 0x3A, 0x2E)
"""Colours of the least, a middling and the greatest rate: blue, sand, red."""
STYLE = (
    "text{font:12px sans-serif;fill:#222} .title{font-size:15px;font-weight:bold} .small{font-size:10px} "
    ".tile{text-anchor:middle;font-size:10px} .row{text-anchor:end;font-size:10px} "
    ".as-good{fill:none;stroke:#111;stroke-width:1.2} "
    ".best{fill:none;stroke:#111;stroke-width:3} .bundle{fill:none;stroke:#111;stroke-width:2;stroke-dasharray:4 3}"
)


def surface_svg(surface: Surface, title: str = "Word error rate, %") -> str:
    """Return the surface as an SVG: the rate in each tile, where other axes there are at their best values.

    A bold frame marks the best point, a broken one what the bundle has, a thin one what the set cannot tell from the
    best. Colours run from the least rate to twice as far above it as the points that are as good lie, at least 1 %.
    """
    place = tuple(int(at) for at in np.unravel_index(surface.best, surface.shape))
    rates = surface.rates.reshape(surface.shape)[:, :, place[2], place[3]].T
    good = surface.as_good.reshape(surface.shape)[:, :, place[2], place[3]].T
    columns, rows = surface.grid.axes[0], surface.grid.axes[1]
    width, height = LEFT + TILE * len(columns) + RIGHT, TOP + TILE * len(rows) + BOTTOM
    top = _top_rate(surface, rates)
    parts = [f'<text class="title" x="{LEFT:.0f}" y="24">{escape(title)}</text>']
    parts.append(f'<text x="{LEFT:.0f}" y="44">{escape(_about(surface))}</text>')
    for row, column in np.ndindex(rates.shape):
        parts.append(_tile(row, column, float(rates[row, column]), float(rates.min()), top))
    parts += [_frame(int(row), int(column), "as-good", 2.0) for row, column in np.argwhere(good)]
    if surface.base_point is not None:
        base = tuple(int(at) for at in np.unravel_index(surface.base_point, surface.shape))
        if base[2:] == place[2:]:
            parts.append(_frame(base[1], base[0], "bundle", 5.0))
    parts.append(_frame(place[1], place[0], "best", 1.0))
    parts += _axes(columns, rows)
    parts += _scale(width, float(rates.min()), top)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">'
    )
    background = f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", background, *parts, "</svg>"]) + "\n"


def _top_rate(surface: Surface, rates: NDArray[np.float64]) -> float:
    """Return the rate from which on all is the same red."""
    least = float(rates.min())
    reach = max(1.0, 2.0 * (float(surface.rates[surface.as_good].max()) - least))
    return max(least + 1e-9, min(least + reach, float(rates.max())))


def _about(surface: Surface) -> str:
    best, (low, high) = surface.points[surface.best], surface.interval
    others = [f"{name} {getattr(best, name)}" for name, count in zip(AXES, surface.shape, strict=True) if count > 1]
    return (
        f"{surface.words.sum():,} words, {len(surface.words):,} clips; best {surface.rates[surface.best]:.2f} "
        f"({low:.2f} to {high:.2f}) at {', '.join(others) or 'the only point'}"
    )


def _colour(rate: float, least: float, top: float) -> str:
    share = min(1.0, max(0.0, (rate - least) / (top - least)))
    first, last, at = (LOW, MIDDLE, 2 * share) if share < 0.5 else (MIDDLE, HIGH, 2 * share - 1)
    return "#" + "".join(f"{round(a + (b - a) * at):02x}" for a, b in zip(first, last, strict=True))


def _tile(row: int, column: int, rate: float, least: float, top: float) -> str:
    x, y, colour = LEFT + TILE * column, TOP + TILE * row, _colour(rate, least, top)
    dark = 0.2 < (rate - least) / (top - least) < 0.8
    middle, below = x + TILE / 2, y + TILE / 2 + 4
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{TILE:.1f}" height="{TILE:.1f}" fill="{colour}"/>'
        f'<text class="tile" x="{middle:.1f}" y="{below:.1f}" style="fill:{"#222" if dark else "#fff"}">'
        f"{rate:.2f}</text>"
    )


def _frame(row: int, column: int, kind: str, inset: float) -> str:
    x, y, size = LEFT + TILE * column + inset, TOP + TILE * row + inset, TILE - 2 * inset
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{size:.1f}" height="{size:.1f}"/>'


def _axes(columns: tuple[float | None, ...], rows: tuple[float | None, ...]) -> list[str]:
    bottom = TOP + TILE * len(rows)
    parts = [
        f'<text class="tile" x="{LEFT + TILE * (at + 0.5):.1f}" y="{bottom + 16:.1f}">{value:g}</text>'
        for at, value in enumerate(columns)
    ]
    parts += [
        f'<text class="row" x="{LEFT - 8:.1f}" y="{TOP + TILE * (at + 0.5) + 4:.1f}">{value:g}</text>'
        for at, value in enumerate(rows)
    ]
    middle = TOP + TILE * len(rows) / 2
    parts.append(
        f'<text x="{LEFT + TILE * len(columns) / 2:.1f}" y="{bottom + 38:.1f}" text-anchor="middle">'
        "weight of the language model</text>"
    )
    parts.append(
        f'<text x="20" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 20 {middle:.1f})">'
        "word insertion penalty</text>"
    )
    return parts


def _scale(width: float, least: float, top: float) -> list[str]:
    """Return what colours and frames mean, at the right."""
    x, parts = width - RIGHT + 24.0, []
    for step in range(9):
        rate = top - (top - least) * step / 8
        y = TOP + 16.0 * step
        more = " and more" if step == 0 else ""
        parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="16" height="16" fill="{_colour(rate, least, top)}"/>')
        parts.append(f'<text class="small" x="{x + 22:.1f}" y="{y + 12:.1f}">{rate:.2f}{more}</text>')
    for row, (kind, text) in enumerate((("best", "best"), ("as-good", "as good"), ("bundle", "the model's"))):
        y = TOP + 170.0 + 26.0 * row
        parts.append(f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="16" height="16"/>')
        parts.append(f'<text class="small" x="{x + 22:.1f}" y="{y + 12:.1f}">{text}</text>')
    return parts
