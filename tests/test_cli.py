import json
import os
import subprocess
import sys
from pathlib import Path

import jiwer
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from harken.engine import cli

from .toy_bundle import make_toy_bundle, speak

pytestmark = pytest.mark.cli

SAID = "abe bad, cafe deaf fee ebb"
HEARD = SAID.replace(",", "")
NOTICE = "harken: compiling this command's kernels for this machine, which happens once ...\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with the toy bundle ``toy`` and some recordings."""
    folder = tmp_path_factory.mktemp("cli")
    make_toy_bundle(folder / "toy")
    samples = speak(SAID)
    soundfile.write(folder / "said.wav", samples, 16000)
    left, right = speak("abe, bad"), speak("ace fee", seed=1)
    both = np.zeros((len(left), 2), np.float32)
    both[:, 0], both[: len(right), 1] = left, right
    soundfile.write(folder / "two.flac", both, 16000)
    (folder / "cut.wav").write_bytes((folder / "said.wav").read_bytes()[:-20000])
    (folder / "notes.txt").write_text("nothing to hear here\n")
    return folder


def harken(place, *arguments, code=0, data=None, text=True, **environment):
    """Run the command line in ``place``; return its standard output, bytes unless ``text``, and standard error.

    The latter without the notice that kernels are compiled, which depends on what ran before, unless a cache is given.
    """
    command = [sys.executable, "-m", "harken.engine.cli", *arguments]
    variables = {**os.environ, **environment}
    done = subprocess.run(command, cwd=place, env=variables, input=data, capture_output=True, check=False)
    out, err = done.stdout.decode() if text else done.stdout, done.stderr.decode()
    assert done.returncode == code, err
    assert "Traceback" not in err
    return out, err if "NUMBA_CACHE_DIR" in environment else err.replace(NOTICE, "")


def test_text_is_a_line_a_file(place):
    out, err = harken(place, "transcribe", "--model", "toy", "said.wav", "two.flac", "--channel", "0")
    assert (out, err) == (f"{HEARD}\nabe bad\n", "")


def test_json_is_an_object_a_line(place):
    out, _ = harken(
        place, "transcribe", "--model", "toy", "--format", "json", "--channel", "each", "two.flac", "said.wav"
    )
    two, said = map(json.loads, out.splitlines())
    assert list(said) == ["audio_filepath", "duration", "text", "segments"]
    assert (two["audio_filepath"], said["audio_filepath"]) == ("two.flac", "said.wav")
    assert {segment["channel"] for segment in two["segments"]} == {0, 1}
    assert said["text"] == HEARD
    assert said["duration"] == pytest.approx(len(speak(SAID)) / 16000, abs=1e-6)
    out, _ = harken(place, "transcribe", "--model", "toy", "--format", "json", "--timings", "said.wav")
    assert json.loads(out)["timings"]["seconds"] > 0


def test_a_bad_file_costs_one_sentence_and_nothing_else(place):
    out, err = harken(place, "transcribe", "--model", "toy", "notes.txt", "said.wav", "lost.wav", code=1)
    assert out == HEARD + "\n"
    first, second = err.splitlines()
    assert first.startswith("harken: notes.txt: not audio that can be read")
    assert second.startswith("harken: lost.wav: there is no such file")
    out, err = harken(place, "transcribe", "--model", "toy", "lost.wav", code=1)
    assert out == ""


def test_a_file_cut_short_is_warned_about_or_refused(place):
    out, err = harken(place, "transcribe", "--model", "toy", "cut.wav")
    assert out.startswith("abe bad cafe")
    assert "cut short or damaged" in err
    out, _ = harken(place, "transcribe", "--model", "toy", "--format", "json", "cut.wav")
    assert len(json.loads(out)["warnings"]) == 1
    out, err = harken(place, "transcribe", "--model", "toy", "--strict", "cut.wav", code=1)
    assert out == ""
    assert len(err.splitlines()) == 1


