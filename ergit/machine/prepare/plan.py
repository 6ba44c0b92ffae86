"""The power settings of a machine: how they stand, the writes that a wish asks for, and the way back."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ergit.errors import ErgitError
from ergit.machine.kernel import Machine, text_of
from ergit.machine.prepare.targets import (
    RUNNING,
    STOPPED_ALONG,
    UNIT_NAME,
    RefusalError,
    SwapArea,
    read_target,
    swaps,
    unit,
    write_target,
)

PROCESSORS = "devices/system/cpu"
PASSES = 2
RESTORING_ORDER = (
    "control",  # SMT first: the settings of an offline processor can't be written
    "online",
    "no_turbo",
    "min_perf_pct",
    "max_perf_pct",
    "boost",
    "scaling_governor",
    "scaling_setspeed",  # only the governor `userspace` has it
    "energy_performance_preference",  # barred while the governor is `performance`
    "scaling_min_freq",
    "scaling_max_freq",
)
POLICY_SETTINGS = RESTORING_ORDER[5:]
SYSFS_NAME = re.compile(rf"{PROCESSORS}/(?:[a-z_]+/|cpufreq/policy\d+/|cpu\d+/)(?:{'|'.join(RESTORING_ORDER)})")


@dataclass(frozen=True)
class Wish:
    """What a person wants of the machine; what is left at its default is not touched."""

    governor: str | None = None
    frequency_kilohertz: int | None = None
    no_turbo: bool = False
    no_smt: bool = False
    no_swap: bool = False
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One setting that is to go from one value to another."""

    item: str
    target: str
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    """The steps of a wish, the present value of all that they may disturb, in restoring order, and what to tell."""

    steps: tuple[Step, ...]
    saved: dict[str, str]
    notes: tuple[str, ...]

    @property
    def wanted(self) -> dict[str, str]:
        """The value that each target is to have, in the order of the writes."""
        return {step.target: step.after for step in self.steps}


@dataclass(frozen=True)
class Left:
    """A setting that could not be brought to its value."""

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
        return SYSFS_NAME.fullmatch(name) is not None
    if kind == "swap":
        return name.startswith("/")
    return kind == "unit" and UNIT_NAME.fullmatch(name) is not None and not name.startswith("-")


def in_restoring_order(values: Mapping[str, str]) -> dict[str, str]:
    """The same values: processors first, then swap by falling priority as it was saved, then units."""

    def rank(target: str) -> int:
        kind, _, name = target.partition(":")
        if kind == "sysfs":
            return RESTORING_ORDER.index(name.rpartition("/")[2])
        return len(RESTORING_ORDER) + (kind == "unit")

    return {target: values[target] for target in sorted(values, key=rank)}


def bring(machine: Machine, wanted: Mapping[str, str]) -> tuple[Left, ...]:
    """Brings every target to its value, in order, and gives those that did not get there.

    A second pass writes again what still differs, since one setting can bar or clip another: a minimum above the
    present maximum, a limit above the base frequency while turbo is off.
    """
    reasons: dict[str, str] = {}
    for _ in range(PASSES):
        for target, value in wanted.items():
            if read_target(machine, target) == value:
                continue
            reasons[target] = "the write was taken, but had no effect"
            try:
                write_target(machine, target, value)
            except RefusalError as refusal:
                reasons[target] = str(refusal)
    found = {target: read_target(machine, target) for target in wanted}
    return tuple(
        Left(target, value, found[target], reasons.get(target, "it changed again by itself"))
        for target, value in wanted.items()
        if found[target] != value
    )


def apply(machine: Machine, planned: Plan) -> tuple[Left, ...]:
    """Takes the steps item by item and stops after the first item that did not get there: gives what is wrong with it.

    Each item is checked before the next, since the settings of a processor that SMT takes away can't be read any more.
    """
    for _, steps in groupby(planned.steps, key=lambda step: step.item):
        left = bring(machine, {step.target: step.after for step in steps})
        if left:
            return left
    return ()


