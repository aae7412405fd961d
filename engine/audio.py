"""Recordings in: any container, rate and channel count becomes float32 blocks at the model's rate.

A recording is read, mixed and resampled block by block, so that an hour takes no more memory than a minute. The blocks
that libsndfile is asked for always have the same length, whatever the source, so the samples are always the same bits.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, OptionsError
from .container import check_container

Samples: TypeAlias = NDArray[np.float32]
AudioSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | tuple[Any, float]

MIN_RATE, MAX_RATE = 1_000, 1_000_000  # Hz; beyond these a header is damaged rather than unusual
MAX_PEAK = 64.0  # 36 dB above full scale: floats beyond it are integers that were never scaled
_READ = 4096  # frames a call to libsndfile; a damaged FLAC loses at most this much before the damage
_BLOCK_SECONDS = 16
_UNKNOWN_FRAMES = 1 << 60  # libsndfile's way of saying that a header gives no length


@dataclass(frozen=True, slots=True)
class AudioOptions:
    """How a recording becomes samples.

    rate: Hz that the blocks have. channel: "mix" (the mean of all), "each" (one row a channel), or a number from 0.
    strict: refuse a file that ends before its header says, where otherwise a warning is kept.
    """

    rate: int = 16_000
    channel: int | Literal["mix", "each"] = "mix"
    strict: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.channel, bool) or not (isinstance(self.channel, int) or self.channel in ("mix", "each")):
            raise OptionsError(f'channel is {self.channel!r}; give "mix", "each" or a channel number from 0.')
        if isinstance(self.channel, int) and self.channel < 0:
            raise OptionsError(f"channel is {self.channel}; channels are numbered from 0.")
        if not MIN_RATE <= self.rate <= MAX_RATE:
            raise OptionsError(f"rate is {self.rate}; give {MIN_RATE} to {MAX_RATE} Hz.")


class AudioReader:
    """One recording, open: its ``blocks()``, then its ``duration`` in seconds and ``warnings``.

    ``channels`` has an entry a row of a block, None for a mix of several. source is a path, the bytes of a file, a file
    object opened in binary mode, or ``(samples, rate)``: samples of shape (n,) or (n, channels), float in [-1, 1] or
    int16, int32, uint8 in their whole range. Raises AudioError for whatever is no recording. Use it in a ``with``.
    """

    def __init__(self, source: AudioSource, options: AudioOptions | None = None) -> None:
        self.options = options or AudioOptions()
        self.warnings: list[str] = []
        self.duration = 0.0
        self._file: BinaryIO | None = None
        self._sound: Any = None
        self._array: NDArray[Any] | None = None
        self._is_cut = False
        if isinstance(source, tuple):
            self.name = "samples"
            if len(source) != 2:
                raise AudioError(f"samples: a tuple of {len(source)} is no recording; give (samples, rate).")
            self._array, self.source_rate = _check_array(source[0]), _check_rate(source[1], self.name)
            source_channels, self._promised = self._array.shape[1], len(self._array)
        else:
            self.name = _name_of(source)
            try:
                self._open(source)
            except BaseException:
                self.close()
                raise
            sound: Any = self._sound
            source_channels, self._promised = sound.channels, sound.frames
        self._block = -(-_BLOCK_SECONDS * self.source_rate // _READ) * _READ
        self.channels = _choose_channels(self.options.channel, source_channels, self.name)

    def __enter__(self) -> "AudioReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if this reader opened it."""
        if self._sound is not None:
            self._sound.close()
        if self._file is not None:
            self._file.close()

    def blocks(self) -> Iterator[Samples]:
        """Yield float32 (channels, n) blocks at ``options.rate``; raise AudioError where a block is no audio."""
        from soxr import ResampleStream

        resampler: Any = None
        if self.source_rate != self.options.rate:
            resampler = ResampleStream(self.source_rate, self.options.rate, len(self.channels), dtype="float32")
        frames = 0
        for block in self._source_blocks():
            frames += len(block)
            self.duration = frames / self.source_rate
            picked = _pick(_check_samples(block, self.name, frames - len(block), self.source_rate), self.channels)
            if resampler is not None:
                picked = resampler.resample_chunk(picked)
            if len(picked):
                yield np.ascontiguousarray(picked.T)
        if frames == 0:
            raise AudioError(f"{self.name}: holds no samples; record something.")
        self._settle_length(frames)
        if resampler is not None:
            rest = resampler.resample_chunk(np.zeros((0, len(self.channels)), np.float32), last=True)
            if len(rest):
                yield np.ascontiguousarray(rest.T)

    def _open(self, source: Any) -> None:
        import soundfile

        class Sequential(soundfile.SoundFile):  # type: ignore[misc]
            def seekable(self) -> bool:
                """Say no, or every read is followed by a seek to where it stopped, which MP3 does not survive."""
                return False

        file = self._open_file(source)
        try:
            readable, self._is_cut = check_container(file)
            self._sound = Sequential(readable)
        except (soundfile.SoundFileError, OSError, TypeError, ValueError) as problem:
            reason = getattr(problem, "error_string", "") or str(problem)
            raise AudioError(
                f"{self.name}: not audio that can be read ({reason.rstrip('. ')}); give WAV, FLAC, Ogg or MP3."
            ) from None
        self.source_rate = _check_rate(self._sound.samplerate, self.name)

    def _open_file(self, source: Any) -> BinaryIO:
        if isinstance(source, (str, os.PathLike)):
            try:
                self._file = open(source, "rb")  # noqa: SIM115
            except IsADirectoryError:
                raise AudioError(f"{self.name}: is a folder; name a sound file in it.") from None
            except FileNotFoundError:
                raise AudioError(f"{self.name}: there is no such file; check the path.") from None
            except (OSError, ValueError) as problem:
                raise AudioError(f"{self.name}: cannot be opened ({getattr(problem, 'strerror', problem)}).") from None
            source = self._file
        elif isinstance(source, (bytes, bytearray, memoryview)):
            source = io.BytesIO(source)
        try:
            if not isinstance(source.read(0), bytes):
                raise TypeError("it is opened as text")
            if not source.seekable():
                source = io.BytesIO(source.read())
            if source.seek(0, io.SEEK_END) == 0:
                raise AudioError(f"{self.name}: the file is empty; record something.")
        except (AttributeError, OSError, TypeError) as problem:
            raise AudioError(f"{self.name}: cannot be read ({problem}); give a path, bytes or a binary file.") from None
        opened: BinaryIO = source
        return opened

    def _source_blocks(self) -> Iterator[NDArray[Any]]:
        """Yield (n, channels) blocks as the source holds them: fixed length, the last one shorter."""
        if self._array is not None:
            for begin in range(0, len(self._array), self._block):
                yield self._array[begin : begin + self._block]
            return
        import soundfile

        parts: list[Samples] = []
        while True:
            try:
                part = self._sound.read(_READ, dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, OSError):
                self._is_cut = True
                break
            if len(part) == 0:
                break
            parts.append(part)
            if len(parts) * _READ == self._block:
                yield np.concatenate(parts)
                parts = []
        if parts:
            yield np.concatenate(parts)

    def _settle_length(self, frames: int) -> None:
        """Keep a warning, or refuse, where the file ended before its header said."""
        short = frames < self._promised < _UNKNOWN_FRAMES
        if not (short or self._is_cut):
            return
        where = f"after {frames / self.source_rate:.2f} s"
        if short:
            where += f" where its header says {self._promised / self.source_rate:.2f} s"
        if self.options.strict:
            raise AudioError(f"{self.name}: cut short or damaged, it ends {where}; leave strict out to get that much.")
        self.warnings.append(f"{self.name}: cut short or damaged, it ends {where}; transcribed as far as it goes.")


