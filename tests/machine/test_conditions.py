"""Conditions are recorded as they are, absent ones with the reason, and equal lasting ones make one session."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from ergit.machine.conditions import conditions, differences
from ergit.machine.kernel import Machine

PROCESSORS = "devices/system/cpu"
SCALE = {"name": "powercap", "kind": "measured"}


def write(path: Path, text: str) -> None:
    """A file of the tree."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A laptop with two frequency policies, on mains."""
    proc, sysfs = tmp_path / "proc", tmp_path / "sys"
    write(proc / "sys/kernel/random/boot_id", "b0075")
    write(proc / "sys/kernel/osrelease", "6.1.0")
    write(proc / "sys/kernel/version", "#1 SMP")
    write(proc / "cpuinfo", "model name\t: Fast 9000\nmicrocode\t: 0xf0\n\nmodel name\t: Fast 9000\nmicrocode\t: 0xf0")
    write(proc / "loadavg", "0.10 0.20 0.30 1/200 4711")
    write(sysfs / PROCESSORS / "online", "0-1")
    write(sysfs / PROCESSORS / "smt/control", "on")
    write(sysfs / PROCESSORS / "intel_pstate/no_turbo", "1")
    for number in (0, 1):
        policy = sysfs / PROCESSORS / f"cpufreq/policy{number}"
        write(policy / "scaling_governor", "performance")
        write(policy / "scaling_driver", "intel_pstate")
        write(policy / "scaling_min_freq", "800000")
        write(policy / "scaling_max_freq", str(3_000_000 + number))
        write(policy / "energy_performance_preference", "performance")
    for number, (name, disabled) in enumerate((("POLL", "0"), ("C1", "0"), ("C6", "1"))):
        write(sysfs / PROCESSORS / f"cpu0/cpuidle/state{number}/name", name)
        write(sysfs / PROCESSORS / f"cpu0/cpuidle/state{number}/disable", disabled)
    write(sysfs / "class/power_supply/AC/type", "Mains")
    write(sysfs / "class/power_supply/AC/online", "1")
    write(sysfs / "class/power_supply/BAT0/type", "Battery")
    write(sysfs / "class/thermal/thermal_zone0/type", "x86_pkg_temp")
    write(sysfs / "class/thermal/thermal_zone0/temp", "45000")
    return Machine(sysfs=sysfs, proc=proc)


def test_every_fact_is_recorded(machine: Machine) -> None:
    found = conditions(machine)
    assert {name: fact for name, fact in found.lasting.items() if name != "host"} == {
        "boot": "b0075",
        "kernel": "6.1.0 #1 SMP",
        "cpu_model": "Fast 9000",
        "microcode": "0xf0",
        "processors_online": "0-1",
        "governor": "performance",
        "frequency_driver": "intel_pstate",
        "frequency_limits_kilohertz": ["800000", {"policy0": "3000000", "policy1": "3000001"}],
        "energy_performance_preference": "performance",
        "turbo": "off",
        "smt": "on",
        "idle_states": {"POLL": "on", "C1": "on", "C6": "off"},
        "supply": "mains",
    }
    assert found.passing["temperatures_celsius"] == {"x86_pkg_temp": 45.0}
    assert found.passing["load_averages"] == [0.1, 0.2, 0.3]
    assert not set(found.missing) & set(found.lasting)