def test_standard_input_is_transcribed(place):
    data = bytearray((place / "said.wav").read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    out, err = harken(place, "transcribe", "--model", "toy", "-", data=bytes(data))
    assert (out, err) == (HEARD + "\n", "")


def test_workers_give_the_same_lines(place):
    files = ["said.wav", "two.flac", "cut.wav", "lost.wav", "said.wav"]
    alone = harken(place, "transcribe", "--model", "toy", "--format", "json", *files, code=1)
    shared = harken(place, "transcribe", "--model", "toy", "--format", "json", "--workers", "2", *files, code=1)
    assert alone == shared
    assert len(alone[0].splitlines()) == 4


@pytest.mark.parametrize("channel", ["0", "mix"])
def test_the_stages_alone_end_where_transcribe_does(place, tmp_path, channel):
    options = ["--model", "toy", "--beam", "10", "--rescoring", "nbest"]
    expected = json.loads(
        harken(place, "transcribe", *options, "--channel", channel, "--format", "json", "two.flac")[0]
    )
    features, scores, nbest = (str(tmp_path / name) for name in ("f.npz", "s.npz", "nbest"))
    harken(place, "features", "two.flac", "-o", features, "--model", "toy", "--channel", channel)
    with np.load(features) as file:
        assert file["features"].dtype == np.float32
        assert file["frame_seconds"] == 0.01
    harken(place, "score", features, "-o", scores, "--model", "toy")
    with np.load(scores) as file:
        assert file["scores"].shape[1] == len(file["units"]) == 7
        assert file["frame_seconds"] == 0.03
    listed, _ = harken(place, "decode", scores, *options)
    harken(place, "decode", scores, "-o", nbest, *options)
    assert Path(nbest).read_text() == listed
    found, _ = harken(place, "rescore", nbest, "--format", "json", *options)
    assert json.loads(found)["segments"] == expected["segments"]
    assert harken(place, "rescore", nbest, *options)[0] == expected["text"] + "\n"
    assert len(harken(place, "rescore", nbest, "--format", "nbest", *options)[0].splitlines()) == len(
        listed.splitlines()
    )


def test_stages_refuse_what_is_not_theirs(place):
    for arguments, reason in [
        (["score", "said.wav", "-o", "x.npz"], "said.wav: is not the .npz file of the stage before"),
        (["decode", "lost.npz"], "lost.npz: cannot be read (No such file"),
        (["rescore", "notes.txt"], "notes.txt: line 1 is no n-best list"),
        (["features", "two.flac", "-o", "x.npz", "--channel", "each"], "one channel at a time"),
        (["transcribe", "said.wav", "--nbest", "0"], "nbest is 0"),
        (["features", "said.wav", "-o", "no/such/folder/x.npz"], "No such file or directory"),
    ]:
        out, err = harken(place, *arguments, "--model", "toy", code=1)
        assert out == ""
        assert reason in err
        assert len(err.splitlines()) == 1
    assert not (place / "x.npz").exists()


def test_wrong_scores_are_refused(place, tmp_path):
    np.savez(tmp_path / "s.npz", scores=np.zeros((5, 3), np.float32), channel=0)
    _, err = harken(place, "decode", str(tmp_path / "s.npz"), "--model", "toy", code=1)
    assert "the model has 7 units" in err


def test_evaluate_reports_and_writes_what_jiwer_counts(place, tmp_path):
    texts = {"said.wav": "Abe, bad cafe fee ebb", "two.flac": "abe bad"}
    lines = [json.dumps({"audio_filepath": str(place / name), "text": text}) for name, text in texts.items()]
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines))
    report, _ = harken(
        place, "evaluate", str(tmp_path / "manifest.jsonl"), "--json", str(tmp_path / "out.json"),
        "--model", "toy", "--channel", "0", "--workers", "2",
    )  # fmt: skip
    value = json.loads((tmp_path / "out.json").read_text())
    theirs = jiwer.process_words(["abe bad cafe fee ebb", "abe bad"], [HEARD, "abe bad"])
    assert value["wer"] == pytest.approx(100 * theirs.wer, abs=1e-3)
    assert (value["substitutions"], value["deletions"], value["insertions"]) == (
        theirs.substitutions, theirs.deletions, theirs.insertions,
    )  # fmt: skip
    assert value["utterances"] == 2
    assert value["rtf"] > 0
    assert f"WER {value['wer']:.2f} %" in report
    report, _ = harken(place, "evaluate", str(tmp_path / "manifest.jsonl"), "--limit", "1", "--model", "toy")
    assert "1 utterances" in report


