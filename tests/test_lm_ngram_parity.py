"""The model in memory beside the kenlm package: every word of the validation clips' texts, models of all orders."""

import json
import math
import os
import shutil
import subprocess

import numpy as np
import pytest
from harken.errors import FormatError
from harken.lm.estimation.estimate import PruneOptions, estimate, prune
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.arpa_writer import write_arpa
from harken.lm.ngram.ngram import Ngram
from harken.lm.text.normalizer import normalize

from .shared_data import shared

pytestmark = pytest.mark.parity
pytest.importorskip("kenlm")
SENTENCES = 700


@pytest.fixture(scope="module")
def texts():
    """Sentences to estimate from, and all validation transcripts."""
    lines = shared("text/us-presidential-speeches.txt").read_text("utf8").splitlines()
    training = [sentence for sentence in map(normalize, lines[:SENTENCES]) if sentence]
    transcripts = []
    for corpus in ("librispeech", "commonvoice"):
        for line in shared(f"speech/valid/{corpus}/manifest.jsonl").read_text("utf8").splitlines():
            transcripts.append(normalize(json.loads(line)["text"]))
    return training, transcripts


@pytest.fixture(scope="module")
def arpa_files(texts, tmp_path_factory):
    """An ARPA file by order, and whether it is pruned; n-grams pruned by entropy lack suffixes."""
    folder, made = tmp_path_factory.mktemp("models"), {}

    def arpa_file(order, total=None):
        if (order, total) not in made:
            tables = estimate(texts[0], order)
            path = folder / f"{order}-{total}.arpa"
            write_arpa(prune(tables, PruneOptions(total=total)).to_arpa() if total else tables.to_arpa(), path)
            made[order, total] = path
        return made[order, total]

    return arpa_file


def assert_same_scores(ours, theirs, transcripts):
    """Compare every word's score and whether it is known; return how many words are not."""
    scores, ids, begin = ours.token_scores(transcripts)
    wanted, known = zip(*(theirs.word_scores(sentence.split()) for sentence in transcripts), strict=True)
    assert begin.tolist() == np.cumsum([0, *map(len, wanted)]).tolist()
    np.testing.assert_allclose(scores, np.concatenate(wanted), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(ids != 0, np.concatenate(known))
    np.testing.assert_allclose(ours.sentence_scores(transcripts), theirs.sentence_scores(transcripts), rtol=1e-5)
    return int((ids == 0).sum())


@pytest.mark.parametrize("order", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("total", [None, 4000])
def test_every_word_of_the_transcripts_scores_as_with_kenlm(arpa_files, texts, order, total):
    from harken.lm.ngram.kenlm_model import KenlmModel

    path = arpa_files(order, total)
    model = read_arpa(path)
    ours, theirs = Ngram.from_arpa(model), KenlmModel(path)
    assert theirs.order == ours.order == order
    if order > 2 and total:
        listed = {tuple(ids) for ids in model.tables[-2].ids.tolist()}
        assert any(tuple(ids[1:]) not in listed for ids in model.tables[-1].ids.tolist())
    assert assert_same_scores(ours, theirs, texts[1]) > 100
    assert "freedom" in theirs
    assert math.isfinite(ours.sentence_score([]))


@pytest.mark.parametrize("spelled", ["<UNK>", None])
def test_unknown_words_score_as_with_kenlm(arpa_files, texts, tmp_path, spelled):
    from harken.lm.ngram.kenlm_model import KenlmModel

    text = arpa_files(3, 4000).read_text("utf8")
    if spelled:
        text = text.replace("<unk>", spelled)
    else:
        lines = [line for line in text.split("\n") if "<unk>" not in line]
        count = lines.index("\\2-grams:") - lines.index("\\1-grams:") - 2
        text = "\n".join(f"ngram 1={count}" if line.startswith("ngram 1=") else line for line in lines)
    assert "<unk>" not in text
    (tmp_path / "lm.arpa").write_text(text, "utf8")
    ours, theirs = Ngram.from_arpa(read_arpa(tmp_path / "lm.arpa")), KenlmModel(tmp_path / "lm.arpa")
    assert assert_same_scores(ours, theirs, texts[1]) > 100


@pytest.mark.parametrize("bits", [4, 8, 12])
def test_a_quantised_model_scores_as_its_arpa_with_kenlm(arpa_files, texts, tmp_path, bits):
    from harken.lm.ngram.kenlm_model import KenlmModel

    Ngram.from_arpa(read_arpa(arpa_files(4))).save(tmp_path / "lm.ngram", quantised=bits)
    ours = Ngram.load(tmp_path / "lm.ngram")
    write_arpa(ours.to_arpa(), tmp_path / "lm.arpa")
    assert_same_scores(ours, KenlmModel(tmp_path / "lm.arpa"), texts[1])


def build_binary():
    """The path of KenLM's build_binary, found in $KENLM_BIN or on PATH; the test is skipped where it is not there."""
    found = shutil.which("build_binary", path=os.environ.get("KENLM_BIN")) or shutil.which("build_binary")
    return found or pytest.skip("KenLM's build_binary is neither in $KENLM_BIN nor on PATH")


@pytest.mark.parametrize(
    ("arguments", "tolerance"), [(["probing"], 1e-5), (["trie"], 1e-5), (["-q", "8", "trie"], 0.3)]
)
def test_kenlm_binaries_are_queried(arpa_files, texts, tmp_path, arguments, tolerance):
    from harken.lm.ngram.kenlm_model import KenlmModel

    *options, kind = arguments
    command = [build_binary(), *options, kind, arpa_files(3), tmp_path / "lm.bin"]
    subprocess.run(command, check=True, capture_output=True)
    ours, theirs = Ngram.from_arpa(read_arpa(arpa_files(3))), KenlmModel(tmp_path / "lm.bin")
    scores = ours.token_scores(texts[1])[0]
    wanted = np.concatenate([theirs.word_scores(sentence.split())[0] for sentence in texts[1]])
    np.testing.assert_allclose(scores, wanted, rtol=0, atol=tolerance)
    data = (tmp_path / "lm.bin").read_bytes()
    for length in (0, 5, 51, 90, 120, 200, len(data) // 2):
        (tmp_path / "cut.bin").write_bytes(data[:length])
        with pytest.raises(FormatError, match=r"cut\.bin: KenLM cannot read this language model: [^.]*\.$"):
            KenlmModel(tmp_path / "cut.bin")
    with pytest.raises(FormatError, match="a KenLM binary, not an ARPA file"):
        read_arpa(tmp_path / "lm.bin")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no model", "it is neither an ARPA file nor a KenLM binary"),
        ("", "End of file, byte 0"),
        (
            "\\data\\\nngram 1=1\nngram 2=1\n\n\\1-grams:\nx\ta\n",
            'Could not parse "x" into a float in the 1-gram at byte 38',
        ),
    ],
)
def test_files_that_kenlm_cannot_read_are_refused(tmp_path, text, reason):
    from harken.lm.ngram.kenlm_model import KenlmModel

    with pytest.raises(FormatError, match="no such language model"):
        KenlmModel(tmp_path / "absent")
    (tmp_path / "bad").write_text(text)
    with pytest.raises(FormatError) as caught:
        KenlmModel(tmp_path / "bad")
    assert str(caught.value) == f"{tmp_path / 'bad'}: KenLM cannot read this language model: {reason}."
