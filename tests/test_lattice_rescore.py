import math
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from harken.decoder.lattice import expand_pairs
from harken.decoder.lattice.assemble import empty_lattice
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.mbr import minimum_bayes_risk
from harken.decoder.lattice.nbest import best_path, nbest
from harken.decoder.lattice.npz import save_lattice
from harken.decoder.lattice.prune import prune
from harken.decoder.lattice.rescore import LatticeRescoreOptions, LatticeRescorer, rescore_lattice
from harken.decoder.lattice.rescore_sweep import sweep_weights
from harken.engine.cli.lattice import lattice as command
from harken.errors import ModelError, OptionsError, SearchError
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.kenlm_model import KenlmModel
from harken.lm.ngram.ngram import Ngram
from harken.lm.rescore import LinearMixture, RescoreOptions, rescore
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, random_lattice
from .naive_rescore import rescored_paths

FIRST = r"""\data\
ngram 1=5
ngram 2=3

\1-grams:
-1.3 <unk>
-99 <s> -0.2
-0.8 </s>
-0.5 w1 -0.1
-0.6 w2

\2-grams:
-0.3 <s> w1
-0.9 w1 w1
-0.4 w1 </s>

\end\
"""
NEW = r"""\data\
ngram 1=6
ngram 2=5
ngram 3=2

\1-grams:
-1.1 <unk>
-99 <s> -0.31
-0.9 </s>
-0.4 w1 -0.22
-0.7 w2 -0.13
-1.7 w3

\2-grams:
-0.2 <s> w1 -0.4
-0.5 w1 w2 -0.17
-0.6 w2 w1
-0.3 w2 </s>
-0.8 w1 w1

\3-grams:
-0.1 <s> w1 w2
-0.25 w1 w2 </s>

\end\
"""
MODELS = ("ngram", "kenlm", "mixture")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm")
    for name, text in (("first", FIRST), ("new", NEW)):
        tabbed = re.sub(
            r"^(-[\d.]+) (.*?)(?: (-[\d.]+))?$", r"\1\t\2\t\3", text, flags=re.MULTILINE
        )  # as KenLM wants it
        (folder / f"{name}.arpa").write_text(re.sub(r"\t$", "", tabbed, flags=re.MULTILINE))
    first, new = (Ngram.from_arpa(read_arpa(folder / f"{name}.arpa")) for name in ("first", "new"))
    kenlm = KenlmModel(folder / "new.arpa")
    first.save(folder / "first.safetensors")
    return {
        "folder": folder,
        "first": first,
        "ngram": new,
        "kenlm": kenlm,
        "mixture": LinearMixture([first, kenlm], [0.25, 0.75]),
    }


def without_lm(lattice):
    none, nowhere = np.zeros(lattice.arcs), np.zeros(lattice.states)
    return replace(lattice, lm_costs=none, final_lm_costs=nowhere)


def signatures(paths):
    """Return what tells paths apart, sorted; total costs rounded so that sums in another order are the same."""
    return sorted((round(total, 3) + 0.0, words, labels) for total, words, labels in paths)


weights = st.builds(
    RescoreOptions,
    lm_weight=st.sampled_from([0.0, 0.7, 1.5]),
    word_insertion_penalty=st.sampled_from([-1.0, 0.0, 0.5]),
    acoustic_scale=st.sampled_from([0.3, 1.0]),
    graph_weight=st.sampled_from([0.0, 0.4, 1.0]),
    first_pass_weight=st.sampled_from([None, 0.0, 0.3]),
)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), options=weights, name=st.sampled_from(MODELS), split=st.booleans())
def test_every_path_costs_what_the_formula_says(models, seed, options, name, split):
    lattice = random_lattice(seed, arcs=10)
    lattice = without_lm(lattice) if split else lattice
    first = models["first"] if split else None
    found = rescore_lattice(lattice, models[name], LatticeRescoreOptions(options), first)
    found.lattice.check()
    made = all_paths(found.lattice)
    wanted = rescored_paths(lattice, [models[name]], options, first)
    assert len(made) == len(wanted)
    np.testing.assert_allclose([path.total for path in made], [path[0] for path in wanted], atol=2e-5)
    assert sorted((path.words, path.labels) for path in made) == sorted(path[1:] for path in wanted)
    for path in nbest(found.lattice, 3):
        parts = found.parts_of(path)
        assert parts.models[0] == pytest.approx(-math.log(10) * models[name].sentence_score(path.words), abs=1e-5)
        assert parts.words == len(path.words)
        assert options.total(parts) == pytest.approx(path.total_cost, abs=1e-6)
        if split:
            assert parts.first_pass == pytest.approx(-math.log(10) * first.sentence_score(path.words), abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), options=weights, split=st.booleans())
