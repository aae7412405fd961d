import io
import os
import struct
import threading
import warnings

import numpy as np
import pytest
import soundfile
from harken.engine.audio import AudioOptions, AudioReader, read_audio
from harken.errors import AudioError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

FORMATS = [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)]


def sound(seconds=3.0, rate=16000, channels=1, seed=0):
    """Return gliding tones (n, channels) with a little noise, the channels of different loudness."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * (pitch * time + 30 * np.sin(time))) for pitch in (250, 700, 1900))
    samples = 0.15 * tones[:, None] / np.arange(1, channels + 1) + random.normal(0, 0.01, (len(time), channels))
    return samples.astype(np.float32)


def encode(samples, rate=16000, form="WAV", subtype="PCM_16"):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=form, subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(("form", "subtype"), FORMATS)
def test_every_container_gives_what_was_put_in(form, subtype, tmp_path):
    samples = sound(channels=2)
    path = tmp_path / "sound"
    path.write_bytes(encode(samples, 16000, form, subtype))
    with AudioReader(path, AudioOptions(channel="each")) as reader:
        heard = np.concatenate(list(reader.blocks()), axis=1)
        assert reader.warnings == []
        assert reader.duration == pytest.approx(3.0)
    assert heard.dtype == np.float32
    assert heard.shape == (2, 48000)
    limit = {"WAV": 1e-4, "FLAC": 1e-4}.get(form, 0.1)
    assert np.abs(heard.T - samples).max() < limit


@pytest.mark.parametrize(("form", "subtype"), FORMATS)
def test_path_bytes_and_file_objects_give_the_same_bits(form, subtype, tmp_path):
    data = encode(sound(channels=2), 16000, form, subtype)
    path = tmp_path / "sound"
    path.write_bytes(data)
    expected = read_audio(path)
    with open(path, "rb") as file:
        for source in (str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), file):
            np.testing.assert_array_equal(read_audio(source), expected)


def test_channels_are_mixed_kept_apart_or_chosen():
    samples = sound(channels=3)
    each = read_audio((samples, 16000), AudioOptions(channel="each"))
    np.testing.assert_array_equal(each, samples.T)
    np.testing.assert_array_equal(read_audio((samples, 16000), AudioOptions(channel=1)), samples.T[1:2])
    np.testing.assert_allclose(read_audio((samples, 16000))[0], samples.mean(1), atol=1e-6)
    with AudioReader((samples, 16000)) as reader:
        assert reader.channels == (None,)
    with AudioReader((samples[:, 0], 16000)) as reader:
        assert reader.channels == (0,)
    with pytest.raises(AudioError, match=r"no channel 3; it has 3"):
        read_audio((samples, 16000), AudioOptions(channel=3))


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_other_rates_are_resampled(rate):
    time = np.arange(rate * 2) / rate
    samples = 0.5 * np.sin(2 * np.pi * 1000 * time)
    heard = read_audio((samples, rate))[0]
    assert abs(len(heard) - 32000) <= 1
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(len(heard)) / 16000)
    np.testing.assert_allclose(heard[800:-800], expected[800:-800], atol=1e-3)


def test_blocks_do_not_show_where_they_were_cut():
    samples = sound(40, rate=11025)
    import soxr

    whole = soxr.resample(samples[:, 0], 11025, 16000)
    np.testing.assert_array_equal(read_audio((samples, 11025))[0], whole)


@pytest.mark.parametrize(
    ("dtype", "scale", "offset"), [(np.int16, 32768, 0), (np.int32, 2**31, 0), (np.uint8, 128, 128), (np.float64, 1, 0)]
)
def test_sample_types_are_scaled(dtype, scale, offset):
    values = np.linspace(-0.9, 0.9, 50)
    given_samples = (values * scale + offset).astype(dtype)
    expected = (given_samples.astype(np.float64) - offset) / scale
    np.testing.assert_allclose(read_audio((given_samples, 16000))[0], expected, atol=1e-7)


@pytest.mark.parametrize("lengths", [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFF024, 0x7FFFF000), (0, 0xFFFFFFFF)])
def test_length_fields_that_a_pipe_left_open_are_no_error(lengths):
    samples = sound()
    data = bytearray(encode(samples))
    data[4:8], data[40:44] = (struct.pack("<I", length) for length in lengths)
    with AudioReader(bytes(data), AudioOptions(strict=True)) as reader:
        heard = np.concatenate(list(reader.blocks()), axis=1)
        assert reader.warnings == []
    np.testing.assert_allclose(heard[0], samples[:, 0], atol=1e-4)


def test_empty_data_chunk_before_other_chunks_is_an_empty_recording():
    data = bytearray(encode(np.zeros((0, 1), np.float32))) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    with pytest.raises(AudioError, match="holds no samples"):
        read_audio(bytes(data))


def test_a_pipe_is_read(tmp_path):
    samples = sound(1.0)
    reading, writing = os.pipe()

    def write():
        with os.fdopen(writing, "wb") as out:
            out.write(encode(samples))

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as file:
        heard = read_audio(file)
    thread.join()
    np.testing.assert_allclose(heard[0], samples[:, 0], atol=1e-4)


@pytest.mark.parametrize(("form", "subtype"), [*FORMATS, ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("RF64", "PCM_16")])
def test_a_file_cut_short_is_read_as_far_as_it_goes(form, subtype):
    data = encode(sound(20), 16000, form, subtype)
    whole = read_audio(data)
    cut = data[: len(data) // 2]
    with AudioReader(cut) as reader:
        heard = np.concatenate(list(reader.blocks()), axis=1)
        (warning,) = reader.warnings
    assert "cut short or damaged" in warning
    assert 7 < reader.duration < 13
    assert reader.duration == heard.shape[1] / 16000
    beyond = 0 if form != "MP3" else 2400
    length = heard.shape[1] - beyond
    np.testing.assert_array_equal(heard[:, :length], whole[:, :length])
    with pytest.raises(AudioError, match="cut short or damaged"):
        read_audio(cut, AudioOptions(strict=True))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMATS), st.floats(0, 1), st.binary(max_size=40), st.booleans())
def test_damaged_files_are_read_or_refused_never_more(form, place, junk, keep_rest):
    data = _ENCODED[form]
    at = int(place * len(data))
    damaged = data[:at] + junk + (data[at + len(junk) :] if keep_rest else b"")
    try:
        with AudioReader(damaged) as reader, warnings.catch_warnings():
            heard = list(reader.blocks())
    except AudioError as error:
        assert "\n" not in str(error)
        assert str(error).endswith(".")
    else:
        assert all(np.isfinite(block).all() and block.dtype == np.float32 for block in heard)


_ENCODED = {form: encode(sound(0.5, channels=2), 16000, *form) for form in FORMATS}


@settings(max_examples=40, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"fLaC", b"OggS", b"FORM", b".snd"])
)
def test_other_bytes_are_refused(junk, start):
    try:
        heard = read_audio(start + junk)
    except AudioError as error:
        assert str(error).endswith(".")
    else:
        assert np.isfinite(heard).all()


def test_what_is_no_recording_is_refused(tmp_path):
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not a recording\n" * 20)
    (tmp_path / "none.wav").write_bytes(encode(np.zeros((0, 1), np.float32)))
    for name, reason in [
        ("missing.wav", "there is no such file"),
        (".", "is a folder"),
        ("empty.wav", "the file is empty"),
        ("notes.txt", "not audio that can be read"),
        ("none.wav", "holds no samples"),
        ("bad\0name.wav", "cannot be opened"),
    ]:
        with pytest.raises(AudioError, match=reason) as refused:
            read_audio(tmp_path / name)
        assert str(tmp_path) in str(refused.value)
    with pytest.raises(AudioError, match="give a path, bytes or a binary file"):
        read_audio(io.StringIO("text"))
    with pytest.raises(AudioError, match="give a path, bytes or a binary file"):
        read_audio(12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(value):
    samples = sound(20)
    samples[17 * 16000] = value
    with pytest.raises(AudioError, match=r"sample 272000 \(17\.000 s\) is NaN or infinite"):
        read_audio((samples, 16000))
    with pytest.raises(AudioError, match="is NaN or infinite"):
        read_audio(encode(samples, subtype="FLOAT"))


@pytest.mark.parametrize("rate", [0, -16000, 16000.5, 10**9, float("nan"), None, "fast"])
def test_impossible_rates_are_refused(rate):
    with pytest.raises(AudioError, match="the rate is"):
        read_audio((np.zeros(100), rate))


def test_impossible_rate_in_a_header_is_refused():
    data = bytearray(encode(sound(0.1)))
    data[24:28] = struct.pack("<I", 1)
    with pytest.raises(AudioError, match="the rate is 1;"):
        read_audio(bytes(data))


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(0), "holds no samples"),
        (np.zeros((10, 0)), "shape"),
        (np.zeros((2, 3, 4)), "shape"),
        (np.float32(1), "shape"),
        (np.zeros((2, 16000)), "shape"),
        (np.zeros(10, bool), "bool values are no audio"),
        (["a", "b"], "are no audio"),
        (np.zeros(10, np.complex64), "complex64 values are no audio"),
        (np.full(10, 3000.0), "divide them by their full scale"),
    ],
)
def test_arrays_that_are_no_audio_are_refused(samples, reason):
    with pytest.raises(AudioError, match=reason):
        read_audio((samples, 16000))


@pytest.mark.parametrize("channel", [-1, True, "left", 1.5, None])
def test_channels_that_make_no_sense_are_refused(channel):
    with pytest.raises(OptionsError):
        AudioOptions(channel=channel)


def test_one_sample_is_a_recording():
    assert read_audio((np.zeros(1), 16000)).shape == (1, 1)
    assert read_audio((np.zeros(1), 48000)).shape[0] == 1
