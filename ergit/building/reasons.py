"""Why a command failed, from its log: the one line that says it, and the form in which equal reasons are the same."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ergit.text import one_line

LINE_CHARACTERS = 160
COMMAND_CHARACTERS = 50
MATCHED_CHARACTERS = 1000  # of each line of a log
MOST_BYTES = 2_000_000
"""What of a log is looked at; a command's output is cut to half of it."""

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
TASK = re.compile(r"^(?::\w+)+(?=/|error:)", re.MULTILINE)
"""Gradle's name of a task, which an error follows without a blank."""
HEADING = re.compile(r"^(?:\[(?:ERROR|FATAL|javac|WARNING)\] *)+")
SILENT = re.compile(
    r"^(?:\[(?:INFO|WARNING)\].*|\W*|-+>.*|--- .*|at [\w.$]+\(.*|Total time:.*|BUILD FAILED.*|.*\[Help \d\].*"
    r"|.*For more information.*|(?:make|gmake)(?:\[\d+\])?: .*|\d+ (?:errors?|warnings?|failed|passed).*"
    r"|compilation terminated\.|exit status \d+)$"
)
"""Lines that say nothing of the cause, so that none of them is taken for want of a better one."""


class Kind(NamedTuple):
    """A form in which tools say what is wrong, and how it becomes one line: the first in a log, or the last.

    The pattern is compiled where a command has failed: every job loads these, and few need them.
    """

    pattern: str
    shown: Callable[[re.Match[str]], str]
    is_last: bool = False


def _first(found: re.Match[str]) -> str:
    return found[1]


def _at(found: re.Match[str]) -> str:
    """`file:line: error: message`, whatever the compiler's own form."""
    message = found["message"].removeprefix("error: ")
    symbol = re.search(r"^\W*(?:\w+\W+)?symbol *: *(.+)$", found.string[found.end() :][:600], re.MULTILINE)
    if message == "cannot find symbol" and symbol:
        message = f"{message}: {symbol[1]}"
    return f"{found['file'].removeprefix('./')}:{found['line']}: error: {message}"


def _rust(found: re.Match[str]) -> str:
    return f"{found['file']}:{found['line']}: {found['message']}"


def _maven(found: re.Match[str]) -> str:
    """What Maven says of a goal or a project, without the chain of who asked for what."""
    noise = r" and '?parent\.relativePath'? points at .*| @ line \d+.*|transfer failed for \S+: "
    said = re.sub(noise, "", found["message"])
    following = iter(found.string[found.end() :].strip().split("\n"))
    while not said or said.endswith(":"):  # the next line says it
        said = f"{said} {HEADING.sub('', next(following, '.'))}".strip()
    for cause in (
        r"Blocked mirror for repositories: .*",
        r"Could not (?:find|transfer) artifact .*",
        r"Cannot access .*",
    ):
        inner = re.search(cause, said)
        if inner:
            return inner[0]
    return said


def _surefire(found: re.Match[str]) -> str:
    """The numbers, and the first test that failed with what it says."""
    before = found.string[: found.end()]
    test = re.search(
        r"^(?:\[ERROR\] +)?(\S+?)  ?(?:--? )?Time elapsed:.*<<< (?:FAILURE|ERROR)!\n(.*)", before, re.MULTILINE
    )
    return f"{found[1]}; first {test[1]}: {test[2]}" if test else found[1]


def _kind(pattern: str, shown: Callable[[re.Match[str]], str] = _first, *, is_last: bool = False) -> Kind:
    return Kind(pattern, shown, is_last)


