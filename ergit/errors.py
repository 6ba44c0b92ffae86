"""The one error that a person is meant to read."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class ErgitError(Exception):
    """What is wrong, where, the offending text and what to do about it, in one paragraph."""


class CommitError(Exception):
    """What a commit did to the folder it is built or measured in: recorded as its failure, and the study goes on."""


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """Ends the program with status 1 and the error's own words, without a traceback, on an `ErgitError`."""
    try:
        yield
    except ErgitError as error:
        sys.exit(f"ergit: {error}")
