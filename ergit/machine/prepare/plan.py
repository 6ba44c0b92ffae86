"""What `ergit prepare` changes on a machine: the steps that a request asks for, and how they are taken and undone."""

import grp
import pwd
import re
import shutil
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ergit.energy.rights import STRICTEST_FOR_PERFMON, real_perf
from ergit.energy.source import UnavailableError
from ergit.energy.zones import named_zones
from ergit.errors import ErgitError
from ergit.machine.kernel import Machine, SwapArea, swaps, text_of, whole_number
from ergit.machine.knobs import (
    GOVERNOR,
    HIGHEST_FREQUENCY,
    LOWEST_FREQUENCY,
    MOVED_WITH_POLICIES,
    MOVED_WITH_SMT,
    MOVED_WITH_TURBO,
    SETTABLE,
    SMT,
    SMT_IS_ABSENT,
    SMT_IS_OFF,
    Knob,
    policies,
    settable,
    turbo_switch,
)
from ergit.machine.prepare.targets import (
    CAP_PERFMON,
    PARANOID,
    RIGHTS,
    RUNNING,
    STOPPED_ALONG,
    UNIT_NAME,
    RefusalError,
    read_target,
    unit,
    write_target,
)

PASSES = 2
PARANOIA = f"sysctl:{PARANOID}"


@dataclass(frozen=True)
class Rights:
    """The right to read a source, and the user who gets it."""

    source: str
    user: str


@dataclass(frozen=True)
class Request:
    """How a machine is to be set; what is left at its default is not touched."""

    governor: str | None = None
    frequency_kilohertz: int | None = None
    no_turbo: bool = False
    no_smt: bool = False
    no_swap: bool = False
    stop: tuple[str, ...] = ()
    rights: Rights | None = None


@dataclass(frozen=True)
class Step:
    """One setting that is to go from one value to another."""

    item: str
    target: str
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    """The steps of a request, the present values of all that they may change, in restoring order, and notes."""

    steps: tuple[Step, ...]
    saved: dict[str, str]
    notes: tuple[str, ...]

    @property
    def wanted(self) -> dict[str, str]:
        """The value that each target is to have, in the order of the writes."""
        return {step.target: step.after for step in self.steps}


@dataclass(frozen=True)
class NotReached:
    """A setting that did not take its value."""

    target: str
    wanted: str
    found: str | None
    reason: str

    def __str__(self) -> str:
        found = "cannot be read" if self.found is None else f"is {self.found}"
        return f"{self.target} {found}, not {self.wanted}: {self.reason}"


def is_target(text: str) -> bool:
    """Whether the text names a setting that this module knows: nothing else is ever written."""
    kind, _, name = text.partition(":")
    if kind == "sysfs":
        return settable(name) is not None
    if kind == "sysctl":
        return name == PARANOID
    if kind in RIGHTS:
        return RIGHTS[kind].fullmatch(name) is not None
    if kind == "swap":
        return name.startswith("/")
    return kind == "unit" and UNIT_NAME.fullmatch(name) is not None and not name.startswith("-")


def in_restoring_order(values: Mapping[str, str]) -> dict[str, str]:
    """The same values: processors first, then rights, swap by falling priority as it was saved, and units."""

    def rank(target: str) -> int:
        kind, _, name = target.partition(":")
        if kind == "sysfs":
            return settable(name) or 0
        return len(SETTABLE) + ("sysctl", *RIGHTS, "swap", "unit").index(kind)

    return {target: values[target] for target in sorted(values, key=rank)}


def set_all(machine: Machine, wanted: Mapping[str, str]) -> tuple[NotReached, ...]:
    """Sets every target to its value, in order, and gives those that did not take it.

    A second pass writes again what still differs, since one setting can bar or clip another: a minimum above the
    present maximum, a limit above the base frequency while turbo is off.
    """
    reasons: dict[str, str] = {}
    for _ in range(PASSES):
        for target, value in wanted.items():
            if read_target(machine, target) == value:
                continue
            reasons[target] = "the kernel took the value, but it had no effect"
            try:
                write_target(machine, target, value)
            except RefusalError as refusal:
                reasons[target] = str(refusal)
    found = {target: read_target(machine, target) for target in wanted}
    return tuple(
        NotReached(target, value, found[target], reasons.get(target, "something else changed it again"))
        for target, value in wanted.items()
        if found[target] != value
    )


