"""Runs pyctcdecode in the interpreter that has it: a job in (JSON on standard input), its answers out (JSON).

The job names an .npz file of matrices, the decoder's arguments and a list of calls; an answer holds the beams of a call
and the seconds that it took. No part of the test suite itself: ctc_peer.py starts it.
"""

import json
import logging
import sys
import time

import numpy as np


def main() -> None:
    logging.disable(logging.CRITICAL)
    from pyctcdecode import BeamSearchDecoderCTC, build_ctcdecoder

    job = json.load(sys.stdin)
    matrices = np.load(job["matrices"])
    if "load" in job:
        decoder = BeamSearchDecoderCTC.load_from_dir(job["load"])
    else:
        decoder = build_ctcdecoder(job["labels"], **job["build"])
    answers = []
    for call in job["calls"]:
        start = time.thread_time()
        beams = decoder.decode_beams(matrices[call["matrix"]], **call["options"])
        taken = time.thread_time() - start
        answers.append({"seconds": taken, "beams": [[text, *rest] for text, _, *rest in beams]})
    if "save" in job:
        decoder.save_to_dir(job["save"])
    json.dump(answers, sys.stdout)


main()
