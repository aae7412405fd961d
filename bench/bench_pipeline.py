"""The whole pipeline, from files to words: ``pytest bench/bench_pipeline.py -s``.

Printed: word error rate and real-time factor over speech/test/dev-clean-a (one process, one thread; HARKEN_BENCH_CLIPS
limits the clips), beside pocketsphinx and faster-whisper where they are installed; the seconds of a whole warm process
over a five-second clip, of the very first one, and of the import; memory and time for an hour of audio in one file.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from harken import Recognizer
from harken.blas import one_thread
from harken.engine.audio import read_audio
from harken.engine.evaluate import evaluate, read_manifest, score
from harken.engine.word_errors import WordErrors

SHARED = Path(os.environ.get("HARKEN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
TEST = SHARED / "speech" / "test" / "dev-clean-a"
DEMO = Path(__file__).resolve().parents[1] / "tests" / "data" / "demo.flac"
CLIPS = int(os.environ.get("HARKEN_BENCH_CLIPS", "646"))
PEER_CLIPS = min(CLIPS, 100)


@pytest.fixture(scope="module")
def clips():
    if not TEST.is_dir():
        pytest.skip(f"no test speech at {TEST}")
    return read_manifest(TEST / "manifest.jsonl", CLIPS)


def test_accuracy_and_speed(clips):
    found = evaluate(Recognizer(), clips).as_dict()
    print(f"\nharken, {found['utterances']} clips of dev-clean-a, {found['audio_seconds']:.0f} s of audio, one thread")
    print(f"  WER {found['wer']:.2f} %, real-time factor {found['rtf']:.4f}")
    print("  " + ", ".join(f"{name} {rate:.4f}" for name, rate in found["stage_rtf"].items()))


def test_pocketsphinx(clips):
    pocketsphinx = pytest.importorskip("pocketsphinx")
    decoder = pocketsphinx.Decoder(samprate=16000, loglevel="FATAL")

    def transcribe(samples):
        decoder.start_utt()
        decoder.process_raw((samples * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp()
        return heard.hypstr if heard else ""

    compare("pocketsphinx", clips, transcribe)


def test_faster_whisper(clips):
    faster_whisper = pytest.importorskip("faster_whisper")
    folder = os.environ.get("HARKEN_WHISPER")
    if folder is None:
        pytest.skip("HARKEN_WHISPER names no folder with a Whisper model")
    model = faster_whisper.WhisperModel(folder, compute_type="int8", cpu_threads=1)
    compare("faster-whisper", clips, lambda samples: " ".join(part.text for part in model.transcribe(samples)[0]))


def compare(name, clips, transcribe):
    """Print a peer's word error rate and real-time factor beside ours on the same clips, which take turns."""
    recognizer = Recognizer()
    recognizer.warm_up()
    ours, theirs, seconds, audio = WordErrors(), WordErrors(), [0.0, 0.0], 0.0
    for clip in clips[:: max(1, len(clips) // PEER_CLIPS)][:PEER_CLIPS]:
        samples = read_audio(clip.path)[0]
        audio += len(samples) / 16000
        begin = time.perf_counter()
        with one_thread():
            heard = recognizer.transcribe(samples, 16000).text
        middle = time.perf_counter()
        other = transcribe(samples)
        seconds[0] += middle - begin
        seconds[1] += time.perf_counter() - middle
        ours += score(clip, heard).errors
        theirs += score(clip, other).errors
    print(f"\n{audio:.0f} s of dev-clean-a: harken WER {ours.rate:.1f} %, RTF {seconds[0] / audio:.3f}")
    print(f"  {name} WER {theirs.rate:.1f} %, RTF {seconds[1] / audio:.3f}")


def process_seconds(arguments, **environment):
    """Return the wall time of a Python process."""
    begin = time.perf_counter()
    command = [sys.executable, *map(str, arguments)]
    subprocess.run(command, env={**os.environ, **environment}, cwd=DEMO.parent, capture_output=True, check=True)
    return time.perf_counter() - begin


def test_whole_process(tmp_path):
    command = ["-m", "harken.engine.cli", "transcribe", DEMO]
    cold = process_seconds(command, NUMBA_CACHE_DIR=str(tmp_path))
    warm, empty, importing = [], [], []
    for _ in range(7):
        warm.append(process_seconds(command, NUMBA_CACHE_DIR=str(tmp_path)))
        empty.append(process_seconds(["-c", ""]))
        importing.append(process_seconds(["-c", "import harken"]))
    length = soundfile.info(DEMO).duration
    print(f"\nharken transcribe, a clip of {length:.1f} s, whole process, medians of 7")
    print(f"  warm {statistics.median(warm):.2f} s (at most 2), first on a machine {cold:.1f} s (at most 30)")
    print(f"  import harken {statistics.median(importing) - statistics.median(empty):.3f} s (at most 0.15)")


def test_an_hour_in_one_file(clips, tmp_path):
    path, frames = tmp_path / "hour.flac", 0
    with soundfile.SoundFile(path, "w", 16000, 1, "PCM_16") as file:
        while frames < 3600 * 16000:
            for clip in clips:
                samples = read_audio(clip.path)[0]
                file.write(samples)
                frames += len(samples)
                if frames >= 3600 * 16000:
                    break
    command = [sys.executable, "-m", "harken.engine.cli", "transcribe", "--format", "json", "--timings", str(path)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    found = json.loads(done.stdout)
    seconds = found["timings"]["seconds"]
    print(f"\nan hour in one file: {len(found['segments'])} segments, {len(found['text'].split())} words")
    print(
        f"  {seconds:.0f} s, real-time factor {seconds / found['duration']:.4f}, memory at most {memory / 1024:.0f} MB"
    )
    assert memory > before  # the largest child so far is this one
    assert np.isfinite(seconds)