def test_what_is_absent_is_null_with_a_reason(tmp_path: Path) -> None:
    record = conditions(Machine(sysfs=tmp_path, proc=tmp_path)).record()
    missing = record["missing"]
    assert isinstance(missing, dict)
    absent = {name for name, fact in record.items() if fact is None}
    assert absent == set(missing)
    assert absent >= {"boot", "kernel", "microcode", "governor", "turbo", "smt", "idle_states", "supply"}
    assert missing["microcode"] == f"{tmp_path}/cpuinfo is not there, cannot be read or is empty"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("#!/bin/sh\necho 'perf not found for this kernel' >&2; exit 2\n", "perf not found for this kernel"),
        ("no program", "Exec format error"),
    ],
)
def test_a_perf_that_does_not_work_is_absent(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    (tmp_path / "perf").write_text(script)
    (tmp_path / "perf").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = conditions(machine)
    assert (found.passing["perf"], reason in found.missing["perf"]) == (None, True)


def test_equal_conditions_make_one_session(machine: Machine) -> None:
    session = conditions(machine).session(SCALE)
    write(machine.proc / "loadavg", "9.99 9.99 9.99 1/200 4711")
    write(machine.sysfs / "class/thermal/thermal_zone0/temp", "80000")
    assert conditions(machine).session(SCALE) == session
    assert len(session) == 8
    assert int(session, 16) >= 0


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("proc/sys/kernel/random/boot_id", "another"),
        (f"sys/{PROCESSORS}/cpufreq/policy1/scaling_governor", "powersave"),
        (f"sys/{PROCESSORS}/cpufreq/policy0/scaling_max_freq", "2000000"),
        (f"sys/{PROCESSORS}/intel_pstate/no_turbo", "0"),
        (f"sys/{PROCESSORS}/smt/control", "off"),
        (f"sys/{PROCESSORS}/cpu0/cpuidle/state2/disable", "0"),
        ("sys/class/power_supply/AC/online", "0"),
    ],
)
def test_another_setting_makes_another_session_and_is_named(
    machine: Machine, tmp_path: Path, file: str, text: str
) -> None:
    before = conditions(machine)
    write(tmp_path / file, text)
    assert conditions(machine).session(SCALE) != before.session(SCALE)
    assert len(differences(before, machine)) == 1


def test_joules_of_another_source_make_another_session(machine: Machine) -> None:
    found = conditions(machine)
    assert found.session(SCALE) != found.session({"name": "estimate", "kind": "estimated", "watts_per_core": 10.0})


def test_unchanged_conditions_have_no_differences(machine: Machine) -> None:
    assert differences(conditions(machine), machine) == []


def test_differences_name_the_setting_and_both_values(machine: Machine) -> None:
    before = conditions(machine)
    write(machine.sysfs / PROCESSORS / "intel_pstate/no_turbo", "0")
    assert differences(before, machine) == ["turbo from off to on"]


def test_a_battery_is_not_mains(machine: Machine) -> None:
    write(machine.sysfs / "class/power_supply/AC/online", "0")
    assert conditions(machine).lasting["supply"] == "battery"


def test_a_mouse_with_a_battery_is_no_supply(tmp_path: Path) -> None:
    write(tmp_path / "class/power_supply/mouse/type", "Battery")
    write(tmp_path / "class/power_supply/mouse/scope", "Device")
    assert conditions(Machine(sysfs=tmp_path, proc=tmp_path)).lasting["supply"] is None


def test_boost_is_turbo_too(tmp_path: Path) -> None:
    write(tmp_path / PROCESSORS / "cpufreq/boost", "1")
    assert conditions(Machine(sysfs=tmp_path, proc=tmp_path)).lasting["turbo"] == "on"


def test_a_boost_of_policies_alone_is_turbo_too(tmp_path: Path) -> None:
    for number in (0, 1):
        write(tmp_path / PROCESSORS / f"cpufreq/policy{number}/boost", "0")
    there = Machine(sysfs=tmp_path, proc=tmp_path)
    assert conditions(there).lasting["turbo"] == "off"
    write(tmp_path / PROCESSORS / "cpufreq/policy1/boost", "1")
    assert conditions(there).lasting["turbo"] == {"policy0": "off", "policy1": "on"}


def test_a_policy_that_contradicts_the_common_boost_is_named(tmp_path: Path) -> None:
    write(tmp_path / PROCESSORS / "cpufreq/boost", "1")
    write(tmp_path / PROCESSORS / "cpufreq/policy0/boost", "1")
    there = Machine(sysfs=tmp_path, proc=tmp_path)
    assert conditions(there).lasting["turbo"] == "on"
    write(tmp_path / PROCESSORS / "cpufreq/policy0/boost", "0")
    assert conditions(there).lasting["turbo"] == {"boost": "on", "policy0": "off"}


