"""Prepares this machine for measuring, and takes that back: `ergit prepare`."""

import argparse
import os
import pwd
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from ergit.energy.rights import PREPARE
from ergit.errors import ErgitError
from ergit.machine.kernel import Machine
from ergit.machine.knobs import CPU, ranges
from ergit.machine.lock import lock_path, measuring_lock
from ergit.machine.prepare import plan as preparation
from ergit.machine.prepare.plan import NotReached, Plan, Request, Rights
from ergit.machine.prepare.saved_state import STATE, SavedState, hold_state, load, merge, remove, store
from ergit.machine.prepare.targets import RIGHTS, read_target

KILOHERTZ = {"khz": 1, "mhz": 1_000, "ghz": 1_000_000}
SOURCES = ("powercap", "perf", "pmu")


def apply_command(request: Request) -> str:
    """The command line that applies the request, as root, with the `ergit` that is first on PATH."""
    options = {
        "--governor": request.governor,
        "--frequency": request.frequency_kilohertz and f"{request.frequency_kilohertz / 1000:g}MHz",
        "--no-turbo": request.no_turbo,
        "--no-smt": request.no_smt,
        "--no-swap": request.no_swap,
        "--stop": shlex.join(request.stop),
        "--rights": request.rights and f"{request.rights.source} --user {request.rights.user}",
    }
    words = [name if value is True else f"{name} {value}" for name, value in options.items() if value]
    return " ".join([PREPARE, "apply", *words])


def parse_frequency(text: str) -> int:
    """Kilohertz, from a number with its unit: `2.4GHz`, `2400 MHz`.

    Raises:
        ArgumentTypeError: it is anything else.
    """
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([kmg]hz)", text.strip(), re.IGNORECASE)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no frequency with its unit, such as 2.4GHz or 2400MHz")
    return int(Decimal(match[1]) * KILOHERTZ[match[2].lower()])


def apply(machine: Machine, request: Request, state: Path, when: str) -> list[str]:
    """Saves how the machine is set, takes the steps of the request, and describes what was done.

    Raises:
        ErgitError: a step failed; all steps are undone then, or the error lists the settings that are still changed.
    """
    with hold_state(state):
        saved = load(state)
        planned = preparation.plan(machine, request)
        if not planned.steps:
            return [*planned.notes, "Nothing to do."]
        _check_rights(machine, planned, request)
        store(state, merge(saved, planned, when, machine.boot()))
        try:
            failed = preparation.apply(machine, planned)
        except KeyboardInterrupt:
            failed = (NotReached("apply", "finished", "interrupted", "you stopped it"),)
        if failed:
            _undo(machine, planned, saved, state, failed)
        return [
            *_changes(planned),
            *planned.notes,
            f"Done. How the machine was set is saved in {state}; `restore` brings it back, also after a reboot.",
        ]


def restore(machine: Machine, state: Path) -> list[str]:
    """Brings the saved state back, removes its file, and describes what was done and what a reboot had undone already.

    Raises:
        ErgitError: what could not be brought back; the saved state is kept then.
    """
    with hold_state(state):
        saved = load(state)
        if saved is None:
            return [f"Nothing to restore: there is no saved state in {state}."]
        rebooted = saved.boot != machine.boot()
        before = {target: read_target(machine, target) for target in saved.saved}
        gone = [target for target, value in before.items() if rebooted and value is None]
        failed = preparation.set_all(machine, {key: value for key, value in saved.saved.items() if key not in gone})
        if failed:
            raise ErgitError(
                f"{len(failed)} of {len(saved.saved)} settings could not be restored, the others were: "
                + "; ".join(map(str, failed))
                + f". Fix the cause and run restore again, or set these by hand and remove {state}."
            )
        remove(state)
    return [
        *([f"The machine was rebooted since it was prepared on {saved.when}."] if rebooted else []),
        *(_describe_restored(saved, before, gone, rebooted)),
        f"Done: the machine is set as it was on {saved.when}.",
    ]


