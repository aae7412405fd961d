"""Grammars as text: what they say and at what cost, what is refused, and pocketsphinx's reading of the same JSGF."""

import itertools
import json
import math

import numpy as np
import pytest
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.graph import grammar_network
from harken.decoder.graph.grammar_expression import (
    IMPOSSIBLE,
    NOTHING,
    Choice,
    Grammar,
    Reference,
    Repetition,
    Sequence,
    Word,
    optional,
    parts_of,
)
from harken.decoder.graph.grammar_graph import (
    GrammarOptions,
    compile_grammar_graph,
    lexicon_and_grammar,
    unknown_words,
)
from harken.decoder.graph.grammar_network import compile_grammar
from harken.decoder.graph.jsgf import parse_jsgf, read_jsgf
from harken.decoder.graph.lexicon_fst import Filler
from harken.decoder.graph.phrase_list import phrase_grammar, word_list_grammar
from harken.errors import FormatError, OptionsError
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import arcs_of, language
from .naive_graph import acoustic_costs, search
from .naive_graph_building import sentences

HEADER = "#JSGF V1.0 UTF-8 en;\ngrammar test;\n"


def table_of(grammar):
    return SymbolTable.of_words(["<eps>", *grammar.words, "#0"])


def costs_of(fst, longest):
    """Return {words: cost} of an acceptor, checking that it is a deterministic one."""
    for state in range(fst.states):
        labels = [arc[0] for arc in arcs_of(fst, state)]
        assert 0 not in labels
        assert len(set(labels)) == len(labels)
    found = language(fst, longest)
    assert all(read == written for read, written in found)
    return {tuple(fst.isymbols.name(label) for label in read): cost for (read, _), cost in found.items()}


def check(grammar, longest=4, tolerance=1e-3):
    expected = sentences(grammar, longest)
    found = costs_of(compile_grammar(grammar, table_of(grammar)), longest)
    assert found.keys() == expected.keys()
    for words, cost in expected.items():
        assert found[words] == pytest.approx(cost, abs=tolerance)
    return found