def read_audio(source: AudioSource, options: AudioOptions | None = None) -> Samples:
    """Return a whole recording as float32 (channels, n); see AudioReader for the sources and errors."""
    with AudioReader(source, options) as reader:
        blocks = list(reader.blocks())
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((len(reader.channels), 0), np.float32)


def _name_of(source: Any) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"{memoryview(source).nbytes} bytes"
    return str(getattr(source, "name", "file object"))


def _check_rate(rate: Any, name: str) -> int:
    try:
        whole = int(rate)
        usable = whole == float(rate) and MIN_RATE <= whole <= MAX_RATE
    except (TypeError, ValueError, OverflowError):
        usable = False
    if not usable:
        raise AudioError(f"{name}: the rate is {rate!r}; it has to be a whole number of {MIN_RATE} to {MAX_RATE} Hz.")
    return whole


def _check_array(samples: Any) -> NDArray[Any]:
    array = np.asarray(samples)
    if array.dtype not in (np.float16, np.float32, np.float64, np.int16, np.int32, np.uint8):
        raise AudioError(f"samples: {array.dtype} values are no audio; give float in [-1, 1], int16, int32 or uint8.")
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] == 0 or (array.shape[1] > 64 and array.shape[1] > array.shape[0] > 0):
        raise AudioError(f"samples: shape {np.shape(samples)} is no audio; give (n,) or (n, channels).")
    return array


def _check_samples(block: NDArray[Any], name: str, begin: int, rate: int) -> Samples:
    """Return the block as float32 in [-1, 1]; refuse NaN, infinities and floats far beyond full scale."""
    if block.dtype == np.uint8:
        return (block.astype(np.float32) - np.float32(128)) * np.float32(1 / 128)
    if block.dtype in (np.int16, np.int32):
        return (block * (1.0 / (1 << (8 * block.dtype.itemsize - 1)))).astype(np.float32)
    peak = float(np.abs(block).max(initial=0))
    if not np.isfinite(peak):
        bad = begin + int(np.flatnonzero(~np.isfinite(block).all(axis=1))[0])
        raise AudioError(f"{name}: sample {bad} ({bad / rate:.3f} s) is NaN or infinite; mend whatever wrote it.")
    if peak > MAX_PEAK:
        raise AudioError(f"{name}: samples reach {peak:.6g} where full scale is 1; divide them by their full scale.")
    return block.astype(np.float32)


def _choose_channels(channel: int | str, count: int, name: str) -> tuple[int | None, ...]:
    if channel == "each":
        return tuple(range(count))
    if channel == "mix":
        return (None,) if count > 1 else (0,)
    if int(channel) >= count:
        raise AudioError(f"{name}: there is no channel {channel}; it has {count}, numbered from 0.")
    return (int(channel),)


def _pick(block: Samples, channels: tuple[int | None, ...]) -> Samples:
    if channels == (None,):
        return block.mean(axis=1, dtype=np.float32, keepdims=True)
    return block[:, [channel for channel in channels if channel is not None]]
