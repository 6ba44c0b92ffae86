"""What this machine can measure with, what its readings are worth, and what fixes the rest: `ergit doctor`."""

import argparse
import itertools
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ergit.config.reading import config_in, read_config
from ergit.config.settings import MeasureSettings, SandboxSettings
from ergit.energy.rights import PREPARE
from ergit.errors import ErgitError
from ergit.machine.doctor.check import Check, CheckRoots, Level
from ergit.machine.doctor.load import running_checks
from ergit.machine.doctor.platform import folder_checks, machine_checks, program_checks
from ergit.machine.doctor.sandbox import sandbox as sandbox_check
from ergit.machine.doctor.settings import setting_checks
from ergit.machine.doctor.sources import HEADLINE, source_checks
from ergit.machine.prepare.command import columns
from ergit.machine.prepare.saved_state import load as load_saved_state
from ergit.text import counted

SAMPLE_SECONDS = 0.5
COLOURS: dict[Level, str] = {"ok": "32", "warn": "33", "missing": "2", "fatal": "1;31"}
ORDER: tuple[Level, ...] = ("fatal", "warn", "missing", "ok")
WIDTH = 100
NO_SANDBOX = SandboxSettings()
SOME_STUDY = {"repository": {"url": "."}, "commits": ["HEAD"], "workload": {"command": "true"}}


def checks(
    settings: MeasureSettings,
    roots: CheckRoots,
    sample_seconds: float = SAMPLE_SECONDS,
    sandbox: SandboxSettings = NO_SANDBOX,
) -> list[Check]:
    """Everything that is looked at before a study spends anything."""
    return [
        *source_checks(settings, roots),
        *setting_checks(roots),
        preparation_in_force(roots),
        *running_checks(settings, roots.machine, roots.locks, sample_seconds),
        *machine_checks(roots),
        *folder_checks(roots),
        *program_checks(roots),
        sandbox_check(sandbox, roots),
    ]


def preparation_in_force(roots: CheckRoots) -> Check:
    """Whether `ergit prepare` has changed this machine and not yet restored it."""
    try:
        saved = load_saved_state(roots.saved_state)
    except ErgitError as error:
        return Check("preparation", "warn", "unclear", str(error), f"Look into {roots.saved_state}.")
    if saved is None:
        return Check("preparation", "ok", "none in force")
    if saved.boot != roots.machine.boot():
        return Check(
            "preparation",
            "warn",
            f"of {saved.when}, undone by a reboot",
            "The settings under which readings were taken are gone: readings from now on are of another session.",
            f"Restore what the reboot left, then apply again: {PREPARE} restore",
        )
    return Check("preparation", "ok", f"in force since {saved.when}: {counted(len(saved.applied), 'setting')} changed")