expressions = st.recursive(
    st.sampled_from([Word("a"), Word("b"), NOTHING]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Sequence(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Choice(tuple(parts))),
        inner.map(optional),
        st.just(Choice((Word("a"), Word("c")), (3.0, 1.0))),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(expressions, expressions)
def test_every_sentence_at_its_cost(top, rule):
    """Sequences, choices with and without weights, options, and a rule used twice."""
    check(Grammar(Sequence((top, Reference("rule"), optional(Reference("rule")))), {"rule": rule}))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([0, 1]), st.sampled_from([0, 1]), st.booleans())
def test_repetitions(least, inner, several):
    part = Choice((Sequence((Word("a"), Word("b"))), Word("c"))) if several else Word("a")
    nested = Sequence((Word("x"), Repetition(Word("b"), inner))) if several else part
    check(Grammar(Sequence((Repetition(part, least), nested))))


def test_rules_that_end_in_themselves_are_loops():
    grammar = parse_jsgf(HEADER + "public <r> = go <s>; <s> = on | on <r> | off [and <s>];")
    found = check(grammar, 6)
    assert ("go", "on", "go", "off", "and", "on") in found
    assert found[("go", "on")] == pytest.approx(math.log(3), abs=1e-3)
    check(parse_jsgf(HEADER + "public <r> = <r> | a;"), 3)


def test_the_parts_of_jsgf():
    grammar = parse_jsgf(
        HEADER
        + """
        /** What a lamp
            understands. */
        public <command> = [please] turn ( /3/ on {state = "on"} | /1/ off {a \\} b} ) the <test.lamp>+; // any lamp
        <lamp> = lamp | "ceiling \\"lamp" | <NULL> light | <VOID> never;
        """
    )
    found = check(grammar, 5)
    assert len(found) == 2 * (1 + 1 + 1) + 2 * 2 - 2 + 2 + 1 or ("turn", "on", "the", "lamp") in found
    assert found[("turn", "on", "the", "lamp")] == pytest.approx(-math.log(0.5 * 0.75 / 4 / 2), abs=1e-3)
    assert ("turn", "off", "the", "ceiling", '"lamp') in found
    assert not any("never" in words for words in found)
    assert grammar.words == ("please", "turn", "on", "off", "the", "lamp", "ceiling", '"lamp', "light", "never")


def test_public_rules_are_alternatives():
    text = HEADER + "public <one> = a; public <two> = b c; <three> = d;"
    found = check(parse_jsgf(text))
    assert found == {("a",): pytest.approx(math.log(2), abs=1e-3), ("b", "c"): pytest.approx(math.log(2), abs=1e-3)}
    assert set(check(parse_jsgf(text, "three"))) == {("d",)}
    assert set(check(parse_jsgf(text, "<two>"))) == {("b", "c")}


REFUSED = [
    ("", "line 1: found the end where #JSGF"),
    ("grammar x;", "line 1: found 'grammar' where #JSGF"),
    ("#JSGF V2.0;\ngrammar x;", "line 1: the header should read"),
    ("#JSGF V1.0;\nrules x;", "line 2: 'grammar NAME;'"),
    (HEADER + "import <other.rule>;", "line 3: imports are not followed"),
    (HEADER + "private <r> = a;", "line 3: found 'private'"),
    (HEADER + "\npublic <r> = a", "line 4: found the end where ';'"),
    (HEADER + "public <r> = ;", "line 3: found ';' where words"),
    (HEADER + "public <r> = a | ;", "line 3: found ';' where words"),
    (HEADER + "public <r> = (a;", "line 3: found ';' where the end of the group that began in line 3"),
    (HEADER + "public <r> = a ];", "line 3: found ']' where ';'"),
    (HEADER + "public <r> = /1/ a | b;", "line 3: either all alternatives have a weight"),
    (HEADER + "public <r> = /0/ a | /0.0/ b;", "line 3: all weights"),
    (HEADER + "public <r> = /-1/ a | /2/ b;", "line 3: the weight -1"),
    (HEADER + "public <r> = a ** b;", "line 3: found '*' where ';'"),
    (HEADER + "public <r> = <s>;", "line 3: rule <s> is referred to"),
    (HEADER + "public <r> = a;\n<r> = b;", "line 4: rule <r> cannot be defined again"),
    (HEADER + "<NULL> = a;", "line 3: rule <NULL> cannot be defined"),
    (HEADER + "<r> = a;", "no rule is public"),
    (HEADER + "public <r> = a /* b;", "line 3: a comment does not belong here, or never ends"),
    (HEADER + 'public <r> = "a;', "line 3: '\"' does not belong"),
    (HEADER + "public <r> = a {tag;", "line 3: '{' does not belong"),
    (HEADER + "public <> = a;", "line 3: a rule needs a name"),
    (HEADER + "public <r> = " + "(" * 500 + "a" + ")" * 500 + ";", "nested deeper than"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_malformed_jsgf_is_refused_with_its_line(text, message):
    with pytest.raises(FormatError) as caught:
        parse_jsgf(text, name="commands.jsgf")
    assert str(caught.value).startswith("commands.jsgf")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "rules",
    ["public <r> = <r> a | b;", "public <r> = a <r> b | c;", "public <r> = a <s> b; <s> = c | d <r>;",
     "public <r> = a | b <r>*;"],
)  # fmt: skip
def test_recursion_that_is_no_loop_is_refused(rules):
    grammar = parse_jsgf(HEADER + rules)
    with pytest.raises(FormatError, match=r"rule <[rs]> refers to itself where more words follow"):
        compile_grammar(grammar, table_of(grammar))


def test_grammars_that_say_nothing_or_too_much_are_refused(monkeypatch):
    for rules in ("public <r> = <VOID>;", "public <r> = a <r>;"):
        grammar = parse_jsgf(HEADER + rules)
        with pytest.raises(OptionsError, match="nothing can be said"):
            compile_grammar(grammar, table_of(grammar))
    monkeypatch.setattr(grammar_network, "_MOST_ARCS", 10_000)
    doubling = "".join(f"<r{n}> = <r{n + 1}> <r{n + 1}>;" for n in range(40))
    grammar = parse_jsgf(HEADER + "public <r> = <r0>;" + doubling + "<r40> = a b;")
    with pytest.raises(OptionsError, match="more than 10000 arcs"):
        compile_grammar(grammar, table_of(grammar))
    chain = "".join(f"<r{n}> = a <r{n + 1}>;" for n in range(400))
    grammar = parse_jsgf(HEADER + "public <r> = <r0>;" + chain + "<r400> = a;")
    with pytest.raises(OptionsError, match="nested deeper"):
        compile_grammar(grammar, table_of(grammar))
    with pytest.raises(FormatError, match="not defined"):
        compile_grammar(Grammar(Reference("missing")), SymbolTable.of_words(["<eps>", "a", "#0"]))


def test_loops_of_unlike_weights_are_refused():
    """Two loops over the same words at different costs have no deterministic equivalent."""
    one = Repetition(Choice((Word("a"), Word("b")), (3.0, 1.0)), 0)
    other = Repetition(Choice((Word("a"), Word("b")), (1.0, 3.0)), 0)
    grammar = Grammar(Choice((one, other)))
    with pytest.raises(OptionsError, match="cannot be made deterministic"):
        compile_grammar(grammar, table_of(grammar))


def test_reading_files(tmp_path):
    path = tmp_path / "commands.jsgf"
    path.write_text("\ufeff" + HEADER + "public <r> = ärger;", encoding="utf8")
    assert read_jsgf(path).words == ("ärger",)
    path.write_bytes(b"#JSGF V1.0;\xff")
    with pytest.raises(FormatError, match="UTF-8"):
        read_jsgf(path)
    with pytest.raises(FormatError, match="cannot be read"):
        read_jsgf(tmp_path / "none.jsgf")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='ab<>/|*+()[]{};="\\1. \n', max_size=40))
