"""The log of a workload's output: any bytes, a heading for each run, and of a long output only its two ends."""

import os
from pathlib import Path

KEPT_BYTES = 1_000_000  # of each run; half from its beginning, half from its end


def head(log: Path, title: str) -> int:
    """Adds a heading for the next run; where its output will start, in bytes."""
    with log.open("ab") as file:
        file.write(f"--- {title}\n".encode())
        return file.tell()


def shorten(log: Path, start: int, kept_bytes: int = KEPT_BYTES) -> int:
    """Cuts the middle out of what follows `start`, if that is more than is kept, and says so there; bytes cut out."""
    size = log.stat().st_size
    cut = size - start - kept_bytes
    if cut <= 0:
        return 0
    half = kept_bytes // 2
    with log.open("r+b") as file:
        file.seek(size - (kept_bytes - half))
        end = file.read()
        file.seek(start + half)
        file.write(f"\n--- {cut} bytes of output left out here\n".encode())
        file.write(end)
        file.truncate()
        os.fsync(file.fileno())
    return cut
