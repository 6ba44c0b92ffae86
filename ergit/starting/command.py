"""`ergit run`: Snakemake with what a study needs, started again after a kill or a power cut as if nothing had been."""

import argparse
import atexit
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from ergit.config.reading import load_yaml
from ergit.starting.ending import INTERRUPTED
from ergit.starting.lock import run_lock
from ergit.starting.messages import CANCELLED, ENDING, exception_of, is_wrong_target
from ergit.starting.stale import remove_stale_locks

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "profiles/ergit"
AGAIN_SECONDS = 5
USAGE = "ergit run [-n] [--configfile FILE] [--directory DIR] [other options and targets of snakemake ...]"
WRONG_WORDS = 2  # the status with which argparse ends a program
TRACEBACK = "Traceback (most recent call last)"
LOOKING = (
    *("dryrun", "unlock", "lint", "summary", "detailed_summary", "list_rules", "list_target_rules", "report"),
    *("dag", "rulegraph", "filegraph", "list_untracked", "list_params_changes", "list_input_changes"),
)
"""Options of Snakemake with which it runs nothing; so nothing is locked then, and nothing removed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit run`: Snakemake's."""
    parser.usage = USAGE


def run(options: argparse.Namespace) -> None:
    """Runs the study, or looks at it; ends with status 0 where all was done, 2 for wrong words, and 1 where not."""
    sys.exit(study_status(options.others))


def study_status(words: Sequence[str]) -> int:
    """Runs a study with these words of Snakemake's, or looks at it; 0 where all was done, 1 where not.

    The status is 2 where a target is not there; other words that Snakemake does not understand end the program with it.

    Raises:
        ErgitError: a config that is named is no YAML, or another run of the study goes on.
    """
    interrupts = Interrupts()
    from snakemake.cli import get_argument_parser  # takes longer than all other commands
    from snakemake.exceptions import CliException

    parser = get_argument_parser()
    parser.prog, parser.usage = "ergit run", USAGE
    try:
        given = parser.parse_args(words)
    except CliException as error:
        parser.error(str(error))
    for file in given.configfile or ():  # which Snakemake reads before ergit's rules, and refuses without a line
        load_yaml(Path(file))
    command = [*defaults(given), *words]
    if any(getattr(given, name, None) for name in LOOKING):
        return called(command, interrupts)
    study = Path(given.directory or ".")
    study.mkdir(parents=True, exist_ok=True)  # as Snakemake does
    with run_lock(study) as last:
        if remove_stale_locks(study, last):
            print("ergit: the last run was killed; goes on from what it left", file=sys.stderr, flush=True)
        return called(command, interrupts)


def defaults(given: argparse.Namespace) -> list[str]:
    """The options that are ergit's, as far as others are not given."""
    found = []
    if given.snakefile is None:
        found += ["--snakefile", str(ROOT / "Snakefile")]
    if given.workflow_profile is None:
        found += ["--workflow-profile", str(PROFILE)]
    return found


class Interrupts(logging.Filter):
    """Ends what runs when somebody presses Ctrl-C, and again some seconds later if Snakemake does not heed it.

    Python raises KeyboardInterrupt wherever the program is, and a library that is just being loaded or called back may
    swallow it (3 of 20 at random moments, by `make faults`): Snakemake would then go on as if nothing had been. Once it
    ends its jobs, which it says in its log, another KeyboardInterrupt would only keep it from waiting for them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.came = False
        self._is_heeded = False
        for number in (signal.SIGINT, signal.SIGALRM):
            signal.signal(number, self)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handles a SIGINT, and the alarm that follows it."""
        if self._is_heeded:
            return
        self.came = True
        signal.alarm(AGAIN_SECONDS)
        signal.default_int_handler(number, frame)

    def heed(self) -> None:
        """From now on what runs is ending by itself, and is not interrupted once more."""
        self._is_heeded = True
        signal.alarm(0)

    def filter(self, record: logging.LogRecord) -> bool:
        """Hears how Snakemake ends; whether a message is to be logged: of an interrupted run no traceback is."""
        text = str(record.msg)
        if text.startswith(ENDING):
            self.came = True  # by a SIGTERM, which Snakemake handles itself
        elif self.came and text.startswith(CANCELLED):
            self.heed()
        return not (self.came and exception_of(record) and TRACEBACK in text)

    def tell(self) -> None:
        """Says how to go on, where an interrupt came."""
        if self.came:
            print(INTERRUPTED, file=sys.stderr, flush=True)


class WrongWords(logging.Filter):
    """Hears whether Snakemake refuses a target."""

    came = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Hears one message; each is to be logged."""
        self.came |= is_wrong_target(str(record.msg))
        return True


def called(words: Sequence[str], interrupts: Interrupts) -> int:
    """The status with which Snakemake ends, 2 for a wrong target; an interrupted run's last word is how to go on."""
    from snakemake.cli import main
    from snakemake.logging import logger

    atexit.register(interrupts.tell)  # before the workflow registers what failed, which is told first then
    wrong_words = WrongWords()
    logger.addFilter(interrupts)
    logger.addFilter(wrong_words)
    try:
        main(words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        status = 1
    if interrupts.came:
        interrupts.heed()
        return 1
    return WRONG_WORDS if wrong_words.came else status
