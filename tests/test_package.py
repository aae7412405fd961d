import doctest
import importlib
import importlib.util
import pkgutil
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

import harken
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOT_PACKAGES = {"tests", "bench", "build", "dist"}


def project():
    """Return what pyproject.toml lists as packages."""
    text = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^packages = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r'"([\w.]+)"', listed[1]))


def modules():
    """Return the names of the package's modules; those of the trainer where its extra is installed."""
    names = [module.name for module in pkgutil.walk_packages(harken.__path__, "harken.")]
    skipped: tuple[str, ...] = ("harken.tests", "harken.bench", "harken.build")
    if importlib.util.find_spec("torch") is None:
        skipped += ("harken.engine.training",)
    return [name for name in names if not name.startswith(skipped)]


def test_listed_packages_are_the_folders():
    folders = {
        ".".join(["harken", *path.parent.relative_to(ROOT).parts])
        for path in ROOT.rglob("__init__.py")
        if not {*path.relative_to(ROOT).parts} & NOT_PACKAGES and not any(part.startswith(".") for part in path.parts)
    }
    assert project() == folders


def test_every_folder_with_modules_is_a_package():
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        if not {*parts} & NOT_PACKAGES and not any(part.startswith(".") for part in parts):
            assert (path.parent / "__init__.py").is_file(), path


@pytest.mark.parametrize("name", modules())
def test_docstring_examples_are_true(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


@pytest.mark.parametrize("name", modules())
def test_modules_say_what_they_are(name):
    assert (importlib.import_module(name).__doc__ or "").strip()


def run(*arguments, **options):
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.cli
def test_import_loads_nothing_heavy(tmp_path):
    heavy = "'numpy', 'numba', 'scipy', 'click', 'soundfile', 'kenlm'"
    code = f"import sys, harken; print([name for name in ({heavy}) if name in sys.modules])"
    assert run(sys.executable, "-c", code, cwd=tmp_path) == "[]\n"


@pytest.mark.cli
def test_import_is_quick(tmp_path):
    def seconds(code):
        begin = time.perf_counter()
        run(sys.executable, "-c", code, cwd=tmp_path)
        return time.perf_counter() - begin

    assert min(seconds("import harken") for _ in range(5)) - min(seconds("") for _ in range(5)) < 0.15


@pytest.mark.cli
def test_imports_run_one_way():
    pytest.importorskip("importlinter")
    script = Path(sys.executable).with_name("lint-imports")
    assert "0 broken" in run(script, "--no-cache", cwd=ROOT)


@pytest.mark.cli
def test_built_wheel_installs_alone_and_transcribes(tmp_path):
    """The wheel of this checkout, in a fresh environment with nothing but its dependencies."""
    pytest.importorskip("build")
    bundle = ROOT / "engine" / "models" / "en"
    if not (bundle / "model.json").is_file():
        pytest.skip("this checkout has no trained model yet")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel)
    demo = ROOT / "tests" / "data" / "demo.flac"
    said = (ROOT / "tests" / "data" / "demo.txt").read_text()
    assert run(python.with_name("harken"), "transcribe", demo, cwd=tmp_path) == said
    where = run(python, "-c", "import harken; print(harken.__file__)", cwd=tmp_path)
    assert str(tmp_path) in where


@pytest.mark.parametrize("name", ["harken", "harken.lm", "harken.decoder"])
def test_every_name_that_a_package_promises_is_there(name):
    package = importlib.import_module(name)
    assert package.__all__ == sorted(package.__all__)
    for promised in package.__all__:
        assert getattr(package, promised) is not None
        assert promised in dir(package)
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        package.nothing_of_the_kind  # noqa: B018