def apply(machine: Machine, planned: Plan) -> tuple[NotReached, ...]:
    """Takes the steps item by item, and stops after the first item that fails: gives what failed in it.

    Each item is checked before the next, since the settings of a processor that SMT takes away can't be read any more.
    """
    for _, steps in groupby(planned.steps, key=lambda step: step.item):
        failed = set_all(machine, {step.target: step.after for step in steps})
        if failed:
            return failed
    return ()


def plan(machine: Machine, request: Request) -> Plan:
    """What the request changes here, services first, since some of them set the governor themselves.

    Raises:
        ErgitError: this machine does not offer a value that is asked for.
    """
    parts = [
        _stop_part(request.stop) if request.stop else None,
        _swap_part(machine) if request.no_swap else None,
        _governor_part(machine, request.governor) if request.governor is not None else None,
        _turbo_part(machine) if request.no_turbo else None,
        _frequency_part(machine, request.frequency_kilohertz) if request.frequency_kilohertz is not None else None,
        _smt_part(machine) if request.no_smt else None,
        _rights_part(machine, request.rights) if request.rights is not None else None,
    ]
    steps: list[Step] = []
    saved: dict[str, str] = {}
    notes: list[str] = []
    for part in parts:
        if part is None:
            continue
        notes += part.notes
        changes = [step for step in part.steps if step.before != step.after]
        if part.steps and not changes:
            notes.append(f"{part.item}: already as wanted")
        if changes:
            steps += changes
            saved |= {step.target: step.before for step in changes} | _targets(machine, part.moved)
    return Plan(tuple(steps), in_restoring_order(saved), tuple(notes))


def present(machine: Machine) -> dict[str, str]:
    """All the settings that this machine has and that can be read: processors, then rights, then swap."""
    rights = [PARANOIA, *(target for target, is_open in _counters(machine).items() if not is_open)]
    found = {target: read_target(machine, target) for target in rights}
    readable = _targets(machine, SETTABLE) | {target: value for target, value in found.items() if value is not None}
    areas = {f"swap:{area.name}": area.value for area in _by_priority(swaps(machine.proc))}
    return in_restoring_order(readable | areas)


@dataclass(frozen=True)
class _Part:
    """What one item of a request asks for, and what else the kernel may change with it."""

    item: str
    steps: tuple[Step, ...] = ()
    moved: tuple[Knob, ...] = ()
    notes: tuple[str, ...] = ()


def _governor_part(machine: Machine, governor: str) -> _Part:
    steps = []
    for target, before in _targets(machine, [GOVERNOR]).items():
        policy = target.rpartition("/")[0]
        offered = (read_target(machine, f"{policy}/scaling_available_governors") or "").split()
        if governor not in offered:
            raise ErgitError(
                f"--governor {governor}: {Path(policy).name} offers {', '.join(offered) or 'none'}. Name one of those."
            )
        steps.append(Step("governor", target, before, governor))
    return _Part("governor", tuple(steps), MOVED_WITH_POLICIES, _unread(machine, "governor", [GOVERNOR]))


def _frequency_part(machine: Machine, kilohertz: int) -> _Part:
    steps = []
    found = _targets(machine, [LOWEST_FREQUENCY, HIGHEST_FREQUENCY])
    for policy in policies(machine):
        limits = {target: before for target, before in found.items() if target.startswith(f"sysfs:{policy}/")}
        if len(limits) == 2:
            _check_frequency(machine, f"sysfs:{policy}", kilohertz)
            steps += [Step("frequency", target, before, str(kilohertz)) for target, before in limits.items()]
    notes = _unread(machine, "frequency", [LOWEST_FREQUENCY, HIGHEST_FREQUENCY])
    return _Part("frequency", tuple(steps), MOVED_WITH_POLICIES, notes)


