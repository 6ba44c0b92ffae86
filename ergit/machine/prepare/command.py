"""Prepares this machine for measuring, and takes that back: `ergit prepare`."""

import argparse
import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from ergit.errors import ErgitError
from ergit.machine.kernel import Machine
from ergit.machine.knobs import CPU, ranges
from ergit.machine.lock import lock_path, measuring_lock
from ergit.machine.prepare import plan as preparation
from ergit.machine.prepare.plan import Left, Plan, Wish
from ergit.machine.prepare.saved_state import STATE, SavedState, held, load, merge, remove, store
from ergit.machine.prepare.targets import read_target

KILOHERTZ = {"khz": 1, "mhz": 1_000, "ghz": 1_000_000}
AS_ROOT = "sudo $(command -v ergit) prepare"


def apply_command(wish: Wish) -> str:
    """The command line that applies the wish, as root, with the very `ergit` that is first on PATH."""
    options = {
        "--governor": wish.governor,
        "--frequency": wish.frequency_kilohertz and f"{wish.frequency_kilohertz / 1000:g}MHz",
        "--no-turbo": wish.no_turbo,
        "--no-smt": wish.no_smt,
        "--no-swap": wish.no_swap,
        "--stop": shlex.join(wish.stop),
    }
    words = [name if value is True else f"{name} {value}" for name, value in options.items() if value]
    return " ".join([AS_ROOT, "apply", *words])


