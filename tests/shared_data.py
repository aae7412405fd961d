"""Finds the data that tests compare with: recordings and the output of other systems, never part of the repository."""

import os
from pathlib import Path

import pytest


def shared(relative: str) -> Path:
    """Return the path of ``relative`` in the shared data, or skip the test, saying so, where it is absent.

    The data lie in ``$HARKEN_SHARED`` or in ``../shared`` beside the checkout.
    """
    given = os.environ.get("HARKEN_SHARED")
    root = Path(given) if given else Path(__file__).resolve().parents[2] / "shared"
    path = root / relative
    if not path.exists():
        pytest.skip(f"no shared data at {path}: HARKEN_SHARED names their folder", allow_module_level=True)
    return path
