"""The machine's preparation on copied sysfs trees: what it plans, writes, saves, and brings back exactly."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.machine.kernel import Machine, SwapArea, swaps
from ergit.machine.knobs import ranges
from ergit.machine.lock import measuring_lock
from ergit.machine.prepare.command import apply, columns, parse_frequency, restore, show
from ergit.machine.prepare.plan import Request, Rights, is_target, plan, present, set_all
from ergit.machine.prepare.saved_state import hold_state, load
from tests.fakes.another_user import another_user
from tests.fakes.commands import ERGIT
from tests.fakes.needs import needs_file_capabilities, needs_fuse, needs_root

CPU = "devices/system/cpu"
PREPARE = (*ERGIT, "prepare")
WHEN = "2026-03-01T10:00:00+00:00"
MEMORY = "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n"
SWAPS = (
    "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    "/dev/sda2                               partition\t8388604\t\t1024\t\t-2\n"
    "/swap\\040file                           file\t\t2097148\t\t0\t\t10\n"
    "/dev/zram0                              partition\t4194300\t\t0\t\t100\n"
)
NO_SWAPS = SWAPS.splitlines(keepends=True)[0]
INTEL_POLICY = {
    "scaling_governor": "powersave",
    "scaling_available_governors": "performance powersave",
    "scaling_driver": "intel_pstate",
    "scaling_min_freq": "800000",
    "scaling_max_freq": "4500000",
    "cpuinfo_min_freq": "800000",
    "cpuinfo_max_freq": "4500000",
    "scaling_setspeed": "<unsupported>",
    "energy_performance_preference": "balance_performance",
}
ACPI_POLICY = {
    "scaling_governor": "schedutil",
    "scaling_available_governors": "conservative ondemand userspace powersave performance schedutil",
    "scaling_available_frequencies": "3400000 2800000 2200000",
    "scaling_driver": "acpi-cpufreq",
    "scaling_min_freq": "2200000",
    "scaling_max_freq": "3400000",
    "cpuinfo_min_freq": "2200000",
    "cpuinfo_max_freq": "3400000",
    "scaling_setspeed": "<unsupported>",
}
AMD_POLICY = {
    "scaling_governor": "powersave",
    "scaling_available_governors": "performance powersave",
    "scaling_driver": "amd-pstate-epp",
    "scaling_min_freq": "400000",
    "scaling_max_freq": "5100000",
    "cpuinfo_min_freq": "400000",
    "cpuinfo_max_freq": "5100000",
    "energy_performance_preference": "balance_power",
    "boost": "1",
}


def policy(number: int, values: dict[str, str], **changed: str) -> dict[str, str]:
    return {f"{CPU}/cpufreq/policy{number}/{name}": value for name, value in (values | changed).items()}


def online(*values: str) -> dict[str, str]:
    return {f"{CPU}/cpu{number}/online": value for number, value in enumerate(values, start=1)}


def intel_tree() -> dict[str, str]:
    return {
        f"{CPU}/intel_pstate/no_turbo": "0",
        f"{CPU}/intel_pstate/min_perf_pct": "17",
        f"{CPU}/intel_pstate/max_perf_pct": "100",
        f"{CPU}/smt/control": "on",
        f"{CPU}/smt/active": "1",
        **online("1", "1", "1"),
        **policy(0, INTEL_POLICY),
        **policy(1, INTEL_POLICY, scaling_max_freq="3000000"),
        **policy(2, INTEL_POLICY, scaling_governor="performance", energy_performance_preference="performance"),
        **policy(10, INTEL_POLICY, scaling_min_freq="1200000"),
    }


def acpi_tree() -> dict[str, str]:
    return {
        f"{CPU}/cpufreq/boost": "1",
        f"{CPU}/smt/control": "notsupported",
        **policy(0, ACPI_POLICY),
        **policy(1, ACPI_POLICY, scaling_governor="userspace", scaling_setspeed="2800000"),
    }


def amd_tree() -> dict[str, str]:
    return {
        f"{CPU}/cpufreq/boost": "1",
        f"{CPU}/smt/control": "forceoff",
        **policy(0, AMD_POLICY),
        **policy(1, AMD_POLICY, boost="0", scaling_max_freq="3800000"),
    }


def machine(folder: Path, sysfs: dict[str, str], swap: str = NO_SWAPS, memory: str = MEMORY) -> Machine:
    proc = {"swaps": swap, "meminfo": memory, "sys/kernel/random/boot_id": "boot-1\n"}
    for root, files in (("sys", {name: f"{value}\n" for name, value in sysfs.items()}), ("proc", proc)):
        for name, text in files.items():
            path = folder / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return Machine(folder / "sys", folder / "proc")


def contents(there: Machine) -> dict[str, str]:
    paths = (path for path in there.sysfs.rglob("*") if path.is_file())
    return {str(path.relative_to(there.sysfs)): path.read_text() for path in paths}


def written(there: Machine, name: str) -> str:
    return (there.sysfs / CPU / name).read_text()


def stand_in(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins of swapon, swapoff and systemctl, first on PATH, that note their arguments in `calls`."""
    folder = tmp_path / "bin"
    note = f'echo "$(basename "$0") $*" >> {tmp_path}/calls'
    table = f"{tmp_path}/proc/swaps"
    stand_in(folder, "swapoff", f'{note}\nname="${{1// /\\\\\\\\040}}"; sed -i "\\|^$name |d" {table}')
    stand_in(
        folder,
        "swapon",
        f'{note}\npriority=-2; case "$1" in --priority=*) priority="${{1#*=}}"; shift;; esac\n'
        f'printf "%s partition\\t1\\t0\\t%s\\n" "${{1// /\\\\040}}" "$priority" >> {table}',
    )
    stand_in(
        folder,
        "systemctl",
        f"cd {tmp_path}/units || exit 1\n"
        'name="${!#}"; state="$name.state"\n'
        'case "$1" in\n'
        '  show) [ -f "$state" ] || { echo LoadState=not-found; echo ActiveState=inactive; exit 0; }\n'
        '        echo "Id=$name"; echo LoadState=loaded; echo "ActiveState=$(cat "$state")"\n'
        '        cat "$name" 2>/dev/null;;\n'
        f'  start) {note}; echo active > "$state";;\n'
        f'  stop) {note}; echo inactive > "$state";;\n'
        "esac; exit 0",
    )
    (tmp_path / "units").mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return tmp_path


