import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from harken.decoder.lattice.assemble import empty_lattice
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.layout import lay_out
from harken.decoder.lattice.picture import lattice_dot, lattice_svg
from harken.decoder.lattice.posteriors import arc_posteriors
from harken.errors import OptionsError

from .naive_lattice import random_lattice

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("seed", range(4))
def test_the_svg_has_every_arc_word_and_state(seed):
    lattice = determinize(random_lattice(seed))
    root = ElementTree.fromstring(lattice_svg(lattice, frame_seconds=0.03))
    paths, circles = root.findall(f"{SVG}path"), root.findall(f"{SVG}circle")
    words = sorted(lattice.words_table[word] for word in lattice.words if word)
    assert (len(paths), len(circles)) == (lattice.arcs, lattice.states)
    assert sorted(text.text for text in root.findall(f"{SVG}text") if text.get("class") is None) == words
    widths = sorted(float(path.get("stroke-width")) for path in paths)
    assert widths == pytest.approx(np.sort(0.6 + 5 * arc_posteriors(lattice).arcs), abs=0.006)
    width, height = float(root.get("width")), float(root.get("height"))
    for circle in circles:
        assert 0 < float(circle.get("cx")) < width
        assert 0 < float(circle.get("cy")) < height
    assert any(text.text.endswith(" s") for text in root.findall(f"{SVG}text"))


@pytest.mark.parametrize("seed", range(4))
def test_time_runs_to_the_right_and_lanes_are_shared_by_nobody(seed):
    lattice = determinize(random_lattice(seed))
    layout = lay_out(lattice, np.full(lattice.arcs, 0.5))
    begins, ends = layout.state_x[lattice.sources()], layout.state_x[lattice.nextstates]
    assert (begins < ends).all()
    for a in range(lattice.arcs):
        for b in range(a):
            if layout.lanes[a] == layout.lanes[b]:
                assert ends[a] <= begins[b] + 1e-9 or ends[b] <= begins[a] + 1e-9
    assert layout.lanes[np.argmax(layout.posteriors)] == 0


def test_dot_names_every_arc_and_escapes_quotes():
    lattice = replace(determinize(random_lattice(2)), words_table=("<eps>", 'a"b', "c\\d", "<e>"))
    text = lattice_dot(lattice)
    assert text.count(" -> ") == lattice.arcs
    assert text.count("doublecircle") == np.isfinite(lattice.final_graph_costs).sum()
    for label in re.findall(r'label="((?:[^"\\]|\\.)*)", penwidth', text):
        assert re.fullmatch(r'(a\\"b|c\\\\d|<e>|-) [01]\.\d\d', label)
    ElementTree.fromstring(lattice_svg(lattice))


def test_the_empty_lattice_has_a_picture_too():
    empty = empty_lattice(1.0, ("<eps>",))
    assert "circle" not in lattice_svg(empty)
    assert " -> " not in lattice_dot(empty)


def test_a_picture_that_nobody_could_read_is_refused(monkeypatch):
    monkeypatch.setattr("harken.decoder.lattice.layout.MOST_ARCS", 3)
    with pytest.raises(OptionsError, match="prune"):
        lattice_svg(random_lattice(2))