def test_lists_and_lattices_are_rescored_alike(models, seed, options, split):
    lattice = determinize(without_lm(random_lattice(seed, arcs=10)))
    first = models["first"] if split else None
    ranked = rescore(nbest(lattice, 1000), models["kenlm"], options, first)
    found = nbest(rescore_lattice(lattice, models["kenlm"], LatticeRescoreOptions(options), first).lattice, 1000)
    np.testing.assert_allclose([path.total_cost for path in found], [one.total_cost for one in ranked], atol=2e-5)
    assert {path.words: round(path.total_cost, 3) for path in found}.keys() == {one.words for one in ranked}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), beam=st.sampled_from([0.0, 0.5, 2.0]), result_beam=st.sampled_from([0.0, 0.5, 2.0]))
def test_beams_leave_out_what_is_worse_and_nothing_else(models, seed, beam, result_beam):
    lattice = random_lattice(seed, arcs=10)
    options = LatticeRescoreOptions(RescoreOptions(0.8, graph_weight=0.5), beam, result_beam)
    found = rescore_lattice(lattice, models["ngram"], options)
    found.lattice.check()
    wanted = rescored_paths(prune(lattice, beam), [models["ngram"]], options.weights)
    inside = [path for path in wanted if path[0] <= wanted[0][0] + result_beam - 1e-4]
    made = [(path.total, path.words, path.labels) for path in all_paths(found.lattice)]
    assert set(signatures(inside)) <= set(signatures(made)) <= set(signatures(wanted))
    best = best_path(found.lattice)
    assert options.weights.total(found.parts_of(best)) == pytest.approx(best.total_cost, abs=1e-6)
    # Every arc that is left lies on a path within the beam.
    used = {
        arc for path in all_paths(found.lattice) if path.total <= wanted[0][0] + result_beam + 1e-4 for arc in path.arcs
    }
    assert used == set(range(found.lattice.arcs))


def test_several_models_have_a_weight_each(models):
    lattice = without_lm(random_lattice(5))
    options = RescoreOptions((0.5, 0.25), first_pass_weight=0.1, graph_weight=1.0)
    several = [models["ngram"], models["mixture"]]
    found = rescore_lattice(lattice, several, LatticeRescoreOptions(options), models["first"])
    wanted = rescored_paths(lattice, several, options, models["first"])
    np.testing.assert_allclose([path.total for path in all_paths(found.lattice)], [one[0] for one in wanted], atol=2e-5)
    assert len(found.parts_of(best_path(found.lattice)).models) == 2
    with pytest.raises(OptionsError, match="2 values for 1 language model"):
        rescore_lattice(lattice, models["ngram"], LatticeRescoreOptions(options))


def test_too_many_states_narrow_the_beam(models, caplog):
    lattice = without_lm(random_lattice(11, frames=6, arcs=30))
    whole = rescore_lattice(lattice, models["ngram"], LatticeRescoreOptions(RescoreOptions(graph_weight=1.0)))
    limit = whole.lattice.states // 2
    options = LatticeRescoreOptions(RescoreOptions(graph_weight=1.0), max_states=limit)
    found = rescore_lattice(lattice, models["ngram"], options)
    assert 0 < found.lattice.states <= limit
    assert "the beam is" in caplog.text
    # Where nothing is left to leave out, it is done all the same.
    assert rescore_lattice(lattice, models["ngram"], replace(options, max_states=1)).lattice.states > 0


