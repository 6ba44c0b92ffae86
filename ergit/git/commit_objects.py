"""What a commit's object holds: tree, parents, author, date and subject, in any encoding, also where it is damaged."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from ergit.errors import ErgitError
from ergit.git.runner import Git
from ergit.text import one_line

LONGEST_SUBJECT = 500
LONGEST_AUTHOR = 200
DATE = re.compile(rb".*> *(?P<seconds>[0-9]+)(?: +(?P<sign>[+-])(?P<offset>[0-9]+))?.*", re.DOTALL)


@dataclass(frozen=True)
class CommitObject:
    """A commit as its object has it; `date` is the author's, ISO 8601, empty where it has none that can be read.

    `committed` is the committer's date, in seconds since 1970 in UTC, None where it has none that can be read.
    """

    tree: str
    parents: tuple[str, ...]
    author: str
    date: str
    subject: str
    committed: int | None


def read_commit_objects(git: Git, shas: list[str]) -> dict[str, CommitObject]:
    """The commits of these full SHAs, by SHA.

    Raises:
        ErgitError: the repository lacks one of them.
    """
    content = git.output("cat-file", "--batch", stdin="\n".join(shas)) if shas else b""
    commits = {}
    start = 0
    for sha in shas:
        end = content.index(b"\n", start)
        kind, _, size = content[start:end].decode().partition(" ")[2].partition(" ")
        if kind != "commit":
            raise ErgitError(
                f"The mirror has no commit {sha}. `ergit run -R mirror` fetches what the repository has now."
            )
        commits[sha] = parsed(content[end + 1 : end + 1 + int(size)])
        start = end + 1 + int(size) + 1
    return commits


def parsed(content: bytes) -> CommitObject:
    """A commit from the content of its object (Git's documentation, gitformat: `git cat-file commit`)."""
    head, _, message = content.partition(b"\n\n")
    lines = head.split(b"\n")
    encoding = _values(lines, b"encoding")
    author, committer = _values(lines, b"author"), _values(lines, b"committer")
    committed = moment_of(committer[0]) if committer else None
    name = author[0].partition(b"<")[0] if author else b""
    return CommitObject(
        tree=b"".join(_values(lines, b"tree")[:1]).decode("ascii", "replace"),
        parents=tuple(parent.decode("ascii", "replace") for parent in _values(lines, b"parent")),
        author=one_line(_text(name, encoding), LONGEST_AUTHOR),
        date=iso_date(author[0]) if author else "",
        subject=one_line(_text(_first_paragraph(message), encoding), LONGEST_SUBJECT),
        committed=None if committed is None else int(committed.timestamp()),
    )


def iso_date(person: bytes) -> str:
    """The date of a line `name <mail> seconds offset`, ISO 8601; empty where there is none that a calendar has."""
    moment = moment_of(person)
    return moment.isoformat() if moment else ""


def moment_of(person: bytes) -> datetime | None:
    """The date of a line `name <mail> seconds offset`, with its offset; None where a calendar has no such date.

    An offset that no time zone can have (+051800, which old versions of Git let pass) is dropped: the date is in UTC.
    """
    found = DATE.fullmatch(person)
    if found is None:
        return None
    try:
        moment = datetime.fromtimestamp(int(found["seconds"]), UTC)
        return moment.astimezone(_time_zone(found["sign"], found["offset"]))
    except (ValueError, OverflowError, OSError):
        return None


def _time_zone(sign: bytes | None, digits: bytes | None) -> timezone:
    """The offset +hhmm, or UTC for one that is out of bounds or missing."""
    if digits is None or len(digits) > 4:
        return UTC
    hours, minutes = divmod(int(digits), 100)
    if hours > 23 or minutes > 59:
        return UTC
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if sign == b"-" else offset)


def _values(lines: list[bytes], key: bytes) -> list[bytes]:
    return [line[len(key) + 1 :] for line in lines if line.startswith(key + b" ")]


def _first_paragraph(message: bytes) -> bytes:
    """The lines up to the first empty one, as Git makes a subject of them."""
    paragraph: list[bytes] = []
    for line in message.split(b"\n"):
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            break
    return b" ".join(paragraph)


def _text(content: bytes, encoding: list[bytes]) -> str:
    """The bytes in the encoding that the commit names; as UTF-8 where it names none, or one that nobody knows."""
    if encoding:
        try:
            return content.decode(encoding[0].decode("ascii", "replace"), "replace")
        except (LookupError, ValueError):
            pass
    return content.decode("utf-8", "surrogateescape")