def plan(machine: Machine, wish: Wish) -> Plan:
    """What the wish changes here, services first, since some of them set the governor themselves.

    Raises ErgitError for a value that this machine does not offer.
    """
    shares = [
        _stop_share(wish.stop) if wish.stop else None,
        _swap_share(machine) if wish.no_swap else None,
        _governor_share(machine, wish.governor) if wish.governor is not None else None,
        _turbo_share(machine) if wish.no_turbo else None,
        _frequency_share(machine, wish.frequency_kilohertz) if wish.frequency_kilohertz is not None else None,
        _smt_share(machine) if wish.no_smt else None,
    ]
    steps: list[Step] = []
    saved: dict[str, str] = {}
    notes: list[str] = []
    for share in shares:
        if share is None:
            continue
        notes += share.notes
        changes = [step for step in share.steps if step.before != step.after]
        if share.steps and not changes:
            notes.append(f"{share.item}: already as wanted")
        if changes:
            steps += changes
            saved |= {step.target: step.before for step in changes} | _readable(machine, share.disturbed)
    return Plan(tuple(steps), in_restoring_order(saved), tuple(notes))


def present(machine: Machine) -> dict[str, str]:
    """All the settings that this machine has and that can be read: processors, then swap."""
    readable = _readable(machine, [*_turbo_files(machine), *_smt_files(machine)])
    areas = {f"swap:{area.name}": area.value for area in _by_priority(swaps(machine.proc))}
    return in_restoring_order(readable | areas)


def policies(sysfs: Path) -> tuple[str, ...]:
    """The cpufreq policies, as paths below sysfs, by number; one policy rules one or more processors."""
    found = (sysfs / PROCESSORS / "cpufreq").glob("policy[0-9]*")
    return tuple(str(path.relative_to(sysfs)) for path in sorted(found, key=lambda path: int(path.name[6:])))


@dataclass(frozen=True)
class _Share:
    """What one item of a wish asks for, and the further targets that its writes may disturb."""

    item: str
    steps: tuple[Step, ...] = ()
    disturbed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _governor_share(machine: Machine, governor: str) -> _Share:
    steps, notes = [], []
    for policy in policies(machine.sysfs):
        target = f"sysfs:{policy}/scaling_governor"
        before = read_target(machine, target)
        if before is None:
            notes.append(f"governor: {policy} cannot be read, its processors are offline")
            continue
        offered = (read_target(machine, f"sysfs:{policy}/scaling_available_governors") or "").split()
        if governor not in offered:
            raise ErgitError(
                f"--governor {governor}: {policy} offers {', '.join(offered) or 'none'}. Name one of those."
            )
        steps.append(Step("governor", target, before, governor))
    if not steps and not notes:
        notes.append("governor: this machine has no cpufreq policies")
    return _Share("governor", tuple(steps), tuple(_policy_files(machine)), tuple(notes))


def _frequency_share(machine: Machine, kilohertz: int) -> _Share:
    steps, notes = [], []
    for policy in policies(machine.sysfs):
        limits = [read_target(machine, f"sysfs:{policy}/scaling_{end}_freq") for end in ("min", "max")]
        if None in limits:
            notes.append(f"frequency: {policy} cannot be read, its processors are offline")
            continue
        _check_frequency(machine, policy, kilohertz)
        steps += [
            Step("frequency", f"sysfs:{policy}/scaling_{end}_freq", str(before), str(kilohertz))
            for end, before in zip(("min", "max"), limits, strict=True)
        ]
    if not steps and not notes:
        notes.append("frequency: this machine has no cpufreq policies")
    return _Share("frequency", tuple(steps), tuple(_policy_files(machine)), tuple(notes))


def _check_frequency(machine: Machine, policy: str, kilohertz: int) -> None:
    lowest, highest = (read_target(machine, f"sysfs:{policy}/cpuinfo_{end}_freq") for end in ("min", "max"))
    if lowest and highest and not int(lowest) <= kilohertz <= int(highest):
        raise ErgitError(
            f"--frequency {kilohertz / 1000:g}MHz: {policy} goes from {int(lowest) / 1000:g} "
            f"to {int(highest) / 1000:g} MHz. Name a frequency that every processor has."
        )
    offered = (read_target(machine, f"sysfs:{policy}/scaling_available_frequencies") or "").split()
    if offered and str(kilohertz) not in offered:
        megahertz = ", ".join(f"{int(each) / 1000:g}" for each in offered)
        raise ErgitError(f"--frequency {kilohertz / 1000:g}MHz: {policy} offers {megahertz} MHz. Name one of them.")


