"""What the commands of `harken fst` share: options written as OpenFst's tools take them, machines in and out."""

import io
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import click

from ...decoder.fst.files import write_bytes
from ...decoder.fst.openfst import read_fst, write_fst
from ...decoder.fst.symbols import SymbolTable, read_symbols
from ...decoder.fst.transducer import Fst
from ...errors import OptionsError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


class FstCommand(click.Command):
    """A command whose options may be written -name, --name, with = or a blank, and switches --name=true or =false."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Bring the options into the form that click knows."""
        switches = {param.name: param for param in self.params if isinstance(param, click.Option) and param.is_flag}
        options = {param.name for param in self.params if isinstance(param, click.Option)}
        written: list[str] = []
        for place, arg in enumerate(args):
            if arg == "--":
                written += args[place:]
                break
            name, equals, value = arg.lstrip("-").partition("=")
            name = name.replace("-", "_")
            if not arg.startswith("-") or name not in options:
                written.append(arg)
            elif name not in switches or not equals:
                written.append(f"--{name}{equals}{value}")
            elif value.lower() in _YES + _NO:
                written.append(f"--{name}" if value.lower() in _YES else f"--no{name}")
            else:
                raise click.BadOptionUsage(name, f"--{name}={value}: give true or false.", ctx)
        return super().parse_args(ctx, written)


def switch(name: str, text: str, default: bool = False) -> Decorator:
    """Return the option ``--name``, which ``--name=false`` or ``--noname`` switches off."""
    return click.option(f"--{name}/--no{name}", default=default, show_default=True, help=text)


def in_and_out(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments of a command that makes one machine out of one."""
    command = click.argument("target", default="-", metavar="[OUT.FST]")(command)
    return click.argument("source", default="-", metavar="[IN.FST]")(command)


def two_in(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments of a command that takes two machines."""
    return click.argument("first", metavar="IN1.FST")(click.argument("second", metavar="IN2.FST")(command))


def two_in_and_out(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments of a command that makes one machine out of two."""
    return two_in(click.argument("target", default="-", metavar="[OUT.FST]")(command))


def is_pipe(path: str) -> bool:
    """Return whether ``path`` stands for standard input or output."""
    return path in ("", "-")


def called(path: str) -> str:
    """Return what messages call the machine that was read from ``path``."""
    return "standard input" if is_pipe(path) else path


def opened(path: str) -> str | BinaryIO:
    """Return what to read: the path, or standard input with a name for messages."""
    if not is_pipe(path):
        return path
    stream = io.BytesIO(sys.stdin.buffer.read())
    stream.name = called(path)
    return stream


def read_machine(path: str) -> Fst:
    """Read the machine of a file or of standard input."""
    return read_fst(opened(path))


def read_two(first: str, second: str) -> tuple[Fst, Fst]:
    """Read two machines, of which standard input can be one."""
    if is_pipe(first) and is_pipe(second):
        raise OptionsError("standard input: holds one machine, not two; give a file for the other.")
    return read_machine(first), read_machine(second)


def write_machine(fst: Fst, path: str, fst_type: str = "vector", align: bool = False) -> None:
    """Write the machine to a file, never half of it, or to standard output."""
    write_fst(fst, _target(path), fst_type, align)


def write_text_out(text: str, path: str) -> None:
    """Write text to a file, never half of it, or to standard output."""
    write_bytes(_target(path), [text.encode("utf8", "surrogateescape")])


def read_table(path: str | None) -> SymbolTable | None:
    """Read the symbol table of an option that may be left out."""
    return read_symbols(path) if path else None


def _target(path: str) -> str | BinaryIO:
    return sys.stdout.buffer if is_pipe(path) else path
