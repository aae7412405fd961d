"""Manifests: lists of recordings and what was said in them, a JSON object a line.

    {"audio_filepath": "clips/a.opus", "duration": 3.2, "speaker": "anna", "text": "Good morning!"}

Paths are relative to the manifest; texts are raw, as people write. What else a line holds is nobody's business here.
"""

import json
import math
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import FormatError


@dataclass(frozen=True, slots=True)
class Clip:
    """A line of a manifest: where the recording is, how the manifest names it, and what was said.

    ``duration`` in seconds and ``speaker`` are None where the line does not say.
    """

    path: str
    name: str
    text: str
    duration: float | None = None
    speaker: str | None = None


def read_manifest(
    path: str | os.PathLike[str], limit: int | None = None, needed: Collection[str] = ("audio_filepath", "text")
) -> list[Clip]:
    """Read a manifest; ``limit`` keeps the first so many clips, ``needed`` names what every line has to have.

    Raises FormatError naming the line that makes no sense, or the file that cannot be read or holds no clips.
    """
    place = Path(path)
    try:
        lines = place.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError) as problem:
        raise FormatError(f"{path}: cannot be read ({getattr(problem, 'strerror', None) or problem}).") from None
    clips: list[Clip] = []
    for number, line in enumerate(lines, start=1):
        if limit is not None and len(clips) >= limit:
            break
        if line.strip():
            clips.append(_clip(line, place.parent, f"{path}, line {number}", needed))
    if not clips:
        raise FormatError(f"{path}: names no clips; add lines with audio_filepath and text.")
    return clips


def _clip(line: str, folder: Path, where: str, needed: Collection[str]) -> Clip:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise FormatError(f"{where}: is no JSON ({problem}); mend it.") from None
    if not isinstance(entry, dict):
        raise FormatError(f"{where}: is no JSON object with audio_filepath and text; mend it.")
    missing = [name for name in needed if entry.get(name) is None]
    if missing:
        raise FormatError(f"{where}: has no {' and no '.join(missing)}; add it.")
    name, text, speaker = (_text(entry, field, where) for field in ("audio_filepath", "text", "speaker"))
    return Clip(os.fspath(folder / name), name, text, _duration(entry.get("duration"), where), speaker or None)


def _text(entry: dict[str, Any], field: str, where: str) -> str:
    value = entry.get(field)
    if field == "speaker" and isinstance(value, int):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise FormatError(f"{where}: {field} is {value!r}, not a string; mend it.")
    return value or ""


def _duration(value: Any, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise FormatError(f"{where}: duration is {value!r}, not a number of seconds; mend it.")
    return float(value)
