"""pyctcdecode 0.5 beside us: it needs NumPy 1, so it runs in an interpreter of its own, $HARKEN_PYCTCDECODE."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def pyctcdecode(
    labels: list[str],
    matrices: dict[str, np.ndarray],
    calls: list[tuple[str, dict[str, Any]]],
    build: dict[str, Any] | None = None,
    save: Path | None = None,
    load: Path | None = None,
) -> list[dict[str, Any]]:
    """Return pyctcdecode's answer to every call (matrix, options of decode_beams): ``seconds`` and ``beams``.

    A beam is [text, word frames, logit score, LM score]. The decoder is saved into the folder ``save``, or loaded from
    the folder ``load`` instead of being built.
    """
    interpreter = os.environ.get("HARKEN_PYCTCDECODE")
    if not interpreter:
        pytest.skip("HARKEN_PYCTCDECODE names no Python that has pyctcdecode")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrices.npz"
        np.savez(path, **matrices)
        job: dict[str, Any] = {"matrices": str(path), "labels": labels, "build": build or {}}
        job["calls"] = [{"matrix": name, "options": options} for name, options in calls]
        if save is not None:
            job["save"] = str(save)
        if load is not None:
            job["load"] = str(load)
        done = subprocess.run(
            [interpreter, str(Path(__file__).with_name("ctc_peer_script.py"))],
            input=json.dumps(job),
            capture_output=True,
            text=True,
        )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise RuntimeError(f"pyctcdecode failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)
