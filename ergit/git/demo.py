"""The embedded study: a bare Git repository of a small Java library, the same to the last bit on every machine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ergit.errors import ErgitError
from ergit.git.runner import git_in

SOURCES = Path(__file__).resolve().parents[2] / "demo"
FIRST_COMMIT_SECONDS = 1_709_287_200  # 2024-03-01T10:00:00Z
SECONDS_BETWEEN_COMMITS = 93_600  # 26 hours: a new day and another hour for each
RELEASER = "Ada Lindqvist <ada@words.example>"
AUTHORS = (RELEASER, "Tomás Okafor <tomas@words.example>")

Kind = Literal[
    "start",
    "neutral",
    "documentation",
    "regression",
    "improvement",
    "java release",
    "breaks build",
    "fixes build",
    "breaks workload",
    "fixes workload",
]

POM = "pom.xml"
README = "README.md"
LIBRARY = "src/main/java/org/example/words"


@dataclass(frozen=True)
class Edit:
    """A part of a file, from `old` to `new`; `old` stands there exactly once."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class DemoCommit:
    """One commit, and what is known about it.

    `kind` is for tests alone: the workflow has to find it out.
    """

    subject: str
    kind: Kind
    edits: tuple[Edit, ...] = ()
    tag: str | None = None


HISTORY = (
    DemoCommit("Count words, pairs of words and syllables of a text", kind="start", tag="v1.0"),
    DemoCommit(
        "Show the share of each word in the report",
        kind="neutral",
        edits=(
            Edit(
                f"{LIBRARY}/Report.java",
                """\
            report.append(statistics.words().count(word)).append('\\t').append(word).append('\\n');
""",
                """\
            int count = statistics.words().count(word);
            report.append(count).append('\\t').append(100 * count / statistics.words().total()).append(" %\\t");
            report.append(word).append('\\n');
""",
            ),
        ),
    ),
    DemoCommit(
        "Count a word and its possessive as one",
        kind="regression",
        edits=(
            Edit(
                f"{LIBRARY}/Tokenizer.java",
                """\
        return token.toLowerCase(Locale.ROOT);
""",
                """\
        String word = token.toLowerCase(Locale.ROOT);
        return word.endsWith("s") ? word.replaceAll("'s$", "") : word;
""",
            ),
            Edit(
                f"{LIBRARY}/Tokenizer.java",
                "/** The words of a text, in lower case. Whatever",
                "/** The words of a text, in lower case and without a possessive 's. Whatever",
            ),
        ),
    ),
    DemoCommit(
        "Describe the report in the README",
        kind="documentation",
        tag="v1.1",
        edits=(
            Edit(
                README,
                """
## Benchmark
""",
                """
`Report.of(statistics)` lists the most frequent words, one a line: how often the word occurs, its share of all words,
and the word itself.

## Benchmark
""",
            ),
        ),
    ),
    DemoCommit(
        "Say in the name that the tokenizer gives words",
        kind="breaks build",
        edits=(Edit(f"{LIBRARY}/Tokenizer.java", "public String next() {", "public String nextWord() {"),),
    ),
    DemoCommit(
        "Call the tokenizer's method by its new name",
        kind="fixes build",
        edits=(
            Edit(
                f"{LIBRARY}/TextStatistics.java",
                "for (String word = tokenizer.next(); word != null; word = tokenizer.next()) {",
                "for (String word = tokenizer.nextWord(); word != null; word = tokenizer.nextWord()) {",
            ),
        ),
    ),
    DemoCommit(
        "Strip the possessive without a regular expression",
        kind="improvement",
        tag="v1.2",
        edits=(
            Edit(
                f"{LIBRARY}/Tokenizer.java",
                """word.endsWith("s") ? word.replaceAll("'s$", "") : word;""",
                """word.endsWith("'s") ? word.substring(0, word.length() - 2) : word;""",
            ),
        ),
    ),
    DemoCommit(
        "Require Java 11",
        kind="java release",
        edits=(
            Edit(
                POM,
                """\
    <maven.compiler.source>1.8</maven.compiler.source>
    <maven.compiler.target>1.8</maven.compiler.target>
""",
                """\
    <maven.compiler.release>11</maven.compiler.release>
""",
            ),
            Edit(README, "One small jar, no dependencies.", "One small jar for Java 11 or newer, no dependencies."),
        ),
    ),
    DemoCommit(
        "Ignore stray letters between words",
        kind="breaks workload",
        edits=(
            Edit(
                f"{LIBRARY}/TextStatistics.java",
                """\
            words.add(word);
""",
                """\
            if (word.length() == 1) {
                continue;
            }
            words.add(word);
""",
            ),
        ),
    ),
    DemoCommit(
        "Count words of one letter again",
        kind="fixes workload",
        edits=(
            Edit(
                f"{LIBRARY}/TextStatistics.java",
                """\
            if (word.length() == 1) {
                continue;
            }
""",
                "",
            ),
        ),
    ),
    DemoCommit(
        "Report the median length of a word",
        kind="regression",
        tag="v1.3",
        edits=(
            Edit(
                f"{LIBRARY}/TextStatistics.java",
                """\
package org.example.words;
""",
                """\
package org.example.words;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
""",
            ),
            Edit(
                f"{LIBRARY}/TextStatistics.java",
                """\
    private final Syllables syllables = new Syllables();
""",
                """\
    private final Syllables syllables = new Syllables();
    private final List<Integer> lengths = new ArrayList<>();
""",
            ),
            Edit(
                f"{LIBRARY}/TextStatistics.java",
                """\
            words.add(word);
""",
                """\
            words.add(word);
            lengths.add(word.length());
""",
            ),
            Edit(
                f"{LIBRARY}/TextStatistics.java",
                """\
        statistics.countSentences(text);
""",
                """\
        statistics.countSentences(text);
        Collections.sort(statistics.lengths);
""",
            ),
            Edit(
                f"{LIBRARY}/TextStatistics.java",
                """\
    public int sentences() {
""",
                """\
    /** Letters of the word in the middle, when the words are sorted by their length; 0 without words. */
    public int medianLength() {
        return lengths.isEmpty() ? 0 : lengths.get(lengths.size() / 2);
    }

    public int sentences() {
""",
            ),
            Edit(
                f"{LIBRARY}/Report.java",
                """\
        for (String word :""",
                """\
        report.append("median length ").append(statistics.medianLength()).append('\\n');
        for (String word :""",
            ),
        ),
    ),
    DemoCommit(
        "Let callers choose the length of the report",
        kind="neutral",
        edits=(
            Edit(
                f"{LIBRARY}/Report.java",
                """\
    public static String of(TextStatistics statistics) {
""",
                """\
    public static String of(TextStatistics statistics) {
        return of(statistics, LINES);
    }

    public static String of(TextStatistics statistics, int lines) {
""",
            ),
            Edit(f"{LIBRARY}/Report.java", "mostFrequent(LINES)", "mostFrequent(lines)"),
        ),
    ),
)
"""Oldest first; each commit edits the files of the one before it."""


