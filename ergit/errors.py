"""The one error that a person is meant to read."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SPEAKER = "ergit: "  # begins each sentence that a person is meant to read


class ErgitError(Exception):
    """What is wrong, where, the offending text and what to do about it, in one paragraph."""


class CommitError(Exception):
    """What a commit did to the folder it is built or measured in: recorded as its failure, and the study goes on."""


@contextmanager
def exit_on_user_error(log: str | None = None) -> Iterator[None]:
    """Ends the program with status 1 and the error's own words, without a traceback, on an `ErgitError`.

    With a `log`, all that the program and its children print goes to that file instead of the terminal.
    """
    if log is not None:
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file, stream.fileno())
        os.close(file)
    try:
        yield
    except ErgitError as error:
        sys.exit(f"{SPEAKER}{error}")


def last_words(log: Path, most: int = 2000) -> str:
    """What a log says of a failure: the sentence of an `ErgitError` that ends it, or else its end.

    Lines after a sentence belong to it where they are indented.

    Raises:
        OSError: it cannot be read.
    """
    text = log.read_text(encoding="utf-8", errors="replace").strip()
    sentence = re.search(rf"^{SPEAKER}.*(?:\n {{2}}.*)*\Z", text, re.MULTILINE)
    return sentence[0] if sentence else text[-most:]
