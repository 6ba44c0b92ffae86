"""How programs end on an error that a person is meant to read, and what their logs say of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from ergit.errors import last_words

PROGRAM = """
import subprocess, sys
from ergit.errors import ErgitError, exit_on_user_error
with exit_on_user_error({log!r}):
    print("to standard output")
    subprocess.run(["echo", "of a child"])
    {last}
"""


def ended(folder: Path, last: str, log: str | None = None) -> subprocess.CompletedProcess[str]:
    """A program that ends in that way, with or without a log."""
    program = PROGRAM.format(log=log, last=last)
    return subprocess.run([sys.executable, "-P", "-c", program], cwd=folder, capture_output=True, text=True)


def test_an_error_is_its_own_words_and_status_1(tmp_path: Path) -> None:
    done = ended(tmp_path, "raise ErgitError('no such thing')")
    assert (done.returncode, done.stderr) == (1, "ergit: no such thing\n")


def test_with_a_log_all_that_is_printed_goes_there(tmp_path: Path) -> None:
    done = ended(tmp_path, "raise ErgitError('no such thing')", "a.log")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    said = (tmp_path / "a.log").read_text()
    assert sorted(said.splitlines()) == ["ergit: no such thing", "of a child", "to standard output"]


def test_a_traceback_goes_to_the_log_too(tmp_path: Path) -> None:
    assert ended(tmp_path, "1 / 0", "a.log").returncode == 1
    assert "ZeroDivisionError" in (tmp_path / "a.log").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("building\nergit: no such thing\n", "ergit: no such thing"),
        ("ergit: warning: slow\nTraceback\nValueError\n", "ergit: warning: slow\nTraceback\nValueError"),
        ("a\nergit: it failed. The end was:\n  one\n  two\n", "ergit: it failed. The end was:\n  one\n  two"),
        ("x" * 3000, "x" * 2000),
    ],
)
def test_the_last_words_of_a_log_are_the_sentence_or_its_end(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.log").write_text(text)
    assert last_words(tmp_path / "a.log") == words
