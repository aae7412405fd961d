import numpy as np
import pytest
from harken.errors import FormatError
from harken.tensorfile import map_arrays, save_arrays
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ARRAYS = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
    "labels": np.array([1, 255], np.uint8),
    "halves": np.array([0.5], np.float16),
    "none": np.zeros((0, 4), np.int32),
}


def test_what_is_saved_is_mapped(tmp_path):
    path = tmp_path / "a.safetensors"
    save_arrays(path, ARRAYS, {"format": "x", "about": "y"})
    arrays, metadata = map_arrays(path)
    assert metadata == {"format": "x", "about": "y"}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)
        assert not arrays[name].flags.writeable
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.safetensors"]


def test_equal_content_gives_equal_bytes(tmp_path):
    notes = {str(number): "x" for number in range(20)}
    for name in ("a", "b"):
        save_arrays(tmp_path / name, ARRAYS, dict(reversed(notes.items())) if name == "b" else notes)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_safetensors_package_reads_it(tmp_path):
    from safetensors.numpy import load_file

    save_arrays(tmp_path / "a", ARRAYS, {"é": "ü"})
    for name, array in load_file(tmp_path / "a").items():
        assert np.array_equal(array, ARRAYS[name])


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_refused_or_harmless(tmp_path, data):
    path = tmp_path / "a"
    save_arrays(path, ARRAYS, {"format": "x"})
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        arrays, _ = map_arrays(path)
    except FormatError as problem:
        assert str(path) in str(problem)
    else:
        assert all(isinstance(array.sum(), np.generic) for array in arrays.values())


@pytest.mark.parametrize(
    "header", ["[]", "{}x", '{"a": 3}', '{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}']
)
def test_a_senseless_header_is_refused(tmp_path, header):
    text = header.encode()
    (tmp_path / "a").write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(FormatError):
        map_arrays(tmp_path / "a")