def test_first_run_says_that_it_compiles(place, tmp_path):
    """Once, and only where something is compiled, whatever the command."""
    cold = str(tmp_path / "cold")
    _, err = harken(
        place, "features", "said.wav", "-o", str(tmp_path / "f.npz"), "--model", "toy", NUMBA_CACHE_DIR=cold
    )
    assert err == ""
    transcribe = ("transcribe", "said.wav", "--model", "toy")
    assert harken(place, *transcribe, NUMBA_CACHE_DIR=cold) == (HEARD + "\n", NOTICE)
    assert harken(place, *transcribe, NUMBA_CACHE_DIR=cold) == (HEARD + "\n", "")
    compiled, _ = harken(place, "fst", "compile", data=b"0 1 2 3 .5\n1", text=False, NUMBA_CACHE_DIR=cold)
    for err in (NOTICE, ""):
        print_again = harken(place, "fst", "print", data=compiled, NUMBA_CACHE_DIR=cold)
        assert print_again == ("0\t1\t2\t3\t0.5\n1\n", err)


def test_runs_are_identical_whatever_the_threads(place):
    arguments = ("transcribe", "--model", "toy", "--format", "json", "--alternatives", "3", "said.wav", "two.flac")
    one, two, again = (harken(place, *arguments, OMP_NUM_THREADS=n, OPENBLAS_NUM_THREADS=n) for n in ("1", "2", "2"))
    assert one == two == again


def test_memory_does_not_grow_with_the_recording(place):
    """Twenty minutes in one file, 230 MB of samples and features, next to one."""
    minute = speak(", ".join(["abe bad cafe deaf"] * 12))[: 60 * 16000]
    peaks = []
    for minutes in (1, 20):
        soundfile.write(place / "long.flac", np.tile(minute, minutes), 16000)
        code = (
            "import resource, sys; from harken import Recognizer; "
            "result = Recognizer('toy').transcribe('long.flac'); print(len(result.segments), result.duration, "
            "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True)
        segments, duration, peak = map(float, done.stdout.split())
        assert segments >= 9 * minutes
        assert duration == len(minute) * minutes / 16000
        peaks.append(peak / 1024)
    assert peaks[1] - peaks[0] < 60  # MB


def test_help_reads_well(place):
    out, _ = harken(place, "--help")
    runner = CliRunner()
    for command in ("transcribe", "evaluate", "features", "score", "decode", "rescore", "model"):
        assert f"  {command} " in out
        page = runner.invoke(cli.harken, [command, "--help"], prog_name="harken").output
        assert "Usage: harken " + command in page
        assert max(map(len, page.splitlines())) <= 100


def test_wrong_command_lines_say_so(place):
    _, err = harken(place, "transcribe", code=2)
    assert "Missing argument" in err
    _, err = harken(place, "sing", code=2)
    assert "No such command" in err


def test_model_is_described_and_verified(place):
    out, _ = harken(place, "model", "--model", "toy", "--verify")
    assert "toy 1 (en), 7 units" in out
    assert "whole" in out
    _, err = harken(place, "model", "--model", "nowhere", code=1)
    assert "nowhere: is no model" in err


def test_phrases_are_favoured(place, tmp_path):
    (tmp_path / "phrases.txt").write_text("# what is asked for\nabe bad\t1.5\nzoo keeper\t3\n\nbad\n")
    with_phrases = ["--model", "toy", "--phrases", str(tmp_path / "phrases.txt")]
    features, scores = str(tmp_path / "f.npz"), str(tmp_path / "s.npz")
    harken(place, "features", "said.wav", "-o", features, "--model", "toy")
    harken(place, "score", features, "-o", scores, "--model", "toy")
    plain = json.loads(harken(place, "decode", scores, "--model", "toy")[0].splitlines()[0])["hypotheses"][0]
    out, err = harken(place, "decode", scores, *with_phrases)
    found = json.loads(out.splitlines()[0])["hypotheses"][0]
    assert "zoo, keeper: not among the words that can be found" in err
    assert found["words"] == plain["words"] == ["abe", "bad"]
    assert (plain["phrase_cost"], found["phrase_cost"]) == (0.0, -5.0)  # 2 words at 1.5, and one at 2
    assert found["total_cost"] == pytest.approx(plain["total_cost"] - 5.0, abs=1e-5)
    assert harken(place, "transcribe", "said.wav", *with_phrases)[0] == HEARD + "\n"
    (tmp_path / "bad.txt").write_text("fee\thigh\n")
    _, err = harken(place, "decode", scores, "--model", "toy", "--phrases", str(tmp_path / "bad.txt"), code=1)
    assert "bad.txt, line 1: the weight 'high' is no number" in err
