import json
import re
from dataclasses import replace
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from harken.engine.cli import harken
from harken.engine.cli.model import TUNED
from harken.engine.cli.tune import tune as tune_command
from harken.engine.manifest import read_manifest
from harken.engine.model import Bundle
from harken.engine.recognizer import Recognizer, RecognizerOptions
from harken.engine.tuning.lattices import ClipLattices
from harken.engine.tuning.picture import surface_svg
from harken.engine.tuning.surface import Surface, TuningGrid
from harken.engine.tuning.tuner import tune, write_decoding
from harken.engine.word_errors import word_errors
from harken.errors import OptionsError
from harken.lm.rescore import RescoreOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from .toy_bundle import RATE, make_toy_bundle, speak

SAID = ["abe bad cafe", "deaf, fee ebb", "ace abe", "bad fee, ace, ebb", "cafe"]
GRID = TuningGrid((0.0, 0.5, 3.0), (-4.0, 0.0, 4.0), (0.0, 1.0))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuning")
    make_toy_bundle(folder / "toy")
    lines = []
    for number, text in enumerate(SAID):
        # Noise makes mistakes, so that weights matter.
        noise = np.random.default_rng(number).normal(0, 0.05, len(speak(text)))
        soundfile.write(folder / f"{number}.wav", speak(text) + noise.astype(np.float32), RATE)
        lines.append(json.dumps({"audio_filepath": f"{number}.wav", "text": text.replace(",", "")}))
    (folder / "dev.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def tuning(place):
    return tune(ClipLattices(Recognizer(place / "toy")), read_manifest(place / "dev.jsonl"), GRID)


def test_every_point_has_the_errors_that_transcribing_with_it_has(place, tuning):
    surface = tuning.surface
    assert tuning.decoded == len(SAID)
    assert surface.shape == (3, 3, 2, 1)
    assert len(set(surface.rates.tolist())) > 1
    for point, options in list(enumerate(surface.points))[:: len(surface.points) // 3]:
        chosen = RecognizerOptions(
            lm_weight=options.lm_weight,
            word_insertion_penalty=options.word_insertion_penalty,
            graph_weight=options.graph_weight,
        )
        recognizer = Recognizer(place / "toy", chosen)
        for clip, errors in zip(read_manifest(place / "dev.jsonl"), surface.errors[:, point], strict=True):
            said = recognizer.transcribe(clip.path).text.split()
            assert word_errors(clip.text.split(), said).errors == errors
    assert surface.words.tolist() == [len(text.replace(",", "").split()) for text in SAID]


def test_the_bundles_own_weights_are_counted_too(place, tuning):
    plain = Recognizer(place / "toy")
    for clip, errors in zip(read_manifest(place / "dev.jsonl"), tuning.surface.base_errors, strict=True):
        assert word_errors(clip.text.split(), plain.transcribe(clip.path).text.split()).errors == errors
    assert tuning.surface.base.lm_weight == 0.5
    assert tuning.surface.points[tuning.surface.base_point] == tuning.surface.base


@pytest.mark.parametrize("workers", [1, 2])
def test_lattices_are_kept_and_reused_where_they_fit(place, tuning, tmp_path, workers):
    clips = read_manifest(place / "dev.jsonl")
    first, second = (
        tune(ClipLattices(Recognizer(place / "toy"), tmp_path), clips, GRID, workers=workers) for _ in range(2)
    )
    assert (first.decoded, first.reused, second.decoded, second.reused) == (5, 0, 0, 5)
    for found in (first, second):
        assert np.array_equal(found.surface.errors, tuning.surface.errors)
    (kept,) = tmp_path.iterdir()
    assert json.loads((kept / "model.json").read_text())["search"]["beam"] == 12.0
    damaged = sorted(kept.glob("*.npz"))[0]
    damaged.write_bytes(damaged.read_bytes()[:100])
    again = tune(ClipLattices(Recognizer(place / "toy"), tmp_path), clips, GRID)
    assert (again.decoded, again.reused) == (1, 4)
    assert np.array_equal(again.surface.errors, tuning.surface.errors)
    other = tune(ClipLattices(Recognizer(place / "toy", RecognizerOptions(beam=10.0)), tmp_path), clips, GRID)
    assert other.reused == 0
    assert len(list(tmp_path.iterdir())) == 2


def test_the_first_passes_model_can_have_a_weight_of_its_own(place):
    options = RecognizerOptions(first_pass_weight=0.0)
    grid = TuningGrid((0.5,), (0.0,), (1.0,), (0.0, 0.5, 1.0))
    clips = read_manifest(place / "dev.jsonl")
    surface = tune(ClipLattices(Recognizer(place / "toy", options)), clips, grid).surface
    for point, weight in ((0, 0.0), (2, 1.0)):
        chosen = RecognizerOptions(lm_weight=0.5, graph_weight=1.0, first_pass_weight=weight)
        recognizer = Recognizer(place / "toy", chosen)
        for clip, errors in zip(clips, surface.errors[:, point], strict=True):
            assert word_errors(clip.text.split(), recognizer.transcribe(clip.path).text.split()).errors == errors
    # Apart or not: with one weight for both it is the same.
    whole = tune(ClipLattices(Recognizer(place / "toy")), clips, TuningGrid((0.5,), (0.0,), (1.0,))).surface
    assert np.array_equal(surface.errors[:, 2], whole.errors[:, 0])


def test_recordings_that_are_none_take_no_part(place, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    clips = read_manifest(place / "dev.jsonl", 1)
    bad = [replace(clips[0], path=str(tmp_path / name)) for name in ("bad.wav", "lost.wav")]
    found = tune(ClipLattices(Recognizer(place / "toy"), tmp_path / "kept"), [*bad, *clips], GRID)
    assert len(found.surface.words) == 1
    assert [re.search(r"(\w+)\.wav", reason)[1] for reason in found.refused] == ["bad", "lost"]
    with pytest.raises(OptionsError, match="none of the 2 clips"):
        tune(ClipLattices(Recognizer(place / "toy")), bad, GRID)


def surface_of(errors, words=None, grid=None):
    errors = np.asarray(errors, np.int64)
    grid = grid or TuningGrid(tuple(float(i) for i in range(errors.shape[1])), (0.0,), (0.0,), (None,))
    words = np.full(len(errors), 20) if words is None else np.asarray(words)
    return Surface(grid, RescoreOptions(1.0), errors, errors[:, 0], words)


def test_of_equal_points_the_one_with_better_neighbours_is_best():
    surface = surface_of([[3, 1, 5, 2, 1, 2]])
    assert surface.best == 4
    assert surface.rates.tolist() == [15.0, 5.0, 25.0, 10.0, 5.0, 10.0]
    assert surface.slope() == pytest.approx((10 + 10) / 2 - 5)
    assert surface.edges == ()
    assert surface_of([[1, 2, 3]]).edges == ("lm_weight",)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), clips=st.integers(10, 25))
def test_held_out_rates_are_of_points_chosen_without_the_clips(seed, clips):
    errors = np.random.default_rng(seed).integers(0, 6, (clips, 4))
    surface = surface_of(errors)
    total = 0
    for part in range(10):
        rest = [clip for clip in range(clips) if clip % 10 != part]
        chosen = surface_of(errors[rest]).best
        total += sum(int(errors[clip, chosen]) for clip in range(clips) if clip % 10 == part)
    assert surface.held_out == pytest.approx(100 * total / (20 * clips))
    assert surface.held_out >= surface.rates[surface.best] - 1e-9


def test_intervals_are_those_of_drawing_clips_anew():
    random = np.random.default_rng(3)
    errors = random.binomial(20, 0.1, (400, 1))
    surface = surface_of(errors)
    low, high = surface.interval
    rate = 100 * errors.sum() / 8000
    assert low < rate < high
    # Words are wrong one by one here, so the binomial distribution tells how wide the interval has to be.
    wide = 2 * 1.96 * 100 * np.sqrt(0.1 * 0.9 / 8000)
    assert high - low == pytest.approx(wide, rel=0.15)


def test_points_are_as_good_unless_the_same_clips_tell_them_apart():
    random = np.random.default_rng(5)
    best = random.binomial(20, 0.2, 300)
    slightly = best + (random.random(300) < 0.05) - (random.random(300) < 0.05)
    worse = best + (random.random(300) < 0.2)
    surface = surface_of(np.stack([best, slightly, worse], axis=1))
    assert surface.as_good.tolist()[surface.best]
    assert surface.as_good.tolist() == [True, True, False]
    assert surface.flat() == {"lm_weight": (0.0, 1.0)}
    assert surface.base_as_good


def test_what_cannot_be_tuned_is_refused(place):
    with pytest.raises(OptionsError, match="no words"):
        surface_of([[0, 1]], [0])
    for values in ((), (1.0, 1.0)):
        with pytest.raises(OptionsError, match="lm_weight"):
            TuningGrid(values)
    with pytest.raises(OptionsError, match="no language model"):
        ClipLattices(Recognizer(place / "toy", RecognizerOptions(rescore=False)))


def test_the_picture_has_a_tile_for_every_point(tuning):
    root = ElementTree.fromstring(surface_svg(tuning.surface, "a < b"))
    name = "{http://www.w3.org/2000/svg}"
    tiles = [text.text for text in root.iter(f"{name}text") if text.get("class") == "tile" and text.get("style")]
    place = np.unravel_index(tuning.surface.best, tuning.surface.shape)
    rates = tuning.surface.rates.reshape(tuning.surface.shape)[:, :, place[2], 0].T
    assert tiles == [f"{rate:.2f}" for rate in rates.ravel()]
    assert sum(rect.get("class") == "best" for rect in root.iter(f"{name}rect")) == 2  # in the picture, in the legend
    assert next(root.iter(f"{name}text")).text == "a < b"


def test_weights_are_written_into_a_bundle(place, tmp_path):
    toy = make_toy_bundle(tmp_path / "toy")
    for step, first in enumerate((None, 0.25)):
        write_decoding(toy, RescoreOptions(0.9, 0.5, graph_weight=0.2, first_pass_weight=first), f"step {step}")
        bundle = Bundle.load(toy)
        decoding = bundle.decoding
        assert (decoding.lm_weight, decoding.word_insertion_penalty) == (0.9, 0.5)
        assert (decoding.graph_weight, decoding.first_pass_weight, decoding.beam) == (0.2, first, 12.0)
        assert bundle.provenance == tuple(f"step {number}" for number in range(step + 1))
    bundle.verify()


def test_a_model_tells_of_the_latest_tuning_alone(tmp_path):
    toy = make_toy_bundle(tmp_path / "toy")
    for sentence in (f"{TUNED} 5 clips: a", "customised", f"{TUNED} 5 clips: b", f"{TUNED} 5 clips: b"):
        write_decoding(toy, RescoreOptions(0.9, 0.5), sentence)
    told = [line.strip() for line in CliRunner().invoke(harken, ["model", "--model", str(toy)]).stdout.splitlines()]
    assert [line for line in told if line.startswith((TUNED, "customised"))] == ["customised", f"{TUNED} 5 clips: b"]


def run(*arguments, code=0):
    found = CliRunner().invoke(tune_command, [str(argument) for argument in arguments], standalone_mode=False)
    if found.exception is not None and code == 0:
        raise found.exception
    return found


def test_the_command_reports_writes_and_draws(place, tmp_path, tuning):
    toy = make_toy_bundle(tmp_path / "toy")
    options = ["--model", toy, "--lattices", tmp_path / "kept", "--lm-weights", "0,0.5,3", "--penalties", "-4:4:4"]
    found = run(
        place / "dev.jsonl", *options, "--graph-weights", "0:1:1", "--json", tmp_path / "out.json",
        "--picture", tmp_path / "out.svg", "--write",
    )  # fmt: skip
    value = json.loads((tmp_path / "out.json").read_text())
    assert value["table"] == pytest.approx(tuning.surface.rates, abs=1e-4)
    assert value["words"] == 13
    for text in (
        f"{value['wer']:.2f} % of 13 words wrong (95 % confidence",
        "13 words are few",
        "5 decoded",
        "written",
    ):
        assert text in found.output
    ElementTree.parse(tmp_path / "out.svg")
    bundle = Bundle.load(toy)
    assert {name: getattr(bundle.decoding, name) for name in value["best"]} == value["best"]
    assert bundle.provenance[0].startswith(f"{TUNED} 5 clips: ")
    lines = found.stdout[found.stdout.index("penalty") :].splitlines()
    table = [re.findall(r"-?[\d.]+", line) for line in lines[1:4]]
    best = np.unravel_index(tuning.surface.best, (3, 3, 2))
    for (row, cells), (column, _) in product(enumerate(table), enumerate((0.0, 0.5, 3.0))):
        shown = float(cells[column + 1])
        assert shown == pytest.approx(tuning.surface.rates.reshape(3, 3, 2)[column, row, best[2]], abs=0.01)
    again = run(place / "dev.jsonl", *options)
    assert "0 decoded, 5 from stored lattices" in again.output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--write"], "name it with --model"),
        (["--picture", "a.png"], "drawn as .svg"),
        (["--rescoring", "nbest"], "whole lattices"),
        (["--lm-weights", "1:0:0.1"], "neither numbers"),
        (["--lm-weights", "a,b"], "neither numbers"),
        (["--penalties", "0:1:0"], "neither numbers"),
        (["--channel", "each"], "channel's number"),
    ],
)
def test_commands_that_make_no_sense_are_refused(place, arguments, reason):
    found = run(place / "dev.jsonl", *arguments, code=2)
    assert reason in str(getattr(found.exception, "message", found.exception))