def units(folder: Path, **states: str) -> None:
    for name, state in states.items():
        (folder / "units" / f"{name.replace('_', '.')}.state").write_text(f"{state}\n")


def calls(folder: Path) -> list[str]:
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("tree", [intel_tree, acpi_tree, amd_tree])
def test_every_processor_gets_the_governor_and_gets_its_own_back(tmp_path: Path, tree) -> None:
    there = machine(tmp_path, tree())
    before = contents(there)
    apply(there, Request(governor="performance"), tmp_path / "state.json", WHEN)
    governors = {name: text for name, text in contents(there).items() if name.endswith("scaling_governor")}
    assert set(governors.values()) == {"performance\n"}
    restore(there, tmp_path / "state.json")
    assert contents(there) == before


@pytest.mark.parametrize(
    ("tree", "switch", "off"),
    [
        (intel_tree, "intel_pstate/no_turbo", "1\n"),
        (acpi_tree, "cpufreq/boost", "0\n"),
        (amd_tree, "cpufreq/boost", "0\n"),
    ],
)
def test_turbo_goes_off_by_the_switch_of_the_driver(tmp_path: Path, tree, switch: str, off: str) -> None:
    there = machine(tmp_path, tree())
    apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)
    assert written(there, switch) == off


def test_a_boost_switch_per_policy_is_used_where_there_is_no_common_one(tmp_path: Path) -> None:
    there = machine(tmp_path, {**policy(0, AMD_POLICY), **policy(1, AMD_POLICY)})
    apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)
    assert [written(there, f"cpufreq/policy{number}/boost") for number in (0, 1)] == ["0\n", "0\n"]


def test_what_the_kernel_changes_along_with_turbo_comes_back_too(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)
    (there.sysfs / CPU / "intel_pstate/min_perf_pct").write_text("23\n")
    (there.sysfs / CPU / "cpufreq/policy0/scaling_max_freq").write_text("3400000\n")
    restore(there, tmp_path / "state.json")
    assert contents(there) == before


