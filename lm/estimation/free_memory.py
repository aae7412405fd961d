"""How much memory a process may still take."""

import os
import re
from pathlib import Path

_WITHOUT_AN_ANSWER = 1 << 31  # bytes
_GROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", r"^inactive_file (\d+)$"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", r"^total_inactive_file (\d+)$"),
)


def free_memory() -> int:
    """Return the bytes that are free on this machine and, in a container, within its limit (as Linux tells them).

    Elsewhere half of the machine's memory, and 2 GiB where the system does not tell even that.
    """
    answers = [_available(Path("/proc/meminfo")), *(_left(Path(group), *names) for group, *names in _GROUPS)]
    told = [answer for answer in answers if answer is not None]
    return max(1, min(told)) if told else _half_of_all()


def _available(path: Path) -> int | None:
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", path.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, ValueError):
        return None
    return 1024 * int(found[1]) if found else None


def _left(group: Path, limit: str, used: str, cached: str) -> int | None:
    """Return what a control group has left; files that are kept in memory in case they are read again are free."""
    try:
        cache = re.search(cached, (group / "memory.stat").read_text(encoding="ascii"), re.MULTILINE)
        free = int(cache[1]) if cache else 0
        return int((group / limit).read_text()) - int((group / used).read_text()) + free
    except (OSError, ValueError):  # "max", no number, is no limit
        return None


def _half_of_all() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):
        return _WITHOUT_AN_ANSWER
