"""Every fix of a missing right, as ergit prints it, run by a user without rights, and a window taken after it."""

import json
import re
import subprocess
from pathlib import Path

from tests.guest.guest import check, load

PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
USERS = ("ann", "bob")
ERGIT = "export PYTHONPATH=/opt/ergit:/opt/packages PATH=$PATH:/usr/sbin; cd /opt/ergit"
WINDOW = "python3 -m tests.guest.jobs.one_window"
RESTORE = "sudo $(command -v ergit) prepare restore"
PERF = Path("/usr/bin/perf")
MAINLINE, DEBIAN = 2, 3
"""The strictest levels of perf_event_paranoid of each."""
SCRIPT = '#!/bin/bash\nexec "/usr/bin/perf_$(uname -r | cut -d. -f1,2)" "$@"\n'  # as older Debian's and Ubuntu's
COUNTS = "This machine can measure what these settings ask for."


def login(script: str, user: str = "ann") -> str:
    """What a login of the user prints."""
    command = ["su", "-", user, "-c", f"{ERGIT}; {script}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{done.stdout} {done.stderr}"


def window(settings: str = "auto", user: str = "ann") -> str:
    """What a window of a source says, or of settings as JSON."""
    return login(f"{WINDOW} '{settings}'", user)


def doctor(settings: str = "{}", user: str = "ann", before: str = "") -> str:
    """What the doctor says of settings as JSON, started by a command before it."""
    return login(f"cd; {before}ergit doctor --measure '{settings}'", user)


def command_in(refusal: str) -> str:
    """The command of the only fix in an error, from `sudo` to the end of the sentence."""
    found = re.findall(r"To fix [\w ]+: [^$]*?(sudo .*?)\.(?: Or set [^\n]*)?\s*$", refusal, re.MULTILINE)
    return found[0] if len(found) == 1 else f"echo {len(found)} fixes in the error"


def a_source_and_its_fix(source: str, level: int, reason: str) -> None:
    """Refused for the right reason; the fix helps, and restored, it is refused again; the doctor says the same."""
    what, settings = f"{source} at level {level}", json.dumps({"source": source})
    refusal = window(source)
    check(f"{what}: refused for its reason", right="REFUSED" in refusal and reason in refusal, found=refusal)
    fix = command_in(refusal)
    if level == DEBIAN:
        told = doctor(settings)
        check(f"{what}: the doctor prints it too", right=told.count(fix) == 1 and reason in told, found=told[:400])
    before = "" if source != "pmu" else fix.split("snakemake …")[0] + "PYTHONPATH=$PYTHONPATH "
    done = login(fix) if not before else ""
    found = login(f"{before}{WINDOW} {source}")
    check(f"{what}: its fix gives a reading", right="COUNTED" in found, found=f"{fix} | {done} | {found}")
    if level == DEBIAN:
        told = doctor(settings, before=before)
        is_content = COUNTS in told and "--rights" not in told
        check(f"{what}: then the doctor asks for no right", right=is_content, found=told[:400])
    if before:
        PARANOID.write_text(str(level))
        return
    restored = login(RESTORE)
    found = window(source)
    check(f"{what}: without the fix it is refused again", right="REFUSED" in found, found=f"{restored} | {found}")


def auto(level: int) -> None:
    """Of three sources without a right the error prints one fix, of the least right."""
    refusal = window()
    fix = command_in(refusal)
    check(
        f"auto at level {level}: one fix, for powercap",
        right=fix == "sudo $(command -v ergit) prepare apply --rights powercap",
        found=refusal,
    )
    done = login(fix)
    found = window()
    check(f"auto at level {level}: it gives a reading", right="COUNTED" in found, found=f"{done} | {found}")
    told = doctor()
    check(
        f"auto at level {level}: the doctor asks for no right",
        right=COUNTS in told and "--rights" not in told,
        found=told,
    )
    found = window(user="bob")
    check(f"auto at level {level}: another user has no right by it", right="REFUSED" in found, found=found)
    login(RESTORE)


def everybody() -> None:
    """`prepare apply --rights pmu` lets all count, until it is restored."""
    done = login("sudo $(command -v ergit) prepare apply --rights pmu")
    check("prepare, pmu: it gives a reading", right="COUNTED" in window("pmu"), found=done)
    done = login(RESTORE)
    check("prepare, pmu: restored", right=PARANOID.read_text() == "3\n" and "REFUSED" in window("pmu"), found=done)


def perf_behind_a_script() -> None:
    """The capability is given to the program that the script starts; who is not of the group reads how to join."""
    version = ".".join(Path("/proc/sys/kernel/osrelease").read_text().split(".")[:2])
    real = PERF.with_name(f"perf_{version}")
    PERF.rename(real)
    PERF.write_text(SCRIPT)
    PERF.chmod(0o755)
    done = login(command_in(window("perf")))
    found = window("perf")
    check("perf, a script: the fix gives a reading", right="COUNTED" in found, found=f"{done} | {found}")
    capable = login(f"getcap {real} {PERF}")
    check("perf, a script: the program has the capability", right=f"{real} cap_perfmon=ep" in capable, found=capable)
    refusal = window("perf", "bob")
    fix = command_in(refusal)
    check(
        "perf: a user outside of the group is told of it",
        right="may be run by the group ann alone" in refusal and "PATH" not in refusal,
        found=refusal,
    )
    done = login(fix, "bob")
    found = window("perf", "bob")
    check("perf: having joined the group, a reading", right="COUNTED" in found, found=f"{fix} | {done} | {found}")
    done = login(RESTORE)
    left = f"{oct(real.stat().st_mode)} {real.group()} {login(f'getcap {real}')}"
    check("perf: restored, as it was", right=left.split() == ["0o100755", "root"], found=f"{done} | {left}")
    real.rename(PERF)


def other_machines() -> None:
    """psys alone, a masked tree, a range for root alone, a range that is too small."""
    load(events=8, zones=8)
    refusal = window()
    done = login(command_in(refusal))
    found = window()
    check(
        "psys alone: with the right to it, the error says by what to judge, once",
        right="psys: no right" in refusal
        and "counts psys and no package" in found
        and found.count("measure.judged: psys") == 1
        and "--rights" not in found,
        found=f"{refusal} | {done} | {found}",
    )
    told = doctor()
    check("psys alone: so does the doctor", right=told.count("Set measure.judged: psys") == 1, found=told[:500])
    settings = json.dumps({"judged": "psys"})
    found, told = window(settings), doctor(settings)
    check("psys alone: judged by it, a reading", right="COUNTED" in found and COUNTS in told, found=found)
    load()
    tree = Path("/sys/devices/virtual/powercap")
    Path("/powercap").mkdir()
    login(f"sudo mount --bind {tree} /powercap; sudo mount -t tmpfs none {tree}")
    found = window("powercap")
    check("a masked tree: refused, with how to mount it", right="set measure.powercap: /powercap" in found, found=found)
    subprocess.run(["chmod", "-R", "a+r", "/powercap/intel-rapl/intel-rapl:0"], check=False)
    found = window(json.dumps({"source": "powercap", "powercap": "/powercap"}))
    check("a masked tree: mounted elsewhere, a reading", right="COUNTED" in found, found=found)
    login(f"sudo umount {tree}; sudo umount /powercap")
    load()
    for zone in tree.glob("intel-rapl/intel-rapl:0"):
        (zone / "max_energy_range_uj").chmod(0o400)
    refusal = window("powercap")
    done = login(command_in(refusal))
    found = window("powercap")
    check(
        "a range for root alone: the fix gives a reading",
        right="no right to read" in refusal and "max_energy_range_uj" in refusal and "COUNTED" in found,
        found=f"{refusal} | {done} | {found}",
    )
    load(wrap_uj=50_000_000)
    login("sudo $(command -v ergit) prepare apply --rights powercap")
    found = window("powercap")
    check("a range of 50 J: refused as too small", right="too small" in found and "source pmu" in found, found=found)
    login(RESTORE)


def by_hand() -> None:
    """The rule of docs/machine.md that gives the right for good."""
    subprocess.run(["/lib/systemd/systemd-udevd", "--daemon"], check=True)
    page = Path("/opt/ergit/docs/machine.md").read_text()
    commands = next(block for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL) if "udev" in block)
    load()
    done = login(f"{commands}\nsudo udevadm settle")
    found = window("powercap")
    check("docs/machine.md: its udev rule gives a reading", right="COUNTED" in found, found=f"{done} | {found}")
    load()
    subprocess.run(["udevadm", "settle"], check=True)
    found = window("powercap")
    check("docs/machine.md: for good, when the counters come anew", right="COUNTED" in found, found=found)
    Path("/etc/udev/rules.d/70-ergit.rules").unlink()


