"""Damaged files: each is refused by its name, or gives something that whatever follows survives."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.graph.search_graph import compile_ctc_graph
from harken.decoder.score_files import read_scores
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.options import SearchOptions
from harken.errors import FormatError, OptionsError, ScoresError
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.ngram import Ngram
from harken.tensorfile import map_arrays, save_arrays

from .fuzz_lm_targets import TARGETS as LM_TARGETS
from .fuzz_targets import ARPA_TEXT, TARGETS, arpa, graph, run

CASES = 25


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_damaged_files_are_refused_or_harmless(target, tmp_path):
    for seed in range(CASES):
        run(target, seed, tmp_path)


@pytest.mark.parametrize("target", sorted(LM_TARGETS))
def test_damaged_models_and_lists_are_refused_or_harmless(target, tmp_path):
    for seed in range(CASES):
        run(target, seed, tmp_path, LM_TARGETS)


def test_the_fuzzing_accepts_some_and_refuses_most(tmp_path, monkeypatch):
    """Otherwise it would test nothing."""
    from . import fuzz_targets

    found = []
    read = fuzz_targets.read
    monkeypatch.setattr(fuzz_targets, "read", lambda *given: found.append(read(*given)) or found[-1])
    for seed in range(4 * CASES):
        run("ngram", seed, tmp_path)
    accepted = sum(one is not None for one in found)
    assert 2 <= accepted <= len(found) // 2


@pytest.mark.parametrize(
    ("field", "place", "value"),
    [
        ("layout", 6, 2**40),  # arcs
        ("layout", 5, -1),  # states
        ("layout", -1, 2**62),
        ("word_next", 3, 2**31 - 1),
        ("word_next", 3, -1),
        ("word_log10", 3, np.nan),
        ("word_log10", 3, 1e30),
        ("levels", 1, np.inf),
    ],
)
def test_ngram_files_with_wild_numbers_are_refused(tmp_path, field, place, value):
    path = tmp_path / "a.ngram"
    Ngram.from_arpa(arpa(), quantised=8).save(path)
    arrays, metadata = map_arrays(path)
    arrays = {name: np.array(array) for name, array in arrays.items()}
    arrays[field][place] = value
    path.unlink()
    save_arrays(path, arrays, metadata)
    with pytest.raises(FormatError, match=r"a\.ngram: the n-gram model is damaged"):
        Ngram.load(path)


@pytest.mark.parametrize("number", ["1e39", "inf", "nan", "100", "2147483647"])
def test_arpa_files_with_wild_numbers_are_refused(tmp_path, number):
    (tmp_path / "a.arpa").write_text(ARPA_TEXT.replace("-0.2\treed a", f"{number}\treed a"))
    with pytest.raises(FormatError, match=r"a\.arpa.*is not a finite number below 100"):
        read_arpa(tmp_path / "a.arpa")


def test_score_files_of_other_making_are_refused(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("notes.txt", "no array")
    with pytest.raises(FormatError, match=r"a\.npz: notes\.txt is no array"):
        list(read_scores(tmp_path / "a.npz"))
    whole = np.zeros((2, 3), np.float32)
    np.save(tmp_path / "a.npy", whole)
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data.replace(b"(2, 3)", b"(2, 3("))
    with pytest.raises(FormatError, match=r"a\.npy: is no NumPy file"):
        list(read_scores(tmp_path / "a.npy"))
    (tmp_path / "a.ark").write_bytes(b"one\nkey [\n 1 2 ]\n")
    with pytest.raises(FormatError, match=r"a\.ark: no key stands at byte 0"):
        list(read_scores(tmp_path / "a.ark"))


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ([["a", "b", "c"]], "no matrix of numbers"),
        ([[0, 0, 0], [0, 0]], "no matrix of numbers"),
        ([[0j, 0, 0]], "complex"),
        ([[1e300, 0, 0]], "column 0 is inf"),
        ([[None, 0, 0]], "column 0 is nan"),
        ([0.0, 0, 0], "shape is"),
        (np.zeros((2, 0)), "shape is"),
    ],
)
def test_what_is_no_matrix_of_scores_is_refused(scores, why):
    search = BeamSearch(graph()).start()
    with pytest.raises(ScoresError, match=why):
        search.advance(scores)
    search.advance(np.zeros((0, 3)))
    assert search.frames == 0


def test_any_layout_of_scores_gives_the_same_answer():
    scores = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    answers = []
    for given in (
        scores,
        scores.astype(np.float64),
        scores.astype(">f4"),
        np.asfortranarray(scores),
        np.repeat(scores, 2, axis=0)[::2],
        np.hstack([scores, scores])[:, :3],
        scores.tolist(),
    ):
        search = BeamSearch(graph()).start()
        search.advance(given)
        answers.append(search.finish().best)
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("name", ["max_active", "min_active", "prune_interval", "keep_frames"])
def test_counts_beyond_what_kernels_hold_are_refused(name):
    with pytest.raises(OptionsError, match=f"{name} is {2**63}"):
        SearchOptions(**{name: 2**63})


@pytest.mark.parametrize(
    "options",
    [
        {"beam": 1e308},
        {"lattice_beam": 1e308},
        {"max_active": 2**62, "min_active": 2**62},
        {"prune_interval": 2**62},
        {"keep_frames": 2**62},
        {"acoustic_scale": 1e30},
        {"acoustic_scale": 1e-320},
        {"beam": 1e-320, "beam_delta": 1e-320},
    ],
)
def test_extreme_options_are_survived(options):
    search = BeamSearch(compile_ctc_graph(*lexicon_and_model()), SearchOptions(**options)).start()
    search.advance(np.random.default_rng(1).normal(size=(9, 3)))
    result = search.finish()
    assert result.frames == 9
    assert np.isfinite(result.best.total_cost)
    assert result.lattice().states > 1


def lexicon_and_model():
    from .test_decoder_graph import LEXICON, UNITS

    return LEXICON, arpa(), UNITS


@pytest.mark.cli
def test_too_little_memory_is_said_in_a_sentence():
    code = (
        "from unittest import mock; from harken.engine import cli;\n"
        "with mock.patch.object(cli.harken, 'main', side_effect=MemoryError('9 GB')): cli.main([])"
    )
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=Path(place), capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "harken: there is not enough memory (9 GB).\n")