def test_any_text_is_a_grammar_or_refused(text):
    try:
        grammar = parse_jsgf(HEADER + "public <r> = a;" + text)
    except FormatError as problem:
        assert str(problem).startswith("JSGF")
    else:
        assert grammar.words[0] == "a"


def test_lists_of_phrases():
    found = check(phrase_grammar(["turn on", "turn  off", "stop", "turn on"]))
    assert found[("turn", "on")] == pytest.approx(math.log(2), abs=1e-3)
    assert found[("stop",)] == pytest.approx(math.log(4), abs=1e-3)
    assert check(phrase_grammar(["a", "b"], [3, 1]))[("a",)] == pytest.approx(-math.log(0.75), abs=1e-3)
    for phrases, weights in (
        ([], None),
        ([" "], None),
        (["a"], [-1]),
        (["a"], [0]),
        (["a"], [1, 1]),
        (["a"], [math.nan]),
    ):
        with pytest.raises(OptionsError):
            phrase_grammar(phrases, weights)


def test_lists_of_vosk():
    grammar = word_list_grammar('["turn on", "off", "[unk]", "off"]')
    assert grammar.words == ("turn", "on", "off", "[unk]")
    found = check(grammar, 3)
    assert found[()] == pytest.approx(math.log(2), abs=1e-3)
    assert found[("off", "turn", "on")] == pytest.approx(math.log(2) + 2 * math.log(6), abs=1e-3)
    assert word_list_grammar(["a b", "c"]) == word_list_grammar(json.dumps(["a b", "c"]))
    for text in ("[1]", '"a"', '{"a": 1}', "[", '["a", null]', "3"):
        with pytest.raises(FormatError):
            word_list_grammar(text)
    for text in ("[]", '[""]'):
        with pytest.raises(OptionsError):
            word_list_grammar(text)


LEXICON = Lexicon(
    (Pronunciation("yes", ("A", "B")), Pronunciation("no", ("B",), 0.5), Pronunciation("no", ("B", "A"), 0.5))
)
UNITS = ("<blank>", "A", "B")


def test_a_grammars_graph_gives_every_sentence_its_best_cost():
    grammar = parse_jsgf(HEADER + "public <r> = yes | /2/ no no | /1/ no yes;".replace("yes | /2/", "/1/ yes | /2/"))
    graph = compile_grammar_graph(grammar, LEXICON, UNITS)
    scores = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    acoustic = acoustic_costs(scores)
    expected = {}
    for words, cost in sentences(grammar, 3).items():
        for said in itertools.product(*(LEXICON[word] for word in words)):
            phones = tuple(UNITS.index(phone) for entry in said for phone in entry.phones)
            total = acoustic.get(phones, math.inf) + cost - sum(math.log(entry.probability) for entry in said)
            expected[words] = min(total, expected.get(words, math.inf))
    found = search(graph, scores)
    assert found == {words: pytest.approx(cost, abs=5e-3) for words, cost in expected.items()}
    assert len(found) == 3


