"""Gaussian noise that depends on nothing but a seed, the frame's number and the sample's place in the frame."""

import numpy as np

from .checks import Floats


def frame_noise(seed: int, first_frame: int, frames: int, length: int) -> Floats:
    """Return standard normal noise, float32 (frames, length), for the frames from number ``first_frame`` on.

    Every frame owns a run of counters of the Philox generator, so any cut of a recording gives a frame the same noise.
    Two 32-bit halves of a random word make two normal numbers (Box and Muller, 1958).
    """
    counters = -(-length // 8)  # a counter gives four words, a word two numbers
    generator = np.random.Philox(key=seed, counter=first_frame * counters)
    words = generator.random_raw(frames * counters * 4)
    uniform = (words >> np.uint64(32)).astype(np.float32) * np.float32(2**-32)
    # 1 - u would round to 0 for the largest u: shift by half a step and stay inside (0, 1].
    radius = np.sqrt(np.float32(-2) * np.log(np.minimum(uniform + np.float32(2**-33), np.float32(1))))
    angle = (words & np.uint64(0xFFFFFFFF)).astype(np.float32) * np.float32(2 * np.pi * 2**-32)
    noise = np.concatenate(((radius * np.cos(angle)), (radius * np.sin(angle))))
    rows: Floats = noise.reshape(2, frames, counters * 4).swapaxes(0, 1).reshape(frames, -1)[:, :length]
    return rows