def trees() -> Iterator[dict[str, str]]:
    """The files of each commit of `HISTORY`, path to text.

    Raises:
        ValueError: an edit's old text isn't in its file exactly once.
    """
    files = {
        path.relative_to(SOURCES).as_posix(): path.read_text(encoding="utf-8")
        for path in (SOURCES / POM, SOURCES / README, *sorted((SOURCES / LIBRARY).glob("*.java")))
    }
    for commit in HISTORY:
        for edit in commit.edits:
            files = edited(files, edit)
        yield files


def edited(files: Mapping[str, str], edit: Edit) -> dict[str, str]:
    """The files after one edit.

    Raises:
        ValueError: its old text isn't in its file exactly once.
    """
    found = files.get(edit.path, "").count(edit.old)
    if found != 1:
        raise ValueError(f"{edit.path}: found {found} times instead of once: {edit.old!r}")
    return {**files, edit.path: files[edit.path].replace(edit.old, edit.new)}


def stream() -> str:
    """The whole history in the language of `git fast-import`: commits on `main`, annotated tags on releases."""
    parts = []
    for mark, (commit, files) in enumerate(zip(HISTORY, trees(), strict=True), start=1):
        seconds = FIRST_COMMIT_SECONDS + (mark - 1) * SECONDS_BETWEEN_COMMITS
        author = AUTHORS[(mark - 1) % len(AUTHORS)]
        parts += [
            f"commit refs/heads/main\nmark :{mark}\n",
            f"author {author} {seconds} +0000\ncommitter {author} {seconds} +0000\n",
            data(f"{commit.subject}\n"),
            f"from :{mark - 1}\n" if mark > 1 else "",
            "deleteall\n",
        ]
        parts += [f"M 100644 inline {path}\n{data(text)}" for path, text in files.items()]
        if commit.tag is not None:
            message = data(f"words {commit.tag.removeprefix('v')}\n")
            parts.append(f"tag {commit.tag}\nfrom :{mark}\ntagger {RELEASER} {seconds} +0000\n{message}")
    return "".join([*parts, "done\n"])


def data(text: str) -> str:
    """A `data` command of fast-import; its length counts bytes."""
    return f"data {len(text.encode())}\n{text}\n"


def create(mirror: Path) -> None:
    """Writes the bare repository of the study to a folder that does not exist yet, or is empty.

    Commits, tags and their SHAs depend on nothing but `HISTORY` and `demo/`: neither on the clock nor on the user's Git
    settings.

    Raises:
        ErgitError: something is in the way, or Git refuses.
    """
    if mirror.exists() and (not mirror.is_dir() or any(mirror.iterdir())):
        raise ErgitError(f"{mirror} is in the way of the embedded study's repository: remove it, or name another path.")
    try:
        mirror.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ErgitError(f"The embedded study's repository cannot be made in {mirror}: {error.strerror}.") from None
    with git_in(mirror) as git:
        git.init("--quiet", "--bare", "--template=", "--initial-branch=main", "--object-format=sha1", ".")
        git.fast_import("--quiet", "--done", stdin=stream())