def _unread(machine: Machine, item: str, wanted: Iterable[Knob]) -> tuple[str, ...]:
    """A note for each policy that cannot be read, or that there is none at all."""
    if not policies(machine):
        return (f"{item}: this machine has no cpufreq policies",)
    silent = [each for each in policies(machine) if any(Path(each).name not in knob.values(machine) for knob in wanted)]
    return tuple(f"{item}: {Path(each).name} cannot be read, its processors are offline" for each in silent)


def _check_frequency(machine: Machine, policy: str, kilohertz: int) -> None:
    """Does nothing where the policy, given as a target without its file, has the frequency.

    Raises:
        ErgitError: it does not.
    """
    name = Path(policy).name
    lowest, highest = (whole_number(read_target(machine, f"{policy}/cpuinfo_{end}_freq")) for end in ("min", "max"))
    if lowest is not None and highest is not None and not lowest <= kilohertz <= highest:
        raise ErgitError(
            f"--frequency {kilohertz / 1000:g}MHz: {name} goes from {lowest / 1000:g} to {highest / 1000:g} MHz. "
            "Name a frequency that every processor has."
        )
    offered = (read_target(machine, f"{policy}/scaling_available_frequencies") or "").split()
    if offered and str(kilohertz) not in offered:
        megahertz = ", ".join(f"{number / 1000:g}" for each in offered if (number := whole_number(each)) is not None)
        raise ErgitError(f"--frequency {kilohertz / 1000:g}MHz: {name} offers {megahertz} MHz. Name one of them.")


def _turbo_part(machine: Machine) -> _Part:
    switch = turbo_switch(machine)
    if switch is None:
        return _Part("turbo", notes=("turbo: this machine has no switch for it (no_turbo or boost)",))
    off = switch.raw("off")
    steps = (Step("turbo", target, before, off) for target, before in _targets(machine, [switch]).items())
    return _Part("turbo", tuple(steps), MOVED_WITH_TURBO)


def _smt_part(machine: Machine) -> _Part:
    found = _targets(machine, [SMT])
    if not found or set(found.values()) & SMT_IS_ABSENT:
        return _Part("smt", notes=(f"smt: this machine has none ({', '.join(found.values()) or 'no smt/control'})",))
    if set(found.values()) & SMT_IS_OFF:
        return _Part("smt", notes=(f"smt: already as wanted ({', '.join(found.values())})",))
    return _Part("smt", tuple(Step("smt", target, before, "off") for target, before in found.items()), MOVED_WITH_SMT)


def _swap_part(machine: Machine) -> _Part:
    areas = _by_priority(swaps(machine.proc))
    if not areas:
        return _Part("swap", notes=("swap: none is active",))
    used = sum(area.used_kibibytes for area in areas)
    available = _available_kibibytes(machine.proc)
    if available is not None and used > available:
        raise ErgitError(
            f"--no-swap: {used} KiB are swapped out and only {available} KiB of memory are available. "
            "Close programs first, or leave swap on."
        )
    return _Part("swap", tuple(Step("swap", f"swap:{area.name}", area.value, "off") for area in areas))


def _rights_part(machine: Machine, rights: Rights) -> _Part:
    try:
        user = pwd.getpwnam(rights.user)
    except KeyError:
        raise ErgitError(f"--user {rights.user}: there is no such user. Name who runs the study.") from None
    if rights.source == "powercap":
        return _powercap_part(machine, user)
    level = whole_number(read_target(machine, PARANOIA))
    if level is None:
        raise ErgitError(f"--rights {rights.source}: this kernel has no perf events. Use --rights powercap.")
    if rights.source == "pmu":
        note = "rights: every user may count for the whole machine, until it is restored (docs/machine.md)"
        return _Part("rights", (Step("rights", PARANOIA, str(level), str(min(level, 0))),), notes=(note,))
    return _perf_part(machine, user, level)