@pytest.mark.parametrize("name", MODELS)
def test_what_a_rescorer_remembers_changes_nothing(models, name):
    lattices = [random_lattice(seed) for seed in range(4)]
    rescorer = LatticeRescorer([models[name]], lattices[0].words_table)
    before = [rescorer.rescore(lattice).lattice for lattice in lattices]
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda lattice: rescorer.rescore(lattice).lattice, lattices[::-1]))[::-1]
    for lattice, one, other in zip(lattices, before, again, strict=True):
        fresh = rescore_lattice(lattice, models[name]).lattice
        for made in (one, other):
            assert np.array_equal(made.totals, fresh.totals)
            assert np.array_equal(made.nextstates, fresh.nextstates)


@pytest.mark.parametrize("name", MODELS)
def test_models_forget_and_answer_as_before(models, name, monkeypatch):
    lattices = [random_lattice(seed) for seed in range(4)]
    rescorer = LatticeRescorer([models[name]], lattices[0].words_table)
    before = [rescorer.rescore(lattice).lattice.totals for lattice in lattices]
    monkeypatch.setattr(expand_pairs, "MOST_ANSWERS", 3)
    for lattice, totals in zip(lattices, before, strict=True):
        assert np.array_equal(rescorer.rescore(lattice).lattice.totals, totals)
        assert rescorer._models[0]._answered == 1


def test_a_refused_word_does_not_stand_in_the_way_of_others(models):
    class Picky:
        start = 0

        def step(self, states, words):
            return np.where(words == 2, np.inf, 1.0), states

        def end(self, states):
            return np.zeros(len(states))

    hard = next(lattice for lattice in map(random_lattice, range(20)) if 2 in lattice.words)
    rescorer = LatticeRescorer([Picky()], hard.words_table)
    easy = replace(random_lattice(1, words=1), words_table=hard.words_table)
    for _ in range(2):
        assert rescorer.rescore(easy).lattice.states > 0
        with pytest.raises(ModelError, match="no finite cost"):
            rescorer.rescore(hard)


def test_the_result_is_a_lattice_like_any_other(models):
    made = rescore_lattice(determinize(random_lattice(3)), models["kenlm"]).lattice
    risk = minimum_bayes_risk(determinize(made))
    assert len(risk.confidences) == len(risk.words)
    assert all(0 <= confidence <= 1 for confidence in risk.confidences)


def test_a_lattice_of_other_words_is_refused(models):
    rescorer = LatticeRescorer([models["ngram"]], ("<eps>", "other"))
    with pytest.raises(OptionsError, match="other words"):
        rescorer.rescore(random_lattice(1))


def test_nothing_is_rescored_to_nothing(models):
    found = rescore_lattice(empty_lattice(1.0, ("<eps>",)), models["ngram"], first_pass=models["first"])
    assert found.lattice.states == 0


@pytest.mark.parametrize("options", [{"beam": -1.0}, {"result_beam": math.nan}, {"max_states": 0}])
def test_impossible_options_are_refused(options):
    with pytest.raises(OptionsError, match=next(iter(options))):
        LatticeRescoreOptions(**options)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), split=st.booleans())
