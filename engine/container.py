"""What a sound file's own header promises, and whether the file keeps it.

libsndfile quietly shortens a file that ends early and reads nothing from a WAV whose length field a pipe left at zero.
Both are settled here, before libsndfile sees the file: the headers of WAV (RIFF, RIFX, RF64), AIFF and AU
and the pages of Ogg are walked, the rest (FLAC, MP3) say their length through libsndfile itself.
"""

import io
import struct
from typing import Any, BinaryIO, TypeAlias

Readable: TypeAlias = BinaryIO | io.RawIOBase
_OPEN_SIZES = {0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000}  # ffmpeg, others, SoX: a length that was never filled in
_OGG_TAIL = 1 << 17  # a page has at most 65,307 bytes, so the last one starts within this


class Patched(io.RawIOBase):
    """A read-only view of ``file`` in which the bytes at ``offset`` read as ``patch``."""

    def __init__(self, file: BinaryIO, offset: int, patch: bytes) -> None:
        super().__init__()
        self._file, self._offset, self._patch = file, offset, patch

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to ``offset``."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill ``buffer`` from the position on; return the number of bytes."""
        begin = self._file.tell()
        data = bytearray(self._file.read(len(buffer)))
        low, high = max(begin, self._offset), min(begin + len(data), self._offset + len(self._patch))
        if low < high:
            data[low - begin : high - begin] = self._patch[low - self._offset : high - self._offset]
        buffer[: len(data)] = data
        return len(data)


def check_container(file: BinaryIO) -> tuple[Readable, bool]:
    """Return what libsndfile is to read instead of ``file`` (seekable, at its start), and whether it was cut short."""
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(12)
    file.seek(0)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return _check_chunks(file, length, "<", b"data")
    if head[:4] == b"RIFX" and head[8:12] == b"WAVE":
        return _check_chunks(file, length, ">", b"data")
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _check_chunks(file, length, ">", b"SSND")
    if head[:4] == b".snd" and len(head) == 12:
        begin, size = struct.unpack(">II", head[4:12])
        return file, size not in _OPEN_SIZES and begin + size > length
    if head[:4] == b"OggS":
        return file, _ogg_is_cut(file, length)
    return file, False


def _check_chunks(file: BinaryIO, length: int, order: str, wanted: bytes) -> tuple[Readable, bool]:
    position, wide_size = 12, 0
    while position + 8 <= length:
        file.seek(position)
        name, size = struct.unpack(order + "4sI", file.read(8))
        if name == b"ds64" and size >= 16:
            wide_size = struct.unpack("<8xQ", file.read(16))[0]
        if name == wanted:
            file.seek(0)
            begin = position + 8
            if wide_size:
                return file, begin + wide_size > length
            if size == 0 and not _chunks_tile(file, begin, length, order):
                return Patched(file, position + 4, b"\xff\xff\xff\xff"), False
            return file, size not in _OPEN_SIZES and begin + size > length
        position += 8 + size + (size & 1)
    file.seek(0)
    return file, False


def _chunks_tile(file: BinaryIO, position: int, length: int, order: str) -> bool:
    """Return whether what follows an empty data chunk is whole chunks: then the recording is empty, not left open."""
    while position + 8 <= length:
        file.seek(position)
        position += 8 + int(struct.unpack(order + "4xI", file.read(8))[0])
        position += position & 1 if position < length else 0
    file.seek(0)
    return position == length


def _ogg_is_cut(file: BinaryIO, length: int) -> bool:
    file.seek(max(0, length - _OGG_TAIL))
    tail = file.read()
    file.seek(0)
    page = tail.rfind(b"OggS")
    if page < 0 or page + 27 > len(tail):
        return True
    is_last, segments = tail[page + 5] & 4, tail[page + 26]
    end = page + 27 + segments + sum(tail[page + 27 : page + 27 + segments])
    return end > len(tail) or not is_last
