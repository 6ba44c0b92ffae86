"""The log keeps both ends of a long output, byte by byte, and says what is missing."""

from pathlib import Path

from ergit.processes.output import head, shorten


def test_short_output_stays_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    start = head(log, "reading 1")
    with log.open("ab") as file:
        file.write(b"0123456789")
    assert shorten(log, start, kept_bytes=10) == 0
    assert log.read_bytes() == b"--- reading 1\n0123456789"


def test_the_middle_of_long_output_is_cut_and_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    start = head(log, "reading 1")
    with log.open("ab") as file:
        file.write(b"\xff23456789\n" * 10)
    assert shorten(log, start, kept_bytes=20) == 80
    assert log.read_bytes() == (b"--- reading 1\n\xff23456789\n\n--- 80 bytes of output left out here\n\xff23456789\n")


def test_what_was_written_before_is_not_touched(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"earlier " * 100)
    start = head(log, "reading 2")
    with log.open("ab") as file:
        file.write(b"x" * 1000)
    shorten(log, start, kept_bytes=2)
    assert log.read_bytes().startswith(b"earlier " * 100 + b"--- reading 2\nx\n--- 998 bytes")


def test_no_output_is_fine(tmp_path: Path) -> None:
    assert shorten(tmp_path / "log", head(tmp_path / "log", "reading 1")) == 0
