import numpy as np
import pytest
from harken.errors import OptionsError
from harken.features import Mfcc, MfccOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from . import naive_features as naive
from .test_features_fbank import noise, small_options


@settings(deadline=None)
@given(small_options(), st.integers(1, 5), st.sampled_from([0.0, 10.0, 22.0]), st.integers(0, 200))
def test_equals_the_naive_twin(given_options, num_ceps, cepstral_lifter, count):
    options = MfccOptions(**given_options, num_ceps=num_ceps, cepstral_lifter=cepstral_lifter)
    samples = noise(count, seed=count)
    expected = np.array(naive.mfcc(samples.tolist(), options)).reshape(-1, num_ceps)
    found = Mfcc(options).extract(samples)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=5e-3)


def test_the_defaults_are_kaldis():
    mfcc = Mfcc()
    assert mfcc.dim == 13
    assert mfcc.options.use_energy
    assert mfcc.extract(noise(16000)).shape == (98, 13)


def test_the_energy_takes_the_place_of_the_first_coefficient():
    samples = noise(4000)
    with_energy = Mfcc(MfccOptions()).extract(samples)
    without = Mfcc(MfccOptions(use_energy=False)).extract(samples)
    assert np.array_equal(with_energy[:, 1:], without[:, 1:])
    assert not np.any(with_energy[:, 0] == without[:, 0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"num_ceps": 0}, "num_ceps"),
        ({"num_ceps": 24}, "num_ceps"),
        ({"num_ceps": 12.5}, "num_ceps"),
        ({"cepstral_lifter": -1.0}, "cepstral_lifter"),
        ({"num_mel_bins": 0}, "num_mel_bins"),
        ({"energy_floor": float("nan")}, "energy_floor"),
    ],
)
def test_impossible_options_are_refused(options, words):
    with pytest.raises(OptionsError, match=words):
        Mfcc(MfccOptions(**options))
