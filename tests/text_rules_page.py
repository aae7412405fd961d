"""The page of the normaliser's rules, made of the rules themselves and the table of cases.

`python -m tests.text_rules_page` in the checkout's folder writes lm/text/RULES.md; a test compares the two.
"""

from dataclasses import dataclass
from pathlib import Path

from harken.lm.text import RULES

CASES = Path(__file__).parent / "data" / "text_cases.tsv"
PAGE = Path(__file__).parents[1] / "lm" / "text" / "RULES.md"
EXAMPLES = 4


@dataclass(frozen=True)
class Case:
    rule: str
    applies: bool
    written: str
    spoken: str
    back: str


def read_cases():
    """Return the cases of the table; `back` is spelled out."""
    cases = []
    for line in CASES.read_text(encoding="utf8").splitlines():
        if line.startswith("# "):
            continue
        rule, written, spoken, back = line.split("\t")
        written = written.replace("\\t", "\t").replace("\\u00ad", "\u00ad")
        back = written if back == "=" else back or spoken
        cases.append(Case(rule.removeprefix("not "), not rule.startswith("not "), written, spoken, back))
    return cases


def _code(text):
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|").replace("\t", " ")


def page():
    """Return the page as Markdown."""
    cases = read_cases()
    lines = [
        "# How written English is read",
        "",
        "The rules of `harken.lm.text.normalize`, in the order in which they are applied. `harken text --explain`",
        "tells which of them read what in a text of yours. In the third column an arrow back shows what `to_written`",
        "makes of the words, where that is not the words themselves: the same form (=) or another that is read alike.",
        "",
        "| rule | what it does | examples |",
        "| --- | --- | --- |",
    ]
    for rule in RULES:
        shown = [case for case in cases if case.rule == rule.name and case.applies and len(case.written) < 40][
            :EXAMPLES
        ]
        examples = []
        for case in shown:
            back = "" if case.back == case.spoken else " ← =" if case.back == case.written else f" ← {_code(case.back)}"
            examples.append(f"{_code(case.written)} → {case.spoken or '(nothing)'}{back}")
        lines.append(f"| {rule.name} | {rule.doc} | {'<br>'.join(examples)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf8")
