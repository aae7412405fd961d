"""Manifests, perturbations and the feature store of the trainer."""

import json

import numpy as np
import pytest
from harken.engine.training.corpus import Clip, phone_targets, read_clips, word_counts
from harken.engine.training.feature_store import store_features
from harken.engine.training.perturb import (
    PerturbOptions,
    add_noise,
    change_speed,
    coloured_noise,
    perturb,
    reverberate,
    spec_augment,
)
from harken.errors import FormatError
from harken.features.fbank import FbankOptions
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation

RATE = 16000


def tone(seconds=1.0, frequency=440.0):
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def test_manifest_paths_and_words(tmp_path):
    lines = [
        {"audio_filepath": "a.wav", "duration": 1.5, "speaker": "s", "text": "Mr. Smith, at 7!"},
        {"audio_filepath": "b.wav", "duration": 1, "text": "..."},
    ]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (clip,) = read_clips([tmp_path / "m.jsonl"])
    assert clip == Clip(str(tmp_path / "a.wav"), 1.5, "s", ("mister", "smith", "at", "seven"))
    assert word_counts([clip, clip])["smith"] == 2


@pytest.mark.parametrize("line", ["{", "[]", '{"audio_filepath": "a.wav", "text": "x"}', '{"duration": "x"}'])
def test_a_bad_manifest_line_is_named(tmp_path, line):
    (tmp_path / "m.jsonl").write_text(line)
    with pytest.raises(FormatError, match=r"m\.jsonl, line 1"):
        read_clips([tmp_path / "m.jsonl"])


def test_targets_take_the_first_pronunciation_and_mark_unknown_words():
    lexicon = Lexicon((Pronunciation("a", ("AH",)), Pronunciation("a", ("EY",)), Pronunciation("be", ("B", "IY"))))
    clips = [Clip("", 1.0, "", ("a", "be", "a")), Clip("", 1.0, "", ("a", "sea"))]
    assert phone_targets(clips, lexicon, ("<blank>", "AH", "B", "EY", "IY")) == [[1, 2, 4, 1], None]


@pytest.mark.parametrize("speed", [0.9, 1.0, 1.1])
def test_speed_changes_length_and_pitch(speed):
    changed = change_speed(tone(), speed)
    assert abs(changed.size - RATE / speed) < 50
    spectrum = np.abs(np.fft.rfft(changed))
    assert abs(np.argmax(spectrum) * RATE / changed.size - 440 * speed) < 3


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_noise_has_the_slope_that_was_asked_for(slope):
    noise = coloured_noise(4 * RATE, slope, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [power[n : 2 * n].mean() for n in (500, 1000, 2000, 4000, 8000)]
    found = -np.polyfit(np.arange(5), np.log2(octaves), 1)[0]
    assert found == pytest.approx(slope, abs=0.1)


def test_noise_is_added_at_the_ratio_that_was_asked_for():
    clean, noise = tone(), coloured_noise(RATE // 3, 0.0, np.random.default_rng(0))
    added = add_noise(clean, noise, 10.0) - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(added**2)) == pytest.approx(10.0, abs=0.01)


def test_reverberation_keeps_length_and_smears():
    click = np.zeros(RATE, np.float32)
    click[100] = 1.0
    wet = reverberate(click, 0.3, 6.0, RATE, np.random.default_rng(0))
    assert wet.size == click.size
    assert wet[100] == pytest.approx(1.0, abs=1e-5)
    tail = np.sum(wet[101:] ** 2)
    assert 10 * np.log10(1.0 / tail) == pytest.approx(6.0, abs=0.3)
    assert np.sum(wet[200:1000] ** 2) > 100 * np.sum(wet[5000:5800] ** 2)


def test_a_draw_depends_on_its_seed_alone():
    options = PerturbOptions(noise_probability=1.0, reverb_probability=1.0)
    first, again = (perturb(tone(), [tone(0.2, 300.0)], RATE, options, [1, 7]) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.isfinite(first).all()
    other = perturb(tone(), [tone(0.2, 300.0)], RATE, options, [1, 8])
    assert first.size != other.size or not np.array_equal(first, other)


def test_spec_augment_masks_a_small_share_with_the_mean():
    random = np.random.default_rng(0)
    fill = np.arange(80, dtype=np.float32)
    shares = []
    for _ in range(200):
        features = np.full((600, 80), -1.0, np.float32)
        spec_augment(features, fill, random)
        masked = features != -1.0
        assert np.array_equal(features[masked], np.broadcast_to(fill, features.shape)[masked])
        shares.append(masked[:, :].all(axis=1).mean())
    assert 0.01 < np.mean(shares) < 0.08


def test_the_store_maps_what_is_there(tmp_path):
    import soundfile

    clips = []
    for number in range(3):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, tone(0.5 + number / 10), RATE)
        clips.append(Clip(str(path), 0.5, "s", ("a",)))
    options = FbankOptions(num_mel_bins=20, snip_edges=False)
    store = store_features(clips, tmp_path, 0, options, PerturbOptions(), 1)
    assert store.lengths.tolist() == [50, 60, 70]
    changed = store_features(clips, tmp_path, 1, options, PerturbOptions(speeds=(1.1,)), 1)
    assert changed.lengths.sum() < store.lengths.sum()
    for clip in clips:
        (tmp_path / clip.path).unlink()
    again = store_features(clips, tmp_path, 0, options, PerturbOptions(), 1)
    assert np.array_equal(again.clip(1), store.clip(1))
