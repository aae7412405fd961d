"""What `harken customize` prints: words, weights, perplexities and word errors before and after, and seconds."""

from collections.abc import Iterator

from ...lm.ngram.perplexity import Perplexity
from ...lm.pronunciation.added_words import AddedWords
from ..evaluate import Evaluation
from .options import CustomizeReport
from .word_recall import word_recall

_SHOWN_WORDS = 60


def report_lines(report: CustomizeReport) -> Iterator[str]:
    """Give the lines of a report."""
    yield f"text: {report.text_words:,} words in {report.text_sentences:,} sentences"
    yield from _words("listed words", report.listed)
    if report.listed.known:
        yield f"listed words that the model knew: {', '.join(report.listed.known)}"
    if report.shown:
        yield f"  of which are shown as they are listed: {', '.join(report.shown)}"
    yield from _words("words of the text that the lexicon lacked", report.found)
    if report.left_out:
        yield (
            f"words of the text that were not added ({len(report.left_out):,}; {_why_left_out(report.least_count)}): "
            f"{_some(report.left_out)}"
        )
    for name, fit in (("first pass", report.first_pass), ("rescoring", report.rescoring)):
        yield (
            f"{name}: the text has weight {fit.weight:.2f}; perplexity of held-out parts of it "
            f"{fit.base_perplexity:.1f} before, {fit.perplexity:.1f} after ({fit.tokens:,} tokens that the base knows)"
        )
    if report.before is not None and report.after is not None:
        yield f"test text before: {_perplexity(report.before)}"
        yield f"test text after:  {_perplexity(report.after)}"
    if report.errors_before is not None and report.errors_after is not None:
        yield f"test recordings before: {_errors(report.errors_before)}"
        yield f"test recordings after:  {_errors(report.errors_after)}"
        for title, added in (("listed", report.listed), ("found", report.found)):
            recall = word_recall(report.errors_after.scored, [word.display for word in added.words])
            if recall.said:
                yield (
                    f"{title} words in the test recordings: {recall.words_found} of {recall.words} recognised, "
                    f"{recall.found} times of {recall.said}; {recall.false} times where they were not said"
                )
    yield "seconds: " + ", ".join(f"{step} {spent:.1f}" for step, spent in report.seconds.items())
    yield f"{report.out}: done in {sum(report.seconds.values()):.1f} s"


def _why_left_out(least_count: int | None) -> str:
    if least_count is None:
        return "none were to be; --least-count changes that"
    rare = f"fewer than {least_count} occurrences, --least-count changes that" if least_count > 1 else ""
    return f"{rare}{', or ' if rare else ''}letters that make no word"


def _words(title: str, added: AddedWords) -> Iterator[str]:
    if not added.words:
        return
    yield f"{title} ({len(added.words):,}):"
    for word in added.words[:_SHOWN_WORDS]:
        shown = f" (shown as {word.display})" if word.display != word.word else ""
        ways = ", ".join(" ".join(way.phones) for way in word.pronunciations)
        yield f"  {word.word}{shown}: {ways}"
    if len(added.words) > _SHOWN_WORDS:
        others = [word.word for word in added.words[_SHOWN_WORDS:]]
        yield f"  and {len(others):,} more: {_some(others)}"


def _some(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(words[:_SHOWN_WORDS]) + (" ..." if len(words) > _SHOWN_WORDS else "")


def _perplexity(found: Perplexity) -> str:
    return (
        f"perplexity {found.perplexity_without_unknown:.1f} without unknown words, {found.perplexity:.1f} with them; "
        f"{found.unknown_words:,} of {found.words:,} words unknown ({100 * found.unknown_rate:.2f} %)"
    )


def _errors(found: Evaluation) -> str:
    errors = found.errors
    return (
        f"WER {errors.rate:.2f} % ({errors.substitutions} substitutions, {errors.deletions} deletions, "
        f"{errors.insertions} insertions in {errors.words:,} words)"
    )
