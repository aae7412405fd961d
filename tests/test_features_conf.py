import pytest
from harken.errors import FormatError, OptionsError
from harken.features import FbankOptions, MfccOptions, SlidingCmvnOptions, read_conf


def test_a_kaldi_configuration_is_read(tmp_path):
    path = tmp_path / "mfcc.conf"
    path.write_text(
        "# hires MFCC\n--use-energy=false   # none\n\n  --num-mel-bins=40\n--num-ceps=40\n--low-freq=20\n"
        "--high-freq=-400\n--snip-edges\n--window-type=hamming\n--debug-mel=false\n"
    )
    expected = MfccOptions(
        use_energy=False, num_mel_bins=40, num_ceps=40, low_freq=20.0, high_freq=-400.0, window_type="hamming"
    )
    assert read_conf(path, MfccOptions) == expected


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("--num-ceps=13", FbankOptions, "line 2: '--num-ceps=13' is no option of FbankOptions"),
        ("num-mel-bins=13", FbankOptions, "line 2"),
        ("--num-mel-bins=many", FbankOptions, "'many' is no value for num_mel_bins; give a whole number"),
        ("--center=yes", SlidingCmvnOptions, "'yes' is no value for center"),
    ],
)
def test_what_is_no_option_is_refused_with_its_line(tmp_path, line, kind, words):
    path = tmp_path / "x.conf"
    path.write_text("\n" + line + "\n")
    with pytest.raises(FormatError, match=words):
        read_conf(path, kind)


def test_impossible_options_and_missing_files_are_refused(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text("--frame-shift=0\n")
    with pytest.raises(OptionsError, match="frame_shift"):
        read_conf(path, FbankOptions)
    with pytest.raises(FormatError, match="missing"):
        read_conf(tmp_path / "missing.conf", FbankOptions)