def test_an_idle_state_that_some_processors_do_not_use_is_recorded_by_processor(machine: Machine) -> None:
    for number in (1, 2):
        write(machine.sysfs / PROCESSORS / f"cpu{number}/cpuidle/state0/name", "C6")
        write(machine.sysfs / PROCESSORS / f"cpu{number}/cpuidle/state0/disable", str(2 - number))
        write(machine.sysfs / PROCESSORS / f"cpu{number}/cpuidle/state1/name", "C10")
    before = conditions(machine)
    assert before.lasting["idle_states"] == {"POLL": "on", "C1": "on", "C6": {"off": "0-1", "on": "2"}}
    write(machine.sysfs / PROCESSORS / "cpu2/cpuidle/state1/disable", "1")
    assert conditions(machine).lasting["idle_states"] == {
        "POLL": "on",
        "C1": "on",
        "C6": {"off": "0-1", "on": "2"},
        "C10": {"off": "2", "on": "1"},
    }


def test_settings_that_move_energy_but_were_never_part_of_a_session_are_only_noted(machine: Machine) -> None:
    session = conditions(machine).session(SCALE)
    for name, text in {
        "class/powercap/intel-rapl:0/constraint_0_power_limit_uw": "65000000",
        "class/powercap/intel-rapl:0:0/constraint_0_power_limit_uw": "1",
        "class/powercap/intel-rapl-mmio:0/constraint_1_power_limit_uw": "121000000",
        f"{PROCESSORS}/intel_uncore_frequency/package_00_die_00/min_freq_khz": "800000",
        f"{PROCESSORS}/intel_uncore_frequency/package_00_die_00/max_freq_khz": "2400000",
        f"{PROCESSORS}/cpu0/power/energy_perf_bias": "6",
        f"{PROCESSORS}/cpu1/power/energy_perf_bias": "6",
        f"{PROCESSORS}/cpuidle/current_governor": "menu",
        f"{PROCESSORS}/intel_pstate/min_perf_pct": "17",
        f"{PROCESSORS}/intel_pstate/max_perf_pct": "100",
        "firmware/acpi/platform_profile": "balanced",
        "kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
    }.items():
        write(machine.sysfs / name, text)
    write(machine.proc / "sys/kernel/numa_balancing", "0")
    write(machine.proc / "swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 8388604 0 -2")
    found = conditions(machine)
    assert found.session(SCALE) == session
    assert {name: fact for name, fact in found.passing.items() if name not in {"perf", "load_averages"}} == {
        "temperatures_celsius": {"x86_pkg_temp": 45.0},
        "performance_limits_percent": ["17", "100"],
        "energy_performance_bias": "6",
        "uncore_limits_kilohertz": ["800000", "2400000"],
        "power_limits_microwatts": {
            "intel-rapl:0/constraint_0_power_limit_uw": "65000000",
            "intel-rapl-mmio:0/constraint_1_power_limit_uw": "121000000",
        },
        "platform_profile": "balanced",
        "idle_governor": "menu",
        "transparent_huge_pages": "madvise",
        "numa_balancing": "0",
        "swap": ["/dev/sda2"],
    }


@pytest.mark.parametrize(
    ("name", "text", "fact"),
    [
        ("intel_pstate/max_perf_pct", "80", {"highest_performance_percent": "80"}),
        ("cpufreq/policy0/scaling_setspeed", "2000000", {"set_speed_kilohertz": "2000000"}),
    ],
)
def test_a_limit_that_only_some_machines_have_is_part_of_a_session_where_it_holds(
    machine: Machine, name: str, text: str, fact: dict[str, str]
) -> None:
    before = conditions(machine)
    write(machine.sysfs / PROCESSORS / name, text)
    found = conditions(machine)
    assert found.session(SCALE) != before.session(SCALE)
    assert found.lasting == before.lasting | fact
    assert differences(before, machine) == [f"{next(iter(fact))} from unknown to {text}"]