def test_a_boost_that_one_policy_had_off_stays_off_when_boost_comes_back(tmp_path: Path) -> None:
    there = machine(tmp_path, amd_tree())
    before = contents(there)
    apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)
    for number in (0, 1):
        (there.sysfs / CPU / f"cpufreq/policy{number}/boost").write_text("1\n")
    restore(there, tmp_path / "state.json")
    assert contents(there) == before


def test_the_preference_that_the_governor_performance_overrides_comes_back(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    apply(there, Request(governor="performance"), tmp_path / "state.json", WHEN)
    (there.sysfs / CPU / "cpufreq/policy0/energy_performance_preference").write_text("performance\n")
    restore(there, tmp_path / "state.json")
    assert contents(there) == before


def test_a_speed_set_by_hand_comes_back_with_the_governor_userspace(tmp_path: Path) -> None:
    there = machine(tmp_path, acpi_tree())
    before = contents(there)
    apply(there, Request(governor="performance"), tmp_path / "state.json", WHEN)
    (there.sysfs / CPU / "cpufreq/policy1/scaling_setspeed").write_text("<unsupported>\n")
    restore(there, tmp_path / "state.json")
    assert contents(there) == before


def test_a_frequency_becomes_both_limits_and_each_policy_gets_its_own_limits_back(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    apply(there, Request(frequency_kilohertz=2_400_000), tmp_path / "state.json", WHEN)
    limits = {text for name, text in contents(there).items() if name.endswith(("scaling_min_freq", "scaling_max_freq"))}
    assert limits == {"2400000\n"}
    restore(there, tmp_path / "state.json")
    assert contents(there) == before


def test_smt_goes_off_and_a_processor_that_was_offline_before_is_offline_again(tmp_path: Path) -> None:
    there = machine(tmp_path, {**intel_tree(), **online("1", "0", "1")})
    before = contents(there)
    apply(there, Request(no_smt=True), tmp_path / "state.json", WHEN)
    assert written(there, "smt/control") == "off\n"
    (there.sysfs / CPU / "cpu2/online").write_text("1\n")  # the kernel wakes every sibling
    restore(there, tmp_path / "state.json")
    assert contents(there) == before


@pytest.mark.parametrize("state", ["off", "forceoff", "notsupported", "notimplemented"])
def test_an_smt_that_is_off_or_absent_is_left_alone_with_a_note(tmp_path: Path, state: str) -> None:
    there = machine(tmp_path, {f"{CPU}/smt/control": state})
    lines = apply(there, Request(no_smt=True), tmp_path / "state.json", WHEN)
    assert state in lines[0] and lines[-1] == "Nothing to do."
    assert written(there, "smt/control") == f"{state}\n"
    assert not (tmp_path / "state.json").exists()


def test_processors_that_smt_takes_away_are_no_failure_of_the_governor(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    steps = plan(there, Request(governor="performance", no_smt=True)).steps
    assert [step.item for step in steps] == ["governor", "governor", "governor", "smt"]


@pytest.mark.usefixtures("programs")
def test_a_machine_without_any_of_the_settings_gets_a_note_for_each(tmp_path: Path) -> None:
    there = machine(tmp_path, {})
    request = Request("performance", 2_000_000, no_turbo=True, no_smt=True, no_swap=True, stop=("cron.service",))
    planned = plan(there, request)
    assert planned.steps == ()
    assert [note.partition(":")[0] for note in planned.notes] == [
        "stop", "swap", "governor", "turbo", "frequency", "smt",
    ]  # fmt: skip


def test_a_governor_that_is_not_offered_is_an_error_that_lists_those_that_are(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    with pytest.raises(ErgitError, match=r"ondemand: .*policy0 offers performance, powersave"):
        plan(there, Request(governor="ondemand"))


def test_a_frequency_out_of_range_or_not_offered_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match="800 to 4500 MHz"):
        plan(machine(tmp_path / "intel", intel_tree()), Request(frequency_kilohertz=5_000_000))
    with pytest.raises(ErgitError, match="offers 3400, 2800, 2200 MHz"):
        plan(machine(tmp_path / "acpi", acpi_tree()), Request(frequency_kilohertz=3_000_000))


def test_swap_comes_back_with_its_priorities_and_in_its_order(tmp_path: Path, programs: Path) -> None:
    there = machine(tmp_path, {}, SWAPS)
    apply(there, Request(no_swap=True), tmp_path / "state.json", WHEN)
    assert swaps(there.proc) == ()
    restore(there, tmp_path / "state.json")
    assert calls(programs)[3:] == [
        "swapon --priority=100 /dev/zram0",
        "swapon --priority=10 /swap file",
        "swapon /dev/sda2",
    ]
    assert [(area.name, area.priority) for area in swaps(there.proc)] == [
        ("/dev/zram0", 100),
        ("/swap file", 10),
        ("/dev/sda2", -2),
    ]


def test_swap_that_would_not_fit_into_memory_stays_on(tmp_path: Path, programs: Path) -> None:
    there = machine(tmp_path, {}, SWAPS, "MemAvailable:    1000 kB\n")
    with pytest.raises(ErgitError, match="1024 KiB are swapped out and only 1000 KiB"):
        plan(there, Request(no_swap=True))
    assert calls(programs) == []


def test_units_that_run_are_stopped_with_those_that_need_them_and_started_again(tmp_path: Path, programs: Path) -> None:
    units(programs, cron_service="active", needs_service="active", idle_timer="inactive")
    (programs / "units/cron.service").write_text("RequiredBy=needs.service idle.timer\nTriggeredBy=cron.timer\n")
    there = machine(tmp_path, {})
    lines = apply(there, Request(stop=("cron.service", "idle.timer", "absent.timer")), tmp_path / "state.json", WHEN)
    assert calls(programs) == ["systemctl stop -- cron.service", "systemctl stop -- needs.service"]
    assert "stop: idle.timer is not running" in lines
    assert "stop: absent.timer is not known to systemd here" in lines
    assert "stop: cron.service can be started again by cron.timer, which is not named" in lines
    restore(there, tmp_path / "state.json")
    assert calls(programs)[2:] == ["systemctl start -- cron.service", "systemctl start -- needs.service"]


def test_a_second_apply_never_overwrites_what_was_saved_first(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    state = tmp_path / "state.json"
    apply(there, Request(governor="performance"), state, WHEN)
    apply(there, Request(governor="powersave", frequency_kilohertz=2_000_000), state, "later")
    apply(there, Request(no_turbo=True, no_smt=True), state, "still later")
    saved = load(state)
    assert saved is not None and saved.when == WHEN
    restore(there, state)
    assert contents(there) == before
    assert not state.exists()


@pytest.mark.usefixtures("programs")
def test_a_failure_in_the_middle_undoes_everything(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree(), SWAPS)
    before = contents(there)
    refusing = there.sysfs / CPU / "cpufreq/policy2/scaling_governor"
    refusing.unlink()
    refusing.symlink_to("/proc/self/oom_score_adj")  # can be read, and takes no word
    with pytest.raises(ErgitError, match=r"policy2/scaling_governor .*Invalid argument.*was undone"):
        apply(there, Request(governor="performance", no_swap=True), tmp_path / "state.json", WHEN)
    name = f"{CPU}/cpufreq/policy2/scaling_governor"
    assert {**contents(there), name: ""} == {**before, name: ""}
    assert len(swaps(there.proc)) == 3
    assert not (tmp_path / "state.json").exists()


def test_a_failure_keeps_the_state_of_an_earlier_apply(tmp_path: Path, programs: Path) -> None:
    there = machine(tmp_path, intel_tree(), SWAPS)
    before = contents(there)
    state = tmp_path / "state.json"
    apply(there, Request(no_turbo=True), state, WHEN)
    saved = state.read_text()
    stand_in(programs / "bin", "swapoff", "echo 'swapoff: Cannot allocate memory' >&2; exit 255")
    with pytest.raises(ErgitError, match="Cannot allocate memory"):
        apply(there, Request(no_swap=True, no_smt=True), state, "later")
    assert state.read_text() == saved
    restore(there, state)
    assert contents(there) == before


def test_what_cannot_be_undone_is_named_and_stays_saved(tmp_path: Path, programs: Path) -> None:
    there = machine(tmp_path, {}, SWAPS)
    state = tmp_path / "state.json"
    stand_in(programs / "bin", "swapon", "echo 'swapon: read swap header failed' >&2; exit 255")
    stand_in(programs / "bin", "swapoff", f"[ $1 = /dev/sda2 ] && exit 4; sed -i '\\|^'$1' |d' {tmp_path}/proc/swaps")
    with pytest.raises(
        ErgitError, match="these are still changed: swap:/dev/zram0 is off, not on, priority 100: swapon: read"
    ):
        apply(there, Request(no_swap=True), state, WHEN)
    with pytest.raises(ErgitError, match=r"could not be restored.*swap:/dev/zram0 is off"):
        restore(there, state)
    assert state.exists()


def test_after_a_kill_in_the_middle_the_saved_state_brings_everything_back(tmp_path: Path, programs: Path) -> None:
    there = machine(tmp_path, intel_tree(), SWAPS)
    before = contents(there)
    working = (programs / "bin/swapoff").read_text()
    stand_in(programs / "bin", "swapoff", "kill -9 $PPID")
    roots = ["--sysfs", str(there.sysfs), "--proc", str(there.proc), "--state", str(tmp_path / "state.json")]
    roots += ["--lock", str(tmp_path / "lock")]
    killed = subprocess.run([*PREPARE, "apply", "--governor", "performance", "--no-swap", *roots], check=False)
    assert killed.returncode == -9
    (programs / "bin/swapoff").write_text(working)
    assert (tmp_path / "state.json").exists()
    answer = subprocess.run([*PREPARE, "restore", *roots], check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert contents(there) == before
    assert len(swaps(there.proc)) == 3


def test_nothing_is_changed_while_somebody_measures(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    words = ["apply", "--no-turbo", "--sysfs", str(there.sysfs), "--proc", str(there.proc)]
    words += ["--state", str(tmp_path / "state.json"), "--lock", str(tmp_path / "lock")]
    with measuring_lock(tmp_path / "lock"):
        waiting = subprocess.Popen([*PREPARE, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert waiting.stderr is not None
        assert waiting.stderr.readline().startswith("ergit: waits for process")
        assert contents(there) == before
    answer, _ = waiting.communicate(timeout=120)
    assert (waiting.returncode, answer.splitlines()[-1][:5]) == (0, "Done.")
    assert written(there, "intel_pstate/no_turbo") == "1\n"


def test_restore_says_what_a_reboot_undid_and_writes_the_rest(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    state = tmp_path / "state.json"
    apply(there, Request(governor="performance", no_turbo=True), state, WHEN)
    machine(tmp_path, {**intel_tree(), **policy(1, INTEL_POLICY)})  # the boot's own values: policy1 has full range
    (there.proc / "sys/kernel/random/boot_id").write_text("boot-2\n")
    lines = restore(there, state)
    assert lines[0] == f"The machine was rebooted since it was prepared on {WHEN}."
    assert "already restored by the reboot: policy0-1,10/scaling_governor is powersave" in lines
    assert "restored: policy1/scaling_max_freq from 4500000 to 3000000" in lines
    assert contents(there) == before


def test_a_setting_that_a_new_kernel_lacks_is_passed_over_with_a_note(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)
    (there.sysfs / CPU / "intel_pstate/no_turbo").unlink()
    (there.proc / "sys/kernel/random/boot_id").write_text("boot-2\n")
    assert "not there any more: intel_pstate/no_turbo" in restore(there, tmp_path / "state.json")


def test_restore_without_a_saved_state_does_nothing_and_says_so(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    assert restore(there, tmp_path / "state.json")[0].startswith("Nothing to restore")
    assert contents(there) == before


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        json.dumps({"schema": "ergit.preparation/9", "when": "", "boot": "", "former": {}, "applied": {}}),
        json.dumps(
            {
                "schema": "ergit.preparation/1",
                "when": "",
                "boot": "",
                "former": {"sysfs:devices/system/cpu/../../../../etc/passwd": "x"},
                "applied": {},
            }
        ),
    ],
)
def test_a_damaged_or_foreign_state_is_an_error_and_nothing_is_written(tmp_path: Path, damage: str) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    (tmp_path / "state.json").write_text(damage)
    with pytest.raises(ErgitError, match=r"saved state"):
        restore(there, tmp_path / "state.json")
    with pytest.raises(ErgitError, match=r"saved state"):
        apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)
    assert contents(there) == before


def test_the_state_is_saved_before_the_first_write(tmp_path: Path, programs: Path) -> None:
    there = machine(tmp_path, {}, SWAPS)
    stand_in(programs / "bin", "swapoff", f"cp {tmp_path}/state.json {tmp_path}/seen; exit 1")
    with pytest.raises(ErgitError):
        apply(there, Request(no_swap=True), tmp_path / "state.json", WHEN)
    assert json.loads((tmp_path / "seen").read_text())["former"] == {
        "swap:/dev/zram0": "on, priority 100",
        "swap:/swap file": "on, priority 10",
        "swap:/dev/sda2": "on",
    }


def test_showing_changes_nothing_and_names_each_change(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    lines = show(there, Request(governor="performance", no_smt=True), tmp_path / "none/state.json")
    assert lines == [
        "This would be changed, as root:",
        "setting                        now        then",
        "policy0-1,10/scaling_governor  powersave  performance",
        "smt/control                    on         off",
    ]
    assert contents(there) == before
    assert not (tmp_path / "none").exists()


def test_showing_with_no_wish_lists_how_things_stand_and_what_is_in_force(tmp_path: Path) -> None:
    there = machine(tmp_path, acpi_tree(), SWAPS)
    apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)
    lines = show(there, Request(), tmp_path / "state.json")
    assert lines[0].startswith(f"This machine was prepared on {WHEN}")
    assert [line.split() for line in lines if line.startswith(("cpufreq/boost", "swap /dev/zram0"))] == [
        ["cpufreq/boost", "0"],
        ["swap", "/dev/zram0", "on,", "priority", "100"],
    ]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["apply"], 1, "at least one setting"),
        (["restore", "--no-smt"], 1, "takes no settings"),
        (["apply", "--frequency", "3"], 2, "no frequency with its unit"),
    ],
)
def test_a_wrong_call_ends_with_a_sentence(words: list[str], status: int, message: str, tmp_path: Path) -> None:
    call = [*PREPARE, *words, "--state", str(tmp_path / "state.json")]
    answer = subprocess.run(call, check=False, capture_output=True, text=True)
    assert (answer.returncode, message in answer.stderr, "Traceback" in answer.stderr) == (status, True, False)


def test_without_the_right_nothing_is_written_and_root_is_asked_for(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    before = contents(there)
    for path in there.sysfs.rglob("no_turbo"):
        path.chmod(0o444)
    with another_user(tmp_path), pytest.raises(ErgitError, match=r"no_turbo .*this needs root.*sudo"):
        apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)
    assert contents(there) == before
    assert not (tmp_path / "state.json").exists()


def test_two_calls_never_write_at_once(tmp_path: Path) -> None:
    there = machine(tmp_path, intel_tree())
    with hold_state(tmp_path / "state.json"), pytest.raises(ErgitError, match="Another `ergit prepare`"):
        apply(there, Request(no_turbo=True), tmp_path / "state.json", WHEN)


def test_what_was_barred_at_first_is_written_again(tmp_path: Path, programs: Path) -> None:
    there = machine(tmp_path, {})
    working = (programs / "bin/swapon").read_text().partition("\n")[2]
    stand_in(programs / "bin", "swapon", f"[ -e {tmp_path}/tried ] || {{ touch {tmp_path}/tried; exit 1; }}\n{working}")
    assert set_all(there, {"swap:/dev/sda2": "on"}) == ()


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Machine]:
    """A machine whose /sys refuses, clips and changes along as the kernel's does; needs FUSE."""
    there = machine(tmp_path, {})
    there.sysfs.mkdir()
    with subprocess.Popen([sys.executable, "-m", "tests.fakes.kernel_sysfs", str(there.sysfs)]) as server:
        try:
            deadline = time.monotonic() + 60
            while not there.sysfs.is_mount() and server.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            assert there.sysfs.is_mount()
            yield there
        finally:
            subprocess.run(["fusermount3", "-u", str(there.sysfs)], check=False)
            server.terminate()


EVERYTHING = Request("performance", 3_000_000, no_turbo=True, no_smt=True)


@needs_fuse
@pytest.mark.parametrize(
    "requests",
    [
        [EVERYTHING],
        [Request(no_smt=True), Request(no_turbo=True), Request("performance"), Request(frequency_kilohertz=1_200_000)],
        [Request(frequency_kilohertz=4_000_000), Request(frequency_kilohertz=1_000_000), EVERYTHING],
        [Request("performance"), Request("powersave"), Request(no_turbo=True)],
    ],
)
def test_a_kernel_that_refuses_and_clips_gets_every_value_back(
    kernel: Machine, tmp_path: Path, requests: list[Request]
) -> None:
    before = present(kernel)
    for request in requests:
        apply(kernel, request, tmp_path / "state.json", WHEN)
    assert present(kernel) != before
    restore(kernel, tmp_path / "state.json")
    assert present(kernel) == before
    assert not (tmp_path / "state.json").exists()


@needs_fuse
def test_a_frequency_that_turbo_clips_is_refused_and_undone(kernel: Machine, tmp_path: Path) -> None:
    before = present(kernel)
    with pytest.raises(ErgitError, match=r"scaling_max_freq is 3400000, not 4000000: .*was undone"):
        apply(kernel, Request(no_turbo=True, frequency_kilohertz=4_000_000), tmp_path / "state.json", WHEN)
    assert present(kernel) == before


POWERCAP = "class/powercap/intel-rapl:0"
ZONE = {f"{POWERCAP}/name": "package-0", f"{POWERCAP}/energy_uj": "1", f"{POWERCAP}/max_energy_range_uj": "65712999613"}
NOBODY = 65534
CAP_PERFMON = "0100000200000000000000004000000000000000"  # bit 38


def with_level(there: Machine, level: int) -> Machine:
    (there.proc / "sys/kernel/perf_event_paranoid").write_text(f"{level}\n")
    return there


@needs_root
def test_the_right_to_powercap_makes_the_user_the_owner_of_what_not_everybody_reads_and_is_taken_back(
    tmp_path: Path,
) -> None:
    there, state = machine(tmp_path, ZONE), tmp_path / "state.json"
    counter = there.sysfs / POWERCAP / "energy_uj"
    counter.chmod(0o400)
    request = Request(rights=Rights("powercap", "nobody"))
    expected = [f"owner {POWERCAP}/energy_uj  0    65534"]
    assert show(there, request, state)[2:3] == expected
    lines = apply(there, request, state, WHEN)
    assert lines[1:3] == [*expected, "rights: nobody may read the counters, and nobody else"]
    assert counter.stat().st_uid == NOBODY
    assert (there.sysfs / POWERCAP / "max_energy_range_uj").stat().st_uid == 0
    with another_user(tmp_path):
        assert counter.read_text() == "1\n"
    assert present(there)[f"owner:{POWERCAP}/energy_uj"] == "65534"
    assert restore(there, state)[0] == f"restored: owner {POWERCAP}/energy_uj from 65534 to 0"
    assert counter.stat().st_uid == 0


@needs_root
def test_a_range_that_root_alone_may_read_is_given_with_the_counter(tmp_path: Path) -> None:
    there = machine(tmp_path, ZONE)
    for name in ("energy_uj", "max_energy_range_uj"):
        (there.sysfs / POWERCAP / name).chmod(0o400)
    apply(there, Request(rights=Rights("powercap", "nobody")), tmp_path / "state.json", WHEN)
    assert {path.stat().st_uid for path in (there.sysfs / POWERCAP).glob("*_uj")} == {NOBODY}


def test_the_right_to_the_pmu_is_a_level_that_comes_back(tmp_path: Path) -> None:
    there, state = with_level(machine(tmp_path, {}), 3), tmp_path / "state.json"
    apply(there, Request(rights=Rights("pmu", "nobody")), state, WHEN)
    assert (there.proc / "sys/kernel/perf_event_paranoid").read_text() == "0\n"
    restore(there, state)
    assert (there.proc / "sys/kernel/perf_event_paranoid").read_text() == "3\n"


@needs_root
@needs_file_capabilities
def test_perf_gets_the_capability_for_a_group_and_loses_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program that a script on PATH starts, and not the script."""
    script, program = tmp_path / "bin/perf", tmp_path / f"bin/perf_{'.'.join(platform.release().split('.')[:2])}"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    program.write_bytes(b"\x7fELF")
    for path in (script, program):
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    there, state = with_level(machine(tmp_path, {}), 4), tmp_path / "state.json"
    lines = apply(there, Request(rights=Rights("perf", "nobody")), state, WHEN)
    assert "may count by perf, and nobody else may run it but root" in lines[-2]
    assert (program.stat().st_gid, oct(program.stat().st_mode)) == (NOBODY, "0o100750")
    assert os.getxattr(program, "security.capability").hex() == CAP_PERFMON
    assert oct(script.stat().st_mode) == "0o100755"
    assert (there.proc / "sys/kernel/perf_event_paranoid").read_text() == "2\n"
    apply(there, Request(rights=Rights("perf", "root")), state, WHEN)
    assert (program.stat().st_gid, os.getxattr(program, "security.capability").hex()) == (0, CAP_PERFMON)
    restore(there, state)
    assert (program.stat().st_gid, oct(program.stat().st_mode), os.listxattr(program)) == (0, "0o100755", [])
    assert (there.proc / "sys/kernel/perf_event_paranoid").read_text() == "4\n"


@pytest.mark.parametrize(
    ("source", "user", "message"),
    [
        ("powercap", "nobody-of-that-name", "there is no such user"),
        ("powercap", "nobody", "shows no counter"),
        ("pmu", "nobody", "no perf events"),
    ],
)
def test_a_right_that_this_machine_cannot_give_is_an_error(
    tmp_path: Path, source: str, user: str, message: str
) -> None:
    with pytest.raises(ErgitError, match=message):
        plan(machine(tmp_path, {}), Request(rights=Rights(source, user)))


def test_a_script_of_an_unknown_perf_gets_no_capability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, "perf", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ErgitError, match=f"{tmp_path}/perf is a script"):
        plan(with_level(machine(tmp_path, {}), 2), Request(rights=Rights("perf", "nobody")))


def test_only_known_settings_are_targets() -> None:
    assert is_target(f"sysfs:{CPU}/cpufreq/policy12/scaling_governor")
    assert is_target(f"sysfs:{CPU}/cpu3/online")
    assert is_target("swap:/dev/sda2")
    assert is_target("unit:getty@tty1.service")
    assert is_target("owner:class/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:1/energy_uj")
    assert is_target("sysctl:kernel/perf_event_paranoid")
    assert is_target("capability:/usr/bin/perf_6.1")
    assert not is_target("owner:class/powercap/../../kernel/energy_uj")
    assert not is_target("owner:class/powercap/intel-rapl:0/constraint_0_power_limit_uw")
    assert not is_target("sysctl:kernel/core_pattern")
    assert not is_target("group:/etc/shadow")
    assert not is_target("sysfs:kernel/mm/ksm/run")
    assert not is_target("unit:--force")
    assert not is_target("swap:--all")


def test_frequencies_need_their_unit() -> None:
    assert [parse_frequency(text) for text in ("2.4GHz", "2400 MHz", "800000khz")] == [2_400_000, 2_400_000, 800_000]


def test_numbers_read_as_ranges_and_cells_stand_below_each_other() -> None:
    assert ranges([3, 0, 1, 2, 8]) == "0-3,8"
    assert columns([["a", "bb"], ["ccc", "d"]]) == ["a    bb", "ccc  d"]


def test_escaped_blanks_in_the_names_of_swap_files_are_read(tmp_path: Path) -> None:
    there = machine(tmp_path, {}, SWAPS)
    assert swaps(there.proc)[1] == SwapArea("/swap file", 0, 10)
