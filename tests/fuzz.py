"""Damage of the kinds that files suffer: cut, flipped, swapped, of other types, with numbers out of all bounds."""

import os
import re

import numpy as np

EXTREMES = (-(2**63), -(2**31), -2, -1, 0, 1, 2, 127, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1)
ODD_WORDS = re.split(
    " ",
    "-1 0 1 2 3 7 255 65536 2147483647 2147483648 99999999999999999999 nan inf -inf 1e39 -1e39 1e-50 0x10 1_0 "
    "<eps> <s> </s> <unk> #0 * | ( ) [ ] { } ; = , : \\end\\ \\data\\ \\1-grams: \u0663 \udcff a b",
)


def as_compiled():
    """Return the context in which kernels that run as plain Python are as silent about infinities as compiled ones."""
    return np.errstate(all="ignore" if os.environ.get("NUMBA_DISABLE_JIT") == "1" else None)


def spoilt(data, random):
    """Return ``data`` with some bytes changed, moved, repeated or cut off."""
    data = bytearray(data)
    for _ in range(random.integers(1, 4)):
        if not data:
            break
        at = int(random.integers(0, len(data)))
        size = int(random.choice([1, 4, 8, 64]))
        kind = random.integers(0, 6)
        if kind == 0:
            data[at] ^= 1 << int(random.integers(0, 8))
        elif kind == 1:
            width = int(random.choice([1, 4, 8]))
            number = int(random.choice(np.array(EXTREMES, dtype=object))) % 2 ** (8 * width)
            data[at : at + width] = number.to_bytes(width, "little")
        elif kind == 2:
            data = data[:at]
        elif kind == 3:
            data[at : at + size] = random.bytes(size)
        elif kind == 4:
            other = int(random.integers(0, len(data)))
            data[at : at + size] = data[other : other + size]
        else:
            data[at:at] = data[at : at + size]
    return bytes(data)


def spoilt_text(text, random):
    """Return ``text`` with some words or lines replaced, moved, repeated or dropped."""
    parts = re.split(r"(\s+)", text) if random.random() < 0.8 else re.split(r"(\n)", text)
    for _ in range(1 if random.random() < 0.6 else 3):
        at, other = (2 * int(random.integers(0, (len(parts) + 1) // 2)) for _ in range(2))
        kind = random.integers(0, 7)
        if kind <= 1:
            parts[at] = parts[other]
        elif kind == 2:
            parts[at], parts[other] = parts[other], parts[at]
        elif kind == 3:
            parts[at] = str(random.choice(ODD_WORDS))
        elif kind == 4:
            parts[at:at] = parts[other : other + 2 * int(random.integers(1, 9))]
        elif kind == 5:
            parts[at : at + int(random.integers(1, 9))] = ["x"] * int(random.integers(0, 2))
        else:
            parts[at] = parts[at][: len(parts[at]) // 2]
        parts = parts or [""]
    return "".join(parts)


def spoilt_arrays(arrays, random):
    """Return named arrays of which some are changed, swapped, cut, grown, of another type or gone."""
    arrays = {name: np.array(array) for name, array in arrays.items()}
    for _ in range(1 if random.random() < 0.7 else 2):
        name, other = (str(random.choice(list(arrays))) for _ in range(2))
        array = arrays[name]
        kind = random.integers(0, 9)
        if kind <= 2 and array.size:
            flat = array.reshape(-1)
            for place in random.integers(0, array.size, size=random.integers(1, 4)):
                flat[place] = _odd_value(array.dtype, flat, random)
        elif kind == 3:
            arrays[name], arrays[other] = arrays[other], array
        elif kind == 4:
            arrays[name] = array[: int(random.integers(0, len(array) + 1))]
        elif kind == 5:
            arrays[name] = np.concatenate([array, array[-int(random.integers(1, 4)) :]])
        elif kind == 6:
            dtypes = (np.int32, np.int64, np.uint8, np.uint32, np.float32, np.float64, np.bool_)
            with np.errstate(all="ignore"):
                arrays[name] = array.astype(dtypes[int(random.integers(0, len(dtypes)))])
        elif kind == 7:
            arrays[name] = array.reshape((-1, 1)) if random.random() < 0.5 else random.permutation(array)
        elif len(arrays) > 1:
            del arrays[name]
    return arrays


def _odd_value(dtype, near, random):
    if dtype.kind == "f":
        return random.choice(np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, -1.0, 0.0, 1e-40]))
    if dtype.kind == "b":
        return bool(random.integers(0, 2))
    if random.random() < 0.5:
        return random.choice(near)
    info = np.iinfo(dtype)
    return random.choice(np.array([number for number in EXTREMES if info.min <= number <= info.max], dtype=dtype))
