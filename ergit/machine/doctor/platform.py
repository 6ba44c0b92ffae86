"""What kind of machine it is, whether it has room, and whether it has the programs that a study calls."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ergit.energy.source import OUTSIDE
from ergit.java.jdks import jdks_here
from ergit.machine import conditions
from ergit.machine.doctor.check import Check, CheckRoots
from ergit.machine.kernel import text_of
from ergit.processes.cgroups import fresh_cgroup, own_cgroup

LEAST_FREE_BYTES = 100_000_000
COMFORTABLE_FREE_BYTES = 2_000_000_000
STEADY_CLOCKS = {"tsc", "arch_sys_counter", "kvm-clock", "timebase", "tod", "riscv_clocksource"}


def machine_checks(roots: CheckRoots) -> Iterator[Check]:
    """What kind of machine it is, and what its kernel offers beside the counters."""
    yield virtual_machine(roots)
    yield supply(roots)
    yield clock(roots)
    yield process_trees(roots)
    yield recorded_conditions(roots)


def folder_checks(roots: CheckRoots) -> Iterator[Check]:
    """Room in the folders that a study writes to, and the right to use them."""
    yield free_space("room for results", roots.results)
    yield free_space("room for builds", roots.temporary)
    yield running_builds(roots.temporary)


def program_checks(roots: CheckRoots) -> Iterator[Check]:
    """The programs that ergit calls."""
    for name in ("git", "tar", "bash"):
        program = shutil.which(name)
        if program:
            yield Check(name, "ok", program)
        else:
            yield Check(name, "fatal", "not on PATH", "Nothing works without it.", f"sudo apt install {name}")
    yield jdk(roots)


def virtual_machine(roots: CheckRoots) -> Check:
    """Whether this is a guest of a hypervisor (CPUID leaf 1, shown among the flags in /proc/cpuinfo)."""
    flags = re.search(r"^flags\s*:(.*)$", text_of(roots.proc / "cpuinfo") or "", re.MULTILINE)
    vendor = text_of(roots.sysfs / "class/dmi/id/sys_vendor") or ""
    if not (flags and "hypervisor" in flags[1].split()) and text_of(roots.sysfs / "hypervisor/type") is None:
        return Check("virtual machine", "ok", "no")
    return Check(
        "virtual machine",
        "warn",
        f"yes, {vendor}" if vendor else "yes",
        "The host runs other guests on the same cores: durations move with what these do.",
        OUTSIDE,
    )


def supply(roots: CheckRoots) -> Check:
    """Where the current comes from."""
    try:
        found = conditions.supply(roots.machine)
    except conditions.AbsentError:
        return Check("supply", "ok", "not described, as on most desktops and servers")
    if found != "battery":
        return Check("supply", "ok", str(found))
    return Check(
        "supply",
        "warn",
        "battery",
        "On battery the firmware limits power and frequency, and the limits move with the charge.",
        "Plug the machine in.",
    )


def clock(roots: CheckRoots) -> Check:
    """Whether the kernel's clock can be read without leaving the process."""
    name = text_of(roots.sysfs / "devices/system/clocksource/clocksource0/current_clocksource")
    if name is None:
        return Check("clock", "missing", "unknown", "The cost of reading the clock cannot be judged.")
    if name in STEADY_CLOCKS:
        return Check("clock", "ok", name)
    offered = text_of(roots.sysfs / "devices/system/clocksource/clocksource0/available_clocksource") or name
    return Check(
        "clock",
        "warn",
        name,
        f"Each reading of the clock {name} is a slow call into the kernel, which costs a workload that asks often.",
        f"See why the kernel gave up its fast clock (it offers: {offered}): sudo dmesg | grep -i clocksource",
    )


def process_trees(roots: CheckRoots) -> Check:
    """Whether a command can be put into a cgroup of its own."""
    with fresh_cgroup(own_cgroup(roots.proc)) as cgroup:
        if cgroup is not None:
            return Check("process trees", "ok", "cgroup v2")
    return Check(
        "process trees",
        "warn",
        "no cgroup v2 that may be used",
        "Children are found by their parents instead: all are ended, but the CPU time of one that detaches itself and "
        "ends early may be missed.",
        "Start the study in a scope of its own: systemd-run --user --scope -p Delegate=yes ergit run",
    )


def free_space(name: str, folder: Path) -> Check:
    """Free space of the file system that the folder is, or will be, on."""
    existing = nearest(folder)
    if not os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
        return Check(
            name,
            "fatal",
            f"{existing} cannot be written to",
            "A study that cannot write a build or a record stops.",
            f"Fix the rights of {existing}, or use another folder (TMPDIR for builds).",
        )
    free = shutil.disk_usage(existing).free
    found = f"{free / 1e9:.1f} GB free in {folder}"
    if free >= COMFORTABLE_FREE_BYTES:
        return Check(name, "ok", found)
    if free < LEAST_FREE_BYTES:
        found = f"{free / 1e6:.0f} MB free in {folder}, and at least {LEAST_FREE_BYTES / 1e6:.0f} MB are needed"
    return Check(
        name,
        "warn" if free >= LEAST_FREE_BYTES else "fatal",
        found,
        "A build or a record that does not fit stops the study.",
        f"Free some space (df -h {existing}), or use another disk (TMPDIR for builds).",
    )


def running_builds(folder: Path) -> Check:
    """Whether programs may be run from the folder in which commits are built."""
    if not os.statvfs(nearest(folder)).f_flag & os.ST_NOEXEC:
        return Check("running builds", "ok", f"allowed in {folder}")
    return Check(
        "running builds",
        "warn",
        f"not allowed in {folder} (mounted noexec)",
        "Commits are built and run there: scripts and programs of a commit fail with `Permission denied`.",
        "Set TMPDIR to a folder on a disk from which programs may be run.",
    )


def nearest(folder: Path) -> Path:
    """The folder, or that of its parents that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def jdk(roots: CheckRoots) -> Check:
    """The JDKs that are found without the study's own search paths."""
    found = jdks_here((), roots.root)
    if found:
        return Check("JDK", "ok", ", ".join(f"{each.version} in {each.home}" for each in found))
    return Check(
        "JDK",
        "missing",
        "none found",
        "Java projects cannot be built, unless `java.search` names a folder that has a JDK.",
        "sudo apt install default-jdk-headless",
    )


def recorded_conditions(roots: CheckRoots) -> Check:
    """Which of the conditions that make a session are not known here."""
    now = conditions.conditions(roots.machine)
    unknown = [name for name in now.lasting if name in now.missing]
    known = len(now.lasting) - len(unknown)
    if not unknown:
        return Check("conditions", "ok", f"all {known} that make a session are known")
    return Check(
        "conditions",
        "missing",
        f"{known} of those that make a session are known; unknown are {', '.join(unknown)}",
        "Readings taken under different values of these cannot be kept apart afterwards.",
    )
