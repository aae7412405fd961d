"""Options that take several numbers in a row, `--prune 0 0 1`, as lmplz does; and amounts of memory, `2G` or `80%`."""

import os
import re
from typing import Any

import click

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Numbers(click.ParamType):  # type: ignore[type-arg]
    """Numbers between spaces or commas, ``whole`` ones or any, as a tuple; without any only where that ``may_lack``."""

    name = "numbers"

    def __init__(self, whole: bool = False, may_lack: bool = False) -> None:
        self.whole = whole
        self.may_lack = may_lack

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Return the numbers; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        parts = str(value).replace(",", " ").split()
        if not parts and not self.may_lack:
            self.fail("needs numbers after it.", param, ctx)
        try:
            return tuple((int if self.whole else float)(part) for part in parts)
        except ValueError:
            kind = "whole numbers" if self.whole else "numbers"
            self.fail(f"{value!r} is not made of {kind} with spaces or commas between them.", param, ctx)


class NumbersCommand(click.Command):
    """A command whose options of the type ``Numbers`` take all numbers that follow them.

    A file whose name is a number has to stand before such an option, or after ``--``, or as ``./1``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Join the numbers after an option to one value, then parse as ever."""
        names = {name for param in self.params if isinstance(param.type, Numbers) for name in param.opts}
        waiting, joined = list(reversed(args)), []
        while waiting:
            word = waiting.pop()
            if word == "--":
                joined += [word, *reversed(waiting)]
                break
            if word in names:
                numbers = []
                while waiting and all(map(_NUMBER.fullmatch, waiting[-1].split(","))):
                    numbers.append(waiting.pop())
                joined += [word, " ".join(numbers)]
            else:
                joined.append(word)
        return super().parse_args(ctx, joined)


class Memory(click.ParamType):  # type: ignore[type-arg]
    """Bytes, with K, M, G or T behind the number, or a share of the machine's memory with %."""

    name = "memory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes; anything else is a usage error."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+\.?\d*)\s*(?:([bkmgt]?)i?b?|(%))", str(value).strip(), re.IGNORECASE)
        if not match:
            self.fail(f"{value!r} is no amount of memory: give bytes as 500M or 2G, or a share as 50%.", param, ctx)
        if match[3]:
            return int(float(match[1]) / 100 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        return int(float(match[1]) * _UNITS[match[2].lower()])