OF_JDK = (
    _kind(r"((?:Source|Target) option \S+ is no longer supported.*)"),
    _kind(r"((?:release version \S+ not supported|invalid (?:source|target) release: \S+).*)"),
    _kind(r"([Cc]lass file has wrong version .*)"),
    _kind(r"(Detected JDK [Vv]ersion.*is not in the allowed range.*)"),
    _kind(r"(Unsupported class file major version \d+|Could not determine java version from .*)"),
    _kind(r"(UnsupportedClassVersionError: [^,\n]*)"),
    _kind(r"^(Unrecognized (?:VM )?option:? .*)$"),
)
OF_COMPILERS = (
    _kind(r"^\[ERROR\] (?P<file>/?\S.*?\.\w+):\[(?P<line>\d+),\d+\] (?P<message>.*)$", _at),  # Maven
    _kind(r"^ *(?:\[javac\] )?(?P<file>\S[^:\n]*\.\w+):(?P<line>\d+): (?P<message>error: .*)$", _at),
    _kind(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? (?:fatal )?(?P<message>error: .*)$", _at),  # gcc, clang
    _kind(r"^(?P<file>\S+)\((?P<line>\d+),\d+\): error (?P<message>TS\d+: .*)$", _at),  # tsc
    _kind(r"^(?P<message>error(?:\[E\d+\])?: .*)\n *--> (?P<file>\S+?):(?P<line>\d+):\d+$", _rust),
    _kind(r"^(?P<file>\S+\.go):(?P<line>\d+):(?:\d+:)? (?P<message>.*)$", _at),
    _kind(r"^e: (.*)$"),  # Kotlin
    _kind(r"^(?:\S*ld(?:\.\w+)?: )?(?:\S+:\([^)]*\): )?(undefined reference to .*|cannot find -l\S+.*)$"),
)
OF_WHAT_IS_MISSING = (
    _kind(
        r"^(?:\S+: )?(?:line )?\d+: "
        r"(.+: (?:(?:command )?not found|No such file or directory|Permission denied))$"
    ),
    _kind(
        r"^.*Failed to execute goal (?:\S+ .*?on|on) project [^:\n]+: "
        r"(?P<message>(?!Compilation failure|There (?:are|were) test fail|Some Enforcer rules).*)$",
        _maven,
    ),
    _kind(
        r"(?P<message>(?:Non-(?:resolvable|parseable) (?:parent )?POM|Plugin \S+ or one of its dependencies could not"
        r"|Could not find artifact|No plugin found for prefix|Unknown lifecycle phase"
        r"|The goal you specified requires a project).*)$",
        _maven,
    ),
    _kind(r"^ *> ((?:Could not (?:find|resolve|GET|HEAD)|No cached version of) .*)$", is_last=True),  # Gradle
    _kind(r"ERROR: (Could not find a version that satisfies the requirement [^\s(]+|No matching distribution .*)"),
    _kind(r"^npm (?:error|ERR!) ((?:\d+ )?(?:Not Found - |Missing script: |notarget |missing: ).*)$"),
    _kind(r"^(error: no matching package .*)$"),  # cargo
)
OF_TESTS = (
    _kind(
        r"^(?:\[\w+\] +)?"
        r"(Tests run: \d+, (?:Failures: [1-9]\d*, Errors: \d+|Failures: 0, Errors: [1-9]\d*))(?:, Skipped: \d+)?$",
        _surefire,
        is_last=True,
    ),
    _kind(r"^(FAILED \S+::.*)$"),  # pytest
    _kind(r"^E +(\w[\w.]*(?:Error|Exception|Exit)\b.*)$"),
    _kind(r"^thread '.*' (?:\(\d+\) )?panicked at (?P<file>[^:\n]+):(?P<line>\d+):\d+:\n(?P<message>.*)$", _at),
    _kind(r"^(--- FAIL: \S+)"),  # Go
)
OF_EXCEPTIONS = (
    _kind(
        r"^(?:Exception in thread \"[^\"]*\" |Caused by: |Error: )?"
        r"((?:[a-z_]\w*\.)+\w*(?:Exception|Error)\b.*)$"
    ),
    _kind(r"^ *([A-Z]\w*(?:Error|Exception)\b: .*)$", is_last=True),  # of Python's the last, the outermost there
)
OF_OTHERS = (
    _kind(r"^\* What went wrong:\n(?:.+\n)+? *> (.*)$"),  # Gradle
    _kind(r"^\* What went wrong:\n(.+)$"),
    _kind(r"^CMake Error\b.*?: *(.*)$"),
    _kind(r"^(?:make|gmake)(?:\[\d+\])?: \*\*\* (No .*)$"),
    _kind(r"^((?:\[ERROR\] +)?[^\w\n]*(?:[Ff]atal |FATAL )?(?:[Ee]rror|ERROR|fatal|FATAL)\b\W+\w.*)$"),
    _kind(r"^(.*\b(?:cannot|could not|failed to|not found|No such file|Permission denied|[Nn]o space left)\b.*)$"),
)
KINDS = (*OF_JDK, *OF_COMPILERS, *OF_WHAT_IS_MISSING, *OF_TESTS, *OF_EXCEPTIONS, *OF_OTHERS)
"""In the order in which they are looked for: what is more exact first."""


def line_of(text: str, tree: Path | None = None) -> str | None:
    """The one line of a failed command's output that says why; None where it printed nothing to go by.

    Args:
        text: the output.
        tree: the folder of the build, whose path is cut from the line, and that of the folder above it.
    """
    clean = TASK.sub("", ESCAPES.sub("", text))
    clean = "\n".join(line[:MATCHED_CHARACTERS] for line in clean.split("\n"))
    if tree is not None:
        clean = clean.replace(f"file://{tree}/", "").replace(f"{tree}/", "").replace(str(tree), ".")
        clean = clean.replace(f"{tree.parent}/", "../")  # where a parent pom is looked for
    for kind in KINDS:
        found = list(re.finditer(kind.pattern, clean, re.MULTILINE))
        if found:
            return _tidy(kind.shown(found[-1 if kind.is_last else 0]))
    told = [line for line in (one.strip() for one in clean.splitlines()) if not SILENT.match(line)]
    return _tidy(told[-1]) if told else None


def _tidy(line: str) -> str:
    bare = HEADING.sub("", line.strip()).lstrip("^ ").partition(" -> [Help")[0]
    return one_line(bare.removesuffix("."), LINE_CHARACTERS)


def printed(log: Path, start: int) -> str:
    """What was added to a log from that byte on, at most `MOST_BYTES`; "" where there is no log any more."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def with_line(reason: str | None, exit_code: int | None, output: str, tree: Path) -> str | None:
    """The reason of a command that ended by itself, with the line of its output that says why.

    Args:
        reason: why the command does not count as done; None where it does.
        exit_code: how it ended; None where it was killed, took too long or did not start, which says enough.
        output: what it printed.
        tree: the folder of the build.
    """
    if reason is None or not exit_code:
        return reason
    line = line_of(output, tree)
    return reason if line is None else f"{shortened_commands(reason)}: {line}"


def shortened_commands(reason: str, characters: int = COMMAND_CHARACTERS) -> str:
    """The reason with its commands cut, so that what became of them is read first."""
    return re.sub(r"`([^`]+)`", lambda command: f"`{one_line(command[1], characters)}`", reason)


VARYING: Sequence[tuple[str, str]] = (
    (r"\S+\.\w+:\d+(?::\d+)?: (?=error|warning)", ""),  # the same error elsewhere
    (r"(\S+\.go|\S+\.py):\d+", r"\1"),
    (r"Tests run: \d+, Failures: \d+, Errors: \d+", "tests failed"),
    (r"@[0-9a-f]{4,}\b", ""),
    (r"\b(?=[a-f]*\d)[0-9a-f]{7,40}\b", "…"),
    (r"\bline \d+", "line …"),
    (r"/tmp/\S+", "/tmp/…"),
    (r"\b\d+(?:\.\d+)? ?(?:ms|sec|seconds)\b", "…"),
)


def normalised(reason: str) -> str:
    """The reason without what differs between equal failures: file and line of an error, hashes, times, counts."""
    for pattern, common in VARYING:
        reason = re.sub(pattern, common, reason)
    return one_line(reason)
