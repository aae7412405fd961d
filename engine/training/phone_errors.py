"""``python -m harken.engine.training.phone_errors MANIFEST``: how many phones the network alone gets wrong.

The best unit of every row, repeats joined and blanks dropped, against the pronunciations of the reference: each word is
taken the way, among those the lexicon lists (or the grapheme-to-phoneme model says), that fits best.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from ...errors import HarkenError
from ...lm.pronunciation.g2p import G2p
from ...lm.pronunciation.lexicon import Lexicon
from ...tensorfile import map_arrays
from ..audio import AudioOptions, read_audio
from ..recognizer import Recognizer
from .corpus import Clip, read_clips

Pronunciations = Sequence[Sequence[int]]


def greedy_units(best: NDArray[np.integer]) -> list[int]:  # type: ignore[type-arg]
    """Collapse the best unit of every row the CTC way: repeats joined, blanks (unit 0) dropped."""
    changed = np.flatnonzero(np.diff(best, prepend=-1))
    return [int(unit) for unit in best[changed] if unit]


def phone_errors(found: Sequence[int], words: Iterable[Pronunciations]) -> int:
    """Return the fewest edits that turn ``found`` into one way of saying ``words``, each a list of pronunciations."""
    units = np.asarray(found, np.int64)
    steps = np.arange(len(units) + 1)
    row = steps.copy()
    for ways in words:
        row = np.min([_extend(row, steps, units, way) for way in ways], axis=0)
    return int(row[-1])


def _extend(
    row: NDArray[np.int64], steps: NDArray[np.int64], units: NDArray[np.int64], way: Sequence[int]
) -> NDArray[np.int64]:
    """Levenshtein's recursion over the phones of ``way``, from the distances of all prefixes of ``units``."""
    for phone in way:
        change = np.minimum(row[1:] + 1, row[:-1] + (units != phone))
        row = np.minimum.accumulate(np.concatenate([[row[0] + 1], change]) - steps) + steps
    return row


def measure(recognizer: Recognizer, clips: Sequence[Clip]) -> tuple[int, int]:
    """Return how many phones are wrong, and how many there are (each word's first way is counted)."""
    number = {unit: index for index, unit in enumerate(recognizer.bundle.units)}
    lexicon = Lexicon.read(recognizer.bundle.path("lexicon.txt"))
    g2p = G2p.load(recognizer.bundle.path("g2p.safetensors"))
    prior = recognizer.bundle.network["nodes"][-1]
    tensors, _ = map_arrays(recognizer.bundle.path("acoustic.safetensors"))
    posteriors_again = np.float32(prior["scale"]) * tensors[f"{prior['name']}.log_prior"]

    def ways(word: str) -> list[list[int]]:
        listed = [entry.phones for entry in lexicon.get(word)] or [g2p.pronounce(word)[0][0]]
        return [[number[phone] for phone in phones] for phones in listed]

    wrong = phones = 0
    for clip in clips:
        samples = read_audio(clip.path, AudioOptions(recognizer.rate))[0]
        scores = recognizer.scores(recognizer.features(samples)) + posteriors_again
        words = [ways(word) for word in clip.words]
        wrong += phone_errors(greedy_units(scores.argmax(axis=1)), words)
        phones += sum(len(word[0]) for word in words)
    return wrong, phones


@click.command()
@click.argument("manifests", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), help="A bundle; without it, the English one of the package.")
def main(manifests: tuple[Path, ...], model: Path | None) -> None:
    """Print the phone error rate of greedy decoding on MANIFESTS."""
    try:
        wrong, phones = measure(Recognizer(model), read_clips(manifests))
    except HarkenError as error:
        click.echo(f"harken: {error}", err=True)
        sys.exit(1)
    click.echo(f"{100 * wrong / max(1, phones):.2f} % of {phones} phones wrong")


if __name__ == "__main__":
    main()
