"""``python -m harken.engine.training CONFIG.json``: from manifests to a bundle in one command.

The configuration is one JSON object with the fields of PipelineOptions; the options of a stage are an object in it::

    {"train_manifests": ["speech/train/manifest.jsonl"], "valid_manifests": ["speech/valid/manifest.jsonl"],
     "texts": {"books": ["text/books.txt.bz2"]}, "work": "work", "bundle": "my-model",
     "about": {"name": "my-model", "language": "en", "version": "1", "licences": {"speech": "CC BY 4.0"}},
     "trainer": {"epochs": 12}}
"""

import dataclasses
import json
import logging
import sys
from pathlib import Path
from typing import Any, get_type_hints

import click

from ...errors import HarkenError, OptionsError
from .pipeline import Pipeline, PipelineOptions


def read_options(path: Path) -> PipelineOptions:
    """Read a configuration; raises OptionsError naming a field that is unknown, missing or senseless."""
    try:
        given = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError) as problem:
        raise OptionsError(f"{path}: cannot be read as JSON ({problem}).") from None
    options: PipelineOptions = _build(PipelineOptions, given, str(path))
    return options


def _build(kind: Any, given: Any, place: str) -> Any:
    if not isinstance(given, dict):
        raise OptionsError(f"{place}: has to be an object with the fields of {kind.__name__}.")
    hints = get_type_hints(kind)
    unknown = sorted(set(given) - set(hints))
    if unknown:
        raise OptionsError(f"{place}: {unknown[0]} is no field of {kind.__name__}; choose among {', '.join(hints)}.")
    values = {}
    for name, value in given.items():
        if dataclasses.is_dataclass(hints[name]):
            value = _build(hints[name], value, f"{place}: {name}")
        elif hints[name] is Path:
            value = Path(value)
        elif isinstance(value, list):
            value = tuple(value)
        values[name] = value
    try:
        return kind(**values)
    except TypeError as problem:
        raise OptionsError(f"{place}: {problem}.") from None


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
def train(config: Path) -> None:
    """Train a model as CONFIG (JSON) says, and write its bundle; an interrupted run goes on where it stopped."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        folder = Pipeline(read_options(config)).run()
    except HarkenError as error:
        click.echo(f"harken: {error}", err=True)
        sys.exit(1)
    click.echo(folder)


if __name__ == "__main__":
    train()
