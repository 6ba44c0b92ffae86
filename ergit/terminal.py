"""What a run tells a person: lines that stay, and below them, on a terminal, a block that says how far it is.

Several processes write in turn: the one that runs the study between jobs, the measuring program between readings. Each
leaves the cursor on the empty line above the block, so that the next one, or anybody else, writes over it.
"""

import os
import select
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Literal

from ergit.errors import SPEAKER

VARIABLE = "ERGIT_SCREEN"
"""Tells jobs what to print: `nothing`, or `lines` and no block; where it is not set, a block on a terminal."""

Style = Literal["", "bold", "dim", "red", "green", "yellow"]
CODES: Mapping[Style, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}  # ECMA-48, SGR
ERASE = "\r\x1b[J"  # from here to the end of the screen (ECMA-48, ED)
FEWEST_COLUMNS, USUAL_COLUMNS = 40, 100

Line = Sequence[tuple[Style, str]]
"""A line as pieces of text, each in its style."""


class Screen:
    """A file descriptor on which a run is told: a terminal that can move its cursor, or anything else."""

    def __init__(self, descriptor: int, environment: Mapping[str, str] = os.environ) -> None:
        self._descriptor = descriptor
        can_move = os.isatty(descriptor) and environment.get("TERM", "dumb") != "dumb"
        self.has_block = can_move and environment.get(VARIABLE) != "lines"
        self._is_coloured = can_move and "NO_COLOR" not in environment  # no-color.org

    @property
    def columns(self) -> int:
        """The width of the terminal; no bound where there is none."""
        if not self.has_block:
            return sys.maxsize
        with suppress(OSError):
            columns = os.get_terminal_size(self._descriptor).columns
            return max(FEWEST_COLUMNS, columns - 1) if columns else USUAL_COLUMNS
        return USUAL_COLUMNS

    def write(self, lines: Iterable[Line], block: Sequence[Line] = ()) -> None:
        """Writes lines that stay, and the block below them where there can be one; an earlier block is gone then.

        A terminal that somebody has stopped (Ctrl-S) is not waited for, and one that is gone is no error.
        """
        columns = self.columns
        kept = "".join(f"{self._rendered(line, columns)}\n" for line in lines)
        text = kept
        if self.has_block:
            shown = "".join(f"\n{self._rendered(line, columns)}" for line in block)
            text = f"{ERASE}{kept}{shown}" + (f"\x1b[{len(block)}A\r" if block else "")
        if text and (not self.has_block or _takes(self._descriptor)):
            with suppress(OSError):
                os.write(self._descriptor, text.encode(errors="replace"))

    def _rendered(self, line: Line, columns: int) -> str:
        pieces = cut(line, columns)
        if not self._is_coloured:
            return "".join(text for _, text in pieces)
        return "".join(f"\x1b[{CODES[style]}m{text}\x1b[0m" if style else text for style, text in pieces)


def screen_of(descriptor: int | None, environment: Mapping[str, str] = os.environ) -> Screen | None:
    """The screen of that descriptor; None where there is none, or nothing is to be printed."""
    if descriptor is None or environment.get(VARIABLE) == "nothing":
        return None
    return Screen(descriptor, environment)


def say(progress: int | None, words: str) -> None:
    """Writes a line to the log, and to the file descriptor `progress` where there is one and it is to be used."""
    line = f"{SPEAKER}{words}\n"
    sys.stderr.write(line)
    sys.stderr.flush()
    show(progress, line)


def show(progress: int | None, text: str) -> None:
    """Writes text to the file descriptor, where there is one and it is to be used, over the block that may be there.

    A terminal that somebody has stopped is not waited for, and one that is gone is no error, as with `Screen.write`.
    """
    screen = screen_of(progress)
    if screen is not None and progress is not None and (not screen.has_block or _takes(progress)):
        with suppress(OSError):
            os.write(progress, f"{ERASE if screen.has_block else ''}{text}".encode(errors="replace"))


def cut(line: Line, columns: int) -> list[tuple[Style, str]]:
    """The line, shortened to so many columns of a terminal, with `…` at its end then."""
    if sum(width(text) for _, text in line) <= columns:
        return list(line)
    found: list[tuple[Style, str]] = []
    left = columns - 1
    for style, text in line:
        fitting = ""
        for letter in text:
            left -= _width_of(letter)
            if left < 0:
                return [*found, (style, f"{fitting}…")]
            fitting += letter
        found.append((style, fitting))
    return found


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_width_of, text))


def _width_of(letter: str) -> int:
    """None for a letter that joins the one before, two for those of East Asian scripts (Unicode, UAX #11)."""
    if letter.isascii():
        return 1
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def _takes(descriptor: int) -> bool:
    """Whether the terminal takes output now."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))
