"""What this machine can measure with, what its readings are worth, and the fixes: `python3 -m ergit.machine.doctor.report`."""

import argparse
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ergit.config.reading import validated
from ergit.errors import ErgitError, exit_on_user_error
from ergit.machine.doctor.check import Check, Level, Roots
from ergit.machine.prepare.saved_state import load as load_saved_state
from ergit.machine.knobs import text_of
from ergit.machine.doctor.platform import folder_checks, machine_checks, program_checks
from ergit.machine.doctor.load import running_checks
from ergit.machine.doctor.settings import setting_checks
from ergit.machine.doctor.sources import source_checks
from ergit.machine.prepare.command import columns

SAMPLE_SECONDS = 0.5
COLOURS: dict[Level, str] = {"ok": "32", "warn": "33", "missing": "2", "fatal": "1;31"}
ORDER: tuple[Level, ...] = ("fatal", "warn", "missing", "ok")
WIDTH = 100
NO_STUDY = {"repository": {"url": "."}, "commits": ["HEAD"], "workload": {"command": "true"}}


def checks(settings: Mapping[str, Any], roots: Roots, sample_seconds: float = SAMPLE_SECONDS) -> list[Check]:
    """Everything that is looked at before a study spends anything; `settings` is the config's whole `measure`."""
    return [
        *source_checks(settings, roots),
        *setting_checks(roots),
        preparation_in_force(roots),
        *running_checks(settings, roots.machine, roots.locks, sample_seconds),
        *machine_checks(roots),
        *folder_checks(roots),
        *program_checks(roots),
    ]


def preparation_in_force(roots: Roots) -> Check:
    """Whether `ergit.machine.prepare.command` has changed this machine and not yet restored it."""
    try:
        saved = load_saved_state(roots.former)
    except ErgitError as error:
        return Check("preparation", "warn", "unclear", str(error), f"Look into {roots.former}.")
    if saved is None:
        return Check("preparation", "ok", "none in force")
    if saved.boot != text_of(roots.proc / "sys/kernel/random/boot_id"):
        return Check(
            "preparation",
            "warn",
            f"of {saved.when}, undone by a reboot",
            "Settings that readings were taken under are gone: readings from now on are of another session.",
            "Take back what the reboot left, then apply anew: sudo python3 -m ergit.machine.prepare.command restore",
        )
    return Check("preparation", "ok", f"in force since {saved.when}: {len(saved.applied)} settings changed")


def report(found: Sequence[Check], width: int, coloured: bool) -> str:
    """The checks as an aligned table, then what is not well: its meaning and fix, numbered, the worst first."""
    indent = max(len(check.name) for check in found) + 2 + len("missing") + 2
    rows = columns([[check.name, check.level.ljust(len("missing")), check.found] for check in found])
    table = [
        textwrap.fill(row, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
        for row in rows
    ]
    if coloured:
        table = [_painted(line, check) for line, check in zip(table, found, strict=True)]
    fatal = any(check.level == "fatal" for check in found)
    verdict = "Something is fatal for these settings." if fatal else "Nothing is fatal for these settings."
    return "\n".join([*table, *_fixes(found, width), "", verdict])


def _fixes(found: Sequence[Check], width: int) -> Iterator[str]:
    groups: dict[tuple[Level, str, str], list[str]] = {}
    for check in sorted(found, key=lambda check: ORDER.index(check.level)):
        if check.level != "ok":
            groups.setdefault((check.level, check.meaning, check.fix), []).append(check.name)
    for number, ((level, meaning, fix), names) in enumerate(groups.items(), start=1):
        yield ""
        first = f"{number}. {', '.join(names)} ({level}): {meaning}"
        yield textwrap.fill(first, width, subsequent_indent="   ", break_on_hyphens=False)
        if fix:
            yield f"   -> {fix}"


def _painted(line: str, check: Check) -> str:
    start = line.index(check.level, len(check.name))
    return f"{line[:start]}\033[{COLOURS[check.level]}m{check.level}\033[0m{line[start + len(check.level) :]}"


def refuse_unfit(settings: Mapping[str, Any]) -> None:
    """Does nothing where this machine can measure what `measure` of the config asks for.

    Raises:
        ErgitError: it cannot; says what is missing and how to get it.
    """
    refuse_fatal(checks(settings, Roots()))


def refuse_fatal(found: Sequence[Check]) -> None:
    """Does nothing where no check is fatal.

    Raises:
        ErgitError: one is; with what it means and its fix.
    """
    fatal = [check for check in found if check.level == "fatal"]
    if fatal:
        fixes = dict.fromkeys(check.fix for check in fatal if check.fix)
        raise ErgitError(" ".join([*(f"{check.name}: {check.found}. {check.meaning}" for check in fatal), *fixes]))


def _settings(text: str | None, config: Path | None) -> dict[str, Any]:
    """The settings given, else those of the config named, else of config/config.yaml here."""
    if text is None:
        here = Path("config/config.yaml")
        study = config or here
        if not study.exists():
            raise ErgitError(f"There is no {study} in {Path.cwd()}. Name the study's config with --configfile.")
        return dict(validated(yaml.safe_load(study.read_text(encoding="utf-8")))["measure"])
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ErgitError(f"--settings is not the `measure` part of a config as JSON: {error}.") from error
    return dict(validated(NO_STUDY | {"measure": given})["measure"])


def main(words: Sequence[str]) -> None:
    """Prints the report; raises ErgitError if something is fatal for the settings."""
    parser = argparse.ArgumentParser(prog="python3 -m ergit.machine.doctor.report", description=__doc__)
    parser.add_argument("--settings", help="`measure` of a config as JSON, instead of a file")
    parser.add_argument("--configfile", type=Path, help="the study's config, where it is not config/config.yaml")
    asked = parser.parse_args(words)
    found = checks(_settings(asked.settings, asked.configfile), Roots())
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else WIDTH
    print(report(found, width, coloured=terminal and "NO_COLOR" not in os.environ), flush=True)
    refuse_fatal(found)


if __name__ == "__main__":
    with exit_on_user_error():
        main(sys.argv[1:])
