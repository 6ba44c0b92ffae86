"""Lines of a job for a person: into its log and, where the workflow has passed it a way, onto the terminal."""

import os
import sys

from ergit.errors import SPEAKER


def say(progress: int | None, words: str) -> None:
    """Writes a line to the log, and to the file descriptor `progress` where there is one."""
    line = f"{SPEAKER}{words}\n"
    sys.stderr.write(line)
    sys.stderr.flush()
    if progress is not None:
        os.write(progress, line.encode(errors="replace"))