def main() -> None:
    """Each source without rights, at the levels of mainline and of Debian; then what else keeps a user from reading."""
    for user in USERS:
        subprocess.run(["useradd", "-m", "-s", "/bin/bash", user], check=False, capture_output=True)
        Path(f"/etc/sudoers.d/{user}").write_text(f"{user} ALL=(ALL) NOPASSWD: ALL\n")
    load()
    for level in (MAINLINE, DEBIAN):
        PARANOID.write_text(str(level))
        for source in ("pmu", "perf"):
            a_source_and_its_fix(source, level, f"kernel.perf_event_paranoid is {level}")
    a_source_and_its_fix("powercap", DEBIAN, "no right to read /sys/class/powercap")
    found = login(f"{login_with_perfmon()} python3 -m tests.guest.jobs.capabilities")
    check(
        "the measured command gets no capability",
        right="CapEff 0000000000000000 CapAmb 0000000000000000" in found,
        found=found,
    )
    PARANOID.write_text(str(DEBIAN))
    auto(DEBIAN)
    everybody()
    perf_behind_a_script()
    other_machines()
    by_hand()


def login_with_perfmon() -> str:
    """What starts a program with CAP_PERFMON, as the error prints it."""
    return command_in(window("pmu")).split("snakemake …")[0] + "PYTHONPATH=$PYTHONPATH"


if __name__ == "__main__":
    main()