def grouped(entries: Iterable[tuple[str, str, str]]) -> list[list[str]]:
    """Rows of (setting, value, value) from (target, value, value), equal processors as one row: `policy0-3`."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for target, first, second in entries:
        label, number = _label(target)
        groups.setdefault((label, first, second), []).extend(number)
    return [[label.replace("#", ranges(numbers)), *values] for (label, *values), numbers in groups.items()]


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines of text, each column as wide as its widest cell."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def show(machine: Machine, request: Request, state: Path) -> list[str]:
    """What `apply` would do, or how the machine is set where nothing is asked for; changes nothing."""
    saved = load(state)
    in_force = (
        [f"This machine was prepared on {saved.when}; how it was set before is saved in {state}."] if saved else []
    )
    if request == Request():
        current = preparation.present(machine)
        rows = grouped((target, value, "") for target, value in current.items())
        return [*in_force, *columns([["setting", "now", ""], *rows])]
    planned = preparation.plan(machine, request)
    if not planned.steps:
        return [*in_force, *planned.notes, "Nothing to do."]
    return [*in_force, "This would be changed, as root:", *_changes(planned), *planned.notes]


def _changes(planned: Plan) -> list[str]:
    rows = grouped((step.target, step.before, step.after) for step in planned.steps)
    return columns([["setting", "now", "then"], *rows])


def _describe_restored(
    saved: SavedState, before: Mapping[str, str | None], gone: Sequence[str], rebooted: bool
) -> list[str]:
    """What was undone already, what a reboot took away, and what was restored just now."""
    undone = [(target, saved.saved[target], "") for target in saved.applied if before[target] == saved.saved[target]]
    written = [
        (target, value, saved.saved[target])
        for target, value in before.items()
        if value is not None and value != saved.saved[target]
    ]
    by_whom = "by the reboot" if rebooted else "by someone else"
    return [
        *(f"already restored {by_whom}: {label} is {value}" for label, value, _ in grouped(undone)),
        *(f"not there any more: {label}" for label, *_ in grouped((target, "", "") for target in gone)),
        *(f"restored: {label} from {value} to {earlier}" for label, value, earlier in grouped(written)),
    ]


def _undo(machine: Machine, planned: Plan, saved: SavedState | None, state: Path, failed: Sequence[NotReached]) -> None:
    still = preparation.set_all(machine, planned.saved)
    why = "; ".join(map(str, failed))
    if still:
        raise ErgitError(
            f"Not prepared: {why}. Undoing it failed too, and these are still changed: {'; '.join(map(str, still))}. "
            f"How the machine was set is saved in {state}: fix the cause and run restore."
        )
    if saved is None:
        remove(state)
    else:
        store(state, saved)
    raise ErgitError(f"Not prepared: {why}. Everything that had been changed was undone.")


def _check_rights(machine: Machine, planned: Plan, request: Request) -> None:
    barred = [path for step in planned.steps if (path := _barred(machine, step.target)) is not None]
    if barred:
        is_root = os.geteuid() == 0
        why = "it is read-only here, as in a container" if is_root else "this needs root"
        fix = "Prepare the host itself." if is_root else f"Run it as root: {apply_command(request)}"
        raise ErgitError(f"{barred[0]} cannot be written: {why}. Nothing was changed. {fix}")


def _barred(machine: Machine, target: str) -> Path | None:
    """The file of a target, where this user may not change it; None where it may, or where no file says."""
    kind, _, name = target.partition(":")
    if kind in RIGHTS:
        return None if os.geteuid() == 0 else machine.sysfs / name
    if kind not in {"sysfs", "sysctl"}:
        return None
    path = machine.sysfs / name if kind == "sysfs" else machine.proc / "sys" / name
    return None if os.access(path, os.W_OK, effective_ids=True) else path


def _label(target: str) -> tuple[str, list[int]]:
    """The target without its folder, its processor's number replaced by `#`, and that number."""
    kind, _, name = target.partition(":")
    if kind != "sysfs":
        return f"{kind} {name}", []
    short = name.removeprefix(f"{CPU}/")
    match = re.match(r"(?:cpufreq/)?(policy|cpu)(\d+)", short)
    return (short, []) if match is None else (f"{match[1]}#{short[match.end() :]}", [int(match[2])])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit prepare`."""
    parser.add_argument("action", choices=("show", "apply", "restore"), help="what to do with the settings")
    parser.add_argument("--governor", metavar="NAME", help="cpufreq governor of every processor, such as performance")
    parser.add_argument(
        "--frequency", type=parse_frequency, metavar="N", help="lower and upper limit in one, with its unit: 2.4GHz"
    )
    parser.add_argument("--no-turbo", action="store_true", help="no frequency above the base frequency")
    parser.add_argument("--no-smt", action="store_true", help="one hardware thread per core")
    parser.add_argument("--no-swap", action="store_true", help="turn every active swap area off")
    parser.add_argument(
        "--stop", nargs="+", action="extend", default=[], metavar="UNIT", help="timers and services to stop"
    )
    parser.add_argument("--rights", choices=SOURCES, help="let a user read this source of energy: docs/machine.md")
    parser.add_argument("--user", metavar="NAME", help="who gets the rights (default: who calls, or who calls sudo)")
    parser.add_argument(
        "--state", type=Path, default=STATE, metavar="FILE", help=f"where the present state is saved (default: {STATE})"
    )
    parser.add_argument("--sysfs", type=Path, default=Path("/sys"), help=argparse.SUPPRESS)
    parser.add_argument("--proc", type=Path, default=Path("/proc"), help=argparse.SUPPRESS)
    parser.add_argument("--lock", type=Path, help=argparse.SUPPRESS)


def _caller() -> str:
    """Who called, through sudo or without.

    Raises:
        ErgitError: the caller has no name here, or is root.
    """
    try:
        name = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise ErgitError(f"The user {os.getuid()} has no name here: say who gets the rights by --user.") from None
    if name == "root":
        raise ErgitError("root has every right already: say who gets the rights by --user.")
    return name


def run(asked: argparse.Namespace) -> None:
    """Does what the command line asks for, and prints what it did; changes nothing while somebody measures.

    Raises:
        ErgitError: the words contradict each other, a setting is not offered, or it does not take the value.
    """
    rights = Rights(asked.rights, asked.user or _caller()) if asked.rights else None
    request = Request(
        asked.governor, asked.frequency, asked.no_turbo, asked.no_smt, asked.no_swap, tuple(asked.stop), rights
    )
    machine = Machine(asked.sysfs, asked.proc)
    if asked.user and not rights:
        raise ErgitError("--user says who gets the rights: name them with --rights too.")
    if asked.action == "restore" and request != Request():
        raise ErgitError("restore takes no settings: it brings back all that was changed. Leave them out.")
    if asked.action == "apply" and request == Request():
        raise ErgitError("apply needs at least one setting: see ergit prepare --help.")
    if asked.action == "show":
        print("\n".join(show(machine, request, asked.state)))
        return
    with measuring_lock(asked.lock or lock_path()):
        if asked.action == "restore":
            lines = restore(machine, asked.state)
        else:
            lines = apply(machine, request, asked.state, datetime.now(UTC).isoformat(timespec="seconds"))
    print("\n".join(lines))
