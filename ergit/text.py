"""Text for people: one clean line of foreign text, times, counted nouns, Markdown tables."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

MOST_DETECTABLE = 10.0  # a larger minimum detectable change is this one: too few readings show any
SHOWN = 0.001  # the smallest difference that a phrase shows: 0.1%
NO_SPACE = "\u200b"
CODE = r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"  # CommonMark, "Code spans"
_MARKUP = re.compile(
    rf"{CODE}"
    r"|(?P<slashes>\\+(?=[`\[<&]))"
    r"|(?P<markup>\[(?=[^\]]*\]\()|<(?=[A-Za-z/!?])|&(?=\#?\w+;))"
    r"|(?P<reference>(?<![A-Za-z0-9])@(?=\S)|[#!](?=\d)|GH-(?=\d))"
)
"""Code, which stays as it is; backslashes before what is escaped; what begins a link, an image, a tag or an entity;
what makes the next word a person, an issue or a merge request of GitHub's or GitLab's."""


def one_line(text: str, limit: int | None = None) -> str:
    """The text on one line that does nothing to a terminal, at most `limit` characters long.

    White space becomes single blanks. What cannot be printed, and bytes that are no UTF-8 (as lone surrogates), become
    U+FFFD.
    """
    whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    words = "".join(letter if letter.isprintable() or letter.isspace() else "\ufffd" for letter in whole).split()
    line = " ".join(words)
    return line if limit is None or len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def iso_time(moment: datetime) -> str:
    """The moment as records have it: ISO 8601 in UTC, to the microsecond, `2024-01-02T03:04:05.000006Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 row`, `2 rows`, `1,200 rows`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def relative_phrase(relative: float) -> str:
    """`4.3% more energy` for 0.043, `2.0% less energy` for -0.02."""
    return f"{abs(relative):.1%} {'less' if relative < 0 else 'more'} energy"


def detectable_phrase(relative: float) -> str:
    """A smallest change that is found: `4.3%`; where only a tenfold one is, or none, `more than 1,000%`."""
    return f"{relative:.1%}" if relative < MOST_DETECTABLE else f"more than {MOST_DETECTABLE:,.0%}"


def compared_phrase(relative: float) -> str:
    """`4.3% more energy than` for 0.043, `2.0% less energy than` for -0.02, `as much energy as` below 0.05%."""
    return "as much energy as" if abs(relative) < SHOWN / 2 else f"{relative_phrase(relative)} than"


def markdown_line(text: str, limit: int | None = None) -> str:
    """Foreign text on one line of Markdown, which shows it: `List<String>` is no tag, and `[a](b)` no link or image.

    Posted as a comment it calls nobody and refers to nothing: in `@name` and `#12` a space of no width follows the
    sign, since a backslash would not keep a server from seeing them.
    """
    return _MARKUP.sub(_without_effect, one_line(text, limit))


def _without_effect(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "slashes":
            return found[0] * 2
        case "markup":
            return f"\\{found[0]}"
        case "reference":
            return f"{found[0]}{NO_SPACE}"
    return found[0]


def cell(text: str, limit: int = 60) -> str:
    """Text that fits into a cell of a Markdown table, a pipe in it written so that it ends no cell."""
    return re.sub(r"(\\*)\|", r"\1\1\|", markdown_line(text, limit))


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned so that it reads as plain text too; cells stand as they are."""
    from tabulate import tabulate  # 20 ms, which jobs without a table need not spend

    return tabulate(rows, headers=header, tablefmt="pipe", disable_numparse=True)
