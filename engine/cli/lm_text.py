"""What `harken lm estimate` reads: texts as they are or normalised first, lists of words; and its progress bar."""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...errors import FormatError, OptionsError
from ...lm.estimation.counting import CountingOptions, count_text
from ...lm.estimation.estimate import commonest_words
from ...lm.estimation.text_pieces import text_files
from ...lm.ngram.arpa import SPECIAL_WORDS
from ...lm.ngram.perplexity import text_lines
from ...lm.text import normalize_lines
from .command_line import complain

Progress = Callable[[int, int], None]


def read_words(path: str) -> tuple[str, ...]:
    """Return the words of a list, between any white space, each once; raises FormatError for a bad file or none."""
    words = dict.fromkeys(word for line in text_lines(text_files([path])) for word in line)
    found = tuple(word for word in words if word not in SPECIAL_WORDS)
    if not found:
        raise FormatError(f"{path}: the list of words is empty.")
    return found


def commonest(
    paths: Sequence[str], size: int, memory: int | None = None, temporary: str | None = None
) -> tuple[str, ...]:
    """Return the ``size`` commonest words of texts; raises OptionsError for standard input, which is read but once."""
    if "-" in paths:
        raise OptionsError("--vocabulary-size: the text is read twice, which standard input cannot be; give a file.")
    with progress_bar("choosing words") as progress:
        counts = count_text(text_files(paths, progress), 1, None, CountingOptions(memory=memory, folder=temporary))
    seen = zip(counts.words, counts.tables[0].occurrences.tolist(), strict=True)
    return commonest_words(Counter({word: count for word, count in seen if word not in SPECIAL_WORDS}), size)


@contextmanager
def spoken_text(paths: Sequence[str], temporary: str | None = None) -> Iterator[list[str]]:
    """Write the spoken sentences of written English to a temporary file; yield its path.

    Says on standard error which letters of other scripts were dropped. Raises FormatError where no word is left.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="harken-text-", dir=temporary)
    except OSError as problem:
        raise OptionsError(f"--temporary: {problem.filename}: {problem.strerror}; name a folder that exists.") from None
    with folder as name:
        target = Path(name) / "spoken"
        with progress_bar("normalising") as progress, open(target, "w", encoding="utf8", newline="\n") as out:
            lines = normalize_lines(_raw_lines(paths, progress), ", ".join(paths), sentences=True)
            out.writelines(f"{line}\n" for line in lines)
        if lines.report.dropped:
            complain(f"{', '.join(paths)}: {lines.report}.")
        yield [str(target)]


@contextmanager
def text_as_it_is(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield the paths themselves."""
    yield list(paths)


def _raw_lines(paths: Sequence[str], progress: Progress | None) -> Iterator[str]:
    for words in text_lines(text_files(paths, progress)):
        yield " ".join(words)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress | None]:
    """Show on standard error, where that is a terminal, how many bytes have been read; yield what is to be told."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