def _turbo_share(machine: Machine) -> _Share:
    switches = {f"sysfs:{PROCESSORS}/intel_pstate/no_turbo": "1", f"sysfs:{PROCESSORS}/cpufreq/boost": "0"}
    found = {target: read_target(machine, target) for target in switches}
    if not any(found.values()):
        switches = {f"sysfs:{policy}/boost": "0" for policy in policies(machine.sysfs)}
        found = {target: read_target(machine, target) for target in switches}
    steps = [Step("turbo", target, before, switches[target]) for target, before in found.items() if before is not None]
    notes = [] if steps else ["turbo: this machine has no switch for it (no_turbo or boost)"]
    return _Share("turbo", tuple(steps), tuple(_turbo_files(machine)), tuple(notes))


def _smt_share(machine: Machine) -> _Share:
    target = f"sysfs:{PROCESSORS}/smt/control"
    before = read_target(machine, target)
    if before is None or before in {"notsupported", "notimplemented"}:
        return _Share("smt", notes=(f"smt: this machine has none ({before or 'no smt/control'})",))
    if before in {"off", "forceoff"}:
        return _Share("smt", notes=(f"smt: already as wanted ({before})",))
    return _Share("smt", (Step("smt", target, before, "off"),), tuple(_smt_files(machine)))


def _swap_share(machine: Machine) -> _Share:
    areas = _by_priority(swaps(machine.proc))
    if not areas:
        return _Share("swap", notes=("swap: none is active",))
    used = sum(area.used_kibibytes for area in areas)
    available = _available_kibibytes(machine.proc)
    if available is not None and used > available:
        raise ErgitError(
            f"--no-swap: {used} KiB are swapped out and only {available} KiB of memory are available. "
            "Close programs first, or leave swap on."
        )
    return _Share("swap", tuple(Step("swap", f"swap:{area.name}", area.value, "off") for area in areas))


def _stop_share(names: Iterable[str]) -> _Share:
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
    return _Share("stop", tuple(steps.values()), notes=tuple(notes))


def _policy_files(machine: Machine) -> Iterator[str]:
    for policy in policies(machine.sysfs):
        yield from (f"sysfs:{policy}/{name}" for name in POLICY_SETTINGS)


def _turbo_files(machine: Machine) -> Iterator[str]:
    """The switches of turbo, and the limits that the kernel may clip with them (`min_perf_pct` and the policies')."""
    yield from (f"sysfs:{PROCESSORS}/intel_pstate/{name}" for name in ("no_turbo", "min_perf_pct", "max_perf_pct"))
    yield f"sysfs:{PROCESSORS}/cpufreq/boost"
    yield from _policy_files(machine)


def _smt_files(machine: Machine) -> Iterator[str]:
    """SMT's switch and what it disturbs: turned on, it wakes processors that a person had put offline."""
    yield f"sysfs:{PROCESSORS}/smt/control"
    processors = (machine.sysfs / PROCESSORS).glob("cpu[0-9]*")
    for path in sorted(processors, key=lambda path: int(path.name[3:])):
        yield f"sysfs:{PROCESSORS}/{path.name}/online"
    yield from _policy_files(machine)


def _readable(machine: Machine, targets: Iterable[str]) -> dict[str, str]:
    values = ((target, read_target(machine, target)) for target in targets)
    return {target: value for target, value in values if value is not None and value != "<unsupported>"}


def _by_priority(areas: Iterable[SwapArea]) -> list[SwapArea]:
    return sorted(areas, key=lambda area: -area.priority)


def _available_kibibytes(proc: Path) -> int | None:
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text_of(proc / "meminfo") or "", re.MULTILINE)
    return int(match[1]) if match else None