def test_a_speed_that_the_governor_does_not_take_is_no_setting(machine: Machine) -> None:
    before = conditions(machine)
    write(machine.sysfs / PROCESSORS / "cpufreq/policy0/scaling_setspeed", "<unsupported>")
    assert conditions(machine).lasting == before.lasting


def test_sensors_that_give_no_temperature_are_left_out(machine: Machine) -> None:
    for number, text in enumerate(("-273200", "65261850", "1_000", "٤٥٠٠٠", "hot"), start=1):
        write(machine.sysfs / f"class/thermal/thermal_zone{number}/type", f"sensor{number}")
        write(machine.sysfs / f"class/thermal/thermal_zone{number}/temp", text)
    assert conditions(machine).passing["temperatures_celsius"] == {"x86_pkg_temp": 45.0}


TURBO_SWITCHES_OF_0_1_0 = [
    # as the code of 0.1.0 computed them from the same files
    ({"intel_pstate/no_turbo": "1"}, "87b7e8f1"),
    ({"intel_pstate/no_turbo": "1", "intel_pstate/max_perf_pct": "100"}, "87b7e8f1"),
    ({"cpufreq/boost": "1"}, "9f69d9f6"),
    ({"cpufreq/boost": "1", "cpufreq/policy0/boost": "1", "cpufreq/policy1/boost": "1"}, "9f69d9f6"),
    ({}, "dc33582f"),
]


@pytest.mark.parametrize(("switches", "session"), TURBO_SWITCHES_OF_0_1_0)
def test_a_machine_keeps_the_session_that_0_1_0_gave_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, switches: dict[str, str], session: str
) -> None:
    monkeypatch.setattr("os.uname", lambda: SimpleNamespace(nodename="box"))
    (machine.sysfs / PROCESSORS / "intel_pstate/no_turbo").unlink()
    for name, text in switches.items():
        write(machine.sysfs / PROCESSORS / name, text)
    scale = {"name": "powercap", "kind": "measured", "domains": ["package"]}
    assert conditions(machine).session(scale) == session


def test_turbo_that_policies_alone_switch_makes_two_sessions(machine: Machine) -> None:
    (machine.sysfs / PROCESSORS / "intel_pstate/no_turbo").unlink()
    sessions = set()
    for text in ("0", "1"):
        for number in (0, 1):
            write(machine.sysfs / PROCESSORS / f"cpufreq/policy{number}/boost", text)
        sessions.add(conditions(machine).session(SCALE))
    assert len(sessions) == 2


def test_a_machine_that_shows_little_keeps_the_session_of_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts, source and session of a reading that 0.1.0 took on a virtual machine."""
    monkeypatch.setattr("os.uname", lambda: SimpleNamespace(nodename="box"))
    proc, sysfs = tmp_path / "proc", tmp_path / "sys"
    write(proc / "sys/kernel/random/boot_id", "1568c395-7fe9-4b89-b4f1-6f79163abd04")
    write(proc / "sys/kernel/osrelease", "6.18.44-fc-v595")
    write(proc / "sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC @0")
    write(proc / "cpuinfo", "model name\t: AMD EPYC\nmicrocode\t: 0x1000065")
    write(sysfs / PROCESSORS / "online", "0-1")
    write(sysfs / PROCESSORS / "smt/control", "notsupported")
    for number, name in enumerate(("POLL", "haltpoll idle")):
        for processor in (0, 1):
            write(sysfs / PROCESSORS / f"cpu{processor}/cpuidle/state{number}/name", name)
            write(sysfs / PROCESSORS / f"cpu{processor}/cpuidle/state{number}/disable", "0")
    scale = {"name": "estimate", "kind": "estimated", "domains": ["package"], "watts_per_core": 12}
    assert conditions(Machine(sysfs, proc)).session(scale) == "56d124b9"