def report(found: Sequence[Check], width: int, coloured: bool) -> str:
    """The verdict with what is fatal and its fixes, the other checks as an aligned table, then what these mean.

    Each cause, meaning and fix stands there once.
    """
    fatal = [check for check in found if check.level == "fatal"]
    others = [check for check in found if check.level != "fatal"]
    numbers, told = itertools.count(1), set[str]()
    lines = [verdict(found), *_explained(fatal, width, numbers, told), ""]
    rows = columns([[check.name, check.level.ljust(len("missing")), check.found] for check in others])
    indent = max(len(check.name) for check in others) + 2 + len("missing") + 2
    for row, check in zip(rows, others, strict=True):
        line = textwrap.fill(row, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
        lines.append(_painted(line, check) if coloured else line)
    return "\n".join([*lines, *_explained(others, width, numbers, told)])


def verdict(found: Sequence[Check]) -> str:
    """Whether this machine can measure what the settings ask for, in one sentence."""
    by_name = {check.name: check for check in found}
    fatal = [check.name for check in found if check.level == "fatal"]
    if fatal:
        why = by_name[HEADLINE].found if HEADLINE in fatal else f"see {', '.join(fatal)}"
        return f"This machine cannot measure what these settings ask for: {why}."
    warnings = [check.name for check in found if check.level == "warn"]
    counted_warnings = f" {counted(len(warnings), 'warning')}." if warnings else ""
    if HEADLINE in warnings:
        return f"This machine can do what these settings ask for: an estimate, no measurement.{counted_warnings}"
    return f"This machine can measure what these settings ask for.{counted_warnings}"


def _explained(found: Sequence[Check], width: int, numbers: Iterator[int], told: set[str]) -> Iterator[str]:
    """What is not well, the worst first: each meaning with the checks that have it, then the fixes not yet `told`.

    The causes of what is fatal stand here too, since the table leaves them out.
    """
    groups: dict[tuple[Level, str], list[Check]] = {}
    for check in sorted(found, key=lambda check: ORDER.index(check.level)):
        if check.level != "ok" and check.meaning:
            groups.setdefault((check.level, check.meaning), []).append(check)
    for (level, meaning), group in groups.items():
        names = "" if level == "fatal" else f"{', '.join(check.name for check in group)} ({level}): "
        yield ""
        yield textwrap.fill(
            f"{next(numbers)}. {names}{meaning}", width, subsequent_indent="   ", break_on_hyphens=False
        )
        if level == "fatal":
            for cause in causes(group):
                yield textwrap.fill(
                    f"   {cause}", width, subsequent_indent="     ", break_long_words=False, break_on_hyphens=False
                )
        yield from (f"   -> {fix}" for fix in fixes_of([check for check in group if check.fix not in told]))
        told |= {check.fix for check in group}


def causes(fatal: Sequence[Check]) -> list[str]:
    """Each cause once, with the checks that have it, and without the headline that follows from them."""
    names: dict[str, list[str]] = {}
    for check in fatal:
        if check.name != HEADLINE:
            names.setdefault(check.found, []).append(check.name)
    return [f"{', '.join(checks)}: {cause}" for cause, checks in names.items()]


def fixes_of(group: Sequence[Check]) -> list[str]:
    """Each fix once, with the checks that it is for, unless it is the only one; last what replaces all of them."""
    names: dict[str, list[str]] = {}
    for check in group:
        if check.fix and check.name != HEADLINE:
            names.setdefault(check.fix, []).append(check.name)
    fixes = [fix if len(names) == 1 else f"{', '.join(checks)}: {fix}" for fix, checks in names.items()]
    return fixes + [check.fix for check in group if check.fix and check.name == HEADLINE]


def _painted(line: str, check: Check) -> str:
    start = line.index(check.level, len(check.name))
    return f"{line[:start]}\033[{COLOURS[check.level]}m{check.level}\033[0m{line[start + len(check.level) :]}"


def refuse_unfit(
    settings: MeasureSettings,
    results: Path,
    sample_seconds: float = SAMPLE_SECONDS,
    sandbox: SandboxSettings = NO_SANDBOX,
) -> None:
    """Does nothing where this machine can measure what the settings ask for, into that folder.

    Raises:
        ErgitError: it cannot; says what is missing and how to get it.
    """
    refuse_fatal(checks(settings, CheckRoots(results=results), sample_seconds, sandbox))


def as_sentence(text: str) -> str:
    """The text with a stop at its end."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def refuse_fatal(found: Sequence[Check]) -> None:
    """Does nothing where no check is fatal.

    Raises:
        ErgitError: one is; with what each means, and each fix once.
    """
    fatal = [check for check in found if check.level == "fatal"]
    if fatal:
        reasons = [verdict(found), *map(as_sentence, causes(fatal))]
        meanings = dict.fromkeys(check.meaning for check in fatal)
        raise ErgitError(" ".join([*reasons, *meanings, *map(as_sentence, fixes_of(fatal))]))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit doctor`."""
    parser.add_argument(
        "--study", type=Path, default=Path(), metavar="DIR", help="the study's folder (default: the working directory)"
    )
    parser.add_argument(
        "--configfile", type=Path, metavar="FILE", help="the study's config (default: config/config.yaml in its folder)"
    )
    parser.add_argument("--measure", metavar="JSON", help="the part `measure` of a config, instead of a file")


def run(asked: argparse.Namespace) -> None:
    """Prints the report; ends the program with status 1 if something is fatal for the settings.

    Raises:
        ErgitError: there is no config, or it is wrong.
    """
    measure, sandbox = _settings(asked)
    found = checks(measure, CheckRoots(results=asked.study / "results"), sandbox=sandbox)
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else WIDTH
    print(report(found, width, coloured=terminal and "NO_COLOR" not in os.environ), flush=True)
    if any(check.level == "fatal" for check in found):
        sys.exit(1)


def _settings(asked: argparse.Namespace) -> tuple[MeasureSettings, SandboxSettings]:
    """How is measured, and in what: as given, else as in the config named, else in that of the study's folder."""
    if asked.measure is None:
        remedy = (
            "Name the study's folder with --study or its config with --configfile, or look at the machine alone with"
            " --measure '{}'."
        )
        settings = read_config(asked.configfile or config_in(asked.study, remedy))
        return settings.measure, settings.sandbox
    try:
        given = msgspec.json.decode(asked.measure)
    except msgspec.DecodeError as error:
        raise ErgitError(f"--measure is not the part `measure` of a config as JSON: {error}.") from error
    return read_config(SOME_STUDY | {"measure": given}).measure, NO_SANDBOX
