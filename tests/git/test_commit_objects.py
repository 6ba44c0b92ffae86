"""Commits as their objects have them, to the byte: odd dates, encodings, signatures, damage."""

import pytest

from ergit.git.commit_objects import CommitObject, iso_date, parsed
from tests.fakes.repositories import Repository

TREE, PARENT, OTHER = "1" * 40, "2" * 40, "3" * 40


@pytest.mark.parametrize(
    ("person", "date"),
    [
        (b"Ada <ada@x> 1700000000 +0000", "2023-11-14T22:13:20+00:00"),
        (b"Ada <ada@x> 1700000000 -0000", "2023-11-14T22:13:20+00:00"),
        (b"Ada <ada@x> 1700000000 +0545", "2023-11-15T03:58:20+05:45"),
        (b"Ada <ada@x> 1700000000 -0330", "2023-11-14T18:43:20-03:30"),
        (b"Ada <ada@x> 0 -0500", "1969-12-31T19:00:00-05:00"),
        (b"Ada <<ada>> <ada@x> 1700000000 +1400", "2023-11-15T12:13:20+14:00"),
        (b"A <a@x> 1312735823 +051800", "2011-08-07T16:50:23+00:00"),
        (b"A <a@x> 1312735823 +9999", "2011-08-07T16:50:23+00:00"),
        (b"A <a@x> 1312735823 +0160", "2011-08-07T16:50:23+00:00"),
        (b"A <a@x> 1312735823", "2011-08-07T16:50:23+00:00"),
        (b"A <a@x> 1312735823 Thu", "2011-08-07T16:50:23+00:00"),
        (b"A <a@x>", ""),
        (b"A <a@x> ", ""),
        (b"A <a@x> -1000000 +0000", ""),
        (b"A <a@x> Thu Jan 1 1970", ""),
        (b"A <a@x> 18446744073709551615 +0000", ""),
        (b"A <a@x> 253402300799 +0000", "9999-12-31T23:59:59+00:00"),
        (b"A <a@x> 253402300799 +0100", ""),
        (b"A <a@x> 99999999999999999999999999 +0000", ""),
        ("A <a@x> \u0661\u0662 +0000".encode(), ""),
        (b"A no mail 1312735823 +0000", ""),
        (b"", ""),
    ],
)
def test_a_date_is_iso_8601_or_empty(person: bytes, date: str) -> None:
    assert iso_date(person) == date


def test_dates_are_those_that_git_shows(repository: Repository) -> None:
    dates = ["1700000000 +0000", "1234567890 +0530", "951782400 -1200", "1 +1245", "4102444800 -0930"]
    for date in dates:
        repository.git("-c", "user.name=A", "commit", "--quiet", "--allow-empty", "--message=m", f"--date=@{date}")
    shown = repository.git("log", "--reverse", "--format=%aI").split()
    raw = [repository.git("cat-file", "commit", sha) for sha in repository.git("rev-list", "--reverse", "HEAD").split()]
    found = [parsed(content.encode()).date for content in raw]
    assert found == [date.replace("Z", "+00:00") for date in shown]


def commit(*headers: bytes, message: bytes = b"subject\n") -> bytes:
    """A commit's content with a tree and an author."""
    lines = [b"tree " + TREE.encode(), b"author A <a@x> 1700000000 +0000", *headers]
    return b"\n".join(lines) + b"\n\n" + message


def test_a_commit_is_read_whole() -> None:
    content = (
        f"tree {TREE}\nparent {PARENT}\nparent {OTHER}\n"
        "author Tomás Okafor <t@x> 1700000000 +0100\ncommitter B <b@x> 1800000000 +0000\n\n"
        "The subject\nin two lines\n\nThe body\n"
    )
    assert parsed(content.encode()) == CommitObject(
        tree=TREE,
        parents=(PARENT, OTHER),
        author="Tomás Okafor",
        date="2023-11-14T23:13:20+01:00",
        subject="The subject in two lines",
        committed=1_800_000_000,
    )


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (b"", ""),
        (b"\n\n  \nafter empty lines\n", "after empty lines"),
        (b"no line end", "no line end"),
        (b"a\ttab and\ra return\n", "a tab and a return"),
        (b"steers \x1b[31mred\x07\n", "steers \ufffd[31mred\ufffd"),
        (b"latin \xe9\n", "latin \ufffd"),
        (b"nul \0 byte\n", "nul \ufffd byte"),
        (b"tree " + b"2" * 40 + b"\n", "tree " + "2" * 40),
    ],
)
def test_a_subject_is_the_first_paragraph_on_one_line(message: bytes, subject: str) -> None:
    assert parsed(commit(message=message)).subject == subject


def test_a_subject_of_a_megabyte_is_cut() -> None:
    subject = parsed(commit(message=b"x" * 1_000_000)).subject
    assert subject == "x" * 499 + "…"


@pytest.mark.parametrize(
    ("encoding", "message", "subject"),
    [
        (b"ISO-8859-1", b"caf\xe9", "café"),
        (b"latin-1", b"caf\xe9", "café"),
        (b"windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        (b"GBK", "修复".encode("gbk"), "修复"),
        (b"SHIFT_JIS", "修正".encode("shift_jis"), "修正"),
        (b"UTF-8", "café".encode(), "café"),
        (b"no-such-encoding", "café".encode(), "café"),
        (b"rot13", b"plain", "plain"),
        (b"zlib", b"plain", "plain"),
        (b"undefined", b"plain", "plain"),
        (b"../../etc", b"plain", "plain"),
        (b"\xff\0", b"plain", "plain"),
        (b"", b"plain", "plain"),
    ],
)
def test_a_subject_is_read_in_the_encoding_that_the_commit_names(encoding: bytes, message: bytes, subject: str) -> None:
    assert parsed(commit(b"encoding " + encoding, message=message)).subject == subject


def test_an_author_is_read_in_that_encoding_too() -> None:
    content = b"tree 1\nauthor Andr\xe9 <a@x> 1700000000 +0000\nencoding ISO-8859-1\n\ns\n"
    assert parsed(content).author == "André"


def test_signatures_and_merged_tags_are_no_headers_of_the_commit() -> None:
    signature = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n author Mallory <m@x> 1 +0000\n -----END PGP SIGNATURE-----"
    merged = b"mergetag object 4\n type commit\n tagger Mallory <m@x> 1 +0000\n parent 5\n encoding rot13"
    found = parsed(commit(signature, merged))
    assert (found.author, found.parents, found.subject) == ("A", (), "subject")


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"tree \xff\n\n", b"author\n\nx", b"author <> \n\n", b"\n\nauthor A\n"]
)
def test_a_damaged_commit_is_read_as_far_as_it_goes(content: bytes) -> None:
    found = parsed(content)
    assert (found.date, found.author) == ("", "")
