"""The fixes as ergit prints them, for a user without rights, and what the measured commands get of these rights."""

import pwd
import subprocess
from pathlib import Path

from ergit.energy import perf, pmu, zones
from tests.guest.guest import check, load

PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
ERGIT = "export PYTHONPATH=/opt/ergit PATH=$PATH:/usr/sbin; cd /opt/ergit"
WINDOW = "python3 -m tests.guest.jobs.one_window"
PERFMON = pmu.NO_RIGHT.split("alone (Linux 5.8 or newer): ")[1].split(" snakemake")[0] + " PYTHONPATH=$PYTHONPATH"
SETCAP = perf.NO_RIGHT.split("perf-security.rst): ")[1].split(", and log in again")[0]
GROUP = zones.NO_RIGHT.split("Let a group read it: ")[1].split(", put the line")[0]
RULE = zones.NO_RIGHT.split("put the line ")[1].split(" into /etc")[0]
TRIGGER = zones.NO_RIGHT.split("70-rapl.rules, run ")[1].split(" and log in again")[0]
"""The commands in the fixes that ergit prints."""


def as_ann(script: str) -> str:
    """What a login of the user prints."""
    command = ["su", "-", "ann", "-c", f"{ERGIT}; {script}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{done.stdout} {done.stderr}"


def main() -> None:
    """Without rights, each source refuses; with its fix, it measures."""
    Path("/etc/sudoers.d/ann").write_text("ann ALL=(ALL) NOPASSWD: ALL\n")
    pwd.getpwnam("ann")
    load()
    PARANOID.write_text("2")
    for source in ("pmu", "perf", "powercap"):
        found = as_ann(f"{WINDOW} {source}")
        check(
            f"{source}: refused without the right, with a fix",
            right="REFUSED" in found and "sudo" in found,
            found=found,
        )
    found = as_ann(f"{PERFMON} {WINDOW} pmu")
    check("pmu: CAP_PERFMON alone suffices", right="COUNTED" in found, found=found)
    found = as_ann(f"{PERFMON} python3 -m tests.guest.jobs.capabilities")
    check(
        "the measured command gets no capability",
        right="CapEff 0000000000000000 CapAmb 0000000000000000" in found,
        found=found,
    )
    as_ann(SETCAP)
    found = as_ann(f"{WINDOW} perf")
    check("perf: a capability of its file suffices", right="COUNTED" in found, found=found)
    subprocess.run(["/lib/systemd/systemd-udevd", "--daemon"], check=True)
    Path("/etc/udev/rules.d").mkdir(parents=True, exist_ok=True)
    Path("/etc/udev/rules.d/70-rapl.rules").write_text(f"{RULE}\n")
    as_ann(f"{GROUP} && {TRIGGER} && sudo udevadm settle")
    found = as_ann(f"{WINDOW} powercap")
    check("powercap: a group by a udev rule suffices", right="COUNTED" in found, found=found)


if __name__ == "__main__":
    main()
