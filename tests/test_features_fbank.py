import numpy as np
import pytest
from harken.errors import AudioError, OptionsError
from harken.features import Fbank, FbankOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from . import naive_features as naive

SMALL = {"sample_frequency": 4000.0, "frame_length": 16.0, "frame_shift": 6.0, "num_mel_bins": 5}


def noise(count, seed=0, level=0.3):
    return (level * np.random.default_rng(seed).standard_normal(count)).clip(-1, 1).astype(np.float32)


@st.composite
def small_options(draw):
    return {
        **SMALL,
        "window_type": draw(st.sampled_from(["povey", "hamming", "hanning", "sine", "rectangular", "blackman"])),
        "frame_length": draw(st.sampled_from([16.0, 13.0, 15.5])),
        "round_to_power_of_two": draw(st.booleans()),
        "snip_edges": draw(st.booleans()),
        "remove_dc_offset": draw(st.booleans()),
        "preemphasis_coefficient": draw(st.sampled_from([0.0, 0.5, 0.97])),
        "low_freq": draw(st.sampled_from([0.0, 60.0])),
        "high_freq": draw(st.sampled_from([0.0, -300.0, 1900.0])),
        "use_energy": draw(st.booleans()),
        "raw_energy": draw(st.booleans()),
        "energy_floor": draw(st.sampled_from([0.0, 1e10])),
        "htk_compat": draw(st.booleans()),
    }


@settings(deadline=None)
@given(small_options(), st.booleans(), st.booleans(), st.integers(0, 300))
def test_equals_the_naive_twin(given_options, use_log_fbank, use_power, count):
    options = FbankOptions(**given_options, use_log_fbank=use_log_fbank, use_power=use_power)
    samples = noise(count, seed=count)
    expected = np.array(naive.fbank(samples.tolist(), options)).reshape(-1, Fbank(options).dim)
    found = Fbank(options).extract(samples)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    if len(expected):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3 if use_log_fbank else 1e-5 * expected.max())


@pytest.mark.parametrize("warp", [0.85, 1.0, 1.2])
def test_warped_filters_equal_the_naive_twin(warp):
    options = FbankOptions(**SMALL, vtln_warp=warp, vtln_low=150.0, vtln_high=-250.0)
    samples = noise(400)
    np.testing.assert_allclose(
        Fbank(options).extract(samples), naive.fbank(samples.tolist(), options), rtol=1e-4, atol=1e-3
    )


def test_a_second_of_audio_has_the_frames_that_kaldi_counts():
    samples = noise(16000)
    assert Fbank().extract(samples).shape == (98, 23)
    assert Fbank(FbankOptions(num_mel_bins=80, snip_edges=False)).extract(samples).shape == (100, 80)
    assert Fbank(FbankOptions(use_energy=True)).extract(samples).shape == (98, 24)


def test_silence_lies_at_the_floor_of_kaldi():
    assert np.all(Fbank().extract(np.zeros(800, np.float32)) == np.log(np.finfo(np.float32).eps))


def test_a_tone_is_loudest_in_the_filter_about_it():
    bank = Fbank(FbankOptions(num_mel_bins=40))
    tone = np.sin(2 * np.pi * 1000 / 16000 * np.arange(4000)).astype(np.float32)
    centres = 700 * np.expm1(np.linspace(*(1127 * np.log1p(np.array([20, 8000]) / 700)), 42)[1:-1] / 1127)
    assert set(bank.extract(tone).argmax(axis=1)) == {int(np.abs(centres - 1000).argmin())}


def test_frames_depend_on_nothing_but_their_samples():
    bank, samples = Fbank(FbankOptions(num_mel_bins=80)), noise(16000 * 3)
    whole = bank.extract(samples)
    louder = samples.copy()
    louder[24000:] *= 0.5
    sure = bank.frame_options.count(24000)
    assert bank.extract(louder)[:sure].tobytes() == whole[:sure].tobytes()


def test_other_float_types_and_strides_are_welcome():
    samples = noise(4000)
    expected = Fbank().extract(samples)
    assert np.array_equal(Fbank().extract(samples.astype(np.float64)), expected)
    assert np.array_equal(Fbank().extract(np.repeat(samples, 2)[::2]), expected)
    frozen = samples.copy()
    frozen.flags.writeable = False
    assert np.array_equal(Fbank().extract(frozen), expected)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((2, 800), np.float32), "one channel"),
        (np.zeros(800, np.int16), "int16"),
        (np.full(800, np.nan, np.float32), "NaN"),
        (np.r_[np.zeros(800), np.inf], "NaN or infinite"),
        (np.full(800, 12345.0, np.float32), "12345"),
    ],
)
def test_what_is_no_audio_is_refused(samples, words):
    with pytest.raises(AudioError, match=words):
        Fbank().extract(samples)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sample_frequency": 0.0}, "sample_frequency"),
        ({"sample_frequency": float("nan")}, "sample_frequency"),
        ({"frame_shift": 0.01}, "frame_shift"),
        ({"frame_length": 0.0}, "frame_length"),
        ({"frame_length": float("inf")}, "frame_length"),
        ({"frame_length": 25.0625, "round_to_power_of_two": False}, "odd 401"),
        ({"dither": -1.0}, "dither"),
        ({"dither_seed": -1}, "dither_seed"),
        ({"preemphasis_coefficient": 1.5}, "preemphasis_coefficient"),
        ({"window_type": "kaiser"}, "window_type"),
        ({"blackman_coeff": float("nan")}, "blackman_coeff"),
        ({"num_mel_bins": 2}, "num_mel_bins"),
        ({"num_mel_bins": 300}, "holds no frequency"),
        ({"low_freq": -5.0}, "low_freq"),
        ({"low_freq": 9000.0}, "low_freq"),
        ({"high_freq": 9000.0}, "high_freq"),
        ({"high_freq": -8000.0}, "high_freq"),
        ({"high_freq": float("nan")}, "high_freq"),
        ({"vtln_warp": 0.0}, "vtln_warp"),
        ({"vtln_warp": 1.1, "vtln_low": 10.0}, "vtln_low"),
        ({"vtln_warp": 1.1, "vtln_high": 8000.0}, "vtln_high"),
        ({"energy_floor": -1.0}, "energy_floor"),
    ],
)
def test_impossible_options_are_refused(options, words):
    with pytest.raises(OptionsError, match=words):
        Fbank(FbankOptions(**options))