def parse_frequency(text: str) -> int:
    """Kilohertz, from a number with its unit: `2.4GHz`, `2400 MHz`; raises ArgumentTypeError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]hz)", text.strip(), re.IGNORECASE)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no frequency with its unit, such as 2.4GHz or 2400MHz")
    return int(Decimal(match[1]) * KILOHERTZ[match[2].lower()])


def apply(machine: Machine, wish: Wish, state: Path, when: str) -> list[str]:
    """Takes the steps of the wish, after the state was saved, and describes what was done.

    Raises ErgitError if a step fails: all steps are taken back then, or the error lists what is left changed.
    """
    with held(state):
        saved = load(state)
        planned = preparation.plan(machine, wish)
        if not planned.steps:
            return [*planned.notes, "Nothing to do."]
        _check_rights(machine, planned, wish)
        store(state, merge(saved, planned, when, machine.boot()))
        try:
            left = preparation.apply(machine, planned)
        except KeyboardInterrupt:
            left = (Left("apply", "finished", "interrupted", "it was asked to stop"),)
        if left:
            _take_back(machine, planned, saved, state, left)
        return [
            *_changes(planned),
            *planned.notes,
            f"Done. The earlier state is kept in {state}; `restore` brings it back, also after a reboot.",
        ]


def restore(machine: Machine, state: Path) -> list[str]:
    """Brings the saved state back, removes its file, and gives what there is to tell, a reboot's share included.

    Raises ErgitError with what could not be brought back; the saved state is kept then.
    """
    with held(state):
        saved = load(state)
        if saved is None:
            return [f"Nothing to restore: there is no saved state in {state}."]
        rebooted = saved.boot != machine.boot()
        before = {target: read_target(machine, target) for target in saved.saved}
        gone = [target for target, value in before.items() if rebooted and value is None]
        left = preparation.bring(machine, {key: value for key, value in saved.saved.items() if key not in gone})
        if left:
            raise ErgitError(
                f"{len(left)} of {len(saved.saved)} settings could not be brought back, the others were: "
                + "; ".join(map(str, left))
                + f". Fix the cause and call restore again, or set these by hand and remove {state}."
            )
        remove(state)
    return [
        *([f"The machine was booted anew since it was prepared on {saved.when}."] if rebooted else []),
        *(_story(saved, before, gone, rebooted)),
        f"Done: all is as it was on {saved.when}.",
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


def show(machine: Machine, wish: Wish, state: Path) -> list[str]:
    """What `apply` would do, or how the settings stand where nothing is wished for; changes nothing."""
    saved = load(state)
    in_force = [f"A preparation of {saved.when} is in force; the earlier state is in {state}."] if saved else []
    if wish == Wish():
        current = preparation.present(machine)
        rows = grouped((target, value, "") for target, value in current.items())
        return [*in_force, *columns([["setting", "now", ""], *rows])]
    planned = preparation.plan(machine, wish)
    if not planned.steps:
        return [*in_force, *planned.notes, "Nothing to do."]
    return [*in_force, "This would be changed, as root:", *_changes(planned), *planned.notes]


def _changes(planned: Plan) -> list[str]:
    rows = grouped((step.target, step.before, step.after) for step in planned.steps)
    return columns([["setting", "now", "then"], *rows])


def _story(saved: SavedState, before: Mapping[str, str | None], gone: Sequence[str], rebooted: bool) -> list[str]:
    """What the machine had undone by itself, what a reboot took away, and what was written just now."""
    undone = [(target, saved.saved[target], "") for target in saved.applied if before[target] == saved.saved[target]]
    written = [
        (target, value, saved.saved[target])
        for target, value in before.items()
        if value is not None and value != saved.saved[target]
    ]
    by_whom = "by the reboot" if rebooted else "by someone else"
    return [
        *(f"already undone {by_whom}: {label} is {value}" for label, value, _ in grouped(undone)),
        *(f"not there any more: {label}" for label, *_ in grouped((target, "", "") for target in gone)),
        *(f"restored: {label} from {value} to {earlier}" for label, value, earlier in grouped(written)),
    ]


def _take_back(machine: Machine, planned: Plan, saved: SavedState | None, state: Path, left: Sequence[Left]) -> None:
    still = preparation.bring(machine, planned.saved)
    why = "; ".join(map(str, left))
    if still:
        raise ErgitError(
            f"Not prepared: {why}. Taking it back failed too, and this is left: {'; '.join(map(str, still))}. "
            f"The earlier state is kept in {state}: fix the cause and call restore."
        )
    if saved is None:
        remove(state)
    else:
        store(state, saved)
    raise ErgitError(f"Not prepared: {why}. Everything that had been changed was taken back.")


def _check_rights(machine: Machine, planned: Plan, wish: Wish) -> None:
    files = [machine.sysfs / step.target[6:] for step in planned.steps if step.target.startswith("sysfs:")]
    barred = [path for path in files if not os.access(path, os.W_OK, effective_ids=True)]
    if barred:
        is_root = os.geteuid() == 0
        why = "it is read-only here, as in a container" if is_root else "this needs root"
        fix = "Prepare the host itself." if is_root else f"Call it as root: {apply_command(wish)}"
        raise ErgitError(f"{barred[0]} may not be written: {why}. Nothing was changed. {fix}")


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
    parser.add_argument("action", choices=("show", "apply", "restore"))
    parser.add_argument("--governor", help="cpufreq governor of every processor, such as performance")
    parser.add_argument("--frequency", type=parse_frequency, help="lower and upper limit at once, with unit: 2.4GHz")
    parser.add_argument("--no-turbo", action="store_true", help="no frequency above the base frequency")
    parser.add_argument("--no-smt", action="store_true", help="one hardware thread a core")
    parser.add_argument("--no-swap", action="store_true", help="turn every active swap area off")
    parser.add_argument("--stop", nargs="+", action="extend", default=[], metavar="UNIT", help="timers and services")
    parser.add_argument("--state", type=Path, default=STATE, help=f"where the earlier state is kept ({STATE})")
    parser.add_argument("--sysfs", type=Path, default=Path("/sys"), help=argparse.SUPPRESS)
    parser.add_argument("--proc", type=Path, default=Path("/proc"), help=argparse.SUPPRESS)
    parser.add_argument("--lock", type=Path, help=argparse.SUPPRESS)


def run(asked: argparse.Namespace) -> None:
    """Does what the command line asks for, and prints it; changes something only between measurements.

    Raises:
        ErgitError: what stands against it.
    """
    wish = Wish(asked.governor, asked.frequency, asked.no_turbo, asked.no_smt, asked.no_swap, tuple(asked.stop))
    machine = Machine(asked.sysfs, asked.proc)
    if asked.action == "restore" and wish != Wish():
        raise ErgitError("restore brings back all that was changed and takes no settings. Leave them out.")
    if asked.action == "apply" and wish == Wish():
        raise ErgitError("apply needs at least one setting: see ergit prepare --help")
    if asked.action == "show":
        print("\n".join(show(machine, wish, asked.state)))
        return
    with measuring_lock(asked.lock or lock_path()):
        if asked.action == "restore":
            lines = restore(machine, asked.state)
        else:
            lines = apply(machine, wish, asked.state, datetime.now(UTC).isoformat(timespec="seconds"))
    print("\n".join(lines))