def test_a_sweep_finds_the_best_words_of_every_point(models, seed, split):
    lattice = without_lm(random_lattice(seed, arcs=10))
    first = models["first"] if split else None
    options = LatticeRescoreOptions(RescoreOptions((1.0, 1.0)))
    several = [models["ngram"], models["mixture"]]
    parts = LatticeRescorer(several, lattice.words_table, options, first).expand(lattice)
    points = [
        RescoreOptions((lm, other), penalty, scale, graph, 0.3)
        for lm in (0.0, 0.7)
        for other in (0.1, 2.0)
        for penalty in (-2.0, 0.0, 1.0)
        for scale in (0.3, 1.0)
        for graph in (0.0, 1.0, 1.5)
    ]
    found = sweep_weights(parts, points)
    assert len(set(found.sequences)) == len(found.sequences)
    for point, chosen, cost in zip(points, found.chosen, found.costs, strict=True):
        paths = rescored_paths(lattice, several, point, first)
        assert cost == pytest.approx(paths[0][0], abs=2e-5)
        words = [tuple(lattice.words_table[w] for w in path[1]) for path in paths if path[0] <= paths[0][0] + 4e-5]
        assert found.sequences[chosen] in words


def test_a_sweep_needs_a_path(models):
    empty = LatticeRescorer([models["ngram"]], ("<eps>",)).expand(empty_lattice(1.0, ("<eps>",)))
    with pytest.raises(SearchError, match="no path"):
        sweep_weights(empty, [RescoreOptions()])


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("split", [False, True])
def test_stored_lattices_are_rescored_by_command(models, tmp_path, split, several):
    lattices = [determinize(without_lm(random_lattice(seed))) for seed in (2, 3)]
    files = [tmp_path / f"{name}.npz" for name in "ab"]
    for lattice, file in zip(lattices, files, strict=True):
        save_lattice(lattice, file)
    folder = models["folder"]
    arguments = ["--as", "nbest", "-n", "2", "--rescore", folder / "new.arpa", "--lm-weight", "0.75"]
    weights, chosen = 0.75, [models["ngram"]]
    if several:
        arguments += ["--rescore", folder / "first.safetensors", "--lm-weight", "0.5"]
        weights, chosen = (0.75, 0.5), [models["ngram"], models["first"]]
    if split:
        arguments += ["--first-pass", folder / "first.safetensors", "--word-insertion-penalty", "0.25"]
    options = RescoreOptions(weights, 0.25 * split, lattices[0].acoustic_scale, 1.0 * split, 0.0 if split else None)
    wanted = []
    for name, lattice in zip("ab", lattices, strict=True):
        found = rescore_lattice(lattice, chosen, LatticeRescoreOptions(options), models["first"] if split else None)
        wanted += [f"{name}-{i} {p.total_cost:.4f} {p.text}" for i, p in enumerate(nbest(found.lattice, 2), 1)]
    done = run(*files, *arguments)
    assert done.output.splitlines() == wanted


def test_models_are_mixed_by_command(models, tmp_path):
    lattice = determinize(random_lattice(3))
    save_lattice(lattice, tmp_path / "a.npz")
    names = [models["folder"] / "first.arpa", "--rescore", models["folder"] / "new.arpa"]
    done = run(tmp_path / "a.npz", "--as", "nbest", "-n", "1", "--rescore", *names, "--mix", "0.25,0.75")
    options = LatticeRescoreOptions(RescoreOptions(acoustic_scale=lattice.acoustic_scale))
    best = best_path(rescore_lattice(lattice, models["mixture"], options).lattice)
    assert float(done.output.split()[1]) == pytest.approx(best.total_cost, abs=2e-4)


def test_rescoring_options_that_make_no_sense_are_refused(models, tmp_path):
    save_lattice(random_lattice(3), tmp_path / "a.npz")
    done = run(tmp_path / "a.npz", "--lm-weight", "0.5")
    assert (done.exit_code, "goes with --rescore" in done.output) == (2, True)
    model = ["--rescore", models["folder"] / "new.arpa"]
    done = run(tmp_path / "a.npz", *model, "--lm-weight", "1", "--lm-weight", "2")
    assert (done.exit_code, "2 times for 1 models" in done.output) == (2, True)
    for shares in ("a", "0.5", "1,1"):
        with pytest.raises(OptionsError):
            run(tmp_path / "a.npz", *model, "--mix", shares)
