"""A picture of a training run: loss, held-out phone error rate and learning rate over time (needs the `plot` extra)."""

import json
from pathlib import Path

from ...errors import FormatError


def read_log(path: Path) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Return the step entries and the epoch entries of a trainer's log.jsonl."""
    steps: list[dict[str, float]] = []
    epochs: list[dict[str, float]] = []
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
        try:
            entry = json.loads(line)
            (steps if entry["kind"] == "step" else epochs).append(entry)
        except (ValueError, KeyError, TypeError) as problem:
            raise FormatError(f"{path}, line {number}: is no entry of a training log ({problem!r}).") from None
    return steps, epochs


def plot_log(path: Path, picture: Path) -> None:
    """Draw the log into ``picture`` (any format that Matplotlib knows by its suffix)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    steps, epochs = read_log(path)
    figure, (losses, errors, rates) = pyplot.subplots(3, 1, sharex=True, figsize=(8, 8))
    losses.plot([e["minutes"] for e in steps], [e["loss"] for e in steps], label="training", linewidth=0.8)
    losses.plot([e["minutes"] for e in epochs], [e["valid_loss"] for e in epochs], "o-", label="validation")
    losses.set_ylabel("CTC loss a phone")
    losses.legend()
    errors.plot([e["minutes"] for e in epochs], [e["valid_per"] for e in epochs], "o-")
    errors.set_ylabel("phone error rate, %")
    rates.plot([e["minutes"] for e in steps], [e["rate"] for e in steps])
    rates.set_ylabel("learning rate")
    rates.set_xlabel("minutes of training")
    figure.tight_layout()
    figure.savefig(picture)
    pyplot.close(figure)
