"""What this machine can measure with, what its readings are worth, and what fixes the rest: `ergit doctor`."""

import argparse
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ergit.config.reading import read_config
from ergit.config.settings import MeasureSettings, SandboxSettings
from ergit.errors import ErgitError
from ergit.machine.doctor.check import Check, CheckRoots, Level
from ergit.machine.doctor.load import running_checks
from ergit.machine.doctor.platform import folder_checks, machine_checks, program_checks
from ergit.machine.doctor.sandbox import sandbox as sandbox_check
from ergit.machine.doctor.settings import setting_checks
from ergit.machine.doctor.sources import source_checks
from ergit.machine.prepare.command import AS_ROOT, columns
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
            f"Restore what the reboot left, then apply again: {AS_ROOT} restore",
        )
    return Check("preparation", "ok", f"in force since {saved.when}: {counted(len(saved.applied), 'setting')} changed")


def report(found: Sequence[Check], width: int, coloured: bool) -> str:
    """The verdict, the checks as an aligned table, then what is not well with its meaning and fix, the worst first."""
    indent = max(len(check.name) for check in found) + 2 + len("missing") + 2
    rows = columns([[check.name, check.level.ljust(len("missing")), check.found] for check in found])
    table = [
        textwrap.fill(row, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
        for row in rows
    ]
    if coloured:
        table = [_painted(line, check) for line, check in zip(table, found, strict=True)]
    return "\n".join([verdict(found), "", *table, *_fixes(found, width)])


def verdict(found: Sequence[Check]) -> str:
    """Whether this machine can measure what the settings ask for, in one sentence."""
    levels = [check.level for check in found]
    if "fatal" in levels:
        return "This machine cannot measure what these settings ask for: see what is fatal."
    warnings = f" {counted(levels.count('warn'), 'warning')}." if "warn" in levels else ""
    return f"This machine can measure what these settings ask for.{warnings}"


def _fixes(found: Sequence[Check], width: int) -> Iterator[str]:
    """What is not well, the worst first: each meaning once, with the checks that have it, then each of their fixes."""
    groups: dict[tuple[Level, str], list[Check]] = {}
    for check in sorted(found, key=lambda check: ORDER.index(check.level)):
        if check.level != "ok":
            groups.setdefault((check.level, check.meaning), []).append(check)
    for number, ((level, meaning), group) in enumerate(groups.items(), start=1):
        yield ""
        first = f"{number}. {', '.join(check.name for check in group)} ({level}): {meaning}"
        yield textwrap.fill(first, width, subsequent_indent="   ", break_on_hyphens=False)
        yield from (f"   -> {fix}" for fix in fixes_of(group))


def fixes_of(group: Sequence[Check]) -> list[str]:
    """Each fix once; with the checks that it is for, unless it is the only one."""
    names: dict[str, list[str]] = {}
    for check in group:
        if check.fix:
            names.setdefault(check.fix, []).append(check.name)
    return [fix if len(names) == 1 else f"{', '.join(checks)}: {fix}" for fix, checks in names.items()]


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
        reasons = [f"{check.name}: {check.found}." for check in fatal]
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
        config = asked.configfile or asked.study / "config/config.yaml"
        if not config.exists():
            raise ErgitError(
                f"There is no {config.absolute()}. Name the study's folder with --study or its config with"
                " --configfile, or look at the machine alone with --measure '{}'."
            )
        settings = read_config(config)
        return settings.measure, settings.sandbox
    try:
        given = msgspec.json.decode(asked.measure)
    except msgspec.DecodeError as error:
        raise ErgitError(f"--measure is not the part `measure` of a config as JSON: {error}.") from error
    return read_config(SOME_STUDY | {"measure": given}).measure, NO_SANDBOX
