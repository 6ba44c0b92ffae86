"""What of Snakemake's messages a person is shown: an error of ergit's as its own sentence, and of failed jobs nothing.

What failed is told at the end of the run, by ending.py. Snakemake's own log keeps all messages as they are.
"""

import difflib
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import local

from ergit.errors import SPEAKER

UNFINISHED = "At least one job did not complete successfully."
SAID_OTHERWISE = ("Exiting because a job execution failed", "Removing output files of failed job")
CANCELLED = "Terminating processes on user request"  # what Snakemake says when it heeds a SIGINT
ENDING = "Will exit after finishing currently running jobs"  # and a SIGTERM
NO_BACKUP = re.compile(r"Cannot restore \S+: no backup found\.")
SENTENCES = ("WorkflowError", "ErgitError", "GitError", "FullDiskError")  # exceptions whose text is for a person
AT_A_LINE = re.compile(r'\w+(?: in rule \S+)? in file "(?P<file>[^"]+)", line \d+:\n(?P<said>.*)', re.DOTALL)
TRACE = re.compile(r"\n {2}File \".*", re.DOTALL)
IN_A_FUNCTION = re.compile(
    r"^ *(?:[\w.]+\.)?(?:Ergit|Git|FullDisk)Error: (?P<said>.+?)(?=\nWildcards:|\nTraceback|\Z)", re.M | re.S
)
Targets = Callable[[], Sequence[str]]
OF_ERGIT = ("Snakefile", "rules", "ergit", "modules")
NO_TARGET = re.compile(
    r"MissingRuleException:\nNo rule to produce (?P<name>.+) \(if you use input functions", re.DOTALL
)
OF_MANY_FILES = "Target rules may not contain wildcards."
SIGNAL = re.compile(r"died with <Signals\.(\w+): \d+>|returned non-zero exit status (137|143)\b")
OF_A_SHELL = {"137": "SIGKILL", "143": "SIGTERM"}  # 128 and the number of the signal: bash(1), EXIT STATUS


def shown(text: str, exception: str | None, root: Path) -> str | None:
    """A message of Snakemake's as a person is shown it; None where it is not.

    Args:
        text: the message.
        exception: the name of the exception that it tells of; None where it tells of none.
        root: ergit's folder; an error in a file that is not ergit's, as a study's own rules in it, stays as it is.
    """
    if exception is None:
        return None if text.startswith(SAID_OTHERWISE) or NO_BACKUP.fullmatch(text) else text
    if exception == "WorkflowError" and text.rstrip().endswith(UNFINISHED):
        return None
    place = AT_A_LINE.search(text)
    if place is None or not any(Path(place["file"]).is_relative_to(root / name) for name in OF_ERGIT):
        return text
    if exception == "RuleException":
        return None
    if exception in SENTENCES:
        return f"{SPEAKER}{TRACE.sub('', place['said']).strip()}"
    inner = IN_A_FUNCTION.search(text)
    return f"{SPEAKER}{inner['said'].strip()}" if inner else text


def is_wrong_target(text: str) -> bool:
    """Whether a message of Snakemake's refuses a target that somebody asked for."""
    return bool(NO_TARGET.match(text)) or OF_MANY_FILES in text


def wrong_target(text: str, targets: Sequence[str]) -> str:
    """That message as a sentence; `targets` are the names of rules that are targets."""
    found = NO_TARGET.match(text)
    if found is None:
        wrong = (
            "A rule with a job for each commit, such as `build` or `measure`, is no target. Name a file that it makes,"
            " such as results/build/SHA.json, or another rule."
        )
    else:
        close = difflib.get_close_matches(found["name"], targets, n=1)
        others = (
            f"Did you mean {close[0]!r}?"
            if close
            else f"Targets are {', '.join(targets)}, and the files that they make, such as results/energy.csv."
        )
        wrong = f"There is no target {found['name']!r}. {others}"
    return f"{SPEAKER}{wrong} `ergit run --list-target-rules` says what each of these rules makes."


class Shown(logging.Filter):
    """Lets through what a person is shown, on its way to a terminal; that jobs failed where nothing else says so."""

    def __init__(self, root: Path, *, is_ending_told: bool) -> None:
        super().__init__()
        self._root = root
        self._is_ending_told = is_ending_told

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message is shown at all."""
        text = str(record.msg)
        if UNFINISHED in text and not self._is_ending_told:
            return True
        return shown(text, exception_of(record), self._root) is not None


class Sentences(logging.Formatter):
    """Formats messages as another formatter does; errors of ergit's, and a wrong target, as their sentence."""

    def __init__(self, inner: logging.Formatter | None, root: Path, targets: Targets | None) -> None:
        super().__init__()
        self._inner = inner or logging.Formatter()
        self._root = root
        self._targets = targets

    def format(self, record: logging.LogRecord) -> str:
        """The text of a message."""
        text, exception = str(record.msg), exception_of(record)
        if exception and self._targets is not None and is_wrong_target(text):
            return wrong_target(text, self._targets())
        told = shown(text, exception, self._root) if exception else None
        return self._inner.format(record) if told in (None, text) else str(told)


def exception_of(record: logging.LogRecord) -> str | None:
    """The name of the exception that a message of Snakemake's tells of."""
    name = getattr(record, "exception", None)
    return name if isinstance(name, str) else None


def show_to_person(
    logger: logging.Logger, root: Path, *, is_ending_told: bool = True, targets: Targets | None = None
) -> None:
    """From now on the logger's handlers but those of files show what a person is meant to read.

    `is_ending_told` says whether ending.py tells what failed; a workflow with ergit as a module may not ask for it.
    `targets` gives the names of the rules that are targets, once all are known; without it a wrong one is told by
    Snakemake.
    """
    logging.raiseExceptions = False  # else a full disk prints a traceback for each line that the log file cannot take
    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler) and not isinstance(handler.formatter, Sentences):
            handler.addFilter(Shown(root, is_ending_told=is_ending_told))
            handler.setFormatter(Sentences(handler.formatter, root, targets))


class Listener(logging.Handler):
    """Hears what Snakemake does not keep: which jobs' programs were killed, and whether the run was interrupted."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.is_interrupted = False
        self.signals: dict[int, str] = {}
        self._heard = local()  # a job's exception and its error come one after the other, in one thread

    def emit(self, record: logging.LogRecord) -> None:
        """Hears one message."""
        text = str(record.msg)
        if text.startswith(CANCELLED):
            self.is_interrupted = True
        elif exception_of(record):
            self._heard.signal = signal_in(text)
        elif str(getattr(record, "event", "")).endswith("error") and hasattr(record, "jobid"):
            killed_by = getattr(self._heard, "signal", None)
            if killed_by:
                self.signals[record.jobid] = killed_by
            self._heard.signal = None


def signal_in(text: str) -> str | None:
    """The signal that killed a command, by what `subprocess` says of it, or the exit status that a shell gives it."""
    found = SIGNAL.search(text)
    if found is None:
        return None
    return found[1] or OF_A_SHELL[found[2]]