def test_the_filler_says_any_phones():
    """``[unk]`` costs its word and its phones, and competes with the words."""
    options = GrammarOptions(filler=Filler(cost=1.5, phone_cost=0.25))
    grammar = word_list_grammar(["no", "[unk]"])
    graph = compile_grammar_graph(grammar, LEXICON, UNITS, options)
    scores = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    acoustic = acoustic_costs(scores)
    expected = {}
    ways = {"no": [((2,), math.log(2)), ((2, 1), math.log(2))]}
    ways["[unk]"] = [
        (phones, 1.5 + 0.25 * count) for count in range(1, 5) for phones in itertools.product((1, 2), repeat=count)
    ]
    for words, cost in sentences(grammar, 4).items():
        for said in itertools.product(*(ways[word] for word in words)):
            phones = tuple(phone for way in said for phone in way[0])
            if phones in acoustic:
                total = acoustic[phones] + cost + sum(way[1] for way in said)
                expected[words] = min(total, expected.get(words, math.inf))
    found = search(graph, scores)
    assert found.keys() == expected.keys()
    assert all(found[words] == pytest.approx(cost, abs=5e-3) for words, cost in expected.items())


def test_unknown_words(caplog):
    grammar = phrase_grammar(["yes", "yes sir", "no", "[unk]"])
    assert unknown_words(grammar, LEXICON) == ("sir",)
    with pytest.raises(OptionsError, match="no pronunciation for 'sir'"):
        compile_grammar_graph(grammar, LEXICON, UNITS)
    compiled, fst = lexicon_and_grammar(grammar, LEXICON, UNITS[1:], GrammarOptions(drop_unknown=True))
    assert set(costs_of(fst, 3)) == {("yes",), ("no",), ("[unk]",)}
    assert [name for _, name in compiled.words] == ["<eps>", "yes", "no", "[unk]", "#0"]
    assert "sir" in caplog.text
    with pytest.raises(OptionsError, match="none of its words"):
        compile_grammar_graph(phrase_grammar(["sir"]), LEXICON, UNITS, GrammarOptions(drop_unknown=True))


def test_parts_of_expressions():
    inner = Choice((Word("a"), IMPOSSIBLE))
    assert list(parts_of(Sequence((inner, Repetition(Word("b"), 1))))) == [
        Sequence((inner, Repetition(Word("b"), 1))), inner, Word("a"), IMPOSSIBLE, Repetition(Word("b"), 1), Word("b"),
    ]  # fmt: skip


PEER_RULES = [
    "public <r> = turn (on | off | up a bit) the <lamp>; <lamp> = lamp | ceiling lamp;",
    "public <r> = /3/ a | /1/ b c | /4/ d;",
    "public <r> = [please] go [now];",
    "public <r> = a+ b*;",
    "public <r> = (a | b)* c;",
    "public <r> = <s> | go <r>; <s> = on | off;",
    "public <r> = /0.2/ a [b] {tag} | /0.8/ (c | <NULL>) d;",
]


@pytest.mark.parity
@pytest.mark.parametrize("rules", PEER_RULES)
def test_pocketsphinx_says_the_same(rules, tmp_path):
    """The sentences of pocketsphinx's machine for the same JSGF, at the same probabilities (its logs are coarse)."""
    pocketsphinx = pytest.importorskip("pocketsphinx")
    pocketsphinx.set_loglevel("FATAL")
    (tmp_path / "g.jsgf").write_text("#JSGF V1.0;\ngrammar test;\n" + rules)
    peer = pocketsphinx.Jsgf(str(tmp_path / "g.jsgf"))
    machine = peer.build_fsg(peer.get_rule("test.r"), pocketsphinx.LogMath(), 1.0)
    machine.writefile(str(tmp_path / "g.fsg"))
    arcs, start, final = [], 0, 0
    for line in (tmp_path / "g.fsg").read_text().splitlines():
        fields = line.split()
        if fields[:1] == ["START_STATE"]:
            start = int(fields[1])
        elif fields[:1] == ["FINAL_STATE"]:
            final = int(fields[1])
        elif fields[:1] == ["TRANSITION"]:
            word = (fields[4],) if len(fields) > 4 else ()
            arcs.append((int(fields[1]), int(fields[2]), -math.log(float(fields[3])), word))
    best = {(start, ()): 0.0}
    changed = True
    while changed:
        changed = False
        for (state, words), cost in list(best.items()):
            for source, target, more, word in arcs:
                key = (target, words + word)
                if source == state and len(key[1]) <= 4 and cost + more < best.get(key, math.inf) - 1e-6:
                    best[key] = cost + more
                    changed = True
    theirs = {words: cost for (state, words), cost in best.items() if state == final}
    ours = check(parse_jsgf((tmp_path / "g.jsgf").read_text()))
    assert ours.keys() == theirs.keys()
    assert all(ours[words] == pytest.approx(cost, abs=0.02) for words, cost in theirs.items())
