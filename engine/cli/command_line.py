"""The command line: `harken COMMAND`; `python -m harken.engine.cli` does the same.

Results go to standard output, everything else to standard error. Exit codes: 0 all done, 1 something was refused (one
sentence says what and how to mend it), 2 the command line itself made no sense, 130 and 143 it was interrupted.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from ... import __version__
from ...errors import HarkenError
from ...jit import before_compiling

_COMMANDS = {
    "transcribe": "transcribe",
    "align": "align",
    "evaluate": "evaluate",
    "tune": "tune",
    "features": "stages",
    "score": "stages",
    "decode": "decode",
    "lattice": "lattice",
    "graph": "graph",
    "rescore": "stages",
    "fst": "fst",
    "text": "text",
    "lm": "lm",
    "g2p": "g2p",
    "customize": "customize",
    "model": "model",
}


class _Commands(click.Group):
    """The commands in the order in which one meets them, imported when they are asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f".{_COMMANDS[name]}", __package__), name)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="harken")
def harken() -> None:
    """Speech to text, every stage open to inspection.

    \b
      harken transcribe talk.flac            what is said in a recording
      harken evaluate test/manifest.jsonl    word error rate and speed

    \b
    The stages of a transcription, one by one:
      harken features talk.flac -o talk.features.npz
      harken score talk.features.npz -o talk.scores.npz
      harken decode talk.scores.npz -o talk.nbest
      harken rescore talk.nbest
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit; ``arguments`` are those of the process where None."""
    before_compiling(lambda: complain("compiling this command's kernels for this machine, which happens once ..."))
    try:
        with _orderly_end():
            code: Any = harken.main(arguments, prog_name="harken", standalone_mode=False)
        sys.stdout.flush()
    except HarkenError as error:
        complain(error)
        code = 1
    except click.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except MemoryError as error:
        complain(f"there is not enough memory ({error}).")
        code = 1
    except OSError as error:
        complain(f"{error.filename or 'harken'}: {error.strerror or error}.")
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Make SIGTERM end the process as an exception does, so that what was begun is cleared away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def complain(message: object) -> None:
    """Write one line to standard error."""
    click.echo(f"harken: {message}", err=True)
