"""The command line, a file a command; command_line is the way in, options what commands share."""

from .command_line import harken, main

__all__ = ["harken", "main"]
