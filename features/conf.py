"""Reads Kaldi's configuration files for features (``--num-mel-bins=40``, an option a line) into options."""

from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from ..errors import FormatError

Options = TypeVar("Options")

IRRELEVANT = frozenset({"debug_mel", "max_warnings", "output_format", "verbose"})
"""Options of Kaldi's programs that change no feature."""
WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def read_conf(path: str | PathLike[str], kind: type[Options]) -> Options:
    """Return the options in the file at ``path``, for example ``read_conf("mfcc.conf", MfccOptions)``.

    Blank lines and what follows a ``#`` are skipped, as in Kaldi; its default dither of 1 is not taken over.
    Raises FormatError with the line for what is no option, and OptionsError where the options make no sense.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{path} cannot be read as text ({error}); give a Kaldi configuration file.") from error
    kinds = {field.name: type(field.default) for field in fields(kind)}  # type: ignore[arg-type]
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        name, equals, value = line.removeprefix("--").partition("=")
        name, value = name.strip().replace("-", "_"), value.strip()
        if not line.startswith("--") or (name not in kinds and name not in IRRELEVANT):
            raise FormatError(f"{path}, line {number}: {line!r} is no option of {kind.__name__}; remove it.")
        if name in kinds:
            try:
                found[name] = _value(value if equals else "true", kinds[name])
            except ValueError:
                raise FormatError(
                    f"{path}, line {number}: {value!r} is no value for {name}; give {WORDS[kinds[name]]}."
                ) from None
    return kind(**found)


def _value(text: str, kind: type) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    return kind(text)
