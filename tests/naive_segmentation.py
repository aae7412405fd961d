"""Segmentation told frame by frame over a whole recording, without streams."""

import math


def segments(silent, pause, soft, longest, padding):
    """Return (first, end) of each segment; ``silent`` says of each frame whether it is; lengths are in frames."""
    found = []
    floor = 0  # the end of the segment before
    frame = 0
    while frame < len(silent):
        if silent[frame]:
            frame += 1
            continue
        first = max(floor, frame - padding)
        end = frame
        while True:
            end += 1
            length = end - first
            quiet = 0
            while quiet < end - frame and silent[end - 1 - quiet]:
                quiet += 1
            needed = pause
            if length > soft:
                needed = max(0, math.ceil(pause * (longest - length) / (longest - soft)))
            if quiet >= needed or end >= len(silent):
                break
        found.append((first, end))
        floor = frame = end
    return found
