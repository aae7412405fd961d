"""KenLM's build_binary, which makes the quantised trie that the bundle holds: found, or compiled from source.

The kenlm package on PyPI only queries models; its source distribution holds build_binary's sources too, and those need
nothing but a C++ compiler.
"""

import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ...errors import OptionsError

log = logging.getLogger("harken.training")


@dataclass(frozen=True, slots=True)
class TrieOptions:
    """How KenLM packs a model: bits of a probability and of a back-off weight (2 to 25, 0 keeps the float), and the
    most bits that are cut off pointers (0 cuts none; build_binary takes what is smallest up to this).
    """

    probability_bits: int = 6
    backoff_bits: int = 5
    pointer_bits: int = 22


def build_trie(arpa: Path, target: Path, options: TrieOptions, tools: Path) -> None:
    """Turn ``arpa`` into a KenLM trie at ``target``, written aside first; ``tools`` keeps the tool if compiled."""
    command = [str(find_build_binary(tools))]
    if options.probability_bits:
        command += ["-q", str(options.probability_bits), "-b", str(options.backoff_bits)]
    if options.pointer_bits:
        command += ["-a", str(options.pointer_bits)]
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".trie.") as folder:
        aside = Path(folder) / target.name
        _run([*command, "-T", folder, "trie", str(arpa), str(aside)], "make the KenLM trie")
        os.replace(aside, target)


def find_build_binary(tools: Path) -> Path:
    """Return KenLM's build_binary: on PATH, in $KENLM_BIN, in ``tools``, else compiled into ``tools``.

    Raises OptionsError, saying how to mend it, where it has to be compiled and cannot.
    """
    for place in (None, os.environ.get("KENLM_BIN"), str(tools)):
        found = shutil.which("build_binary", path=place) if place != "" else None
        if found:
            return Path(found)
    return compile_build_binary(tools)


def compile_build_binary(tools: Path) -> Path:
    """Download the sources of the installed kenlm version from PyPI, compile build_binary, return its path."""
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        raise OptionsError(
            "KenLM's build_binary is needed and there is no C++ compiler to make it with: install one, or put "
            "build_binary on PATH or its folder in $KENLM_BIN."
        )
    version = metadata.version("kenlm")
    log.info("compiling KenLM's build_binary from the sources of kenlm %s (once, about half a minute)", version)
    tools.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=tools) as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "kenlm"]
        _run([*pip, "--dest", folder, f"kenlm=={version}"], "download KenLM's sources")
        (archive,) = Path(folder).glob("kenlm-*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        (source,) = (path for path in Path(folder).glob("kenlm-*") if path.is_dir())
        files = [
            str(path.relative_to(source))
            for part in ("lm", "util", "util/double-conversion")
            for path in sorted((source / part).glob("*.cc"))
            if not path.stem.endswith(("_main", "_test"))
        ]
        made = Path(folder) / "build_binary"
        flags = ["-O2", "-std=c++11", "-DNDEBUG", "-DKENLM_MAX_ORDER=6", "-I.", "-w"]
        _run([compiler, *flags, "-o", str(made), "lm/build_binary_main.cc", *files], "compile build_binary", source)
        os.replace(made, tools / "build_binary")
    return tools / "build_binary"


def _run(command: list[str], what: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise OptionsError(f"Could not {what}: {command[0]} ended with status {done.returncode} ({last[0]}).")
