"""What is written onto a terminal, and into a file or pipe."""

import fcntl
import os
import pty
import struct
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from ergit.terminal import Line, Screen, cut, say, screen_of, show, width

BLOCK: list[Line] = [[("green", "━━──"), ("bold", " 2 of 4")], [("", "now")]]


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal of 50 columns: what is typed and seen there, and what programs have."""
    seen, given = pty.openpty()
    tty.setraw(given)
    fcntl.ioctl(given, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    yield seen, given
    os.close(seen)
    os.close(given)


def test_a_block_is_drawn_below_an_empty_line_on_which_the_cursor_rests(terminal: tuple[int, int]) -> None:
    seen, given = terminal
    Screen(given, {"TERM": "xterm", "NO_COLOR": ""}).write([[("red", "stays")]], BLOCK)
    assert os.read(seen, 1000).decode() == "\r\x1b[Jstays\n\n━━── 2 of 4\nnow\x1b[2A\r"


def test_colours_are_those_of_the_terminal(terminal: tuple[int, int]) -> None:
    seen, given = terminal
    Screen(given, {"TERM": "xterm"}).write([[("red", "bad"), ("", " plain")]])
    assert os.read(seen, 1000).decode() == "\r\x1b[J\x1b[31mbad\x1b[0m plain\n"


def test_lines_are_cut_to_the_terminal_so_that_none_wraps(terminal: tuple[int, int]) -> None:
    seen, given = terminal
    Screen(given, {"TERM": "xterm", "NO_COLOR": ""}).write([], [[("", "漢字" * 30)]])
    [shown] = [line for line in os.read(seen, 1000).decode().split("\n") if "漢" in line]
    assert shown.partition("\x1b")[0] == "漢字" * 12 + "…"


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {}, {"TERM": "xterm", "ERGIT_SCREEN": "lines"}])
def test_without_a_cursor_that_moves_there_are_lines_and_no_block(
    terminal: tuple[int, int], environment: dict[str, str]
) -> None:
    seen, given = terminal
    Screen(given, environment).write([[("red", "stays")]], BLOCK)
    assert os.read(seen, 1000).decode() in {"stays\n", "\x1b[31mstays\x1b[0m\n"}


def test_a_file_gets_whole_lines_without_colours(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        Screen(file.fileno(), {"TERM": "xterm"}).write([[("red", "x" * 500)]], BLOCK)
    assert (tmp_path / "log").read_text() == "x" * 500 + "\n"


def test_a_terminal_that_was_stopped_is_not_waited_for(terminal: tuple[int, int]) -> None:
    seen, given = terminal
    termios.tcflow(given, termios.TCOOFF)  # what Ctrl-S does
    screen = Screen(given, {"TERM": "xterm"})
    for _ in range(10_000):
        screen.write([[("", "x" * 40)]], BLOCK)
    termios.tcflow(given, termios.TCOON)
    os.set_blocking(seen, False)


def test_a_terminal_that_is_gone_is_no_error() -> None:
    seen, given = pty.openpty()
    screen = Screen(given, {"TERM": "xterm"})
    os.close(seen)
    screen.write([[("", "x")]], BLOCK)
    show(given, "ergit: a warning\n")
    os.close(given)


def test_where_nothing_is_to_be_printed_there_is_no_screen(capfd: pytest.CaptureFixture[str]) -> None:
    assert screen_of(2, {"ERGIT_SCREEN": "nothing"}) is None
    assert screen_of(None, {}) is None
    say(None, "into the log")
    assert capfd.readouterr().err == "ergit: into the log\n"


def test_a_line_is_said_into_the_log_and_on_the_screen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "screen").open("wb") as file:
        say(file.fileno(), "waits")
    assert (tmp_path / "screen").read_text() == capfd.readouterr().err == "ergit: waits\n"


def test_letters_have_the_width_that_a_terminal_gives_them() -> None:
    assert [width(text) for text in ("abc", "日本", "e\u0301", "⏻")] == [3, 4, 1, 1]
    assert cut([("", "ab"), ("bold", "cdef")], 6) == [("", "ab"), ("bold", "cdef")]
    assert cut([("", "ab"), ("bold", "cdef")], 5) == [("", "ab"), ("bold", "cd…")]