def _powercap_part(machine: Machine, user: pwd.struct_passwd) -> _Part:
    """The user becomes the owner of each counter that not everybody may read."""
    counters = _counters(machine)
    if not counters:
        raise ErgitError("--rights powercap: this machine shows no counter in /sys/class/powercap. See ergit doctor.")
    before = {target: read_target(machine, target) for target, is_open in counters.items() if not is_open}
    steps = [Step("rights", target, owner, str(user.pw_uid)) for target, owner in before.items() if owner is not None]
    if not steps:
        return _Part("rights", notes=("rights: everybody may read the counters already",))
    return _Part("rights", tuple(steps), notes=(f"rights: {user.pw_name} may read the counters, and nobody else",))


def _perf_part(machine: Machine, user: pwd.struct_passwd, level: int) -> _Part:
    """perf gets CAP_PERFMON, and only root and the user's own group may run it."""
    found = shutil.which("perf")
    program = real_perf(Path(found)) if found else None
    if program is None:
        why = (
            f"{found} is a script, and it is not known which perf it starts" if found else "perf is not on root's PATH"
        )
        raise ErgitError(f"--rights perf: {why}. Use --rights powercap.")
    group, capability = f"group:{program}", f"capability:{program}"
    mode, has = read_target(machine, group), read_target(machine, capability)
    if mode is None or has is None:
        raise ErgitError(f"--rights perf: {program} is on a file system without capabilities. Use --rights powercap.")
    bits = int(mode.split()[1], 8) & ~0o007 | 0o050
    steps = (
        Step("rights", PARANOIA, str(level), str(min(level, STRICTEST_FOR_PERFMON))),
        Step("rights", group, mode, f"{user.pw_gid} {bits:04o}"),
        Step("rights", capability, has, CAP_PERFMON),
    )
    name = _group_name(user.pw_gid)
    members = sorted({each.pw_name for each in pwd.getpwall() if each.pw_gid == user.pw_gid} | _members(user.pw_gid))
    note = f"rights: the group {name} ({', '.join(members)}) may count by perf, and nobody else may run it but root"
    return _Part("rights", steps, notes=(note,))


def _counters(machine: Machine) -> dict[str, bool]:
    """The files of powercap that a reading needs, as targets, and whether everybody may read them."""
    root = machine.sysfs / "class/powercap"
    try:
        folders = [path for _, _, path in named_zones(root, machine.proc)]
    except UnavailableError:
        return {}
    files = [path / name for path in folders for name in ("energy_uj", "max_energy_range_uj") if (path / name).exists()]
    return {f"owner:{file.relative_to(machine.sysfs)}": bool(file.stat().st_mode & stat.S_IROTH) for file in files}


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _members(number: int) -> set[str]:
    try:
        return set(grp.getgrgid(number).gr_mem)
    except KeyError:
        return set()


def _stop_part(names: Iterable[str]) -> _Part:
    steps: dict[str, Step] = {}
    notes = []
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        properties = unit(name)
        identity = properties.get("Id", name)
        if identity in steps:
            continue
        if properties.get("ActiveState") in RUNNING:
            steps[identity] = Step("stop", f"unit:{identity}", "active", "inactive")
            waiting += [each for relation in STOPPED_ALONG for each in properties.get(relation, "").split()]
        elif name in names:
            notes.append(f"stop: {name} is {'not running' if properties else 'not known to systemd here'}")
        waking = [each for each in properties.get("TriggeredBy", "").split() if each not in names]
        if identity in steps and waking:
            notes.append(f"stop: {identity} can be started again by {', '.join(waking)}, which is not named")
    return _Part("stop", tuple(steps.values()), notes=tuple(notes))


def _targets(machine: Machine, wanted: Iterable[Knob]) -> dict[str, str]:
    """The present values of the settings, by target, of those that can be read."""
    return {f"sysfs:{path}": value for knob in wanted for path, value in knob.files(machine).items()}


def _by_priority(areas: Iterable[SwapArea]) -> list[SwapArea]:
    return sorted(areas, key=lambda area: -area.priority)


def _available_kibibytes(proc: Path) -> int | None:
    match = re.search(r"^MemAvailable:\s+([0-9]+) kB", text_of(proc / "meminfo") or "", re.MULTILINE)
    return int(match[1]) if match else None
